/** Shapes of load: hot keys, bursts, retries at a bounded rate, groups of clients with policies of their own. */

import { expect, test } from 'vitest';
import { loadScenario, scenarioYaml, toYaml } from '../../src/scenario/index.js';
import { cohortsOf, KeyChooser, wholeMix, type WorkloadConfig } from '../../src/services/index.js';
import { errorOf, load, minimal } from '../scenario/support.js';
import { ClientWorld, DEFAULTS, PromptServer, SilentServer, type Server } from './client-world.js';

const WORDS = 4_294_967_296;

function world(
  config: Partial<WorkloadConfig>,
  server: Server = new SilentServer(),
  stop = 1_000_000,
): ClientWorld {
  return new ClientWorld({ ...DEFAULTS, ...config }, server, stop).start();
}

test('hot keys: the first keys share so many percent of all draws, the others the rest', () => {
  const { thresholds } = new KeyChooser({ kind: 'hot', hotKeys: 2, percent: 90 }, 12);
  const shares = [...thresholds].map((threshold, k) => (threshold - (thresholds[k - 1] ?? 0)) / WORDS);
  shares.forEach((share, k) => expect(share).toBeCloseTo(k < 2 ? 0.45 : 0.01, 6));
  expect(thresholds.at(-1)).toBe(WORDS);
  const all = new KeyChooser({ kind: 'hot', hotKeys: 9, percent: 50 }, 3).thresholds;
  expect([...all].map((threshold) => Math.round((threshold * 3) / WORDS))).toEqual([1, 2, 3]);
});

test('bursts: an open loop begins so many times as many operations while one lasts', () => {
  const config = { mode: 'open', ratePerSecond: 2_000, clients: 1, mix: { get: 1 } } as const;
  const burst = { everyMicros: 500_000, forMicros: 100_000, factor: 10 };
  const run = world({ ...config, burst }, new PromptServer(10)).runUntil(1_000_000);
  const isBurst = (time: number) => time % 500_000 < 100_000;
  const begun = run.history.filter(({ kind }) => kind === 'invoke').map(({ time }) => time);
  const inBursts = begun.filter(isBurst).length;
  // 0.2 s at 20,000/s, and 0.8 s at 2,000/s.
  expect(inBursts).toBeGreaterThan(3_600);
  expect(inBursts).toBeLessThan(4_400);
  expect(begun.length - inBursts).toBeGreaterThan(1_400);
  expect(begun.length - inBursts).toBeLessThan(1_800);
});

test('bursts: a closed loop thinks so many times as fast while one lasts', () => {
  const config = { thinkMinMicros: 1_000, thinkMaxMicros: 1_000, mix: { get: 1 } };
  const burst = { everyMicros: 100_000, forMicros: 50_000, factor: 10 };
  const run = world({ ...config, burst }, new PromptServer(100), 100_000).runUntil(200_000);
  const begun = run.history.filter(({ kind }) => kind === 'invoke').map(({ time }) => time);
  expect(begun.filter((time) => time < 50_000).length).toBeGreaterThan(200);
  expect(begun.filter((time) => time >= 50_000).length).toBeLessThan(50);
});

test('retries at a bounded rate keep their distance, however many operations wait', () => {
  const config = {
    mode: 'open',
    ratePerSecond: 1_000,
    attemptTimeoutMicros: 1_000,
    operationTimeoutMicros: 500_000,
  } as const;
  for (const kind of ['immediate', 'backoff'] as const) {
    const retry = { ...DEFAULTS.retry, kind, mostPerSecond: 100 };
    const run = world({ ...config, retry }).runUntil(1_000_000);
    const { retries } = run.client.counters;
    // Retries that are booked when their operation ends are lost: what is promised is an upper bound.
    expect(retries).toBeGreaterThan(10);
    expect(retries).toBeLessThanOrEqual(101);
    const seen = new Set<number>();
    const again = run.requests.filter(({ command }) => {
      const isRetry = seen.has(command.sequence);
      seen.add(command.sequence);
      return isRetry;
    });
    again
      .slice(1)
      .forEach(({ time }, i) => expect(time - (again[i]?.time ?? 0)).toBeGreaterThanOrEqual(10_000));
    expect(run.clone().encode()).toEqual(run.encode());
  }
});

const COHORTS = `workload:
  clients: 9
  rate: 50/s
  mix: { get: 1, put: 1 }
  retry: { policy: backoff, base: 30ms, cap: 2s }
  cohorts:
    polite: { clients: 2, retry: { rate-limit: 5/s } }
    crowd: { clients: 3, rate: 400/s, mix: { txn: 4, get: 2 }, key-distribution: hot 1 80%, retry: { policy: immediate } }
    batch: { priority: optional, discovery: { load-balancer: { check: 3s } }, bursts: { every: 2s, for: 100ms, factor: 3 } }`;

test('cohorts: each says what it does otherwise, and takes the rest from the workload around it', () => {
  const { workload } = load(minimal(COHORTS));
  expect(workload.clients).toBe(2 + 3 + 9);
  const [polite, crowd, batch] = cohortsOf(workload).map((cohort) => cohort.workload);
  expect(polite).toMatchObject({ clients: 2, ratePerSecond: 50, mix: { get: 1, put: 1 } });
  expect(polite?.retry).toMatchObject({ kind: 'backoff', baseMicros: 30_000, mostPerSecond: 5 });
  expect(crowd).toMatchObject({ clients: 3, ratePerSecond: 400, mix: { get: 2, txn: 4 } });
  expect(crowd?.retry).toMatchObject({ kind: 'immediate', baseMicros: 30_000, capMicros: 2_000_000 });
  expect(crowd?.keyDistribution).toEqual({ kind: 'hot', hotKeys: 1, percent: 80 });
  expect(batch).toMatchObject({
    clients: 9,
    priority: 'optional',
    discovery: { kind: 'load-balancer', checkMicros: 3_000_000, pinMicros: 1_000_000 },
    burst: { everyMicros: 2_000_000, forMicros: 100_000, factor: 3 },
  });
  expect(wholeMix(workload)['txn']).toBe(4);
});

test('cohorts: what is shown loads as what it was', () => {
  const scenario = load(minimal(COHORTS));
  const again = loadScenario(toYaml(scenario), { path: 'again.yaml' });
  expect(again.workload).toEqual(scenario.workload);
  expect(scenarioYaml(again)).toEqual(scenarioYaml(scenario));
});

test.each([
  ['cohorts: {}', 'workload.cohorts: expected at least one cohort, got an empty map'],
  ['cohorts: { a: { clinets: 3 } }', 'workload.cohorts.a.clinets: expected one of clients, mode,'],
  ['cohorts: { a: { clients: 200 }, b: { clients: 100 } }', 'workload.cohorts: expected at most 256 clients'],
  ['cohorts: { a: { mix: { gt: 1 } } }', 'workload.cohorts.a.mix.gt: expected an operation of kv'],
  ['cohorts: { a: { retry: { base: 9s } } }', 'workload.cohorts.a.retry.base: expected at most'],
  ['bursts: { every: 1s, for: 2s, factor: 3 }', 'workload.bursts.for: expected at most bursts.every (1s)'],
  ['discovery: magic', 'workload.discovery: expected one of hints, round-robin,'],
  ['key-distribution: hot 0 90%', 'workload.key-distribution: expected uniform, zipf,'],
])('a slip in %s is told with its place', (text, expected) => {
  expect(errorOf(() => load(minimal(`workload: { ${text} }`)))).toContain(expected);
});
