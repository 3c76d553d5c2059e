/**
 * Campaigns: many runs of one scenario, and what they mean together.
 * What never lives here: files, threads, text for people.
 */

export { checkSeeds, isWithinModel, requireWithinModel, type CheckReport, type CheckedRun } from './check.js';
export { CoverageTally, type CoveredSituation } from './coverage.js';
export { judge, type Judgement, type Verdict } from './judge.js';
export { listSeeds, type Seeds } from './seeds.js';
