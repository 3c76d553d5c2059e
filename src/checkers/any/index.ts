/** What is promised whatever the protocol: agreement, durability, histories, liveness. */

export { RunGhost } from './ghost.js';
export { RUN_INVARIANTS, RunCheckers, type RunCheckerOptions } from './run-checkers.js';
export type { LivenessTerms } from './liveness-checker.js';
export { Participants, type ParticipantContext } from './participants.js';
