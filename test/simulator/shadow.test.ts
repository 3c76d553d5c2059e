/** A scenario that names a shadow: a right one changes nothing but the states, a wrong one is a violation. */

import { expect, test } from 'vitest';
import { defineScenario, type ScenarioInput } from '../../src/scenario/index.js';
import {
  KeyValueStore,
  SessionedService,
  ShadowedService,
  SortedKeyValueStore,
} from '../../src/services/index.js';
import { builtInImplementation } from '../../src/simulator/implementation.js';
import { simulate } from '../../src/simulator/simulate.js';
import { recipeOf } from './samples.js';

const BASE: ScenarioInput = {
  title: 'Three servers, two clients, a crash',
  description: 'Short enough for tests.',
  protocol: { name: 'raft' },
  cluster: { nodes: 3 },
  workload: { clients: 2 },
  faults: { schedule: [{ at: '500ms', do: 'crash', on: 'leader', for: '200ms' }] },
  bounds: { 'heal-at': '1500ms', 'stop-clients-at': '2s', end: '3s' },
  expect: { 'progress-within': 'none' },
};

const RECIPE = recipeOf('1');

class WrongOnAbsentKeys extends SortedKeyValueStore {
  protected override compareAndSet(
    ...[operation, entry]: Parameters<SortedKeyValueStore['compareAndSet']>
  ): boolean {
    return entry !== undefined && super.compareAndSet(operation, entry);
  }
}

test('shadow runs: the candidate answers as the service does, and the run is the one without a shadow', () => {
  const alone = simulate(defineScenario(BASE), RECIPE);
  const shadowed = simulate(defineScenario({ ...BASE, service: { shadow: 'kv-next' } }), RECIPE);
  expect(shadowed).toMatchObject({ status: 'passed', digest: alone.digest });
  expect(shadowed.statistics.operationsOk).toBeGreaterThan(50);
});

test('shadow runs: the candidate can take the place of the service', () => {
  const outcome = simulate(defineScenario({ ...BASE, service: { name: 'kv-next', shadow: 'kv' } }), RECIPE);
  expect(outcome.status).toBe('passed');
});

test('shadow runs: a candidate that answers otherwise is a violation that names command and answers', () => {
  const scenario = defineScenario(BASE);
  const createService = () =>
    new SessionedService(new ShadowedService(new KeyValueStore(), new WrongOnAbsentKeys()));
  const implementation = { ...builtInImplementation(scenario), createService };
  const outcome = simulate(scenario, RECIPE, { implementation });
  expect(outcome).toMatchObject({ status: 'violated', violation: { invariant: 'any/shadow-agreement' } });
  expect(outcome.violation?.message).toMatch(
    /^on n\d, by index \d+: command \d+ \(operation \d+ of process \d+, .*"op":"cas".*\) was answered \{"swapped":true\}, by the shadow \{"swapped":false\}$/,
  );
});
