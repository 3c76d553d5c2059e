/**
 * When the history of clients can be judged and forgotten, so that a run of any length keeps only what is
 * open or recent.
 *
 * A cut needs no quiet moment. It is a place of the agreed order: everything up to it is final when no open
 * operation can still turn out to belong there. An open operation that was applied pins the cut below its
 * place. A read that was not pins it at the highest place that an answer was known to hold at when the read
 * was invoked, for it may be answered aside of the log: should it hold at less, it is stale. Reads yet to come
 * pin it likewise. Any other open operation will be applied after all that is applied now. What has ended, and
 * has a place up to the cut, is judged and forgotten. What timed out and was never applied is carried on, since it
 * may still be, until its client's session has left it behind (RunGhost.isLeftBehind): then it never took effect
 * and never will. So of each client no more is carried on than its session's window holds.
 *
 * Where the agreed order does not explain an answer, everything since the last cut is kept, and the search
 * has the word at the end, or once that is too much: then the search judges what there is, and the history
 * begins anew, with nothing known of any key.
 *
 * Protocols that never say what they apply have no cuts: their history is kept whole.
 */

import type { AgreedOrder } from './agreed-order.js';
import {
  changesNothing,
  hadNoEffect,
  isWeakRead,
  type ClientHistory,
  type ClientOperation,
} from './client-history.js';
import type { AcknowledgedDurability } from './acknowledged-durability.js';
import type { ExactlyOnce } from './exactly-once.js';
import type { RunGhost } from './ghost.js';
import type { Linearizability } from './linearizability.js';
import { placeOf } from './log-witness.js';

/** A cut is tried every so many operations that ended: what it costs is shared by as many. */
export const OPERATIONS_PER_CUT = 1024;
/** Ended operations that are kept while the agreed order does not explain them. */
export const UNEXPLAINED_MAX = 16_384;

/** Those that judge operations before they are forgotten. */
export interface HistoryJudges {
  readonly acknowledged: AcknowledgedDurability;
  readonly exactlyOnce: ExactlyOnce | undefined;
  readonly linearizability: Linearizability | undefined;
}

export class Settlement {
  constructor(
    private readonly ghost: RunGhost,
    private readonly judges: HistoryJudges,
    private readonly operationsPerCut = OPERATIONS_PER_CUT,
    private readonly unexplainedMax = UNEXPLAINED_MAX,
  ) {}

  /** Called whenever an operation has ended. */
  ended(): void {
    if (this.ghost.history.endedSinceCut >= this.operationsPerCut) this.cut();
  }

  /** Judges and forgets all that is final. */
  cut(): void {
    const { ghost, judges } = this;
    const { order, history } = ghost;
    history.endedSinceCut = 0;
    if (order.last === 0) return;
    const end = finalIndex(order, history);
    if (!ghost.isUnexplained) {
      const settled = history.operations().filter((operation) => isSettled(ghost, operation, end));
      ghost.isUnexplained = judges.linearizability?.explain(settled, end) === false;
      if (!ghost.isUnexplained) this.settle(settled, end);
    }
    if (history.size > this.unexplainedMax) this.startAnew();
  }

  /** The run is over: judges everything that is left. */
  end(): void {
    const { ghost, judges } = this;
    const rest = ghost.history.operations();
    judges.acknowledged.judge(rest);
    judges.exactlyOnce?.judge(rest);
    const { linearizability } = judges;
    if (linearizability === undefined) return;
    if (ghost.isUnexplained || !linearizability.explain(rest, ghost.order.last)) linearizability.search();
  }

  private settle(operations: readonly ClientOperation[], end: number): void {
    const { ghost, judges } = this;
    judges.acknowledged.judge(operations);
    judges.exactlyOnce?.judge(operations);
    ghost.history.forget(operations);
    ghost.settledIndex = Math.max(ghost.settledIndex, end);
    ghost.settledPosition = ghost.history.position;
    this.pruneOrder();
  }

  /** What lies behind everybody's snapshot, and is settled, is not needed any more. */
  pruneOrder(): void {
    const { order, settledIndex } = this.ghost;
    order.prune(Math.min(order.coveredIndex, settledIndex));
  }

  /**
   * Too much is kept that cannot be explained or is never final. What is left is what may yet be applied, at
   * places that are new.
   */
  private startAnew(): void {
    const { ghost, judges } = this;
    const { order, history } = ghost;
    const gone = history.operations().filter((operation) => !mayBeAppliedLater(ghost, operation));
    if (gone.length * 2 < history.size) return;
    judges.linearizability?.search();
    ghost.witness.skipTo(order.last);
    ghost.isUnexplained = false;
    this.settle(gone, order.last);
  }
}

/** The highest place of the order such that everything up to it is final. */
function finalIndex(order: AgreedOrder, history: ClientHistory): number {
  let end = Math.min(order.last, history.answered);
  for (const operation of history.operations()) {
    if (operation.outcome !== 'open' || isWeakRead(operation)) continue;
    const place = order.indexOf(operation.client, operation.sequence);
    if (place > 0) end = Math.min(end, place - 1);
    else if (changesNothing(operation)) end = Math.min(end, operation.floor);
  }
  return end;
}

/** True for an operation of which nothing more can come up to place `end`. */
function isSettled(ghost: RunGhost, operation: ClientOperation, end: number): boolean {
  const { order } = ghost;
  const { outcome } = operation;
  if (outcome === 'open') return false;
  if (outcome === 'fail' || isWeakRead(operation)) return true;
  if (changesNothing(operation) && (outcome === 'unknown' || hadNoEffect(operation))) return true;
  const place = placeOf(order, operation);
  // An answered read whose place nobody can tell: no witness explains it, now or ever.
  if (changesNothing(operation) && (place === 0 || place > order.last)) return true;
  return place === 0 ? neverHappens(ghost, operation) : place <= end;
}

/**
 * True for an operation of unknown outcome that is not in the order and can take effect no more. Should it be
 * applied later, then without effect: where no digest would tell otherwise, it is not forgotten.
 */
function neverHappens(ghost: RunGhost, { outcome, client, sequence }: ClientOperation): boolean {
  return outcome === 'unknown' && ghost.order.hasDigests && ghost.isLeftBehind(client, sequence);
}

/** True for an operation that is not in the order and can still get there, or has to. */
function mayBeAppliedLater(ghost: RunGhost, operation: ClientOperation): boolean {
  if (operation.outcome === 'fail' || changesNothing(operation)) return false;
  if (ghost.order.indexOf(operation.client, operation.sequence) > 0) return false;
  return !neverHappens(ghost, operation);
}
