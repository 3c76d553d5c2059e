/**
 * The queue and stream service: a replicated broker, and (elsewhere in this folder) the clients that use it.
 * What never lives here: a protocol, a fault, a judge.
 */

export * from './groups.js';
export * from './leases.js';
export * from './operations.js';
export * from './partition-log.js';
export * from './producers.js';
export * from './rolling-hash.js';
export * from './stream-service.js';
export * from './topics.js';
export * from './transactions.js';
export * from './consumer-role.js';
export * from './processor-role.js';
export * from './producer-role.js';
export * from './role.js';
export * from './settings.js';
export * from './stream-kind.js';
export * from './stream-plan.js';
export * from './stream-workload.js';
export * from './watcher-role.js';
export * from './worker-role.js';
