/**
 * Mutations: how a run is made from one that reached something new. All keep the run as it was up to shortly before
 * such a moment, or keep most of what follows: a run that came far is not thrown away.
 */

import { Family, NO_END, type RandomStream } from '../../kernel/index.js';
import type { MutatedRecipe, Mutation } from '../../simulator/index.js';

/** A run that others are made from. */
export interface Ancestor {
  readonly recipe: MutatedRecipe;
  /** For each new thing that it reached, how many questions had been put to chance by then. Not empty. */
  readonly finds: readonly number[];
  /** How many runs were made from it. */
  children: number;
}

/** So many questions before a find, at most, a mutation begins. */
const LEAD = 64;
const SHORTEST_STRETCH = 8;
/** A stretch is as long as the shortest, times a power of two up to this one. */
const MOST_DOUBLINGS = 8;

type Dice = Pick<RandomStream, 'integer'>;
type Mutator = (ancestor: Ancestor, axes: readonly string[], seed: string, dice: Dice) => Mutation;

/** Everything else from here on. */
const branch: Mutator = (ancestor, _, seed, dice) => ({
  kind: 'redraw',
  from: momentOf(ancestor, dice),
  until: NO_END,
  families: [],
  seed,
});

/** Something else for a while, then what chance would have said. */
const stretch: Mutator = (ancestor, _, seed, dice) => {
  const from = momentOf(ancestor, dice);
  const length = SHORTEST_STRETCH << dice.integer(0, MOST_DOUBLINGS);
  return { kind: 'redraw', from, until: from + length, families: [], seed };
};

/** Other faults at other moments from here on, under the old deliveries and timers. */
const otherFaults: Mutator = (ancestor, _, seed, dice) => ({
  kind: 'redraw',
  from: momentOf(ancestor, dice),
  until: NO_END,
  families: [Family.fault],
  seed,
});

/** Other deliveries from here on, under the old faults. */
const otherDeliveries: Mutator = (ancestor, _, seed, dice) => ({
  kind: 'redraw',
  from: momentOf(ancestor, dice),
  until: NO_END,
  families: [Family.network, Family.disk],
  seed,
});

/** Something of another run's world in this one: its fault plan, its time-outs, its load. */
const splice: Mutator = (_, axes, seed, dice) => ({
  kind: 'splice',
  axes: [axes[dice.integer(0, axes.length - 1)] as string],
  seed,
});

/** Faults that strike when something happens. */
const aim: Mutator = (_ancestor, _axes, seed) => ({ kind: 'aim', seed });

/** Links of other priorities. */
const priorities: Mutator = (_ancestor, _axes, seed) => ({ kind: 'priorities', seed });

const MUTATORS: readonly Mutator[] = [
  ...[branch, branch, branch],
  ...[stretch, stretch, otherFaults, otherDeliveries],
  ...[aim, aim, priorities],
];

/** A run that is made from no other: every second one with faults that are aimed. */
export function begin(seed: string, dice: Dice): MutatedRecipe {
  const isAimed = dice.integer(0, 1) === 1;
  return { seed, strategy: 'guided', mutations: isAimed ? [{ kind: 'aim', seed }] : [] };
}

/** A run made from an ancestor; `seed`: of what is drawn anew. */
export function mutate(ancestor: Ancestor, axes: readonly string[], seed: string, dice: Dice): MutatedRecipe {
  const { recipe } = ancestor;
  const mutators = axes.length === 0 ? MUTATORS : [...MUTATORS, splice];
  const mutator = mutators[dice.integer(0, mutators.length - 1)] as Mutator;
  return { ...recipe, mutations: [...recipe.mutations, mutator(ancestor, axes, seed, dice)] };
}

/** A moment shortly before something new came. */
function momentOf({ finds }: Ancestor, dice: Dice): number {
  const find = finds[dice.integer(0, finds.length - 1)] as number;
  return Math.max(0, find - dice.integer(0, LEAD));
}
