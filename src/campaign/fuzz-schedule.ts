/**
 * Which runs a campaign without an end does next: every scenario in its turn, a few seeds at a time. Seeds are
 * whole numbers that follow each other, so that a campaign which goes on later, or is one shard of several, runs
 * none twice and leaves none out.
 */

import { assert } from '../kernel/index.js';

/** Seeds of one scenario, handed out as one piece of work. */
export interface Portion {
  /** Place of the scenario in the list. */
  readonly scenario: number;
  /** How many seeds of this scenario were handed out before. */
  readonly position: number;
  readonly seeds: readonly string[];
}

export interface ScheduleSettings {
  /** How many scenarios there are. */
  readonly scenarios: number;
  /** The lowest seed of all shards. */
  readonly first: number;
  /** This shard, from 0, out of so many: it runs every seed whose distance from the first one is its own modulo these. */
  readonly shard: number;
  readonly of: number;
  /** Seeds of a portion. */
  readonly size: number;
  /** Most runs; undefined: no bound. */
  readonly runs: number | undefined;
}

/** The seed that follows so many others of its scenario. */
export function seedAt(
  { first, shard, of }: Pick<ScheduleSettings, 'first' | 'shard' | 'of'>,
  position: number,
): number {
  return first + shard + position * of;
}

export class FuzzSchedule {
  private readonly positions: number[];
  private turn = 0;
  private left: number;

  /** `done`: by scenario, how many of its seeds were run before. */
  constructor(
    private readonly settings: ScheduleSettings,
    done: readonly number[] = [],
  ) {
    const { scenarios, shard, of, size, runs } = settings;
    assert(scenarios > 0 && size > 0, 'a schedule has scenarios, and seeds in a portion');
    assert(shard >= 0 && shard < of, 'a shard is one of so many');
    this.positions = Array.from({ length: scenarios }, (_, i) => done[i] ?? 0);
    this.left = runs ?? Infinity;
    // Those that are behind come first: an interrupted round is completed.
    this.turn = this.positions.indexOf(Math.min(...this.positions));
  }

  /** The next portion; undefined when the bound is reached. */
  next(): Portion | undefined {
    if (this.left <= 0) return undefined;
    const { scenarios, size } = this.settings;
    const scenario = this.turn;
    const position = this.positions[scenario] as number;
    const count = Math.min(size, this.left);
    const seeds = Array.from({ length: count }, (_, i) => String(seedAt(this.settings, position + i)));
    this.positions[scenario] = position + count;
    this.turn = (scenario + 1) % scenarios;
    this.left -= count;
    return { scenario, position, seeds };
  }
}
