/** Executing a run step by step, for those who watch it: recording, replay, comparison. */

import type { Simulation } from './simulation.js';

/** Called now and then while a run makes progress, so that a watchdog can tell a long run from a hanging one. */
export type Beat = () => void;

const STEPS_PER_BEAT = 4096;

/**
 * Executes a run until it is over or `isEnough`, which is asked after every step. True when the run is
 * over.
 */
export function stepThrough(
  simulation: Simulation,
  isEnough: () => boolean,
  beat: Beat | undefined,
): boolean {
  for (let steps = 1; simulation.step(); steps++) {
    if (isEnough()) return false;
    if (steps % STEPS_PER_BEAT === 0) beat?.();
  }
  return true;
}
