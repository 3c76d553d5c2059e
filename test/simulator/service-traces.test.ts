/** Scenarios of services and load keep their meaning in a trace's header, and forks of their runs go the same way. */

import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Simulation } from '../../src/simulator/index.js';
import { readScenario } from '../../src/simulator/trace-scenario.js';
import { bundled } from './scenarios.js';

const NAMES = ['kv', 'overload'].flatMap((group) =>
  readdirSync(new URL(`../../scenarios/${group}/`, import.meta.url))
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .map((file) => `${group}/${file.slice(0, -'.yaml'.length)}`),
);

describe('headers', () => {
  test.each(NAMES)('%s is read back as it was', (name) => {
    const scenario = bundled(name);
    expect(readScenario(JSON.parse(JSON.stringify(scenario)))).toEqual(scenario);
  });

  /** The header with one change in it. */
  const changed = (name: string, change: (scenario: Record<string, unknown>) => void) => {
    const scenario = JSON.parse(JSON.stringify(bundled(name))) as Record<string, unknown>;
    change(scenario);
    return () => readScenario(scenario);
  };

  test('an operation that the service does not have is refused', () => {
    const wrong = changed('kv/bank-pbft', ({ workload }) => {
      (workload as { mix: object }).mix = { transfer: 1, put: 1 };
    });
    expect(wrong).toThrow(/transfer, read/);
  });

  test('cohorts must have all clients between them, and no cohorts of their own', () => {
    const short = changed('overload/noisy-neighbour', ({ workload }) => {
      (workload as { cohorts: object[] }).cohorts.pop();
    });
    expect(short).toThrow(/cohorts that have all clients/);
    const nested = changed('overload/noisy-neighbour', ({ workload }) => {
      const [first] = (workload as { cohorts: { workload: { cohorts?: object } }[] }).cohorts;
      if (first !== undefined) first.workload.cohorts = [];
    });
    expect(nested).toThrow(/nothing/);
  });

  test('a capability of a process that does not exist, and a burst that never ends, are refused', () => {
    const stranger = changed('overload/capabilities', ({ authority }) => {
      (authority as { holders: number[] }[])[0]?.holders.push(99);
    });
    expect(stranger).toThrow(/whole number from 0 to/);
    const endless = changed('overload/noisy-neighbour', ({ workload }) => {
      const [, crowd] = (workload as { cohorts: { workload: { burst: { forMicros: number } } }[] }).cohorts;
      if (crowd !== undefined) crowd.workload.burst.forMicros = 1e9;
    });
    expect(endless).toThrow(/bursts that are not longer/);
  });
});

describe('forks', () => {
  test.each([
    'kv/bank-under-partitions',
    'kv/lock-lease-pause',
    'kv/transactions',
    'overload/dead-backend',
    'overload/stale-name-service',
    'overload/capabilities',
  ])('of %s come to the same end', (name) => {
    const simulation = Simulation.create(bundled(name), { seed: '5', strategy: 'random' });
    for (let i = 0; i < 15_000 && simulation.step(); i++);
    const fork = simulation.fork();
    const [one, other] = [simulation.run(), fork.run()];
    expect(one.status).toBe('passed');
    expect(other.digest).toBe(one.digest);
    expect(other.statistics).toEqual(one.statistics);
  });
});
