/**
 * The shortest prefix of a history that is not linearizable. Linearizability is prefix-closed (Herlihy &
 * Wing 1990, §3.1), so bisection finds it: cut after some completion, count what is still open there as
 * of unknown outcome, search again.
 */

import type { Budget } from './budget.js';
import type { HistoryOperation, Model } from './model.js';
import { searchPrefix } from './search.js';
import type { SearchOutcome } from './search.js';
import type { Timeline } from './timeline.js';

export interface FailingPrefixSearch<Input, Output> {
  readonly prefix: {
    readonly completions: number;
    /** Whose completion ends the prefix. */
    readonly operation: HistoryOperation<Input, Output>;
    /** False when the budget left open whether a shorter prefix fails too. */
    readonly isShortest: boolean;
  };
  /** The longest linearization seen of a shorter prefix. */
  readonly linearization: readonly HistoryOperation<Input, Output>[];
}

/** `failure` is the exhausted search of the whole timeline; what the budget has left goes into the bisection. */
export function findFailingPrefix<State, Input, Output>(
  model: Model<State, Input, Output>,
  timeline: Timeline<Input, Output>,
  failure: SearchOutcome<Input, Output>,
  budget: Budget,
): FailingPrefixSearch<Input, Output> {
  let best = failure;
  /** Up to here the history is linearizable, or undecided when `isShortest` is false. */
  let passes = failure.explained;
  let fails = timeline.byReturn.length;
  let isShortest = true;
  let probe = Math.min(failure.suspect, fails - 1);
  let hasPassed = false;
  let hasFailed = false;
  // Strides grow away from the suspect until it lies between a pass and a failure; then the gap is halved.
  for (let stride = 1; fails - passes > 1; stride *= 2) {
    if (probe <= passes || probe >= fails) probe = passes + ((fails - passes) >>> 1);
    const outcome = searchPrefix(model, timeline, probe, budget);
    if (outcome.explained > best.explained) best = outcome;
    if (outcome.kind === 'exhausted') {
      hasFailed = true;
      fails = probe;
      passes = Math.max(passes, outcome.explained);
      probe = hasPassed ? passes : fails - stride;
    } else {
      if (outcome.kind === 'gave-up') isShortest = false;
      hasPassed = true;
      passes = probe;
      probe = hasFailed ? passes : passes + stride;
    }
  }
  const last = timeline.operations[timeline.byReturn[fails - 1] as number] as HistoryOperation<Input, Output>;
  return {
    prefix: { completions: fails, operation: last, isShortest },
    linearization: best.linearization,
  };
}
