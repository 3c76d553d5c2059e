/**
 * The agreed order as a witness of linearizability: for a run of our own there is no need to search for an
 * order of the operations, since the replicated log is one. If every answer follows from it, and it respects
 * real time, the history is linearizable: a proof in one pass. If not, nothing is decided, and the search
 * has the word.
 *
 * The pass can be made bit by bit: the witness keeps the state after the last place that it has explained.
 * A read that was answered aside of the log comes right after the place that its answer holds at; reads at
 * one place come in the order of their calls.
 */

import type { HistoryOperation, KvInput, KvOutput } from '../linearizability/index.js';
import type { AgreedOrder } from './agreed-order.js';
import {
  changesNothing,
  errorOf,
  hadNoEffect,
  isReadAside,
  isTransaction,
  isWeakRead,
  type ClientHistory,
  type ClientOperation,
} from './client-history.js';
import { KeyStates, stateAfter, type KeyState } from './key-states.js';

type Operation = HistoryOperation<KvInput, KvOutput>;

/** An operation where the agreed order has it: see {@link rankOf}. */
class RankedOperation {
  constructor(
    readonly rank: number,
    readonly operation: ClientOperation,
    readonly output: KvOutput | undefined,
  ) {}
}

export class LogWitness {
  /** The last place that is explained. */
  explained = 0;
  states = new KeyStates();
  /** Position of the latest call among all that is explained; -1 when nothing is. */
  latestCall = -1;

  /**
   * Goes on to place `end`. `operations` are all that have a place up to there and are not explained yet;
   * false, and nothing changes, when some answer does not follow from the order.
   */
  advance(order: AgreedOrder, operations: Iterable<ClientOperation>, end: number): boolean {
    const ranked: RankedOperation[] = [];
    for (const operation of operations) {
      if (constrainsNothing(operation) || isWithoutEffect(order, operation)) continue;
      const output = knownOutput(operation);
      const rank = rankOf(order, operation);
      const place = Math.floor(rank / 2);
      if (place === 0 || place > end) {
        if (output !== undefined) return false;
      } else {
        ranked.push(new RankedOperation(rank, operation, output));
      }
    }
    ranked.sort(byRank);
    if (!this.replay(ranked)) return false;
    this.explained = Math.max(this.explained, end);
    return true;
  }

  /** Goes on after place `end` without an explanation: nothing is known of any state there. */
  skipTo(end: number): void {
    this.explained = end;
    this.states.giveUp();
  }

  clone(): LogWitness {
    const copy = new LogWitness();
    copy.explained = this.explained;
    copy.states = this.states.clone();
    copy.latestCall = this.latestCall;
    return copy;
  }

  private replay(ranked: readonly RankedOperation[]): boolean {
    const changed = new Map<string, KeyState>();
    // What is explained is not taken up again; only a read may still come right after it.
    const lowest = 2 * this.explained + 1;
    let latestCall = this.latestCall;
    for (const { rank, operation, output } of ranked) {
      if (rank < lowest) return false;
      // Something that came before it in the order was invoked only after it had ended.
      if (output !== undefined && operation.returnPosition < latestCall) return false;
      if (operation.callPosition > latestCall) latestCall = operation.callPosition;
      const input = operation.input as unknown as KvInput;
      const { key } = input;
      const before = changed.get(key) ?? this.states.of(key);
      const after = stateAfter(before, input, output);
      if (after === undefined) return false;
      if (after !== before) changed.set(key, after);
    }
    this.states.commit(changed);
    this.latestCall = latestCall;
    return true;
  }
}

/** True when the agreed order explains the whole history. */
export function agreedOrderExplains(order: AgreedOrder, history: ClientHistory): boolean {
  return new LogWitness().advance(order, history.operations(), order.last);
}

/** Where the order has an operation: at its own place or, a read aside, right after one; 0: nowhere. */
export function placeOf(order: AgreedOrder, operation: ClientOperation): number {
  return Math.floor(rankOf(order, operation) / 2);
}

/**
 * Twice the place of the operation, and one more for a read that comes right after it; 0 and 1: nowhere. A read aside may
 * have been ordered as well: it holds where its answer says.
 */
function rankOf(order: AgreedOrder, operation: ClientOperation): number {
  const place = indexOf(order, operation);
  const { index } = operation;
  const isOwn = index === 0 || index === place || !isReadAside(operation);
  return isOwn ? 2 * place : 2 * index + 1;
}

/** The place of its own that an operation has in the order; 0 for none. */
export function indexOf(order: AgreedOrder, operation: ClientOperation): number {
  // What was found when it was answered is still true, but for reads, which may hold at the place of another.
  if (operation.place > 0 && !isReadAside(operation)) return operation.place;
  return order.indexOf(operation.client, operation.sequence);
}

/** The operation as a judge of linearizability sees it; undefined for one that constrains nothing. */
export function linearizableOperation(operation: ClientOperation): Operation | undefined {
  if (constrainsNothing(operation)) return undefined;
  const output = knownOutput(operation);
  return {
    id: operation.id,
    process: operation.client,
    input: operation.input as unknown as KvInput,
    output,
    call: operation.callPosition,
    return: output === undefined ? Infinity : operation.returnPosition,
  };
}

function constrainsNothing(operation: ClientOperation): boolean {
  if (hadNoEffect(operation) || isWeakRead(operation) || isTransaction(operation)) return true;
  return knownOutput(operation) === undefined && changesNothing(operation);
}

/** In place of an answer that is none at all, such as null: no operation is ever answered like this. */
const NO_ANSWER = {};

function knownOutput(operation: ClientOperation): KvOutput | undefined {
  const { outcome, output } = operation;
  if (outcome !== 'ok' || errorOf(output) !== undefined) return undefined;
  return (typeof output === 'object' && output !== null ? output : NO_ANSWER) as unknown as KvOutput;
}

/** An operation of unknown outcome whose place left the state as it was: its session had expired, say. */
function isWithoutEffect(order: AgreedOrder, operation: ClientOperation): boolean {
  if (!order.hasDigests || (operation.outcome === 'ok' && errorOf(operation.output) === undefined))
    return false;
  const place = indexOf(order, operation);
  return place > 1 && order.digestAt(place) === order.digestAt(place - 1);
}

function byRank(a: RankedOperation, b: RankedOperation): number {
  return a.rank - b.rank || a.operation.callPosition - b.operation.callPosition;
}
