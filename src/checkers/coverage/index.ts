/**
 * Coverage: rare situations that runs must sometimes reach, or their verdicts prove little. Whatever can be seen
 * from outside is recognised from outside. What never lives here: judging a run, which the checkers do.
 */

export { CoverageObserver } from './coverage-observer.js';
export type { Coverage, Situation } from './situation.js';
export { PBFT_REACHED, type PbftReached } from './pbft/index.js';
export { SITUATIONS } from './catalogue.js';
export { RAFT_REACHED, type RaftReached } from './reached.js';
export { renderSituations } from './situations-page.js';
export type { CoverageContext } from './view.js';
