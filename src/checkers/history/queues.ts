/**
 * Linearizability of a FIFO queue whose values are all different: `enqueue` v, `dequeue` → v, or null when empty.
 *
 * Such a history is linearizable if and only if it shows none of four patterns (Henzinger, Sezgin, Vafeiadis,
 * "Aspect-oriented linearizability proofs", CONCUR 2013, §3; Bouajjani, Emmi, Enea, Hamza, "On reducing
 * linearizability to state reachability", ICALP 2015): a value dequeued that nobody had begun to enqueue; one
 * dequeued twice; b dequeued although a, enqueued before it, is not dequeued, or only after it; a dequeue that
 * finds nothing although at every moment of it some value was there. Each is found by sorting: O(n log n).
 *
 * A dequeue of unknown outcome may have taken any value that nobody else took. So a history with such ones that
 * is right without them is valid; one that is wrong even if every value left over may have been taken is invalid;
 * for what is between them the answer is undefined, and the caller searches.
 */

import { countBefore } from './binary-search.js';
import type { RecordedOperation } from './recorded.js';
import { withHighestBefore } from './sweep.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';

/** A value's way through the queue. */
interface Item {
  readonly text: string;
  readonly enqueue: RecordedOperation;
  dequeue: RecordedOperation | undefined;
}

/** An operation with the text of its value; null for a dequeue that found nothing. */
export interface QueueOperation {
  readonly operation: RecordedOperation;
  readonly text: string | null;
}

/** The report, or undefined where only a search can tell. Failed operations are left out by the caller. */
export function judgeUniqueQueue(
  enqueues: readonly QueueOperation[],
  dequeues: readonly QueueOperation[],
): HistoryReport | undefined {
  const anomalies = new Anomalies();
  const items = new Map<string, Item>();
  for (const { operation, text } of enqueues) {
    if (items.has(text as string)) return undefined;
    items.set(text as string, { text: text as string, enqueue: operation, dequeue: undefined });
  }
  const empties: RecordedOperation[] = [];
  let unknown = 0;
  for (const { operation, text } of dequeues) {
    if (operation.outcome === 'info') unknown += 1;
    else if (text === null) empties.push(operation);
    else match(items.get(text), operation, text, anomalies);
  }
  // An enqueue of unknown outcome whose value nobody saw may never have happened.
  const there = [...items.values()].filter(
    ({ enqueue, dequeue }) => dequeue !== undefined || enqueue.outcome === 'ok',
  );
  judgeOrder(there, unknown > 0, anomalies);
  judgeEmpty(there, empties, unknown > 0, anomalies);
  if (anomalies.size === 0 && unknown > 0) {
    const strict = new Anomalies();
    judgeOrder(there, false, strict);
    judgeEmpty(there, empties, false, strict);
    if (strict.size > 0) return undefined;
  }
  return anomalies.report(`valid: ${count(items.size, 'value')}, ${count(dequeues.length, 'dequeue')}`);
}

function match(
  item: Item | undefined,
  operation: RecordedOperation,
  text: string,
  anomalies: Anomalies,
): void {
  const { line } = operation;
  if (item === undefined) {
    anomalies.add('unexpected', `line ${line} dequeues ${text}, which nobody enqueued`, [line]);
  } else if (item.enqueue.call > operation.return) {
    const lines = [line, item.enqueue.line];
    anomalies.add('unexpected', `line ${line} dequeues ${text} before line ${lines[1]} enqueues it`, lines);
  } else if (item.dequeue !== undefined) {
    const lines = [item.dequeue.line, line];
    anomalies.add('duplicate', `lines ${lines[0]} and ${line} both dequeue ${text}`, lines);
  } else item.dequeue = operation;
}

/** When a value is taken, at the earliest; Infinity: never. `lenient`: a dequeue of unknown outcome may have. */
function takenFrom(item: Item, lenient: boolean): number {
  return item.dequeue?.call ?? (lenient ? -Infinity : Infinity);
}

/** b is taken although a came first and is still there: a.enqueue < b.enqueue and b.dequeue < a.dequeue. */
function judgeOrder(items: readonly Item[], lenient: boolean, anomalies: Anomalies): void {
  const sweep = {
    earlier: items,
    returnOf: ({ enqueue }: Item) => enqueue.return,
    rankOf: (item: Item) => takenFrom(item, lenient),
    later: items,
    callOf: ({ enqueue }: Item) => enqueue.call,
  };
  withHighestBefore(sweep, (b, last) => {
    if (last === undefined || b.dequeue === undefined || takenFrom(last, lenient) <= b.dequeue.return) return;
    const lines = [last.enqueue.line, b.enqueue.line, b.dequeue.line];
    const late = last.dequeue === undefined ? 'never' : `only in line ${last.dequeue.line}`;
    const message = `${last.text} was enqueued before ${b.text} (lines ${lines[0]}, ${lines[1]}), and dequeued ${late}, after line ${lines[2]} dequeued ${b.text}`;
    anomalies.add(last.dequeue === undefined ? 'lost' : 'reordered', message, lines);
  });
}

/** A dequeue finds nothing only at a moment at which no value must be in the queue. */
function judgeEmpty(
  items: readonly Item[],
  empties: readonly RecordedOperation[],
  lenient: boolean,
  anomalies: Anomalies,
): void {
  if (empties.length === 0) return;
  const full = coveredTimes(items, lenient);
  for (const { line, call, return: returned } of empties) {
    const begun = countBefore(full.length, (place) => (full[place] as Span).from < call);
    const span = full[begun - 1];
    if (span === undefined || returned >= span.to) continue;
    const message = `line ${line} finds the queue empty, although something was in it all the time (for one, ${span.text})`;
    anomalies.add('not-empty', message, [line]);
  }
}

interface Span {
  readonly from: number;
  to: number;
  readonly text: string;
}

/** Open intervals, apart from each other, in which the queue cannot be empty, in order. */
function coveredTimes(items: readonly Item[], lenient: boolean): Span[] {
  const spans: Span[] = [];
  const byReturn = [...items].sort((a, b) => a.enqueue.return - b.enqueue.return);
  for (const item of byReturn) {
    const from = item.enqueue.return;
    const to = takenFrom(item, lenient);
    if (from >= to) continue;
    const before = spans[spans.length - 1];
    // At the moment where one ends and another begins, there is time for nothing in between.
    if (before !== undefined && from < before.to) before.to = Math.max(before.to, to);
    else spans.push({ from, to, text: item.text });
  }
  return spans;
}
