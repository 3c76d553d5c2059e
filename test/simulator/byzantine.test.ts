// Liars in the simulator: what they do is part of the run like any fault, and only correct replicas are judged.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../src/kernel/index.js';
import { defineScenario, type Scenario } from '../../src/scenario/index.js';
import { checkDeterminism } from '../../src/simulator/determinism.js';
import { builtInImplementation } from '../../src/simulator/implementation.js';
import { recordTrace } from '../../src/simulator/record-trace.js';
import { replayAdapted, replayStrict } from '../../src/simulator/replay.js';
import { simulate } from '../../src/simulator/simulate.js';
import { Simulation } from '../../src/simulator/simulation.js';
import { encodeTrace, parseTrace } from '../../src/simulator/trace-text.js';
import type { Recipe } from '../../src/simulator/index.js';
import { bundled } from './scenarios.js';

const recipe = (seed: string): Recipe => ({ seed, strategy: 'random' });
const SHORT = ['bounds.heal-at=1s', 'bounds.stop-clients-at=2s', 'bounds.end=7s'];
const LIARS = ['pbft/all-of-it', 'pbft/twins', 'pbft/equivocating-primary'] as const;

/** Four replicas of PBFT with these entries. */
function scenarioOf(byzantine: readonly object[], faults: object = {}, model: object = {}): Scenario {
  return defineScenario({
    title: 'liars',
    description: 'liars',
    protocol: { name: 'pbft', settings: {} },
    cluster: { nodes: 4 },
    model: { byzantine: 1, ...model },
    faults: { byzantine: byzantine as never, ...faults },
    bounds: { 'heal-at': '3s', 'stop-clients-at': '4s', end: '9s' },
  });
}

function notesOf(scenario: Scenario, seed: string): readonly string[] {
  const { trace } = recordTrace(scenario, recipe(seed), builtInImplementation(scenario));
  return trace.events.flatMap(({ notes }) => notes ?? []);
}

describe('a run with liars', () => {
  it('is counted for coverage as it is without, whatever has the form of no message', () => {
    const scenario = bundled('pbft/malformed-messages');
    const counted = simulate(scenario, recipe('2'), { coverage: true });
    expect(counted.violation).toBeUndefined();
    expect(counted.digest).toBe(simulate(scenario, recipe('2'), {}).digest);
  });

  it('lets a liar ignore the requests of one client while another sends it what is none', () => {
    const attack = [
      { on: 'c2', do: 'malform' },
      { on: 'n1', do: 'ignore', when: { kinds: ['Request'], clients: ['c1'] } },
    ];
    const crashes = ['1', '2', '3'].map((seed) => simulate(scenarioOf(attack), recipe(seed)).violation);
    expect(crashes).toEqual([undefined, undefined, undefined]);
  });

  it('takes what a failed sync left behind a lost record for no promise', () => {
    expect(simulate(bundled('pbft/swarm-7'), recipe('7'), {}).violation).toBeUndefined();
  });

  it('forked at any event, goes on as its original does', () => {
    fc.assert(
      fc.property(fc.constantFrom(...LIARS), fc.nat(1000), fc.nat(15_000), (name, seed, event) => {
        const simulation = Simulation.create(bundled(name, SHORT), recipe(`fork ${seed}`));
        while (!simulation.isOver && simulation.eventNumber < event) simulation.step();
        const copy = simulation.fork();
        const outcome = simulation.run();
        expect(copy.run()).toEqual(outcome);
      }),
      { numRuns: 12 },
    );
  });

  it('is the same whenever it is run, and with everything frozen', () => {
    for (const name of LIARS) {
      const scenario = bundled(name, SHORT);
      expect(checkDeterminism(scenario, recipe('1'), builtInImplementation(scenario))).toBeUndefined();
      const audited = simulate(scenario, recipe('1'), { audit: true });
      expect(audited).toEqual(simulate(scenario, recipe('1')));
    }
  });

  it('is recorded whole: its trace is read back and replayed, strictly and adapted', () => {
    for (const name of ['pbft/fork-beyond-model', ...LIARS]) {
      const scenario = bundled(name, SHORT);
      const implementation = builtInImplementation(scenario);
      const { trace } = recordTrace(scenario, recipe('2'), implementation);
      const read = parseTrace(encodeTrace(trace), 'x');
      expect(read.header.scenario).toEqual(scenario);
      expect(replayStrict(read, implementation)).toMatchObject({ kind: 'reproduced' });
      const { kind, matchedShare } = replayAdapted(read, implementation);
      expect(kind).toBe('same');
      expect(matchedShare.matched).toBe(matchedShare.of);
    }
  });

  it('tells the truth where a trace has no lies left in it', () => {
    const scenario = bundled('pbft/fork-beyond-model');
    const implementation = builtInImplementation(scenario);
    const { trace } = recordTrace(scenario, recipe('1'), implementation);
    expect(trace.header.verdict.invariant).not.toBeNull();
    const honest = {
      ...trace,
      events: trace.events.map((event) => ({
        ...event,
        decisions: event.decisions?.filter(({ group }) => !group.includes('byzantine.')) ?? [],
      })),
    };
    expect(replayAdapted(honest, implementation).invariant).toBeUndefined();
  });
});

