/**
 * The simulator: the only place where protocol and world meet. Cluster, event loop, outcome, traces, replay.
 * What never lives here: files, colours, campaigns over seeds.
 */

export { EVENT_NAMES, type EventName } from './event-kinds.js';
export { builtInImplementation, buggyImplementation, type Implementation } from './implementation.js';
export * from './outcome.js';
export * from './recorder.js';
export { simulate, type SimulateOptions } from './simulate.js';
export { Simulation, type EnabledEvent } from './simulation.js';
