/**
 * Liars: plans of them as data, the adversary that carries one out on the messages of corrupted processes, and
 * twins. Knows protocols by their attack surfaces alone.
 */

export { Adversary, type AdversaryBrief, type AdversaryWorld, type Outlet } from './adversary.js';
export * from './plan.js';
export { Twins } from './twins.js';
