/** `outcome = simulate(scenario, recipe)`: the one function that everything else calls. */

import type { Choices, Digest } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import type { Implementation } from './implementation.js';
import type { Outcome, Recipe } from './outcome.js';
import type { Recorder } from './recorder.js';
import { Simulation } from './simulation.js';

export interface SimulateOptions {
  /** What runs: correct Raft, a bug of the zoo, a user's module. Default: what the scenario names. */
  readonly implementation?: Implementation;
  /** Default true. */
  readonly checkers?: boolean;
  /** Default: drawn from the recipe's seed. */
  readonly choices?: (digest: Digest) => Choices;
  readonly recorder?: Recorder;
  /** Freeze what is handed over, hash it again at delivery, recompute checkers' ghosts. Slow; for tests and CI. */
  readonly audit?: boolean;
}

/** Runs a scenario to its end, its first violation, or its bound. Deterministic; never throws for a found bug. */
export function simulate(scenario: Scenario, recipe: Recipe, options: SimulateOptions = {}): Outcome {
  return Simulation.create(scenario, recipe, options).run();
}
