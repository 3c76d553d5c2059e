/** PBFT's invariants: their ghost, one file per property, and the observer that feeds them. */

export { PBFT_INVARIANTS } from './invariants.js';
export { PbftCheckers } from './pbft-checkers.js';
export { auditDisks, auditReplica } from './audit-ghost.js';
export { PbftGhost } from './ghost.js';
export { quorumSizes } from './quorum.js';
