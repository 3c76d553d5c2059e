/** Strategies: which run a seed stands for, in a campaign that goes through seeds one after the other. */

import { axisNames, type Scenario } from '../../scenario/index.js';
import { isMutated, plainRecipe, type Exploration, type Recipe } from '../../simulator/index.js';
import { Lineage } from './lineage.js';
import { learns, type Strategy } from './strategies.js';

/** A run that is to be executed. */
export interface Turn {
  readonly recipe: Recipe;
  /** What the run shall note; undefined: nothing. */
  readonly exploration: Exploration | undefined;
}

type Single = Exclude<Strategy, 'mixed'>;

/** What a mixed campaign does, one after the other. */
const IN_TURN: readonly Single[] = ['swarm', 'pct', 'guided'];

/** Goes through the seeds of a scenario that belong together, in their order. */
export class Guide {
  private readonly lineage: Lineage | undefined;
  private turns = 0;

  constructor(
    private readonly strategy: Strategy,
    scenario: Scenario,
  ) {
    this.lineage = learns(strategy) ? new Lineage(axisNames(scenario)) : undefined;
  }

  /** The run that the next seed stands for. */
  next(seed: string): Turn {
    const { lineage } = this;
    const strategy =
      this.strategy === 'mixed' ? (IN_TURN[this.turns++ % IN_TURN.length] as Single) : this.strategy;
    return { recipe: this.recipeOf(strategy, seed), exploration: lineage?.explore() };
  }

  private recipeOf(strategy: Single, seed: string): Recipe {
    if (strategy === 'pct') return { seed, strategy, mutations: [{ kind: 'priorities', seed }] };
    if (strategy === 'guided' && this.lineage !== undefined) return this.lineage.next(seed);
    // A plain run that others may be made from is watched, which takes a recipe of mutations.
    return this.lineage === undefined ? plainRecipe(seed) : { seed, strategy: 'guided', mutations: [] };
  }

  /**
   * The run is over; to be told before the next one is asked for. From a run that failed none are made: most of them
   * would fail in the same way.
   */
  learn({ recipe, exploration }: Turn, hasFailed: boolean): void {
    if (exploration === undefined || hasFailed || !isMutated(recipe)) return;
    this.lineage?.learn(recipe, exploration.finds);
  }
}
