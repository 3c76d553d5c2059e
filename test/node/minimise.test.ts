// The search for a smaller run, where a trial of it hangs.

import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { attempt } from '../../src/campaign/index.js';
import { InterruptedError } from '../../src/node/interrupted-error.js';
import { minimiseTrace } from '../../src/node/minimise.js';
import type { SimulationPool, TaskSettings } from '../../src/node/run-pool.js';
import type { AttemptTask } from '../../src/node/tasks.js';
import { readTraceFile } from '../../src/node/trace-file.js';
import { buggyImplementation } from '../../src/simulator/index.js';

const PATH = fileURLToPath(new URL('../../traces/R44-ack-before-sync.trace.jsonl.gz', import.meta.url));

/** Runs the first trial, and hangs in every other one until it is ended. */
function hangingPool(onHang: () => void): SimulationPool {
  let isFirst = true;
  const perform = ({ target, trials }: AttemptTask, { signal }: TaskSettings = {}): Promise<unknown> => {
    const [trial] = trials;
    if (!isFirst || trial === undefined) {
      onHang();
      return new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(new InterruptedError()));
      });
    }
    isFirst = false;
    const implementation = buggyImplementation(trial.scenario, 'R44-ack-before-sync');
    const kept = attempt(trial, target, implementation);
    return Promise.resolve({ value: { found: kept === undefined ? undefined : { place: 0, kept } } });
  };
  return { workers: 1, perform } as unknown as SimulationPool;
}

describe('minimising, when a trial hangs', () => {
  it('ends when its time is up, with what it has', async () => {
    let hung = 0;
    const pool = hangingPool(() => hung++);
    const budget = { runs: 1000, millis: 300 };
    const signal = new AbortController().signal;
    const { minimised } = await minimiseTrace(
      pool,
      readTraceFile(PATH),
      PATH,
      budget,
      signal,
      () => undefined,
    );
    expect(hung).toBeLessThanOrEqual(1);
    expect(minimised).toMatchObject({ isCut: true, runs: 1 });
    expect(minimised.after).toEqual(minimised.before);
  }, 20_000);
});
