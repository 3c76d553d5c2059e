/** Patient runs: how long they go on, what they forgive, and what they do not. */

import { describe, expect, it } from 'vitest';
import { defineScenario, scenarioYaml, type ScenarioInput } from '../../src/scenario/index.js';
import {
  buggyImplementation,
  builtInImplementation,
  recordTrace,
  replayAdapted,
  replayStrict,
  simulate,
  Simulation,
} from '../../src/simulator/index.js';
import { bundled } from './scenarios.js';

const RECIPE = { seed: '1', strategy: 'random' } as const;

/** Power fails everywhere, and what is asked after it is back is used up before there is a leader. */
function scenarioWith(patience: string | undefined, expected: ScenarioInput['expect'] = {}) {
  return defineScenario({
    name: 'patience',
    title: 'Patience',
    description: 'Clients use up their attempts before there is a leader.',
    protocol: { name: 'raft', settings: { 'election-timeout': '400ms..800ms' } },
    cluster: { nodes: 3 },
    workload: {
      clients: 3,
      mode: 'closed',
      'attempt-timeout': '10ms',
      'operation-timeout': '600ms',
      retry: { policy: 'immediate', 'max-attempts': 2 },
    },
    faults: { schedule: [{ at: '600ms', for: '400ms', do: 'crash', on: 'all' }] },
    expect: expected,
    bounds: {
      'heal-at': '1s',
      'stop-clients-at': '1600ms',
      end: '6s',
      ...(patience === undefined ? {} : { patience }),
    },
  });
}

describe('a patient run', () => {
  it('goes on while nothing is answered, lets clients ask again, and ends as runs end', () => {
    const hasty = simulate(scenarioWith(undefined), RECIPE);
    expect([hasty.status, hasty.violation?.invariant]).toEqual(['stalled', 'any/progress']);
    expect(hasty.timeMicros).toBe(6_000_000);

    const patient = simulate(scenarioWith('3s'), RECIPE);
    expect(patient.status).toBe('passed');
    // Half a second of asking, and as long from then to the end as in the scenario.
    expect(patient.timeMicros).toBe(10_900_000);
    expect(patient.statistics.operationsOk).toBeGreaterThan(hasty.statistics.operationsOk);
  });

  it('is the same without checkers, in a fork, and in a replay', () => {
    const scenario = scenarioWith('3s');
    const whole = simulate(scenario, RECIPE);
    expect(simulate(scenario, RECIPE, { checkers: false }).digest).toBe(whole.digest);
    const simulation = Simulation.create(scenario, RECIPE);
    while (simulation.now < 6_200_000 && !simulation.isOver) simulation.step();
    expect(simulation.isOver).toBe(false);
    expect(simulation.fork().run().digest).toBe(whole.digest);
    const { trace } = recordTrace(scenario, RECIPE, builtInImplementation(scenario));
    expect(replayStrict(trace, builtInImplementation(scenario)).kind).toBe('reproduced');
  });

  it('is watched to its last moment by a replay that adapts', () => {
    const scenario = scenarioWith('3s', { slo: { 'latency-p99': '1us' } });
    const implementation = builtInImplementation(scenario);
    const { outcome, trace } = recordTrace(scenario, RECIPE, implementation);
    expect([outcome.violation?.invariant, outcome.timeMicros]).toEqual(['any/slo', 10_900_000]);
    const adapted = replayAdapted(trace, implementation);
    expect([adapted.kind, adapted.invariant]).toEqual(['same', 'any/slo']);
  });

  it('that is answered in time ends when it is to end', () => {
    const scenario = bundled('raft/leader-partition');
    const { patienceMicros, endMicros } = scenario.bounds;
    expect(patienceMicros).toBeUndefined();
    const patient = simulate(bundled('raft/leader-partition', ['bounds.patience=8s']), RECIPE);
    expect(patient.timeMicros).toBe(endMicros);
    expect(patient.digest).toBe(simulate(scenario, RECIPE).digest);
  });

  it('waits as long as it says, and no longer, for what never comes', () => {
    const scenario = bundled('raft/leader-partition', ['bounds.patience=3s']);
    const implementation = buggyImplementation(scenario, 'R24-commit-stops-at-old-term');
    const outcome = simulate(scenario, RECIPE, { implementation });
    expect([outcome.status, outcome.violation?.invariant]).toEqual(['stalled', 'any/progress']);
    expect(outcome.timeMicros).toBe(scenario.bounds.endMicros + 3_000_000);
    expect(outcome.violation?.message).toContain('was answered ok by 16.000000 s');
  });

  it('takes a promise to wait for', () => {
    expect(scenarioYaml(scenarioWith('3s'))).toMatchObject({ bounds: { patience: '3s' } });
    expect(() =>
      bundled('raft/leader-partition', ['bounds.patience=3s', 'expect.progress-within=none']),
    ).toThrow(/bounds.patience: expected a promise to wait for, expect.progress-within, got '3s'/);
  });
});
