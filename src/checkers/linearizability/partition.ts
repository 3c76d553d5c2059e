/**
 * Splits a history into independent parts and puts their linearizations together again.
 */

import type { HistoryOperation, Model } from './model.js';

export interface Part<Input, Output> {
  /** Absent when the model has no keys. */
  readonly key: string | undefined;
  readonly operations: readonly HistoryOperation<Input, Output>[];
}

/** Parts by key, the smallest first (a short refutation spares the long searches), then by first operation. */
export function partition<State, Input, Output>(
  model: Model<State, Input, Output>,
  history: readonly HistoryOperation<Input, Output>[],
): Part<Input, Output>[] {
  if (model.key === undefined) return [{ key: undefined, operations: history }];
  const byKey = new Map<string, HistoryOperation<Input, Output>[]>();
  for (const operation of history) {
    const key = model.key(operation.input);
    const operations = byKey.get(key);
    if (operations === undefined) byKey.set(key, [operation]);
    else operations.push(operation);
  }
  const parts = Array.from(byKey, ([key, operations]) => ({ key, operations }));
  return parts.sort((a, b) => a.operations.length - b.operations.length);
}

/**
 * One order of all parts that keeps the order of each. Every operation takes effect at the latest call up
 * to and including its own in its part, which is never after its return; so no operation comes before one
 * that returned before its call.
 */
export function mergeByTime<Input, Output>(
  orders: readonly (readonly HistoryOperation<Input, Output>[])[],
): HistoryOperation<Input, Output>[] {
  const [only] = orders;
  if (orders.length === 1 && only !== undefined) return [...only];
  const effects = orders.flatMap((order) => {
    let time = -Infinity;
    return order.map((operation) => {
      time = Math.max(time, operation.call);
      return { time, operation };
    });
  });
  // The sort is stable: operations of one part keep their order.
  return effects.sort((a, b) => a.time - b.time).map(({ operation }) => operation);
}
