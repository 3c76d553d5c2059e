/**
 * What a situation is: a `sometimes` property, as Antithesis calls them. An invariant must hold in every run; a
 * situation must be reached in some run, or the invariants were never put to the test that matters.
 */

import { byCodeUnits } from '../../kernel/index.js';

/** The public face of a situation, listed by `faultline coverage`. */
export interface Situation {
  /** E.g. `raft/split-vote`. */
  readonly id: string;
  /** One sentence in English: what has happened. */
  readonly title: string;
  /** Protocol's name, or `any`. */
  readonly protocol: 'any' | 'raft' | 'pbft';
  /**
   * `outside`: recognised from messages, disks, histories and protocol events. `replica`: only the replica can
   * see it, and says so with an event of kind `reached`.
   */
  readonly noticedBy: 'outside' | 'replica';
  /** Exactly what is counted. */
  readonly criterion: string;
}

/** How often a run reached each situation, by id, in the order of the catalogue. What was not reached is left out. */
export type Coverage = Readonly<Record<string, number>>;

/** A situation that is recognised from outside. */
export function outside(
  id: string,
  title: string,
  criterion: string,
  protocol: Situation['protocol'] = 'raft',
): Situation {
  return { id: `${protocol}/${id}`, title, protocol, noticedBy: 'outside', criterion };
}

/** Counts what a run reaches. */
export class Tally {
  private readonly counts = new Map<string, number>();

  reach(id: string): void {
    this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
  }

  /** The counts of these situations first, in their order; then those of others, sorted by id. */
  coverage(order: readonly Situation[]): Coverage {
    const { counts } = this;
    const known = order.map(({ id }) => id);
    const others = [...counts.keys()].filter((id) => !known.includes(id));
    others.sort(byCodeUnits);
    const coverage: Record<string, number> = {};
    for (const id of [...known, ...others]) {
      const count = counts.get(id);
      if (count !== undefined) coverage[id] = count;
    }
    return coverage;
  }

  clone(): Tally {
    const copy = new Tally();
    for (const [id, count] of this.counts) copy.counts.set(id, count);
    return copy;
  }
}
