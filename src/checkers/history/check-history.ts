/** The judges of recorded histories, by name, and the one door to them. */

import type { Plain } from '../../kernel/index.js';
import { judgeBank } from './banks.js';
import { judgeLock } from './locks.js';
import { judgeMaps, judgeQueue, judgeRegisters } from './objects.js';
import { pairEvents, type RecordedEvent, type RecordedOperation, ShapeError } from './recorded.js';
import { GUARANTEES, judgeSessions, type Guarantee } from './sessions.js';
import { judgeSet } from './sets.js';
import { judgeStream } from './streams.js';
import { judgeTransactions, type TransactionOptions } from './transactions.js';
import type { HistoryReport } from './verdict.js';

export interface HistoryOptions {
  /** Of registers, maps and queues. Default linearizable. */
  readonly consistency?: 'linearizable' | 'sequential';
  /** Take all keys as one object. */
  readonly whole?: boolean;
  readonly initial?: Plain;
  /** Bound on the work of a search; where it is reached the verdict is `unknown`. */
  readonly maxSteps?: number;
  /** Of transactions. Default strict. */
  readonly order?: NonNullable<TransactionOptions['order']>;
  /** Of sessions. Default all. */
  readonly guarantees?: readonly Guarantee[];
  /** Locks are leases. */
  readonly leases?: boolean;
  /** Of banks: the total of all balances; by default what the first read shows. */
  readonly total?: number;
  readonly overdraft?: boolean;
}

interface Judge {
  readonly name: string;
  /** What operations look like, and what is asked of them. */
  readonly summary: string;
  judge(operations: readonly RecordedOperation[], options: HistoryOptions): HistoryReport;
}

export const HISTORY_MODELS = [
  {
    name: 'register',
    summary: 'read, write v, cas [expected, new], by key if there is one; linearizable or sequential',
    judge: judgeRegisters,
  },
  {
    name: 'kv',
    summary: 'get, put, delete, cas, append of texts by key; linearizable or sequential',
    judge: judgeMaps,
  },
  { name: 'queue', summary: 'enqueue v, dequeue → v or null; first in, first out', judge: judgeQueue },
  { name: 'set', summary: 'add v, read → [v …]; grows only', judge: judgeSet },
  {
    name: 'lock',
    summary: 'acquire → fencing token, release, write {token}; exclusion, and tokens that grow',
    judge: judgeLock,
  },
  { name: 'bank', summary: 'transfer, read → {account: balance}; the total never changes', judge: judgeBank },
  {
    name: 'transactions',
    summary: 'txn [["append", k, v], ["r", k, null]]; cycles of dependencies, after Adya and Elle',
    judge: judgeTransactions,
  },
  {
    name: 'stream',
    summary: 'send [k, v] → [k, [offset, v]], poll → {k: [[offset, v] …]}; lost, doubled, out of order',
    judge: judgeStream,
  },
  {
    name: 'sessions',
    summary: `read, write v of different values by key; ${GUARANTEES.join(', ')}`,
    judge: (operations, options) => judgeSessions(operations, options.guarantees),
  },
] as const satisfies readonly Judge[];

export type HistoryModel = (typeof HISTORY_MODELS)[number]['name'];

export type CheckedHistory =
  | { readonly kind: 'checked'; readonly operations: number; readonly report: HistoryReport }
  /** The history is not of the shape that the model needs; `message` is one line that names the line. */
  | { readonly kind: 'error'; readonly line: number; readonly message: string };

/** Judges a recorded history. Deterministic, bounded; never throws for what a history says. */
export function checkHistory(
  model: HistoryModel,
  events: Iterable<RecordedEvent>,
  options: HistoryOptions = {},
): CheckedHistory {
  const recorded = pairEvents(events);
  if (recorded.kind === 'error') return recorded;
  const { operations } = recorded;
  const found = HISTORY_MODELS.find(({ name }) => name === model) as Judge;
  try {
    return { kind: 'checked', operations: operations.length, report: found.judge(operations, options) };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { kind: 'error', line: error.line, message: error.message };
  }
}
