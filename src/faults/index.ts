/**
 * The faults room: the catalogue of what can go wrong, plans of it as data, the failure model that allows
 * or refuses a plan, the nemesis that carries one out through the world's controls, and the operator, who
 * changes a running cluster.
 * What never lives here: a protocol's knowledge, a scenario's text, a decision that does not go through
 * choices.
 */

export { located } from './aim.js';
export * from './byzantine/index.js';
export * from './catalogue.js';
export * from './controls.js';
export * from './failure-model.js';
export * from './moments.js';
export * from './nemesis.js';
export * from './operator.js';
export * from './operator-controls.js';
export * from './operator-plan.js';
export * from './partitions.js';
export * from './plan.js';
export * from './selectors.js';
export * from './wording.js';
