import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError, type Message, type Protocol } from '../../src/kernel/index.js';
import { RaftReplica, raftProtocol, type RaftReplicaClass } from '../../src/protocols/raft/index.js';
import { defineScenario } from '../../src/scenario/index.js';
import { builtInImplementation, type Implementation } from '../../src/simulator/implementation.js';
import { recordTrace } from '../../src/simulator/record-trace.js';
import { isConclusive, replayAdapted, replayStrict, type StrictResult } from '../../src/simulator/replay.js';
import { simulate } from '../../src/simulator/simulate.js';
import { decisionsOf, type Trace } from '../../src/simulator/trace.js';
import { encodeTrace, parseTrace } from '../../src/simulator/trace-text.js';
import {
  SMALL,
  passingTrace,
  pathsOf,
  recipeOf,
  replaceAt,
  violatingRun,
  withEvent,
  withHeader,
} from './samples.js';

const correct = builtInImplementation(SMALL);
const passing = passingTrace();
const found = violatingRun('R08-no-up-to-date-check');
const { trace: violating, implementation: buggy } = found;

/** Raft with a replica of our own. */
function raftWith(Replica: RaftReplicaClass, change: Partial<Protocol> = {}): Implementation {
  return { ...correct, protocol: { ...(raftProtocol(Replica) as Protocol), ...change } };
}

function diverged(result: StrictResult): Extract<StrictResult, { kind: 'diverged' }> {
  if (result.kind !== 'diverged') throw new Error('the replay reproduced the trace');
  return result;
}

describe('recording', () => {
  it('changes nothing: the recorded run has the digest of the run without a recorder', () => {
    const outcome = simulate(SMALL, passing.header.recipe);
    expect(outcome.digest).toBe(passing.header.digest);
    expect(outcome.events).toBe(passing.events.length);
    const violated = simulate(SMALL, violating.header.recipe, { implementation: buggy });
    expect(violated.violation).toMatchObject({ invariant: violating.header.verdict.invariant });
  });

  it('keeps an event whose handler threw', () => {
    class Throws extends RaftReplica {
      override receive(from: number, message: Message): void {
        if (message.kind === 'ClientRequest') throw new Error('no requests, please');
        super.receive(from, message);
      }
    }
    const implementation = raftWith(Throws);
    const { trace, outcome } = recordTrace(SMALL, recipeOf('1'), implementation);
    expect(outcome.violation?.invariant).toBe('any/no-crash');
    expect(trace.events.at(-1)).toMatchObject({ kind: 'message', digest: outcome.digest });
    const read = parseTrace(encodeTrace(trace), 'x');
    expect(replayStrict(read, implementation)).toMatchObject({ kind: 'reproduced' });
    expect(replayAdapted(read, implementation)).toMatchObject({ kind: 'same', invariant: 'any/no-crash' });
    expect(replayAdapted(read, correct)).toMatchObject({ kind: 'not-reproduced' });
  });
});

