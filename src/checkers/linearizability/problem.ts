/**
 * One object's history, laid out for the search: definite operations by the order of their returns,
 * operations of unknown outcome by class, everything else in typed arrays.
 *
 * A problem is made of the first `completions` returns of a timeline. What was still open at that moment is
 * of unknown outcome there, so the problem asks whether the history cut after that return is linearizable.
 */

import type { Effect, HistoryOperation, Model } from './model.js';
import { StateTable } from './state-table.js';
import type { Timeline } from './timeline.js';

export const EFFECT_NONE = 0;
export const EFFECT_OVERWRITE = 1;
export const EFFECT_UPDATE = 2;

/** In `required`: the operation is legal in no single known state. */
export const NO_STATE = -1;

/**
 * Definite operations are named by rank, 0 to `size` - 1, in the order of their returns. Arrays indexed by
 * rank have one more element, so that the search may look at the rank after the last.
 */
export interface DefiniteOperations<Input, Output> {
  readonly size: number;
  readonly operations: readonly HistoryOperation<Input, Output>[];
  readonly call: Int32Array;
  /** Ascending; -1 at `size`, so that no call precedes it. */
  readonly return: Int32Array;
  /** All ranks in the order of their calls. */
  readonly byCall: Int32Array;
  /** Operations that are open at the same time have different slots; `slotWords` × 32 slots. */
  readonly slot: Int32Array;
  readonly slotWords: number;
  /** The operation with the same identity and the next smaller rank, or -1. */
  readonly twin: Int32Array;
  readonly effect: Uint8Array;
  /** The one state in which the operation is legal, or `NO_STATE`. */
  readonly required: Int32Array;
  /** All states in which it is legal, where the model lists several. */
  readonly legalStates: readonly (Int32Array | undefined)[];
  /** Ranks of operations that no state makes legal; the smallest, or -1. */
  readonly impossible: number;
}

/**
 * Operations of unknown outcome, by class of equal identity. One member of a class is as good as another
 * that was called as early, so the search always uses the one called first, and a count says which are used.
 */
export interface UnknownOperations<Input, Output> {
  readonly size: number;
  readonly classes: number;
  /** Members of class c are `start[c]` to `start[c + 1]` - 1, by call. */
  readonly start: Int32Array;
  readonly operations: readonly HistoryOperation<Input, Output>[];
  /** One member of each class. */
  readonly representatives: readonly HistoryOperation<Input, Output>[];
  readonly call: Int32Array;
  readonly words: number;
  /** Classes by the one state that they leave when they change the state, and the other classes. */
  readonly classesByResult: ReadonlyMap<number, readonly number[]>;
  readonly openClasses: readonly number[];
}

export interface Problem<State, Input, Output> {
  readonly model: Model<State, Input, Output>;
  readonly table: StateTable<State>;
  readonly initialState: number;
  readonly definite: DefiniteOperations<Input, Output>;
  readonly unknown: UnknownOperations<Input, Output>;
}

export function buildProblem<State, Input, Output>(
  model: Model<State, Input, Output>,
  timeline: Timeline<Input, Output>,
  completions: number,
): Problem<State, Input, Output> {
  const table = new StateTable<State>(model);
  const initialState = table.intern(model.init());
  return {
    model,
    table,
    initialState,
    definite: buildDefinite(model, table, timeline, completions),
    unknown: buildUnknown(model, table, timeline, completions),
  };
}

function buildDefinite<State, Input, Output>(
  model: Model<State, Input, Output>,
  table: StateTable<State>,
  timeline: Timeline<Input, Output>,
  size: number,
): DefiniteOperations<Input, Output> {
  const operations: HistoryOperation<Input, Output>[] = [];
  const call = new Int32Array(size + 1);
  const returns = new Int32Array(size + 1);
  const rankOf = new Int32Array(timeline.operations.length).fill(-1);
  for (let rank = 0; rank < size; rank += 1) {
    const index = timeline.byReturn[rank] as number;
    operations.push(timeline.operations[index] as HistoryOperation<Input, Output>);
    call[rank] = timeline.callPosition[index] as number;
    returns[rank] = timeline.returnPosition[index] as number;
    rankOf[index] = rank;
  }
  returns[size] = -1;
  const byCall = timeline.byCall.map((index) => rankOf[index] as number).filter((rank) => rank >= 0);
  return {
    size,
    operations,
    call,
    return: returns,
    byCall,
    ...assignSlots(byCall, call, returns),
    twin: findTwins(model, operations),
    ...judgeOperations(model, table, operations),
  };
}

function assignSlots(
  byCall: Int32Array,
  call: Int32Array,
  returns: Int32Array,
): { readonly slot: Int32Array; readonly slotWords: number } {
  const slot = new Int32Array(byCall.length + 1);
  const free: number[] = [];
  let slots = 0;
  let returning = 0;
  for (const rank of byCall) {
    while ((returns[returning] as number) < (call[rank] as number)) {
      free.push(slot[returning] as number);
      returning += 1;
    }
    const reused = free.pop();
    slot[rank] = reused ?? slots;
    if (reused === undefined) slots += 1;
  }
  return { slot, slotWords: (slots + 31) >>> 5 };
}

