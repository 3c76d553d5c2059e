/** Service level objectives from the scenario's text to the outcome: kept, missed, and asked for wrongly. */

import { describe, expect, it } from 'vitest';
import { defineScenario, scenarioYaml } from '../../src/scenario/index.js';
import type { ScenarioInput } from '../../src/scenario/index.js';
import {
  builtInImplementation,
  encodeTrace,
  parseTrace,
  recordTrace,
  simulate,
} from '../../src/simulator/index.js';

type Objectives = NonNullable<NonNullable<ScenarioInput['expect']>['slo']>;

/** The leader crashes once a second or so; servers that come back need a snapshot. */
function scenarioWith(slo: Objectives) {
  return defineScenario({
    name: 'objectives',
    title: 'Objectives',
    description: 'Leaders crash under load, and logs are short.',
    protocol: {
      name: 'raft',
      settings: { 'snapshot-entries': 20, 'retained-entries': 0, 'snapshot-chunk': 200 },
    },
    cluster: { nodes: 3 },
    faults: { random: [{ every: '1s..2s', for: '500ms..1s', do: 'crash', on: 'leader' }] },
    expect: { slo },
  });
}

const run = (slo: Objectives) => simulate(scenarioWith(slo), { seed: '1', strategy: 'random' });
const GENEROUS = { 'snapshot-install-p99': '10s', 'recovery-p99': '10s', 'latency-p99': '10s' };

describe('service level objectives', () => {
  it('that are kept pass, and the outcome tells what was used of them', () => {
    const { status, statistics } = run(GENEROUS);
    expect(status).toBe('passed');
    const { metrics, objectives } = statistics;
    expect(metrics.commit_index_monotonic).toBe(true);
    expect(metrics.leader_changes_per_minute).toBe(statistics.leaderChanges * 3);
    expect(metrics.quorum_acks_latency_p99).toBeGreaterThan(0);
    expect(metrics.recovery_time_p99).toBeGreaterThan(150_000);
    expect(metrics.snapshot_install_time_p99).toBeGreaterThan(0);
    expect(objectives.map(({ name, measuredMicros }) => [name, measuredMicros])).toEqual([
      ['snapshot-install-p99', metrics.snapshot_install_time_p99],
      ['recovery-p99', metrics.recovery_time_p99],
      ['latency-p99', statistics.latencyP99Micros],
    ]);
    for (const { measuredMicros, burn } of objectives) expect(burn).toBeCloseTo(measuredMicros / 1e7, 3);
  });

  it.each(['snapshot-install-p99', 'recovery-p99', 'latency-p99'] as const)(
    '%s that is missed ends the run as one that made no progress',
    (name) => {
      const { status, violation, statistics } = run({ ...GENEROUS, [name]: '100us' });
      expect(status).toBe('stalled');
      expect(violation?.invariant).toBe('any/slo');
      expect(violation?.message).toContain(name);
      expect(statistics.objectives.find((objective) => objective.name === name)?.burn).toBeGreaterThan(1);
    },
  );

  it('change nothing of the run itself', () => {
    const digests = [run({}), run(GENEROUS), run({ 'latency-p99': '1us' })].map(({ digest }) => digest);
    expect(new Set(digests).size).toBe(1);
  });

  it('survive the way through YAML and through a trace', () => {
    const scenario = scenarioWith({ 'recovery-p99': '3s' });
    expect(scenario.expect.slo).toEqual({
      'snapshot-install-p99': undefined,
      'recovery-p99': 3_000_000,
      'latency-p99': undefined,
    });
    expect(scenarioYaml(scenario)['expect']).toMatchObject({ slo: { 'recovery-p99': '3s' } });
    const recipe = { seed: '1', strategy: 'random' } as const;
    const { trace } = recordTrace(scenario, recipe, builtInImplementation(scenario));
    expect(parseTrace(encodeTrace(trace), 'the trace').header.scenario).toEqual(scenario);
  });

  it('that nobody knows, or that are no time, are refused with the place', () => {
    expect(() => scenarioWith({ 'recovry-p99': '3s' } as Objectives)).toThrow(/expect\.slo.*recovry-p99/);
    expect(() => scenarioWith({ 'recovery-p99': '0ms' })).toThrow(/expect\.slo\.recovery-p99: expected/);
  });
});
