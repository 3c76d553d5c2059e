// Runs judged and recorded, where a signal comes in between.

import { describe, expect, it } from 'vitest';
import { RunReporter } from '../../src/cli/run-reporter.js';
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
  const reporter = (): RunReporter =>
    new RunReporter(interrupted, {
      folder: '',
      savesExpected: false,
      traces: 1,
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
});
