// PBFT in the simulator: forks, determinism, and what every seed must come to.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { realAuthentication } from '../../src/node/real-authentication.js';
import type { Recipe } from '../../src/simulator/index.js';
import { checkDeterminism } from '../../src/simulator/determinism.js';
import { builtInImplementation } from '../../src/simulator/implementation.js';
import { Simulation } from '../../src/simulator/simulation.js';
import { SCENARIO_NAMES, bundled } from './scenarios.js';

const NAMES = SCENARIO_NAMES.filter((name) => name.startsWith('pbft/'));
const recipe = (seed: string): Recipe => ({ seed, strategy: 'random' });

describe('pbft in the simulator', () => {
  it('forked at any event, original and copy run to equal outcomes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...NAMES), fc.nat(1000), fc.nat(30_000), (name, seed, event) => {
        const simulation = Simulation.create(bundled(name), recipe(`fork ${seed}`));
        while (!simulation.isOver && simulation.eventNumber < event) simulation.step();
        const copy = simulation.fork();
        const outcome = simulation.run();
        expect(copy.run()).toEqual(outcome);
      }),
      { numRuns: 12 },
    );
  }, 180_000);

  it('every replica of a fork encodes to the same state as its original', () => {
    const simulation = Simulation.create(bundled('pbft/lagging-replica'), recipe('encode'));
    for (let event = 1000; event < 40_000; event += 1000) {
      while (!simulation.isOver && simulation.eventNumber < event) simulation.step();
      const copy = simulation.fork();
      simulation.servers.forEach((server, i) => {
        expect(copy.servers[i]?.replica?.encode()).toEqual(server.replica?.encode());
      });
    }
  });

  it('the same seed gives the same run', () => {
    const scenario = bundled('pbft/crash-restart-storm', ['bounds.end=14s']);
    expect(checkDeterminism(scenario, recipe('1'), builtInImplementation(scenario))).toBeUndefined();
  });

  it('a quiet cluster needs no view change, and no operation a second attempt', () => {
    for (const nodes of [1, 4, 5, 10]) {
      const { statistics, status } = Simulation.create(
        bundled('pbft/quiet', [`cluster.nodes=${nodes}`]),
        recipe('quiet'),
      ).run();
      expect([status, statistics.leaderChanges]).toEqual(['passed', 1]);
      expect(statistics.operationsUnknown).toBe(0);
    }
  });

  it('ideal and real proofs make the same run', () => {
    const short = ['bounds.heal-at=1s', 'bounds.stop-clients-at=1s', 'bounds.end=6s'];
    const [ideal, real] = ['ideal', 'real'].map((authentication) => {
      const scenario = bundled('pbft/view-change-storm', [...short, `authentication=${authentication}`]);
      const implementation = { ...builtInImplementation(scenario), authentication: realAuthentication };
      return Simulation.create(scenario, recipe('keys'), { implementation }).run();
    });
    expect(ideal?.status).toBe('passed');
    expect(real?.digest).toBe(ideal?.digest);
  });

  it('a replica that is behind catches up while checkpoints go by faster than a state comes', () => {
    // Once, states that had been given up were kept for it in place of the one that it was fetching.
    for (const seed of ['1', '9', '22', '26']) {
      const { status } = Simulation.create(bundled('pbft/view-change-storm'), recipe(seed)).run();
      expect([seed, status]).toEqual([seed, 'passed']);
    }
  });

  it('a setting that does not fit the cluster is refused before anything runs', () => {
    const scenario = bundled('pbft/quiet', ['protocol.settings.f=2']);
    expect(() => Simulation.create(scenario, recipe('1'))).toThrow('protocol.settings.f: expected from 0');
  });
});
