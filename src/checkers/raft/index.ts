/** Raft's invariants: their ghost, one file per property, and the observer that feeds them. */

export { RAFT_INVARIANTS } from './invariants.js';
export { RaftCheckers } from './raft-checkers.js';
export { messageLimitsOf } from './message-limits.js';
export { RaftGhost } from './ghost.js';
export { auditDisks, auditReplica } from './audit.js';
