/**
 * The machine room: network, disks, clocks, topology.
 * What never lives here: a protocol, an event queue, a decision about when a fault strikes.
 */

export * from './clock.js';
export * from './config.js';
export * from './disk.js';
export * from './disk-contract.js';
export * from './network.js';
