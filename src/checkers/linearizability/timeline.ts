/**
 * The calls and returns of one object's operations in one total order, as integers.
 * A call and a return at the same instant are concurrent, so calls go first; the rest of a tie goes by the
 * position in the history, which changes nothing that the search can see.
 */

import type { HistoryOperation } from './model.js';

/** Operations of one object, with the positions of their calls and returns among all calls and returns. */
export interface Timeline<Input, Output> {
  readonly operations: readonly HistoryOperation<Input, Output>[];
  readonly callPosition: Int32Array;
  /** Of operations with a known output; larger than every call position when it never returned. */
  readonly returnPosition: Int32Array;
  /** Indexes of all operations in the order of their calls. */
  readonly byCall: Int32Array;
  /** Indexes of the operations with a known output in the order of their returns. */
  readonly byReturn: Int32Array;
}

/** Lays out the operations; the caller has checked that each returns no earlier than it is called. */
export function layOut<Input, Output>(
  operations: readonly HistoryOperation<Input, Output>[],
): Timeline<Input, Output> {
  const calls: number[] = [];
  const returns: number[] = [];
  operations.forEach((operation, index) => {
    calls.push(index);
    if (operation.output !== undefined) returns.push(index);
  });
  const callOf = (index: number): number => (operations[index] as HistoryOperation<Input, Output>).call;
  const returnOf = (index: number): number => (operations[index] as HistoryOperation<Input, Output>).return;
  calls.sort((a, b) => compareTimes(callOf(a), callOf(b)) || a - b);
  returns.sort((a, b) => compareTimes(returnOf(a), returnOf(b)) || a - b);

  const callPosition = new Int32Array(operations.length);
  const returnPosition = new Int32Array(operations.length);
  let position = 0;
  let nextCall = 0;
  for (const returning of returns) {
    while (nextCall < calls.length && callOf(calls[nextCall] as number) <= returnOf(returning)) {
      callPosition[calls[nextCall] as number] = position;
      position += 1;
      nextCall += 1;
    }
    returnPosition[returning] = position;
    position += 1;
  }
  for (; nextCall < calls.length; nextCall += 1) {
    callPosition[calls[nextCall] as number] = position;
    position += 1;
  }
  return {
    operations,
    callPosition,
    returnPosition,
    byCall: Int32Array.from(calls),
    byReturn: Int32Array.from(returns),
  };
}

/** Subtraction would make NaN of two infinities. */
function compareTimes(a: number, b: number): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
