/**
 * The agreed order as a witness of linearizability: for a run of our own there is no need to search for an
 * order of the operations, since the replicated log is one. If every answer follows from it, and it respects
 * real time, the history is linearizable: a proof in one pass. If not, nothing is decided, and the search
 * has the word.
 */

import {
  ILLEGAL,
  kvModel,
  type HistoryOperation,
  type KvInput,
  type KvOutput,
  type KvState,
} from '../linearizability/index.js';
import type { AgreedOrder } from './agreed-order.js';
import type { ClientHistory } from './client-history.js';

type Operations = readonly HistoryOperation<KvInput, KvOutput>[];

/** True when the agreed order explains the history. `operations` are those that must be explained. */
export function agreedOrderExplains(
  order: AgreedOrder,
  history: ClientHistory,
  operations: Operations,
): boolean {
  const places = placesOf(order, history, operations);
  if (places === undefined) return false;
  const model = kvModel();
  const states = new Map<string, KvState>();
  let latestCall = -1;
  for (const position of places) {
    const operation = position < 0 ? undefined : operations[position];
    if (operation === undefined) continue;
    // Something that came before it in the order was invoked only after it had ended.
    if (operation.return < latestCall) return false;
    if (operation.call > latestCall) latestCall = operation.call;
    const { key } = operation.input;
    const before = states.has(key) ? states.get(key) : model.init();
    const after = model.step(before, operation.input, operation.output);
    if (after === ILLEGAL) return false;
    states.set(key, after);
  }
  return true;
}

/** By place of the order: the operation that it holds, or -1; undefined when an answered one has no place. */
function placesOf(
  order: AgreedOrder,
  history: ClientHistory,
  operations: Operations,
): Int32Array | undefined {
  const places = new Int32Array(order.last + 1).fill(-1);
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i] as Operations[number];
    const place = order.indexOf(operation.process, history.sequenceOf(operation.id));
    if (place > 0) places[place] = i;
    else if (operation.output !== undefined) return undefined;
  }
  return places;
}
