/** The recipe in a trace's header: shapes that read it. */

import { Family, NO_END, type Decision } from '../kernel/index.js';
import type { Mutation } from './mutation.js';
import type { EditedRecipe, MutatedRecipe, RandomRecipe, Recipe } from './outcome.js';
import {
  Mismatch,
  asRecord,
  integer,
  list,
  mismatch,
  object,
  tagged,
  text,
  where,
  word,
  type Shape,
} from './shape.js';

/** More generations than any campaign goes on for. */
const MOST_MUTATIONS = 1000;
const LONGEST_SEED = 1000;

const seed = text(LONGEST_SEED);
const place = integer(0);

const family: Shape<Family> = (value) =>
  Object.values(Family).find((one) => one === value) ??
  mismatch('the number of a family of decisions', value);

const mutation = tagged<Mutation, 'kind'>('kind', {
  redraw: {
    from: place,
    until: where(integer(NO_END), (until) => until !== 0, 'the end of a stretch'),
    families: list(family, Object.keys(Family).length),
    seed,
  },
  aim: { seed },
  priorities: { seed },
  splice: { axes: list(text(200), 1000), seed },
});

const randomRecipe = object<RandomRecipe>({ seed, strategy: word('random') });
const readMutatedRecipe = object<MutatedRecipe>({
  seed,
  strategy: word('guided', 'pct'),
  mutations: list(mutation, MOST_MUTATIONS),
});
const strategy = word('random', 'edited', 'guided', 'pct');

export function recipeShape(decision: Shape<Decision>): Shape<Recipe> {
  const editedRecipe = object<EditedRecipe>({
    seed,
    strategy: word('edited'),
    rest: word('benign', 'seed'),
    edits: list(decision),
  });
  return (value) => {
    const record = asRecord(value);
    switch (within('strategy', () => strategy(record['strategy']))) {
      case 'random':
        return randomRecipe(record);
      case 'edited':
        return editedRecipe(record);
      default:
        return readMutatedRecipe(record);
    }
  };
}

/** True for what reads as one. */
export function isMutatedRecipe(value: unknown): boolean {
  try {
    readMutatedRecipe(value);
    return true;
  } catch (error) {
    if (error instanceof Mismatch) return false;
    throw error;
  }
}

function within<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof Mismatch ? error.within(field) : error;
  }
}
