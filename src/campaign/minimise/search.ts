/**
 * How the minimiser asks: a search proposes trials in an order of preference and is told the first one of them that
 * still fails as the target does. Who drives it may run several at once; what it answers must not depend on that.
 */

import type { Kept, Trial } from './trial.js';

/** Trials in order of preference; each is made when it is asked for. */
export interface Proposal {
  readonly count: number;
  trial(place: number): Trial;
}

export interface Found {
  /** Of the proposal, the first trial that was kept. */
  readonly place: number;
  readonly kept: Kept;
}

export type Search<T> = Generator<Proposal, T, Found | undefined>;

/** Runs trials, one after the other: what makes the answer the same for any number of workers. */
export interface Driven {
  readonly runs: number;
  /** True when the budget ended the search before it was through. */
  readonly isCut: boolean;
}

/**
 * Drives a search in the calling thread. `mostRuns` counts trials; `isLate` is asked before each, and true ends the
 * search as well.
 */
export function drive(
  search: Search<unknown>,
  run: (trial: Trial) => Kept | undefined,
  mostRuns: number,
  isLate: () => boolean,
): Driven {
  let runs = 0;
  let answer: Found | undefined = undefined as Found | undefined;
  for (;;) {
    const next = search.next(answer);
    if (next.done === true) return { runs, isCut: false };
    answer = undefined;
    const proposal = next.value;
    for (let place = 0; place < proposal.count && answer === undefined; place++) {
      if (runs >= mostRuns || isLate()) return { runs, isCut: true };
      runs++;
      const kept = run(proposal.trial(place));
      if (kept !== undefined) answer = { place, kept };
    }
  }
}
