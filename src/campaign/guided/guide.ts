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

/** Goes through the seeds of a scenario that belong together, in their order. */
export class Guide {
  private readonly lineage: Lineage | undefined;

  constructor(strategy: Strategy, scenario: Scenario) {
    this.lineage = learns(strategy) ? new Lineage(axisNames(scenario)) : undefined;
  }

  /** The run that the next seed stands for. */
  next(seed: string): Turn {
    const { lineage } = this;
    if (lineage === undefined) return { recipe: plainRecipe(seed), exploration: undefined };
    return { recipe: lineage.next(seed), exploration: lineage.explore() };
  }

  /** The run is over; to be told before the next one is asked for. */
  learn({ recipe, exploration }: Turn): void {
    if (exploration !== undefined && isMutated(recipe)) this.lineage?.learn(recipe, exploration.finds);
  }
}
