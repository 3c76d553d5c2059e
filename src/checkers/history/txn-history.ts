/** The transactions of a history of lists, and what became of each key. */

import type { Plain } from '../../kernel/index.js';
import { type RecordedOperation, ShapeError, textOf } from './recorded.js';

export type Step =
  | { readonly kind: 'append'; readonly key: string; readonly element: string }
  /** `list` is undefined where the end of the transaction is unknown. */
  | { readonly kind: 'read'; readonly key: string; readonly list: readonly string[] | undefined };

export interface Transaction {
  /** Place among `TxnHistory.transactions`. */
  readonly number: number;
  readonly operation: RecordedOperation;
  readonly steps: readonly Step[];
}

export interface Append {
  readonly transaction: Transaction;
  readonly element: string;
  /** Whether it is the transaction's last append to the key. */
  readonly isFinal: boolean;
}

export interface Read {
  readonly transaction: Transaction;
  readonly operation: RecordedOperation;
  readonly list: readonly string[];
}

export interface KeyHistory {
  readonly name: string;
  readonly appends: Map<string, Append>;
  /** Reads of transactions that are known to have happened. */
  readonly reads: Read[];
  longest: Read | undefined;
}

export interface TxnHistory {
  /** In the order of their invocations; failed ones too. */
  readonly transactions: readonly Transaction[];
  readonly keys: ReadonlyMap<string, KeyHistory>;
}

/** Throws {@link ShapeError}. */
export function readHistory(operations: readonly RecordedOperation[]): TxnHistory {
  const keys = new Map<string, KeyHistory>();
  const transactions = operations.map((operation, number): Transaction => {
    return { number, operation, steps: readSteps(operation) };
  });
  for (const transaction of transactions) {
    enterAppends(transaction, keys);
    if (transaction.operation.outcome === 'ok') enterReads(transaction, keys);
  }
  return { transactions, keys };
}

const SHAPE = 'a txn of ["append", key, element] and ["r", key, null or, at the end, a list]';

function readSteps(operation: RecordedOperation): Step[] {
  const isKnown = operation.outcome === 'ok';
  const value: Plain = isKnown ? operation.output : operation.input;
  if (!Array.isArray(value)) throw new ShapeError(operation.line, SHAPE);
  return (value as readonly Plain[]).map((step) => {
    if (!Array.isArray(step) || step.length < 2) throw new ShapeError(operation.line, SHAPE);
    const [verb, key = null, argument = null] = step as readonly Plain[];
    const name = textOf(key);
    if (verb === 'append') return { kind: 'append', key: name, element: textOf(argument) };
    if (verb !== 'r') throw new ShapeError(operation.line, SHAPE);
    if (!isKnown) return { kind: 'read', key: name, list: undefined };
    if (argument !== null && !Array.isArray(argument)) throw new ShapeError(operation.line, SHAPE);
    return { kind: 'read', key: name, list: ((argument ?? []) as readonly Plain[]).map(textOf) };
  });
}

function keyNamed(keys: Map<string, KeyHistory>, name: string): KeyHistory {
  let key = keys.get(name);
  if (key === undefined) {
    key = { name, appends: new Map(), reads: [], longest: undefined };
    keys.set(name, key);
  }
  return key;
}

function enterAppends(transaction: Transaction, keys: Map<string, KeyHistory>): void {
  const { steps, operation } = transaction;
  steps.forEach((step, index) => {
    if (step.kind !== 'append') return;
    const key = keyNamed(keys, step.key);
    const before = key.appends.get(step.element);
    if (before !== undefined) {
      const { line } = before.transaction.operation;
      throw new ShapeError(
        operation.line,
        `elements of key ${step.key} that line ${line} does not append, too`,
      );
    }
    const isFinal = !steps
      .slice(index + 1)
      .some((later) => later.kind === 'append' && later.key === step.key);
    key.appends.set(step.element, { transaction, element: step.element, isFinal });
  });
}

function enterReads(transaction: Transaction, keys: Map<string, KeyHistory>): void {
  const { steps, operation } = transaction;
  for (const step of steps) {
    if (step.kind !== 'read' || step.list === undefined) continue;
    const key = keyNamed(keys, step.key);
    const read: Read = { transaction, operation, list: step.list };
    key.reads.push(read);
    if (key.longest === undefined || step.list.length > key.longest.list.length) key.longest = read;
  }
}
