// Workers: the same outcomes in the same order, errors that keep their kind, and runs that hang.

import { getEventListeners } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/kernel/index.js';
import { inOrder } from '../../src/node/in-order.js';
import type { RunReport, SimulationPool } from '../../src/node/run-pool.js';
import { findScenarios, loadScenarioFile } from '../../src/node/scenario-files.js';
import type { Scenario } from '../../src/scenario/index.js';
import { simulate } from '../../src/simulator/index.js';

// Threads run compiled code, so the pool is that of the build.
const built = (await import(new URL('../../dist/node/run-pool.js', import.meta.url).href)) as {
  readonly SimulationPool: typeof SimulationPool;
};

const quiet = loadScenarioFile(findScenarios('raft/baseline-quiet')[0] ?? { path: '' });
const mine = loadScenarioFile({
  path: fileURLToPath(new URL('../fixtures/primary-backup.yaml', import.meta.url)),
});
const misbehaving = (name: string): Scenario => {
  const module = fileURLToPath(new URL('../fixtures/misbehaving.mjs', import.meta.url));
  return { ...mine, protocol: { ...mine.protocol, module: `${module}#${name}` } };
};

describe('the pool of workers', () => {
  let pool: SimulationPool | undefined;
  const open = (timeoutMillis = 30_000, workers = 2, signal = new AbortController().signal): SimulationPool =>
    (pool = new built.SimulationPool({ workers, tasks: 100, timeoutMillis, signal }));

  afterEach(async () => {
    await pool?.close();
  });

  it('gives what the same run gives in this thread', async () => {
    const reports = await collect(open().runs([{ scenario: quiet, bug: undefined, seeds: ['1', 'x'] }]));
    const here = ['1', 'x'].map((seed) => simulate(quiet, { seed, strategy: 'random' }));
    expect(reports.map(({ outcome }) => outcome)).toEqual(here);
  });

  it('has real cryptography for scenarios that ask for it', async () => {
    const real: Scenario = { ...quiet, authentication: 'real' };
    const request = { bug: undefined, seeds: ['1'] };
    const reports = await collect(
      open().runs([
        { ...request, scenario: real },
        { ...request, scenario: quiet },
      ]),
    );
    expect(reports[0]?.outcome).toEqual(reports[1]?.outcome);
  });

  it("runs a user's module, and finds its bug", async () => {
    const [report] = await collect(open().runs([{ scenario: mine, bug: undefined, seeds: ['1'] }]));
    expect(report?.outcome).toMatchObject({ status: 'violated', violation: { invariant: 'any/agreement' } });
  });

  it('keeps the order of requests and seeds, whichever worker is faster', async () => {
    const seeds = Array.from({ length: 12 }, (_, i) => String(i));
    const reports = await collect(
      open().runs([
        { scenario: mine, bug: undefined, seeds },
        { scenario: quiet, bug: undefined, seeds: ['a', 'b'] },
      ]),
    );
    expect(reports.map(({ seed }) => seed)).toEqual([...seeds, 'a', 'b']);
  });

  it('hands a UsageError on as one', async () => {
    const scenario = misbehaving('incomplete');
    const runs = collect(open().runs([{ scenario, bug: undefined, seeds: ['1'] }]));
    await expect(runs).rejects.toThrow(UsageErrorLike);
  });

  it('ends a run that stands still, and does the others of its task again', async () => {
    const slow = open(2_000, 1);
    const requests = [
      { scenario: quiet, bug: undefined, seeds: ['1', '2'] },
      { scenario: misbehaving('endless'), bug: undefined, seeds: ['3'] },
      { scenario: quiet, bug: undefined, seeds: ['4'] },
    ];
    const reports = await collect(slow.runs(requests));
    expect(reports.map(({ seed, stopped }) => [seed, stopped])).toEqual([
      ['1', undefined],
      ['2', undefined],
      ['3', 'no-progress'],
      ['4', undefined],
    ]);
  });

  it('ends what was begun when the reader of the reports has enough', async () => {
    const one = open(30_000, 1);
    const requests = ['quiet', 'a', 'b', 'c'].map((seed) => ({
      scenario: seed === 'quiet' ? quiet : misbehaving('endless'),
      bug: undefined,
      seeds: [seed],
    }));
    for await (const { request } of one.portions(requests)) {
      expect(request.seeds).toEqual(['quiet']);
      break;
    }
    const began = performance.now();
    await collect(one.runs([{ scenario: quiet, bug: undefined, seeds: ['1'] }]));
    expect(performance.now() - began).toBeLessThan(20_000);
  }, 150_000);

  it('ends a trial of the minimiser that stands still as it ends any run', async () => {
    const limits = { untilMicros: 1e12, mostEvents: 1e9 };
    const trial = { scenario: misbehaving('endless'), seed: '1', edits: [], chance: undefined, ...limits };
    const target = { status: 'violated', invariant: undefined } as const;
    const began = performance.now();
    const done = await open(2_000, 1).perform({ kind: 'attempt', bug: undefined, target, trials: [trial] });
    expect(done).toMatchObject({ stopped: 'no-progress', position: 0 });
    expect(performance.now() - began).toBeLessThan(15_000);
  }, 60_000);

  it('says of a single task that a signal ended it', async () => {
    const controller = new AbortController();
    const task = { kind: 'run', scenario: quiet, bug: undefined, seeds: ['1'] } as const;
    const rest = { strategy: 'swarm', findsAll: false, coverage: false } as const;
    const performed = open(30_000, 1, controller.signal).perform({ ...task, ...rest });
    controller.abort();
    await expect(performed).rejects.toMatchObject({ name: 'InterruptedError' });
  });

  it('does a task again whose worker was ended for the sake of the one before', async () => {
    const one = open(30_000, 1);
    const task = (seed: string) =>
      ({
        kind: 'run',
        scenario: quiet,
        bug: undefined,
        seeds: [seed],
        strategy: 'swarm',
        findsAll: false,
        coverage: false,
      }) as const;
    await one.perform(task('0'));
    const dropped = new AbortController();
    const first = one.perform(task('1'), { signal: dropped.signal });
    const next = one.perform(task('2'));
    // The first is done, and nobody has heard of it, when it is dropped.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3_000);
    dropped.abort();
    await expect(first).rejects.toMatchObject({ name: 'InterruptedError' });
    expect(await next).toMatchObject({ stopped: undefined, value: [{ broken: [] }] });
  });

  it('leaves nothing behind on the signals that could have ended a task', async () => {
    const [whole, own] = [new AbortController().signal, new AbortController().signal];
    const task = { kind: 'run', scenario: quiet, bug: undefined, seeds: ['1'], strategy: 'swarm' } as const;
    await open(30_000, 1, whole).perform({ ...task, findsAll: false, coverage: false }, { signal: own });
    for (const signal of [whole, own]) {
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      const dependants = Object.getOwnPropertySymbols(signal).find(
        ({ description }) => description === 'kDependantSignals',
      );
      expect(dependants).toBeUndefined();
    }
  });

  it('has as many tasks under way as its workers want, and no warning of a leak', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', note);
    const seeds = Array.from({ length: 40 }, (_, i) => String(i));
    await collect(open(30_000, 4).runs([{ scenario: mine, bug: undefined, seeds }]));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('ends early, without an error, when its signal says so', async () => {
    const controller = new AbortController();
    const seeds = Array.from({ length: 10_000 }, (_, i) => String(i));
    let taken = 0;
    for await (const report of open(30_000, 2, controller.signal).runs([
      { scenario: quiet, bug: undefined, seeds },
    ])) {
      expect(report.outcome?.status).toBe('passed');
      if (++taken === 3) controller.abort();
    }
    expect(taken).toBeLessThan(1000);
  });
});

describe('work in order', () => {
  it('starts no more than the limit, and answers in the order of the items', async () => {
    let running = 0;
    let most = 0;
    const settle: (() => void)[] = [];
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++running);
      await new Promise<void>((resolve) => {
        // The second of each pair ends first.
        if (item % 2 === 0) settle.push(resolve);
        else {
          resolve();
          settle.splice(0).forEach((end) => end());
        }
      });
      running--;
      return item * 10;
    };
    const results: number[] = [];
    for await (const result of inOrder([0, 1, 2, 3, 4, 5], 2, work)) results.push(result);
    expect(results).toEqual([0, 10, 20, 30, 40, 50]);
    expect(most).toBe(2);
  });
});

/** The build has a class UsageError of its own. */
const UsageErrorLike = expect.objectContaining({
  name: new UsageError('', '').name,
  code: 'bad-protocol',
  hint: "did you mean it by 'createDrivers'?",
}) as Error;

async function collect(reports: AsyncGenerator<RunReport>): Promise<RunReport[]> {
  const all: RunReport[] = [];
  for await (const report of reports) all.push(report);
  return all;
}
