/**
 * Every Twins scenario of so many rounds, depth first: rounds that scenarios share are played once. Where a state is
 * come to that was explored before, with as many rounds to go, the scenarios behind it would come to the same and
 * are not played again; they are counted apart.
 *
 * Source: Bano et al., "Twins: BFT Systems Made Robust", OPODIS 2021; partitions by phase in place of by round.
 */

import type { Message } from '../../kernel/index.js';
import type { PbftReplicaClass } from '../../protocols/pbft/index.js';
import { Choices, type Round, type TwinsShape } from './choices.js';
import { TwinsCluster } from './cluster.js';
import { TwinsTerms } from './terms.js';

export interface TwinsOptions {
  readonly shape: TwinsShape;
  /** Rounds. */
  readonly depth: number;
  readonly Class: PbftReplicaClass;
  /** Every `of`-th beginning of two rounds, the `shard`-th first. */
  readonly shard: number;
  readonly of: number;
}

/** A scenario that breaks something. */
export interface FoundFork {
  /** Number of the first scenario that begins so. */
  readonly scenario: number;
  /** Rounds that it takes. */
  readonly rounds: readonly Round[];
  readonly invariant: string;
  readonly message: string;
}

export interface TwinsProgress {
  /** Scenarios played to their end, skipped because their state was known, and behind a violation. */
  played: number;
  known: number;
  behind: number;
  /** Rounds played. */
  rounds: number;
  /** Different states met between rounds. */
  states: number;
  /** Violations; the first {@link MOST_FOUND} of them are kept. */
  violations: number;
}

export const MOST_FOUND = 10;
/** Rounds between two reports of progress. */
const ROUNDS_PER_BEAT = 500;
/** States that are remembered; more are explored again. */
const MOST_STATES = 4_000_000;
const SEEDS = [0x2545f491, 0x61c88647] as const;

export class TwinsExplorer {
  readonly choices: Choices;
  readonly terms: TwinsTerms;
  readonly progress: TwinsProgress = { played: 0, known: 0, behind: 0, rounds: 0, states: 0, violations: 0 };
  readonly found: FoundFork[] = [];
  private readonly visited = new Set<string>();
  /** Beginnings of {@link SHARDED} rounds so far, which are dealt to the shards. */
  private beginnings = 0;
  private nextBeat = ROUNDS_PER_BEAT;

  constructor(private readonly options: TwinsOptions) {
    this.choices = new Choices(options.shape);
    this.terms = new TwinsTerms(options.shape, options.Class);
  }

  /** Scenarios of all shards. */
  get total(): number {
    return this.choices.count(this.options.depth);
  }

  /** Explores all; yields now and then, so that progress can be told, and the exploration be given up. */
  *explore(): Generator<TwinsProgress> {
    yield* this.below(TwinsCluster.create(this.terms), [], this.choices.root, 0);
  }

  private *below(
    cluster: TwinsCluster,
    chosen: readonly number[],
    stabiliser: number,
    first: number,
  ): Generator<TwinsProgress> {
    const { choices, options } = this;
    const remaining = options.depth - chosen.length - 1;
    let index = first;
    for (const choice of choices.next(stabiliser)) {
      const after = choices.after(stabiliser, choice);
      const count = choices.countAfter(after, remaining);
      if (this.isMine(chosen.length + 1)) {
        yield* this.one(cluster, [...chosen, choice], after, index, count);
      }
      index += count;
    }
  }

  /** Shards are dealt beginnings of two rounds, or of fewer when there are no more. */
  private isMine(rounds: number): boolean {
    const { shard, of } = this.options;
    if (rounds !== dealt(this.options)) return true;
    return this.beginnings++ % of === shard;
  }

  private *one(
    before: TwinsCluster,
    chosen: readonly number[],
    stabiliser: number,
    index: number,
    count: number,
  ): Generator<TwinsProgress> {
    const { progress, options, choices } = this;
    const cluster = before.fork();
    cluster.play(choices.rounds[chosen.at(-1) as number] as Round);
    progress.rounds++;
    const isLast = chosen.length === options.depth;
    if (isLast) cluster.finish();
    if (cluster.violation !== undefined) this.violated(cluster, chosen, index, count);
    else if (isLast) progress.played++;
    else if (this.isNew(cluster, options.depth - chosen.length, stabiliser)) {
      yield* this.below(cluster, chosen, stabiliser, index);
    } else progress.known += count;
    if (progress.rounds >= this.nextBeat) {
      this.nextBeat = progress.rounds + ROUNDS_PER_BEAT;
      yield progress;
    }
  }

  private violated(cluster: TwinsCluster, chosen: readonly number[], index: number, count: number): void {
    const { progress, found, choices, options } = this;
    // Every shard plays the beginnings of those that are dealt: what breaks there is the first shard's to tell.
    if (chosen.length < dealt(options) && options.shard > 0) return;
    progress.violations++;
    progress.behind += count;
    const { violation } = cluster;
    if (violation === undefined || found.length >= MOST_FOUND) return;
    const rounds = chosen.map((choice) => choices.rounds[choice] as Round);
    found.push({ scenario: index, rounds, ...violation });
  }

  private isNew(cluster: TwinsCluster, remaining: number, stabiliser: number): boolean {
    if (this.options.of > 1 && this.options.depth - remaining < dealt(this.options)) return true;
    const key = `${remaining} ${stabiliser} ${SEEDS.map((seed) => cluster.hash(seed)).join(' ')}`;
    if (this.visited.has(key)) return false;
    if (this.visited.size < MOST_STATES) this.visited.add(key);
    this.progress.states++;
    return true;
  }
}

/** Rounds of the beginnings that are dealt to shards. Shorter ones are played by all, and skipped by none. */
function dealt({ depth }: TwinsOptions): number {
  return Math.min(2, depth);
}

/** One scenario; the violation that it comes to, if any. `tap` hears all messages. */
export function playScenario(
  terms: TwinsTerms,
  rounds: readonly Round[],
  tap?: (node: number, message: Message) => void,
): TwinsCluster {
  const cluster = TwinsCluster.create(terms, tap);
  for (const round of rounds) {
    cluster.play(round);
    if (cluster.violation !== undefined) return cluster;
  }
  cluster.finish();
  return cluster;
}
