// Runs judged and recorded, where a signal comes in between.

import { describe, expect, it } from 'vitest';
import { RunReporter } from '../../src/cli/run-reporter.js';
import { TracesByScenario } from '../../src/cli/trace-budget.js';
import { UsageError } from '../../src/kernel/index.js';
import { InterruptedError } from '../../src/node/interrupted-error.js';
import type { RunReport, RunRequest, SimulationPool } from '../../src/node/run-pool.js';
import { findScenarios, loadScenarioFile } from '../../src/node/scenario-files.js';
import type { Outcome } from '../../src/simulator/index.js';

const scenario = loadScenarioFile(findScenarios('raft/baseline-quiet')[0] ?? { path: '' });
const request: RunRequest = { scenario, bug: undefined, seeds: ['1'] };
const outcome = { violation: { invariant: 'raft/vote-once', message: 'twice' } } as Outcome;
const report: RunReport = { request, seed: '1', outcome, broken: [], stopped: undefined };

async function* one<T>(value: T): AsyncGenerator<T> {
  yield await Promise.resolve(value);
}

/** One run that broke something, and a signal while it is recorded. */
const interrupted = {
  runs: () => one(report),
  portions: (planned: Iterable<RunRequest>) => one({ request: [...planned][0], reports: [report] }),
  perform: () => Promise.reject(new InterruptedError()),
} as unknown as SimulationPool;

describe('cli: the reporter of runs', () => {
  const reporter = (pool = interrupted): RunReporter =>
    new RunReporter(pool, {
      folder: '',
      savesExpected: false,
      traces: new TracesByScenario(1),
      set: [],
      bug: undefined,
      beyondModel: false,
      timeoutMicros: 1,
    });

  it('ends without an error when a signal comes while a trace is recorded', async () => {
    const told: unknown[] = [];
    for await (const run of reporter().runs([{ word: 'raft/baseline-quiet', path: '', scenario }], ['1']))
      told.push(run);
    for await (const portion of reporter().portions([{ ...request, word: 'raft/baseline-quiet' }]))
      told.push(portion);
    expect(told).toEqual([]);
  });

  it('takes nothing from the budget of traces for one that could not be recorded', async () => {
    let isFirst = true;
    const perform = (): Promise<unknown> => {
      const isTooLarge = isFirst;
      isFirst = false;
      return isTooLarge
        ? Promise.reject(new UsageError('trace-too-large', 'too large'))
        : Promise.resolve({ value: { path: 'a.trace', outcome } });
    };
    const portions = (): unknown => one({ request, reports: [report, report, report] });
    const pool = { portions, perform } as unknown as SimulationPool;
    for await (const { runs } of reporter(pool).portions([{ ...request, word: 'raft/baseline-quiet' }]))
      expect(runs.map(({ savedTo }) => savedTo)).toEqual([undefined, 'a.trace', undefined]);
  });

  it('takes nothing for the trace of another run than the one that broke something', async () => {
    const digests = ['b', 'a', 'a'];
    const perform = ({ kind }: { kind: string }): Promise<unknown> =>
      Promise.resolve({
        value: kind === 'record' ? { path: 'a.trace', outcome: { digest: digests.shift() } } : undefined,
      });
    const broken = { ...report, outcome: { ...outcome, digest: 'a' } };
    const portions = (): unknown => one({ request, reports: [broken, broken, broken] });
    const pool = { portions, perform } as unknown as SimulationPool;
    for await (const { runs } of reporter(pool).portions([{ ...request, word: 'raft/baseline-quiet' }]))
      expect(runs.map(({ verdict, savedTo }) => [verdict === 'diverged', savedTo])).toEqual([
        [true, undefined],
        [false, 'a.trace'],
        [false, undefined],
      ]);
  });

  it('gives up a scenario none of whose runs can be recorded', async () => {
    let tried = 0;
    const perform = (): Promise<unknown> => {
      tried++;
      return Promise.reject(new UsageError('trace-too-large', 'too large'));
    };
    const portions = (): unknown => one({ request, reports: Array.from({ length: 9 }, () => report) });
    const pool = { portions, perform } as unknown as SimulationPool;
    for await (const { runs } of reporter(pool).portions([{ ...request, word: 'raft/baseline-quiet' }]))
      expect(runs.filter(({ reason }) => reason === 'no trace: too large')).toHaveLength(3);
    expect(tried).toBe(3);
  });

  it('ends second executions with the first ones when nobody reads any more', async () => {
    const ended: boolean[] = [];
    async function* runs(_: unknown, isSecond = false): AsyncGenerator<RunReport> {
      try {
        for (;;) yield await Promise.resolve({ ...report, outcome: { ...outcome, violation: undefined } });
      } finally {
        ended.push(isSecond);
      }
    }
    const pool = { runs } as unknown as SimulationPool;
    const planned = [{ word: 'raft/baseline-quiet', path: '', scenario }];
    for await (const _ of reporter(pool).runs(planned, ['1'], true)) break;
    expect(ended.sort()).toEqual([false, true]);
  });
});