describe('the failure model of liars', () => {
  it('counts a disk that forgets as a liar for the rest of the run', () => {
    const schedule = [
      { at: '500ms', for: '100ms', do: 'rollback', on: 'n2' },
      { at: '1s', for: '100ms', do: 'wipe', on: 'n3' },
      { at: '1500ms', for: '100ms', do: 'rollback', on: 'n2' },
    ];
    const notes = notesOf(scenarioOf([], { schedule }), '1');
    expect(notes.filter((note) => note.includes('n2') && note.includes('earlier moment'))).toHaveLength(2);
    expect(notes).toContain('n3 is spared: enough replicas are faulty already (schedule.1)');
    expect(notes.some((note) => note.includes('n3') && note.includes('empty'))).toBe(false);
  });

  it('spares the disks of correct replicas while as many lie as are borne', () => {
    const schedule = [
      { at: '500ms', for: '100ms', do: 'lose-disk', on: 'n3' },
      { at: '1s', for: '100ms', do: 'lose-disk', on: 'n1' },
    ];
    const notes = notesOf(scenarioOf([{ on: 'n1', do: 'silence' }], { schedule }), '1');
    expect(notes).toContain('n3 is spared: enough replicas are faulty already (schedule.0)');
    expect(notes.some((note) => note.includes('n1') && note.includes('blank'))).toBe(true);
  });

  it('corrupts the primary from a time on, though no view changes then', () => {
    const notes = notesOf(scenarioOf([{ on: 'primary', do: 'flood', when: { from: '500ms' } }]), '1');
    expect(notes.filter((note) => note.includes('is corrupted: primary of view 0'))).toHaveLength(1);
  });

  it('corrupts primaries one after another until no more are borne', () => {
    const set = ['cluster.nodes=7', 'model.byzantine=2'];
    const scenario = { ...bundled('pbft/crash-primary', set), name: 'roles' };
    const attack = scenarioOf([{ on: 'next-primary', do: 'silence' }], {}, {});
    const [fault] = attack.faults.byzantine;
    const faults = { ...scenario.faults, byzantine: fault === undefined ? [] : [fault] };
    const notes = notesOf({ ...scenario, faults }, '3');
    const corrupted = notes.filter((note) => note.includes('is corrupted: next-primary'));
    expect(corrupted.length).toBeGreaterThan(0);
    expect(corrupted.length).toBeLessThanOrEqual(2);
  });
});

describe('an attack that makes no sense is refused', () => {
  const refused = (byzantine: readonly object[], nodes = 4, protocol = 'pbft'): UsageError => {
    try {
      const scenario = { ...scenarioOf(byzantine), cluster: { ...scenarioOf([]).cluster, nodes } };
      simulate({ ...scenario, protocol: { ...scenario.protocol, name: protocol } }, recipe('1'));
    } catch (error) {
      if (error instanceof UsageError) return error;
      throw error;
    }
    throw new Error('it was accepted');
  };

  it('clients that lie need keys of their own', () => {
    const attack = scenarioOf([{ on: 'c1', do: 'flood' }]);
    const scenario = bundled('pbft/quiet', ['service.name=bank', 'model.byzantine=1']);
    expect(() =>
      simulate(
        { ...scenario, faults: { ...scenario.faults, byzantine: attack.faults.byzantine } },
        recipe('1'),
      ),
    ).toThrow(/^faults\.byzantine\.0\.on: expected servers, got clients/);
  });

  it('an unknown lie, field or kind names the nearest one', () => {
    expect(refused([{ on: 'n1', do: 'lie', as: 'other-bach' }])).toMatchObject({
      message: expect.stringContaining('faults.byzantine.0.as: expected one of other-batch') as string,
      hint: "did you mean 'other-batch'?",
    });
    expect(refused([{ on: 'n1', do: 'mutate', field: 'veiw' }]).hint).toBe("did you mean 'view'?");
    expect(refused([{ on: 'n1', do: 'silence', when: { kinds: ['Preprepare'] } }]).hint).toBe(
      "did you mean 'PrePrepare'?",
    );
  });

  it('a protocol without an attack surface has no liars', () => {
    expect(refused([{ on: 'n1', do: 'silence' }], 4, 'raft').message).toContain('attack surface');
  });

  it('an unknown verb names the nearest one; servers and clients in one entry are refused', () => {
    expect(() => scenarioOf([{ on: 'n1', do: 'equivocat' }])).toThrow(/faults\.byzantine\.0\.do/);
    expect(() => scenarioOf([{ on: ['n1', 'c1'], do: 'silence' }])).toThrow(/in one entry/);
    expect(() => scenarioOf([{ on: 'c1', do: 'twin' }])).toThrow(/servers only/);
    expect(() => scenarioOf([{ on: 'random f', do: 'silence' }], {}, { byzantine: 0 })).toThrow(/random f/);
  });
});