describe('strict replay', () => {
  it('reproduces a run from its decisions alone', () => {
    for (const [trace, implementation] of [
      [passing, correct],
      [violating, buggy],
    ] as const) {
      const read = parseTrace(encodeTrace(trace), 'x');
      // Another seed in the recipe would give another run, if anything were drawn.
      const unseeded = withHeader(read, { recipe: recipeOf('another seed') });
      expect(replayStrict(unseeded, implementation)).toEqual({
        kind: 'reproduced',
        verdict: trace.header.verdict,
        digest: trace.header.digest,
      });
    }
  });

  it('names the first event that a changed decision made different', () => {
    const at = passing.events.find((event) => event.decisions.some(isDelay))?.number ?? 0;
    const tampered = withEvent(passing, at, {
      decisions: (passing.events[at - 1]?.decisions ?? []).map((decision) =>
        isDelay(decision) ? { ...decision, values: [7] } : decision,
      ),
    });
    const result = diverged(replayStrict(tampered, correct));
    expect(result.event).toBeGreaterThan(at);
    expect(result.recorded).toContain(`event ${result.event} at `);
    expect(result.replayed).toContain(`event ${result.event} at `);
    expect(result.recorded).not.toBe(result.replayed);
  });

  it('names the event and the decision that a changed key made different', () => {
    const at = passing.events.findLast((event) => event.decisions.length > 0)?.number ?? 0;
    const [decision, ...rest] = passing.events[at - 1]?.decisions ?? [];
    const tampered = withEvent(passing, at, {
      decisions: [{ ...decision, group: 'm:0>1:Nonsense' }, ...rest],
    });
    const result = diverged(replayStrict(tampered, correct));
    expect(result).toMatchObject({ event: at, what: 'a decision' });
    expect(result.recorded).toContain('m:0>1:Nonsense');
    expect(result.replayed).toContain(decision?.group);
  });

  it.each([
    ['time', { timeMicros: 123_456_789 }, 'the virtual time', '123.456789 s', / s on /],
    ['process', { process: 5 }, 'the process', '[world]', /\[n\d\]|\[c\d\]/],
    ['label', { label: '0>1:Nonsense' }, 'what happens', 'Nonsense', /\[message .*\]/],
    ['content', { hash: 42 }, 'the content', '[hash 0000002a]', /\[hash [0-9a-f]{8}\]/],
  ])('notices another %s', (_, change, what, recorded, replayed) => {
    const at = passing.events.findLast((event) => event.kind === 'message')?.number ?? 0;
    const result = diverged(replayStrict(withEvent(passing, at, change), correct));
    expect(result).toMatchObject({ event: at, what });
    expect(result.recorded).toContain(recorded);
    expect(result.replayed).toMatch(replayed);
  });

  it('notices another digest, in the middle and at the end', () => {
    const middle = diverged(replayStrict(withEvent(passing, 64, { digest: '0123456789abcdef' }), correct));
    expect(middle).toMatchObject({ event: 64, what: 'the digest' });
    const end = diverged(replayStrict(withHeader(passing, { digest: '0123456789abcdef' }), correct));
    expect(end).toMatchObject({ event: passing.events.length, what: 'the final digest' });
  });

  it('notices decisions taken before the first event', () => {
    const setup = passing.header.setup.map((decision, i) =>
      i === 0 ? { ...decision, detail: 'odd' } : decision,
    );
    const result = diverged(replayStrict(withHeader(passing, { setup }), correct));
    expect(result).toMatchObject({ event: 0, what: 'a decision' });
  });

  it('notices a run that is longer or shorter than the recorded one', () => {
    const cut: Trace = { ...violating, events: violating.events.slice(0, 50) };
    expect(diverged(replayStrict(cut, buggy))).toMatchObject({
      event: 51,
      what: 'the length',
      recorded: 'the run is over',
    });
    const last = violating.events.length;
    const longer: Trace = {
      ...violating,
      events: [...violating.events, { ...violating.events[0]!, number: last + 1 }],
    };
    expect(diverged(replayStrict(longer, buggy))).toMatchObject({
      event: last + 1,
      what: 'the length',
      replayed: 'the run is over',
    });
  });

  it('notices another verdict, but not another wording of it', () => {
    const { verdict } = violating.header;
    const other = withHeader(violating, { verdict: { ...verdict, invariant: 'raft/log-matching' } });
    const result = diverged(replayStrict(other, buggy));
    expect(result).toMatchObject({ event: verdict.event, what: 'the verdict' });
    expect(result.recorded).toContain('violated raft/log-matching at event');
    expect(result.replayed).toContain(`violated ${verdict.invariant ?? ''} at event`);
    const reworded = withHeader(violating, { verdict: { ...verdict, message: 'in other words' } });
    expect(replayStrict(reworded, buggy).kind).toBe('reproduced');
  });

  it('diverges when the code has changed', () => {
    const result = diverged(replayStrict(violating, correct));
    expect(result.event).toBeLessThanOrEqual(violating.events.length);
  });

  it('ends for every tampered decision', () => {
    const sites = violating.events.flatMap((event) =>
      event.decisions.map((_, i) => [event.number, i] as const),
    );
    const values = fc.constantFrom([-2], [-1], [0], [1], [2 ** 40], [5, 9], [Number.MAX_SAFE_INTEGER]);
    fc.assert(
      fc.property(fc.constantFrom(...sites), values, ([number, i], by) => {
        const before = violating.events[number - 1]?.decisions ?? [];
        const decisions = before.map((decision, j) => (j === i ? { ...decision, values: by } : decision));
        const tampered = withEvent(violating, number, { decisions });
        const strict = replayStrict(tampered, buggy);
        if (strict.kind === 'diverged') expect(strict.event).toBeGreaterThanOrEqual(number);
        const { matchedShare } = replayAdapted(tampered, buggy);
        expect(matchedShare.matched).toBeLessThanOrEqual(matchedShare.of);
      }),
      { numRuns: 40 },
    );
  });
});

function isDelay({ group }: { readonly group: string }): boolean {
  return group.startsWith('m:');
}

