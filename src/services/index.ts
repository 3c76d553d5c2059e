/**
 * The services room: replicated state machines and their sessions, and the clients that load them
 * (workloads, retry policies, histories).
 * What never lives here: a protocol, the network, a fault. Clients speak through a protocol's driver.
 */

export * from './admission.js';
export * from './authority.js';
export * from './bank-service.js';
export * from './bank.js';
export * from './client-counters.js';
export * from './client.js';
export * from './command.js';
export * from './discovery.js';
export * from './kv-next.js';
export * from './kv-service.js';
export * from './kv-transaction.js';
export * from './kv.js';
export * from './latency.js';
export * from './lock-service.js';
export * from './lock.js';
export * from './registry.js';
export * from './service-config.js';
export * from './service-kind.js';
export * from './session-table.js';
export * from './sessions.js';
export * from './shadow.js';
export * from './weighted-operations.js';
export * from './workload-config.js';
export * from './stream/index.js';
export * from './workload.js';
export * from './zipf.js';
export * from './objectives.js';
export { OperationSlot } from './operation-slot.js';
