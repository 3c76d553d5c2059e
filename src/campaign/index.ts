/**
 * Campaigns: which runs, of one scenario or many, and what they mean together.
 * What never lives here: files, threads, text for people.
 */

export { checkSeeds, isWithinModel, requireWithinModel, type CheckReport, type CheckedRun } from './check.js';
export { CoverageTally, type CoveredSituation } from './coverage.js';
export { FailureGroups, fingerprintOf, type Failure, type FailureGroup } from './failure-groups.js';
export { FuzzSchedule, type Portion, type ScheduleSettings } from './fuzz-schedule.js';
export { judge, type FailedVerdict, type Judgement, type Verdict } from './judge.js';
export { listSeeds, type Seeds } from './seeds.js';
