/**
 * A lineage: runs one after the other, each a plain run of its seed or a run made from an earlier one that reached
 * something new. It is a function of its scenario and of the seeds that it is given, in their order: no run of
 * another lineage, on whatever worker, changes anything in it.
 */

import { RandomStream } from '../../kernel/index.js';
import { StateMap, type Exploration, type MutatedRecipe } from '../../simulator/index.js';
import { begin, mutate, type Ancestor } from './mutate.js';

/** One run of so many begins anew: in a swarm that is another world, and no mutation replaces those. */
const SHARES = 2;
/** More generations than this, and a run is all mutations. */
const MOST_GENERATIONS = 12;
const LARGEST_CORPUS = 256;

export class Lineage {
  private readonly map = new StateMap();
  private readonly corpus: Ancestor[] = [];

  /** `axes`: what the scenario's runs draw before they begin. */
  constructor(private readonly axes: readonly string[]) {}

  /** States and steps reached so far. */
  get reached(): number {
    return this.map.size;
  }

  /** The recipe of the next run, whose own seed this is. */
  next(seed: string): MutatedRecipe {
    const dice = RandomStream.derive(seed, 'guide');
    const isNew = dice.integer(1, SHARES) === 1 || this.corpus.length === 0;
    if (isNew) return begin(seed, dice);
    const ancestor = this.choose(dice);
    ancestor.children++;
    return mutate(ancestor, this.axes, seed, dice);
  }

  /** What the next run shall look out for. */
  explore(): Exploration {
    return { map: this.map, finds: [] };
  }

  /** A run of this recipe is over, and reached something new at these moments. */
  learn(recipe: MutatedRecipe, finds: readonly number[]): void {
    if (finds.length === 0 || recipe.mutations.length >= MOST_GENERATIONS) return;
    this.corpus.push({ recipe, finds, children: 0 });
    if (this.corpus.length > LARGEST_CORPUS) this.corpus.shift();
  }

  /** The better of three: whoever found more for each child that it has had. */
  private choose(dice: RandomStream): Ancestor {
    let best = this.corpus[dice.integer(0, this.corpus.length - 1)] as Ancestor;
    for (let i = 0; i < 2; i++) {
      const other = this.corpus[dice.integer(0, this.corpus.length - 1)] as Ancestor;
      if (promise(other) > promise(best)) best = other;
    }
    return best;
  }
}

/** In thousandths, so that it is a whole number. */
function promise({ finds, children }: Ancestor): number {
  return Math.floor((finds.length * 1000) / (1 + children * children));
}
