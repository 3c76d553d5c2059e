/** Where a recipe's decisions come from. */

import { DecisionIndex, Digest, EditedChoices, RandomChoices, type Choices } from '../kernel/index.js';
import type { Recipe } from './outcome.js';

/** The choices of a run at its beginning; they fold every decision into the run's digest. */
export function choicesOf(recipe: Recipe, digest: Digest): Choices {
  const { seed } = recipe;
  if (recipe.strategy === 'random') return new RandomChoices(seed, digest);
  const rest = recipe.rest === 'seed' ? new RandomChoices(seed, new Digest()) : undefined;
  return new EditedChoices(new DecisionIndex(recipe.edits), digest, rest);
}