function findTwins<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly HistoryOperation<Input, Output>[],
): Int32Array {
  const twin = new Int32Array(operations.length + 1).fill(-1);
  const identity = model.hints?.identity;
  if (identity === undefined) return twin;
  const latest = new Map<string, number>();
  operations.forEach((operation, rank) => {
    const text = identity(operation.input, operation.output);
    twin[rank] = latest.get(text) ?? -1;
    latest.set(text, rank);
  });
  return twin;
}

type Judgement = Pick<
  DefiniteOperations<unknown, unknown>,
  'effect' | 'required' | 'legalStates' | 'impossible'
>;

function judgeOperations<State, Input, Output>(
  model: Model<State, Input, Output>,
  table: StateTable<State>,
  operations: readonly HistoryOperation<Input, Output>[],
): Judgement {
  const size = operations.length;
  const effect = new Uint8Array(size + 1);
  const required = new Int32Array(size + 1).fill(NO_STATE);
  const legalStates: (Int32Array | undefined)[] = [];
  let impossible = -1;
  operations.forEach((operation, rank) => {
    const output = operation.output as Output;
    effect[rank] = effectCode(model.hints?.effect?.(operation.input, output));
    const legal = model.hints?.legalIn?.(operation.input, output);
    const numbers = legal === undefined ? undefined : Int32Array.from(legal, (state) => table.intern(state));
    if (numbers?.length === 0 && impossible < 0) impossible = rank;
    if (numbers?.length === 1) required[rank] = numbers[0] as number;
    legalStates.push(numbers);
  });
  return { effect, required, legalStates, impossible };
}

function effectCode(effect: Effect | undefined): number {
  switch (effect) {
    case 'none':
      return EFFECT_NONE;
    case 'overwrite':
      return EFFECT_OVERWRITE;
    case 'update':
    case undefined:
      return EFFECT_UPDATE;
  }
}

function buildUnknown<State, Input, Output>(
  model: Model<State, Input, Output>,
  table: StateTable<State>,
  timeline: Timeline<Input, Output>,
  completions: number,
): UnknownOperations<Input, Output> {
  const members = new Map<string, number[]>();
  let size = 0;
  for (const index of openOperations(timeline, completions)) {
    const input = (timeline.operations[index] as HistoryOperation<Input, Output>).input;
    if (model.hints?.effect?.(input, undefined) === 'none') continue;
    const text = model.hints?.identity?.(input, undefined) ?? `operation ${index}`;
    const known = members.get(text);
    if (known === undefined) members.set(text, [index]);
    else known.push(index);
    size += 1;
  }
  const start = new Int32Array(members.size + 1);
  const call = new Int32Array(size);
  const operations: HistoryOperation<Input, Output>[] = [];
  const representatives: HistoryOperation<Input, Output>[] = [];
  for (const indexes of members.values()) {
    for (const index of indexes) {
      call[operations.length] = timeline.callPosition[index] as number;
      operations.push(timeline.operations[index] as HistoryOperation<Input, Output>);
    }
    representatives.push(operations[operations.length - 1] as HistoryOperation<Input, Output>);
    start[representatives.length] = operations.length;
  }
  return {
    size,
    classes: members.size,
    start,
    operations,
    representatives,
    call,
    words: (size + 31) >>> 5,
    ...classifyResults(model, table, representatives),
  };
}

function classifyResults<State, Input, Output>(
  model: Model<State, Input, Output>,
  table: StateTable<State>,
  representatives: readonly HistoryOperation<Input, Output>[],
): Pick<UnknownOperations<Input, Output>, 'classesByResult' | 'openClasses'> {
  const classesByResult = new Map<number, number[]>();
  const openClasses: number[] = [];
  representatives.forEach(({ input }, unknownClass) => {
    const left = model.hints?.leavesIn?.(input, undefined);
    if (left === undefined) {
      openClasses.push(unknownClass);
      return;
    }
    const state = table.intern(left[0]);
    const known = classesByResult.get(state);
    if (known === undefined) classesByResult.set(state, [unknownClass]);
    else known.push(unknownClass);
  });
  return { classesByResult, openClasses };
}

/** By call: what was called before the last of the returns and has none of them. */
function openOperations<Input, Output>(timeline: Timeline<Input, Output>, completions: number): number[] {
  if (completions === 0) return [];
  const end = timeline.returnPosition[timeline.byReturn[completions - 1] as number] as number;
  const open: number[] = [];
  for (const index of timeline.byCall) {
    if ((timeline.callPosition[index] as number) > end) break;
    const output = (timeline.operations[index] as HistoryOperation<Input, Output>).output;
    if (output === undefined || (timeline.returnPosition[index] as number) > end) open.push(index);
  }
  return open;
}
