/**
 * The simulator: the only place where protocol and world meet. Cluster, event loop, outcome, traces, replay.
 * What never lives here: files, colours, campaigns over seeds.
 */

export type { ThroughputUnderAttack } from './attack-throughput.js';
export type { EnabledEvent } from './agenda.js';
export {
  FIRST_LINK,
  auditLogOf,
  brokenLink,
  linkOf,
  type AuditEntry,
  type ChainedEntry,
} from './audit-log.js';
export { auditTrace, type AuditedTrace } from './audit-trace.js';
export * from './determinism.js';
export type { Divergence } from './divergence.js';
export { EVENT_NAMES, type EventName } from './event-kinds.js';
export { builtInImplementation, buggyImplementation, type Implementation } from './implementation.js';
export type {
  AimMutation,
  Mutation,
  PrioritiesMutation,
  RedrawMutation,
  SpliceMutation,
} from './mutation.js';
export { isMutated, mutationsOf, plainRecipe } from './recipes.js';
export * from './outcome.js';
export { drawnBy, scenarioOf } from './recipe-choices.js';
export { recordMinimised } from './record-minimised.js';
export { expandTrace, recordTrace, verdictOf, type RecordOptions } from './record-trace.js';
export * from './recorder.js';
export * from './render-trace.js';
export * from './replay.js';
export { skeletonOf } from './skeleton.js';
export { storyOf, type Beat, type Story } from './story.js';
export { simulate } from './simulate.js';
export type { SimulateOptions } from './simulate-options.js';
export { Simulation } from './simulation.js';
export type { Exploration } from './state-coverage.js';
export { StateMap } from './state-map.js';
export * from './trace.js';
export { compactTrace } from './trace-compact.js';
export { encodeTrace, parseTrace } from './trace-text.js';
export { checkProtocol, userImplementation } from './user-protocol.js';
export { FAULTLINE_VERSION } from './version.js';
