/**
 * Linearizability of a set that only grows, whose reads return all of it: `add` v, `read` → [v …]. Each element
 * is added at most once.
 *
 * Exact, in O(n log n + the size of all reads). A linearization exists if and only if
 * (a) each element of a read was called before the read returned;
 * (b) a read contains what was added before it was called;
 * (c) a read contains what an earlier read contains;
 * (d) of any two reads one contains the other;
 * (e) a read that contains u contains every v whose add returned before that of u was called.
 * Sort the reads by inclusion, and put each add before the first read with its element. This order is a
 * linearization if no later operation of it returned before an earlier one was called (interval orders: that each
 * pair is right is enough). A pair of reads is right by (c), read and add by (b), add and read by (a), two adds
 * with a read between them by (e).
 */

import { countBefore } from './binary-search.js';
import { type RecordedOperation, ShapeError, textOf } from './recorded.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';
import type { Plain } from '../../kernel/index.js';

interface Add {
  readonly operation: RecordedOperation;
  readonly text: string;
  /** Infinity unless it is known to have happened. */
  readonly returned: number;
  /** Its place among all adds sorted by return. */
  order: number;
}

interface Read {
  readonly operation: RecordedOperation;
  readonly elements: ReadonlySet<string>;
}

/** Judges `add` and `read`. Throws {@link ShapeError}. */
export function judgeSet(operations: readonly RecordedOperation[]): HistoryReport {
  const anomalies = new Anomalies();
  const adds = readAdds(operations);
  const reads = readReads(operations);
  for (const read of reads) judgeFresh(read, adds, anomalies);
  judgeMissing(reads, adds, anomalies);
  judgeChain(reads, anomalies);
  return anomalies.report(`valid: ${count(adds.size, 'element')}, ${count(reads.length, 'read')}`);
}

function readAdds(operations: readonly RecordedOperation[]): ReadonlyMap<string, Add> {
  const adds = new Map<string, Add>();
  for (const operation of operations) {
    if (operation.f !== 'add') continue;
    const text = textOf(operation.input);
    const before = adds.get(text);
    if (before !== undefined) {
      throw new ShapeError(operation.line, `an element that line ${before.operation.line} does not add, too`);
    }
    if (operation.outcome === 'fail') continue;
    adds.set(text, { operation, text, returned: operation.return, order: 0 });
  }
  return adds;
}

function readReads(operations: readonly RecordedOperation[]): Read[] {
  const reads: Read[] = [];
  for (const operation of operations) {
    if (operation.f === 'add') continue;
    if (operation.f !== 'read') throw new ShapeError(operation.line, `add or read, not ${operation.f}`);
    if (operation.outcome !== 'ok') continue;
    const value: Plain = operation.output;
    if (!Array.isArray(value))
      throw new ShapeError(operation.line, 'a read that ends with a list of elements');
    reads.push({ operation, elements: new Set((value as readonly Plain[]).map(textOf)) });
  }
  return reads;
}

/** (a). */
function judgeFresh(read: Read, adds: ReadonlyMap<string, Add>, anomalies: Anomalies): void {
  const { line, return: returned } = read.operation;
  for (const text of read.elements) {
    const add = adds.get(text);
    if (add === undefined)
      anomalies.add('unexpected', `line ${line} reads ${text}, which nobody added`, [line]);
    else if (add.operation.call > returned) {
      const message = `line ${line} reads ${text} before line ${add.operation.line} adds it`;
      anomalies.add('unexpected', message, [line, add.operation.line]);
    }
  }
}

/** (b) and (e): both ask that a read contains all adds that returned before some moment. */
function judgeMissing(reads: readonly Read[], adds: ReadonlyMap<string, Add>, anomalies: Anomalies): void {
  const byReturn = [...adds.values()]
    .filter((add) => add.returned < Infinity)
    .sort((a, b) => a.returned - b.returned);
  byReturn.forEach((add, index) => (add.order = index));
  for (const read of reads) {
    let moment = read.operation.call;
    for (const text of read.elements) {
      const called = adds.get(text)?.operation.call ?? 0;
      if (called > moment && called <= read.operation.return) moment = called;
    }
    const due = countBefore(byReturn.length, (place) => (byReturn[place] as Add).returned < moment);
    let held = 0;
    for (const text of read.elements) {
      const add = adds.get(text);
      if (add !== undefined && add.returned < moment && add.order < due) held += 1;
    }
    if (held === due) continue;
    const missing = byReturn.slice(0, due).find((add) => !read.elements.has(add.text)) as Add;
    const { line } = read.operation;
    const message =
      missing.returned < read.operation.call
        ? `line ${line} does not read ${missing.text}, which line ${missing.operation.line} had added before`
        : `line ${line} reads an element added after ${missing.text} (line ${missing.operation.line}), and not that one`;
    anomalies.add('lost', message, [line, missing.operation.line]);
  }
}

/** (c) and (d): sorted by size, each read must hold the one before it; then all are comparable. */
function judgeChain(reads: readonly Read[], anomalies: Anomalies): void {
  const sorted = [...reads].sort(
    (a, b) => a.elements.size - b.elements.size || a.operation.call - b.operation.call,
  );
  let earliestLater = Infinity;
  let later: Read | undefined;
  for (let i = sorted.length - 1; i >= 0; i--) {
    const read = sorted[i] as Read;
    const next = sorted[i + 1];
    if (next !== undefined) judgeInclusion(read, next, anomalies);
    // (c): no larger read may have returned before this one was called.
    if (
      later !== undefined &&
      earliestLater < read.operation.call &&
      later.elements.size > read.elements.size
    ) {
      const lines = [later.operation.line, read.operation.line];
      anomalies.add('lost', `line ${lines[1]} reads less than line ${lines[0]} had read before`, lines);
    }
    if (read.operation.return < earliestLater) {
      earliestLater = read.operation.return;
      later = read;
    }
  }
}

function judgeInclusion(smaller: Read, larger: Read, anomalies: Anomalies): void {
  for (const text of smaller.elements) {
    if (larger.elements.has(text)) continue;
    const lines = [smaller.operation.line, larger.operation.line];
    const message = `lines ${lines[0]} and ${lines[1]} read sets of which neither contains the other (${text})`;
    anomalies.add('incomparable', message, lines);
    return;
  }
}
