/**
 * Is a history linearizable? The entry to the checker: partition by key, search each part, and for a part
 * that is not linearizable find the completion at which it stops being so.
 *
 * Parts are independent (Herlihy & Wing 1990, §3.2; Horn & Kroening, "Faster linearizability checking via
 * P-compositionality", FORTE 2015). The search is in search.ts. Every input ends: bounds count steps and
 * entries, and hitting one is the verdict `unknown`, never an exception and never a wrong answer.
 */

import { Budget } from './budget.js';
import { findFailingPrefix } from './failing-prefix.js';
import type { HistoryOperation, Model } from './model.js';
import { mergeByTime, partition } from './partition.js';
import type { Part } from './partition.js';
import { searchPrefix } from './search.js';
import type { SearchOutcome } from './search.js';
import { layOut } from './timeline.js';
import type { Timeline } from './timeline.js';

export interface LinearizabilityOptions {
  /** Bound on the work of the whole check, in steps of about 50 ns for cheap models. Default 20,000,000. */
  readonly maxSteps?: number;
  /**
   * Bound on the configurations remembered at a time, and on the distinct states seen, in one part. A full
   * memo only makes the search slower; too many states end it. Default 1,000,000; the memo never takes
   * more than 64 MiB.
   */
  readonly maxMemoEntries?: number;
}

export type Verdict = 'linearizable' | 'not-linearizable' | 'unknown';

/** The shortest prefix of one part that is not linearizable, what is open at its end being of unknown outcome. */
export interface FailingPrefix {
  /** Its length in completed operations of the part, counted in the order of their returns. */
  readonly completions: number;
  /** Id of the operation whose completion ends the prefix. */
  readonly operation: number;
  /** False when the bounds left open whether a shorter prefix fails too. */
  readonly isShortest: boolean;
}

export interface LinearizabilityResult {
  readonly verdict: Verdict;
  /** Work done, in the unit of `maxSteps`. */
  readonly steps: number;
  /** The part that failed, or the first that stayed undecided; absent when linearizable or without keys. */
  readonly key?: string;
  readonly failingPrefix?: FailingPrefix;
  /**
   * Ids in an order that the model accepts. Linearizable: all operations of known outcome, and those of
   * unknown outcome that took effect. Otherwise: the longest such order found for a prefix of that one part.
   */
  readonly longestLinearization: readonly number[];
  /** One sentence for people. */
  readonly message: string;
}

const STEPS_MAX = 20_000_000;
const MEMO_ENTRIES_MAX = 1_000_000;

/** Decides whether `history` is linearizable with respect to `model`. Deterministic. */
export function checkLinearizability<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
  options: LinearizabilityOptions = {},
): LinearizabilityResult {
  const malformed = findMalformed(history);
  if (malformed !== undefined) {
    return { verdict: 'unknown', steps: 0, longestLinearization: [], message: malformed };
  }
  const maxSteps = options.maxSteps ?? STEPS_MAX;
  const maxMemoEntries = options.maxMemoEntries ?? MEMO_ENTRIES_MAX;
  const budget = new Budget(maxSteps, maxMemoEntries);
  const parts = partition(model, history);
  const orders: (readonly HistoryOperation<Input, Output>[])[] = [];
  let undecided: LinearizabilityResult | undefined;
  for (const [index, part] of parts.entries()) {
    // Equal shares of what is left, so that one hard part does not hide the failure of another.
    budget.allow(Math.ceil((maxSteps - budget.steps) / (parts.length - index)));
    const timeline = layOut(part.operations);
    const outcome = searchPrefix(model, timeline, timeline.byReturn.length, budget);
    budget.allow(maxSteps - budget.steps);
    if (outcome.kind === 'exhausted') return notLinearizable(model, part, timeline, outcome, budget);
    if (outcome.kind === 'gave-up') undecided ??= gaveUp(part, timeline, outcome, budget);
    orders.push(outcome.linearization);
  }
  if (undecided !== undefined) return { ...undecided, steps: budget.steps };
  const unknown = history.filter((operation) => operation.output === undefined).length;
  return {
    verdict: 'linearizable',
    steps: budget.steps,
    longestLinearization: mergeByTime(orders).map((operation) => operation.id),
    message:
      `linearizable: ${count(history.length, 'operation')}, ${unknown} of unknown outcome` +
      (model.key === undefined ? '' : `, ${count(parts.length, 'key')}`),
  };
}

/** One sentence on the first operation whose times make no sense. */
function findMalformed<Input, Output>(
  history: readonly HistoryOperation<Input, Output>[],
): string | undefined {
  const bad = history.find(
    ({ call, return: returned, output }) =>
      !Number.isFinite(call) || (output !== undefined && !(returned >= call)),
  );
  if (bad === undefined) return undefined;
  return `unknown: operation ${bad.id} has no valid interval (call ${bad.call}, return ${bad.return})`;
}

function notLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  part: Part<Input, Output>,
  timeline: Timeline<Input, Output>,
  outcome: SearchOutcome<Input, Output>,
  budget: Budget,
): LinearizabilityResult {
  const { prefix, linearization } = findFailingPrefix(model, timeline, outcome, budget);
  const last = prefix.operation;
  return {
    verdict: 'not-linearizable',
    steps: budget.steps,
    ...keyOf(part),
    failingPrefix: {
      completions: prefix.completions,
      operation: last.id,
      isShortest: prefix.isShortest,
    },
    longestLinearization: linearization.map((operation) => operation.id),
    message:
      `not linearizable${where(part)}: no order explains the first ` +
      `${count(prefix.completions, 'completion')}, the last of which is operation ${last.id}, ` +
      model.describe(last.input, last.output),
  };
}

function gaveUp<Input, Output>(
  part: Part<Input, Output>,
  timeline: Timeline<Input, Output>,
  outcome: SearchOutcome<Input, Output>,
  budget: Budget,
): LinearizabilityResult {
  return {
    verdict: 'unknown',
    steps: budget.steps,
    ...keyOf(part),
    longestLinearization: outcome.linearization.map((operation) => operation.id),
    message:
      `unknown${where(part)}: gave up after ${count(budget.steps, 'step')}, ` +
      `having explained ${outcome.explained} of ${count(timeline.byReturn.length, 'completion')}`,
  };
}

function keyOf(part: Part<unknown, unknown>): { readonly key?: string } {
  return part.key === undefined ? {} : { key: part.key };
}

function where(part: Part<unknown, unknown>): string {
  return part.key === undefined ? '' : ` at key ${JSON.stringify(part.key)}`;
}

function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}
