/**
 * Checkers: online invariants, judges of histories, liveness, and the catalogue of them all. They see the
 * world through hooks and never change it. What never lives here: faults, scenarios, the event loop.
 */

export * from './checker.js';
export { CheckerSet } from './checker-set.js';
export { createCheckers, findInvariant, INVARIANTS, NO_CHECKERS, type CheckerOptions } from './registry.js';
export * from './objectives.js';
export { Telemetry, type TelemetryContext } from './telemetry.js';
export type { Unjudged } from './unjudged.js';
export { renderInvariants } from './markdown.js';
export { Participants, type ParticipantContext, type LivenessTerms } from './any/index.js';
export * from './coverage/index.js';
export * from './linearizability/index.js';
export * from './pbft/audit/index.js';
export { PbftCheckers, PbftGhost, quorumSizes } from './pbft/index.js';
export { isReadAside, isWeakRead } from './any/client-history.js';
export { RunGhost } from './any/ghost.js';
export { processName } from './names.js';
export * from './history/index.js';
