import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Simulation,
  buggyImplementation,
  builtInImplementation,
  simulate,
} from '../../src/simulator/index.js';
import golden from '../golden/digests.json' with { type: 'json' };
import { bundled } from './scenarios.js';

const digests: Readonly<Record<string, string>> = golden;
const recipe = (seed: string) => ({ seed, strategy: 'random' as const });
const HOSTILE = [
  'raft/all-of-it',
  'raft/disk-faults',
  'raft/late-messages',
  'raft/full-disk',
  'raft/long-pauses',
  'raft/everything',
  'raft/reads-under-lag',
  'upgrade/mixed-versions',
];
const AUDITED = [
  'raft/everything',
  'upgrade/mixed-versions',
  'pbft/narrow-window',
  'pbft/reconfiguration-in-incident',
  'kv/transactions',
  'overload/admission-on',
  'stream/crash-in-mid-transaction',
];

describe('simulation', () => {
  it('the same recipe gives the same outcome, statistics and digest included', () => {
    for (const name of HOSTILE) {
      const scenario = bundled(name);
      expect(simulate(scenario, recipe('twice'))).toEqual(simulate(scenario, recipe('twice')));
    }
  });

  it('different seeds give different digests', () => {
    const scenario = bundled('raft/lossy-network');
    const digests = Array.from({ length: 10 }, (_, i) => simulate(scenario, recipe(`${i}`)).digest);
    expect(new Set(digests).size).toBe(10);
  });

  it('checkers change nothing: with and without them the digest is the same', () => {
    for (const name of HOSTILE) {
      const scenario = bundled(name);
      const bare = simulate(scenario, recipe('7'), { checkers: false });
      expect(simulate(scenario, recipe('7')).digest).toBe(bare.digest);
    }
  });

  it('forked at any event, original and copy run to equal outcomes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...HOSTILE), fc.nat(1000), fc.nat(12_000), (name, seed, event) => {
        const simulation = Simulation.create(bundled(name), recipe(`fork ${seed}`));
        while (!simulation.isOver && simulation.eventNumber < event) simulation.step();
        const copy = simulation.fork();
        const outcome = simulation.run();
        expect(copy.run()).toEqual(outcome);
      }),
      { numRuns: 40 },
    );
  }, 180_000);

  it('a fork is independent: running the copy first does not disturb the original', () => {
    const alone = Simulation.create(bundled('raft/all-of-it'), recipe('independent')).run();
    const simulation = Simulation.create(bundled('raft/all-of-it'), recipe('independent'));
    while (simulation.eventNumber < 4000) simulation.step();
    simulation.fork().run();
    expect(simulation.run()).toEqual(alone);
  });

  it('every replica of a fork encodes to the same state as its original', () => {
    const simulation = Simulation.create(bundled('raft/everything'), recipe('encode'));
    for (let event = 500; event < 12_000; event += 500) {
      while (!simulation.isOver && simulation.eventNumber < event) simulation.step();
      const copy = simulation.fork();
      simulation.servers.forEach((server, i) => {
        expect(copy.servers[i]?.replica?.encode()).toEqual(server.replica?.encode());
        expect(copy.servers[i]?.disk.encode()).toEqual(server.disk.encode());
      });
    }
  });

  it('enabled events come in the order in which they would run, and any of them can be chosen', () => {
    const simulation = Simulation.create(bundled('raft/lossy-network'), recipe('enabled'));
    while (simulation.eventNumber < 2000) simulation.step();
    const enabled = simulation.enabled();
    expect(enabled.length).toBeGreaterThan(3);
    const times = enabled.map((event) => event.timeMicros);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    for (const event of enabled) {
      const copy = simulation.fork();
      copy.step(event.slot);
      expect(copy.now).toBeGreaterThanOrEqual(simulation.now);
    }
  });

  // All scenarios are audited by test/tools/golden.mjs --audit.
  it.each(AUDITED)(
    '%s: nothing handed to the host is changed afterwards, and ghosts computed anew are the same (audit)',
    (name) => {
      const scenario = bundled(name);
      const audited = simulate(scenario, recipe('1'), { audit: true });
      expect(audited.violation).toBeUndefined();
      // The run without an audit is among the committed digests.
      expect(`${audited.digest} ${audited.events} ${audited.status}`).toBe(digests[`${name} 1`]);
    },
    60_000,
  );

  it('a run that reaches its bound of events ends there, and says so', () => {
    const scenario = bundled('raft/lossy-network', ['bounds.max-events=1000']);
    expect(simulate(scenario, recipe('1'))).toMatchObject({ status: 'bound-reached', events: 1000 });
  });

  it('an exception in the code under test is a violation, not a crash of the simulator', () => {
    const scenario = bundled('raft/lossy-network');
    const implementation = buggyImplementation(scenario, 'R01-vote-not-persisted');
    const createReplica: typeof implementation.protocol.createReplica = (...parameters) => {
      const replica = implementation.protocol.createReplica(...parameters);
      replica.timerFired = () => {
        throw new Error('deliberate');
      };
      return replica;
    };
    const broken = { ...implementation, protocol: { ...implementation.protocol, createReplica } };
    const outcome = simulate(scenario, recipe('1'), { implementation: broken });
    expect(outcome).toMatchObject({ status: 'violated', violation: { invariant: 'any/no-crash' } });
    expect(outcome.violation?.message).toContain('deliberate');
  });

  it('ambient time and chance throw inside a simulation, and work outside of it', () => {
    const scenario = bundled('raft/lossy-network');
    const correct = builtInImplementation(scenario);
    const { protocol } = correct;
    const calls: Record<string, () => unknown> = {
      // eslint-disable-next-line no-restricted-properties -- the guard is what is tested
      'Math.random': () => Math.random(),
      'Date.now': () => Date.now(),
      'new Date()': () => new Date(),
      'performance.now': () => performance.now(),
      setTimeout: () => setTimeout(() => undefined, 0),
    };
    for (const [name, call] of Object.entries(calls)) {
      const createReplica: typeof protocol.createReplica = (...parameters) => {
        const replica = protocol.createReplica(...parameters);
        replica.timerFired = () => void call();
        return replica;
      };
      const implementation = { ...correct, protocol: { ...protocol, createReplica } };
      const outcome = simulate(scenario, recipe('1'), { implementation });
      expect(outcome.violation?.message).toContain(`${name} was called inside a simulation`);
      expect(call()).toBeDefined();
    }
  });

  it('a replica that returns a promise is refused', () => {
    const scenario = bundled('raft/lossy-network');
    const correct = builtInImplementation(scenario);
    const { protocol } = correct;
    const createReplica: typeof protocol.createReplica = (...parameters) => {
      const replica = protocol.createReplica(...parameters);
      replica.timerFired = (): unknown => Promise.resolve();
      return replica;
    };
    const implementation = { ...correct, protocol: { ...protocol, createReplica } };
    expect(simulate(scenario, recipe('1'), { implementation }).violation?.message).toContain(
      'returned a promise',
    );
  });
});