describe('adapted replay', () => {
  it('finds the same violation in the same code, and every decision its place', () => {
    const all = decisionsOf(violating).length;
    expect(replayAdapted(violating, buggy)).toMatchObject({
      kind: 'same',
      matchedShare: { matched: all, of: all },
      invariant: violating.header.verdict.invariant,
    });
    expect(replayAdapted(passing, correct)).toMatchObject({ kind: 'same', invariant: undefined });
  });

  it('does not find the violation in corrected code', () => {
    const { kind, matchedShare, invariant } = replayAdapted(violating, correct);
    expect(invariant).toBeUndefined();
    expect(kind).toBe(isConclusive(matchedShare) ? 'not-reproduced' : 'inconclusive');
    expect(isConclusive(matchedShare)).toBe(true);
  });

  it('finds the same violation although messages have changed their content', () => {
    const hashMessage = (message: Message): number =>
      (correct.protocol.hashMessage?.(message) ?? 0) ^ 0x5a5a5a5a;
    const changed = { ...buggy, protocol: withHash(buggy.protocol, hashMessage) };
    expect(replayStrict(violating, changed).kind).toBe('diverged');
    const result = replayAdapted(violating, changed);
    expect(result).toMatchObject({ kind: 'same', invariant: violating.header.verdict.invariant });
    expect(isConclusive(result.matchedShare)).toBe(true);
  });

  it('tells another violation from the recorded one', () => {
    const { verdict } = violating.header;
    const other = withHeader(violating, { verdict: { ...verdict, invariant: 'raft/log-matching' } });
    expect(replayAdapted(other, buggy)).toMatchObject({ kind: 'other', invariant: verdict.invariant });
    expect(
      replayAdapted(withHeader(passing, { verdict: { ...verdict, status: 'stalled' } }), correct).kind,
    ).toBe('not-reproduced');
  });

  it('is inconclusive, never passed, for code that does not follow the recorded run', () => {
    class Silent extends RaftReplica {
      override timerFired(): void {
        // Stands still: asks for almost nothing, and all of that is in the record.
      }
    }
    const idle = replayAdapted(violating, raftWith(Silent));
    expect(idle.kind).toBe('inconclusive');
    class Chatty extends RaftReplica {
      override receive(from: number, message: Message): void {
        super.receive(from, message);
        // Finds every recorded decision, but half of its run is made of defaults.
        if (message.kind === 'AppendEntries') this.host.send(from, { kind: 'ClientReply' });
      }
    }
    const chatty = replayAdapted(passing, raftWith(Chatty));
    expect(chatty.kind).toBe('inconclusive');
    expect(chatty.matchedShare.of).toBeGreaterThan(decisionsOf(passing).length);
  });

  it('gives up on a run of many times the recorded events', () => {
    class Storm extends RaftReplica {
      override receive(from: number, message: Message): void {
        super.receive(from, message);
        if (message.kind === 'Storm' || message.kind === 'AppendEntries') {
          for (let to = 0; to < 3; to++) if (to !== this.host.self) this.host.send(to, { kind: 'Storm' });
        }
      }
    }
    const result = replayAdapted(passing, raftWith(Storm));
    expect(result.kind).toBe('inconclusive');
    expect(result.found.event).toBeLessThanOrEqual(passing.events.length * 4 + 10_000);
  });

  it('runs to the end for a verdict that is one of the end', () => {
    const bounded = defineScenario({
      title: 'Too few events',
      description: 'Ends as bound reached.',
      protocol: { name: 'raft' },
      cluster: { nodes: 3 },
      bounds: { 'heal-at': '1s', 'stop-clients-at': '1s', end: '2s', 'max-events': 500 },
      expect: { 'progress-within': 'none' },
    });
    const trace = passingTrace('1', bounded);
    expect(trace.header.verdict.status).toBe('bound-reached');
    expect(replayStrict(trace, builtInImplementation(bounded)).kind).toBe('reproduced');
    expect(replayAdapted(trace, builtInImplementation(bounded)).kind).toBe('same');
  });

  it('counts a share in integers', () => {
    expect(isConclusive({ matched: 9, of: 10 })).toBe(true);
    expect(isConclusive({ matched: 899, of: 1000 })).toBe(false);
    expect(isConclusive({ matched: 0, of: 0 })).toBe(true);
  });
});

function withHash(protocol: Protocol, hashMessage: (message: Message) => number): Protocol {
  return Object.assign(Object.create(protocol) as Protocol, protocol, { hashMessage });
}

describe('a trace whose scenario was changed by hand', () => {
  it('ends in a result or in one line, and soon', () => {
    const [header = '', ...rest] = encodeTrace(violating).split('\n');
    const whole = JSON.parse(header) as { readonly scenario: unknown };
    const value = fc.oneof(
      fc.integer({ min: -1, max: 5 }),
      fc.integer({ min: 0, max: 86_400_000_000 }),
      fc.boolean(),
      fc.constantFrom(
        [],
        {},
        'leader',
        64,
        256,
        { kind: 'all' },
        { kind: 'nodes', nodes: [] },
        { kind: 'uniform' },
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...pathsOf(whole.scenario)), value, (path, by) => {
        const changed = { ...whole, scenario: replaceAt(whole.scenario, path, by) };
        try {
          const trace = parseTrace([JSON.stringify(changed), ...rest].join('\n'), 'f');
          replayStrict(trace, buggy);
          replayAdapted(trace, buggy);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
