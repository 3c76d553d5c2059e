/**
 * The faults room: the catalogue of what can go wrong, plans of it as data, the failure model that allows
 * or refuses a plan, and the nemesis that carries one out through the world's controls.
 * What never lives here: a protocol's knowledge, a scenario's text, a decision that does not go through
 * choices.
 */

export * from './catalogue.js';
export * from './controls.js';
export * from './failure-model.js';
export * from './nemesis.js';
export * from './partitions.js';
export * from './plan.js';
export * from './selectors.js';
export * from './wording.js';
