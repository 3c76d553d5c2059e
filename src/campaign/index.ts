/**
 * Campaigns: which runs, of one scenario or many, and what they mean together.
 * What never lives here: files, threads, text for people.
 */

export { checkSeeds, isWithinModel, requireWithinModel, type CheckReport, type CheckedRun } from './check.js';
export { CoverageTally, type CoveredSituation } from './coverage.js';
export {
  FailureGroups,
  fingerprintOf,
  mergeByStory,
  type Failure,
  type FailureGroup,
} from './failure-groups.js';
export { seedAt, FuzzSchedule, type Portion, type ScheduleSettings } from './fuzz-schedule.js';
export { decisionsIn, type Draft, type State } from './minimise/draft.js';
export { Minimisation, minimise, type MinimisedRun } from './minimise/minimisation.js';
export { Minimiser } from './minimise/minimiser.js';
export { drive, type Driven, type Found, type Proposal, type Search } from './minimise/search.js';
export { attempt, type Kept, type Target, type Trial } from './minimise/trial.js';
export { Guide, type Turn } from './guided/guide.js';
export { STRATEGIES, learns, together, type Strategy } from './guided/strategies.js';
export {
  huntTurn,
  isIndependent,
  type Finding,
  type HuntAttempt,
  type HuntFigure,
  type Hunted,
} from './hunt.js';
export { judge, type FailedVerdict, type Judgement, type Verdict } from './judge.js';
export { listSeeds, type Seeds } from './seeds.js';
