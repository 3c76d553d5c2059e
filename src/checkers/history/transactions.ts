/**
 * Transactions over lists: `txn` [["append", key, element], ["r", key, null] …], where an `ok` tells what each read
 * returned. Elements appended to a key are all different, so a read shows in which order its list came about.
 *
 * After Adya, "Weak consistency" (PhD thesis, MIT 1999, §3-4) and Kingsbury and Alvaro, "Elle: inferring isolation
 * anomalies from experimental observations" (VLDB 2020). First what needs no graph: elements that nobody appended,
 * or twice; reads that disagree with their own transaction (`internal`); aborted reads (`G1a`), intermediate reads
 * (`G1b`); reads of one key of which neither begins the other (`incompatible-order`); two transactions that read one
 * version and both append to it (`lost-update`). Then the graph of dependencies, and its cycles: txn-graph.ts.
 */

import { type RecordedOperation, ShapeError } from './recorded.js';
import { judgeCycles, type TransactionOptions } from './txn-graph.js';
import {
  readHistory,
  type Append,
  type KeyHistory,
  type Transaction,
  type TxnHistory,
} from './txn-history.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';

export type { TransactionOptions } from './txn-graph.js';

/** Throws {@link ShapeError}. */
export function judgeTransactions(
  operations: readonly RecordedOperation[],
  options: TransactionOptions = {},
): HistoryReport {
  for (const { f, line } of operations) if (f !== 'txn') throw new ShapeError(line, `txn, not ${f}`);
  const anomalies = new Anomalies();
  const history = readHistory(operations);
  for (const transaction of history.transactions) judgeInternal(transaction, anomalies);
  for (const key of history.keys.values()) judgeVersions(key, anomalies);
  judgeReads(history, anomalies);
  judgeLostUpdates(history, anomalies);
  judgeCycles(history, options, anomalies);
  return anomalies.report(
    `valid: ${count(history.transactions.length, 'transaction')}, ${count(history.keys.size, 'key')}`,
  );
}

/** Within one transaction a read shows what the transaction itself read and appended before. */
function judgeInternal({ operation, steps }: Transaction, anomalies: Anomalies): void {
  const { line } = operation;
  const known = new Map<string, { readonly texts: string[]; isWhole: boolean }>();
  for (const step of steps) {
    const before = known.get(step.key);
    if (step.kind === 'append') {
      if (before === undefined) known.set(step.key, { texts: [step.element], isWhole: false });
      else before.texts.push(step.element);
      continue;
    }
    if (step.list === undefined) continue;
    if (before !== undefined && !agrees(before, step.list)) {
      const message = `line ${line} reads [${step.list.join(' ')}] at key ${step.key}, though it had [${before.isWhole ? '' : '… '}${before.texts.join(' ')}] there`;
      anomalies.add('internal', message, [line]);
    }
    known.set(step.key, { texts: [...step.list], isWhole: true });
  }
}

function agrees(
  known: { readonly texts: readonly string[]; readonly isWhole: boolean },
  list: readonly string[],
): boolean {
  const offset = list.length - known.texts.length;
  if (offset < 0 || (known.isWhole && offset !== 0)) return false;
  return known.texts.every((text, index) => list[offset + index] === text);
}

/** All reads of a key are beginnings of its longest; no element twice; none that nobody appended. */
function judgeVersions(key: KeyHistory, anomalies: Anomalies): void {
  const { longest } = key;
  if (longest === undefined) return;
  const seen = new Set<string>();
  for (const element of longest.list) {
    if (seen.has(element)) {
      const message = `line ${longest.operation.line} reads ${element} twice at key ${key.name}`;
      anomalies.add('duplicate', message, [longest.operation.line]);
      break;
    }
    seen.add(element);
  }
  for (const read of key.reads) {
    const at = read.list.findIndex((element, index) => longest.list[index] !== element);
    if (at < 0) continue;
    const lines = [read.operation.line, longest.operation.line];
    const message = `lines ${lines[0]} and ${lines[1]} read key ${key.name} as [${read.list.join(' ')}] and [${longest.list.join(' ')}], of which neither begins the other`;
    anomalies.add('incompatible-order', message, lines);
  }
}

/** Elements of no append, of one that failed (G1a), and reads in the middle of a transaction's appends (G1b). */
function judgeReads(history: TxnHistory, anomalies: Anomalies): void {
  for (const key of history.keys.values()) {
    for (const read of key.reads) {
      const { line } = read.operation;
      for (const element of read.list) judgeElement(key, element, line, anomalies);
      const last = key.appends.get(read.list[read.list.length - 1] ?? '');
      if (last === undefined || last.isFinal || last.transaction === read.transaction) continue;
      const lines = [line, last.transaction.operation.line];
      const message = `line ${line} reads key ${key.name} up to ${last.element}, in the middle of what line ${lines[1]} appends`;
      anomalies.add('G1b', message, lines);
    }
  }
}

function judgeElement(key: KeyHistory, element: string, line: number, anomalies: Anomalies): void {
  const append: Append | undefined = key.appends.get(element);
  if (append === undefined) {
    anomalies.add('unexpected', `line ${line} reads ${element} at key ${key.name}, which nobody appended`, [
      line,
    ]);
  } else if (append.transaction.operation.outcome === 'fail') {
    const lines = [line, append.transaction.operation.line];
    const message = `line ${line} reads ${element} at key ${key.name}, which line ${lines[1]}, a transaction that failed, appended`;
    anomalies.add('G1a', message, lines);
  }
}

/** Two transactions read the same version of a key and both append to it. */
function judgeLostUpdates({ transactions }: TxnHistory, anomalies: Anomalies): void {
  const writers = new Map<string, Transaction>();
  for (const transaction of transactions) {
    if (transaction.operation.outcome !== 'ok') continue;
    for (const [key, list] of firstReads(transaction)) {
      if (!transaction.steps.some((step) => step.kind === 'append' && step.key === key)) continue;
      const version = `${key} after ${list[list.length - 1] ?? 'nothing'}`;
      const before = writers.get(version);
      if (before === undefined) {
        writers.set(version, transaction);
        continue;
      }
      const lines = [before.operation.line, transaction.operation.line];
      const message = `lines ${lines[0]} and ${lines[1]} both read [${list.join(' ')}] at key ${key} and append to it`;
      anomalies.add('lost-update', message, lines);
    }
  }
}

/** What a transaction read of each key before it appended to it. */
function firstReads({ steps }: Transaction): Map<string, readonly string[]> {
  const reads = new Map<string, readonly string[]>();
  const touched = new Set<string>();
  for (const step of steps) {
    if (step.kind === 'read' && step.list !== undefined && !touched.has(step.key))
      reads.set(step.key, step.list);
    touched.add(step.key);
  }
  return reads;
}
