/** `outcome = simulate(scenario, recipe)`: the one function that everything else calls. */

import type { Scenario } from '../scenario/index.js';
import type { Outcome, Recipe } from './outcome.js';
import type { SimulateOptions } from './simulate-options.js';
import { Simulation } from './simulation.js';

/** Runs a scenario to its end, its first violation, or its bound. Deterministic; never throws for a found bug. */
export function simulate(scenario: Scenario, recipe: Recipe, options: SimulateOptions = {}): Outcome {
  return Simulation.create(scenario, recipe, options).run();
}
