/** The line that repeats one run of a campaign. */

import { learns } from '../campaign/index.js';
import { fuzzCommand } from '../report/shell.js';
import type { FuzzOptions } from './option-table.js';

/**
 * By place in a portion that follows so many seeds of its scenario. What a seed stands for rests on the seeds of the
 * portion before it: they are run again too. Nothing where the seed says it all.
 */
export function repetitionOf(
  { strategy, first, shard, set, bug }: FuzzOptions,
  scenario: string,
  position: number,
): { readonly again?: (place: number) => string } {
  if (strategy === 'swarm') return {};
  const begin = first + position * shard.of;
  return {
    again: (place) => {
      const from = learns(strategy) ? begin : begin + place * shard.of;
      const runs = learns(strategy) ? place + 1 : 1;
      return fuzzCommand({ scenario, strategy, first: from, runs, shard, set, bug });
    },
  };
}
