/** What a recipe comes to: the scenario of its run, and where the answers of chance come from. */

import {
  DecisionIndex,
  Digest,
  EditedChoices,
  RandomChoices,
  RedrawnChoices,
  type Choices,
} from '../kernel/index.js';
import { drawScenario, drawnTexts, type Scenario } from '../scenario/index.js';
import { withAimedFaults, withPriorities } from './tactics.js';
import { isMutated, mutationsOf, redrawsOf, seedsOfAxes } from './recipes.js';
import type { Recipe } from './outcome.js';

/** The choices of a run at its beginning; they fold every decision into the run's digest. */
export function choicesOf(recipe: Recipe, digest: Digest): Choices {
  const { seed } = recipe;
  if (recipe.strategy === 'random') return new RandomChoices(seed, digest);
  if (isMutated(recipe)) return RedrawnChoices.create(seed, redrawsOf(recipe.mutations), digest);
  const rest = recipe.rest === 'seed' ? new RandomChoices(seed, new Digest()) : undefined;
  return new EditedChoices(new DecisionIndex(recipe.edits), digest, rest);
}

/**
 * The scenario of the recipe's run: of a swarm, what it draws, and tactics laid over that. One that was made so before
 * is left as it is.
 */
export function scenarioOf(scenario: Scenario, recipe: Recipe): Scenario {
  const mutations = mutationsOf(recipe);
  let result = drawScenario(scenario, recipe.seed, seedsOfAxes(mutations));
  for (const mutation of mutations) {
    if (mutation.kind === 'aim') result = withAimedFaults(result, mutation.seed);
    if (mutation.kind === 'priorities') result = withPriorities(result, mutation.seed);
  }
  return result;
}

/** What the recipe's run drew before it began, for people: axes by name, each with what it came to. */
export function drawnBy(scenario: Scenario, recipe: Recipe): readonly (readonly [string, string])[] {
  return drawnTexts(scenario, recipe.seed, seedsOfAxes(mutationsOf(recipe)));
}
