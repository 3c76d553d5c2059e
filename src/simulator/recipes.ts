/** What can be asked of a recipe. */

import type { Redraw } from '../kernel/index.js';
import type { OtherSeeds } from '../scenario/index.js';
import type { Mutation } from './mutation.js';
import type { MutatedRecipe, RandomRecipe, Recipe } from './outcome.js';

/** The plain run of a seed. */
export function plainRecipe(seed: string): RandomRecipe {
  return { seed, strategy: 'random' };
}

export function isMutated(recipe: Recipe): recipe is MutatedRecipe {
  return recipe.strategy === 'guided' || recipe.strategy === 'pct';
}

/** What was done to the plain run of the recipe's seed, in this order. */
export function mutationsOf(recipe: Recipe): readonly Mutation[] {
  return isMutated(recipe) ? recipe.mutations : [];
}

/** What the mutations change in the answers of chance. */
export function redrawsOf(mutations: readonly Mutation[]): readonly Redraw[] {
  return mutations.filter((mutation) => mutation.kind === 'redraw');
}

/** The seeds from which the axes of a swarm are drawn, where it is not the run's own. */
export function seedsOfAxes(mutations: readonly Mutation[]): OtherSeeds {
  const seeds = new Map<string, string>();
  for (const mutation of mutations) {
    if (mutation.kind !== 'splice') continue;
    for (const axis of mutation.axes) seeds.set(axis, mutation.seed);
  }
  return seeds;
}
