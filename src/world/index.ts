/**
 * The machine room: network, disks, clocks, topology, keys.
 * What never lives here: a protocol, an event queue, a decision about when a fault strikes.
 */

export * from './authentication.js';
export * from './clock.js';
export * from './config.js';
export * from './disk.js';
export * from './disk-contract.js';
export { idealAuthentication } from './ideal-authentication.js';
export { MacKeys } from './mac-keys.js';
export * from './network.js';
export * from './proof-text.js';
