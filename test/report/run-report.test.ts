/** What a report says of a run besides what every run has. */

import { Chalk } from 'chalk';
import { expect, test } from 'vitest';
import { ScenarioTally, runRecord, singleRunText, type ReportedRun } from '../../src/report/run-report.js';
import { simulate, type RunStatistics } from '../../src/simulator/index.js';
import { bundled } from '../simulator/scenarios.js';

const paint = new Chalk({ level: 0 });
const scenario = bundled('raft/baseline-quiet');
const judged = simulate(scenario, { seed: '1', strategy: 'random' }, {});

function reported(changes: Partial<RunStatistics>): ReportedRun {
  return {
    scenario,
    seed: '1',
    bug: undefined,
    beyondModel: false,
    outcome: { ...judged, statistics: { ...judged.statistics, ...changes } },
    broken: [],
    verdict: 'passed',
    isExpectedViolation: false,
    reason: undefined,
    savedTo: undefined,
    replayLine: undefined,
    runLine: '',
  };
}

const UNJUDGED = {
  unjudgedHistories: 1,
  unjudgedReads: 2,
  unjudgedApplications: 3,
  unjudgedLiveness: true,
} as const;

test('a run in which all was judged does not speak of it', () => {
  expect(singleRunText(reported({}), paint)).not.toContain('unjudged');
  const tally = new ScenarioTally(scenario);
  tally.add(reported({}));
  expect(tally.unjudgedLine()).toBeUndefined();
});

test('a run says what was not judged, for people and for programs', () => {
  const run = reported(UNJUDGED);
  expect(singleRunText(run, paint)).toMatch(
    /\n {2}unjudged 1 history, 2 reads, 3 applications of forgotten entries, liveness$/,
  );
  expect(runRecord(run)['statistics']).toMatchObject(UNJUDGED);
});

test('many runs say it as sums', () => {
  const tally = new ScenarioTally(scenario);
  for (const changes of [{}, { unjudgedReads: 1 }, { unjudgedReads: 4 }, { unjudgedLiveness: true }])
    tally.add(reported(changes));
  expect(tally.unjudgedLine()).toBe('raft/baseline-quiet: not judged: 5 reads, liveness in 1 of 4 runs');
  expect(tally.unjudged).toEqual({ histories: 0, reads: 5, applications: 0, livenessRuns: 1 });
});
