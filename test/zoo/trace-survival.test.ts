/**
 * A trace must survive a change of the code. Every change here is one that a team makes in a week: a message
 * more, a timer more, a field more.
 */

import { describe, expect, it } from 'vitest';
import type { Host, Message, Replica } from '../../src/kernel/index.js';
import {
  builtInImplementation,
  buggyImplementation,
  recordTrace,
  replayAdapted,
  replayStrict,
  simulate,
  type Implementation,
  type Trace,
} from '../../src/simulator/index.js';
import { findBug } from '../../src/zoo/index.js';
import { bundled } from '../simulator/scenarios.js';

const BUGS = [
  'R01-vote-not-persisted',
  'R23-old-term-commit',
  'R25-commit-to-own-last-index',
  'R28-truncate-on-every-append',
  'R44-ack-before-sync',
  'R63-sessions-lost-on-restart',
];
const TRACES = 20;

type Inner = Replica & { requestVotes(): void };

/** The implementation with a change made to each replica and to the host that it sees. */
function changed(
  implementation: Implementation,
  change: (replica: Inner, host: Host) => void,
  wrapHost: (host: Host) => Host = (host) => host,
): Implementation {
  const { protocol } = implementation;
  return {
    ...implementation,
    protocol: {
      ...protocol,
      hashMessage: (message: Message) =>
        message.kind === 'Noop'
          ? 17
          : (protocol.hashMessage?.(message) ?? 0) ^ ('padding' in message ? 0x5a5a5a5a : 0),
      createReplica: (host, members, service, settings) => {
        const seen = wrapHost(host);
        const replica = protocol.createReplica(seen, members, service, settings) as Inner;
        change(replica, seen);
        return replica;
      },
    },
  };
}

function onElection(replica: Inner, extra: () => void): void {
  const original = replica.requestVotes.bind(replica);
  replica.requestVotes = () => {
    original();
    extra();
  };
}

const CHANGES: Record<string, (implementation: Implementation) => Implementation> = {
  'one harmless extra message per election': (implementation) =>
    changed(implementation, (replica, host) => {
      onElection(replica, () => host.send((host.self + 1) % 3, { kind: 'Noop', term: 0 } as Message));
    }),
  'one extra timer': (implementation) =>
    changed(implementation, (replica, host) => {
      onElection(replica, () => host.setTimer('extra', 1000, 9000));
      const original = replica.timerFired.bind(replica);
      replica.timerFired = (name) => {
        if (name !== 'extra') original(name);
      };
    }),
  'an extra field in every message': (implementation) =>
    changed(
      implementation,
      () => undefined,
      (host) => {
        const wrapped = Object.create(host) as Host;
        wrapped.send = (to, message) => host.send(to, { ...message, padding: 0 } as Message);
        wrapped.halt = (reason) => host.halt(reason);
        return wrapped;
      },
    ),
};

function findTraces(id: string): Trace[] {
  const scenario = bundled(findBug(id).scenario);
  const implementation = buggyImplementation(scenario, id);
  const traces: Trace[] = [];
  for (let seed = 1; traces.length < TRACES && seed <= 1000; seed++) {
    const recipe = { seed: String(seed), strategy: 'random' as const };
    if (simulate(scenario, recipe, { implementation }).status !== 'violated') continue;
    traces.push(recordTrace(scenario, recipe, implementation).trace);
  }
  return traces;
}

describe.each(BUGS)('traces of %s', (id) => {
  const scenario = bundled(findBug(id).scenario);
  const implementation = buggyImplementation(scenario, id);
  const traces = findTraces(id);

  it('are found, and replay to the same digest', () => {
    expect(traces).toHaveLength(TRACES);
    for (const trace of traces) {
      expect(replayStrict(trace, implementation)).toMatchObject({
        kind: 'reproduced',
        digest: trace.header.digest,
      });
    }
  });

  it('against the correct code: strict replay names the first different event, --adapt does not reproduce', () => {
    const correct = builtInImplementation(scenario);
    for (const trace of traces) {
      expect(replayStrict(trace, correct)).toMatchObject({
        kind: 'diverged',
        event: expect.any(Number) as number,
      });
      expect(replayAdapted(trace, correct)).toMatchObject({ kind: 'not-reproduced' });
    }
  });

  it.each(Object.keys(CHANGES))('survive %s', (name) => {
    const variant = (CHANGES[name] as (i: Implementation) => Implementation)(implementation);
    let reproduced = 0;
    let matched = 0;
    let of = 0;
    for (const trace of traces) {
      const result = replayAdapted(trace, variant);
      if (result.kind === 'same') reproduced++;
      matched += result.matchedShare.matched;
      of += result.matchedShare.of;
    }
    expect(reproduced).toBeGreaterThanOrEqual((TRACES * 9) / 10);
    expect(matched / of).toBeGreaterThanOrEqual(0.95);
  });
});
