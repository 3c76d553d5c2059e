/**
 * One object's history, laid out for the search: definite operations by the order of their returns,
 * operations of unknown outcome by class, everything else in typed arrays.
 *
 * A problem is made of the first `completions` returns of a timeline. What was still open at that moment is
 * of unknown outcome there, so the problem asks whether the history cut after that return is linearizable.
 */

import { mergeAnonymousStates } from './anonymous-states.js';
import { behaviour } from './behaviour.js';
import type { Behaviour } from './behaviour.js';
import type { HistoryOperation, Model } from './model.js';
import { StateTable } from './state-table.js';
import type { Timeline } from './timeline.js';

/**
 * Definite operations are named by rank, 0 to `size` - 1, in the order of their returns. Arrays indexed by
 * rank have one more element, so that the search may look at the rank after the last.
 */
export interface DefiniteOperations<Input, Output> {
  readonly size: number;
  readonly operations: readonly HistoryOperation<Input, Output>[];
  readonly behaviours: readonly Behaviour[];
  readonly call: Int32Array;
  /** Ascending. */
  readonly return: Int32Array;
  /** All ranks in the order of their calls. */
  readonly byCall: Int32Array;
  /** Operations that are open at the same time have different slots; `slotWords` × 32 slots. */
  readonly slot: Int32Array;
  readonly slotWords: number;
  /** Number of the group of operations that behave alike, below `groups`. */
  readonly group: Int32Array;
  readonly groups: number;
  /** 1 when the operation never changes the state. */
  readonly isSteady: Uint8Array;
  /** The one state in which it is legal, or `NO_STATE`. */
  readonly required: Int32Array;
  /** The smallest rank that no state makes legal, or -1. */
  readonly impossible: number;
}

/**
 * Operations of unknown outcome, by class of equal behaviour. One member of a class is as good as another
 * that was called as early, so the search always uses the one called first, and a count says which are used.
 */
export interface UnknownOperations<Input, Output> {
  readonly size: number;
  readonly classes: number;
  /** Members of class c are `start[c]` to `start[c + 1]` - 1, by call. */
  readonly start: Int32Array;
  readonly operations: readonly HistoryOperation<Input, Output>[];
  readonly call: Int32Array;
  readonly words: number;
  /** One member of each class, and how all of them behave. */
  readonly representatives: readonly HistoryOperation<Input, Output>[];
  readonly behaviours: readonly Behaviour[];
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

/** In `required`: the operation is legal in no single known state. */
export const NO_STATE = -1;

export function buildProblem<State, Input, Output>(
  model: Model<State, Input, Output>,
  timeline: Timeline<Input, Output>,
  completions: number,
): Problem<State, Input, Output> {
  const at = (index: number): HistoryOperation<Input, Output> =>
    timeline.operations[index] as HistoryOperation<Input, Output>;
  const finished = Array.from(timeline.byReturn.subarray(0, completions), at);
  const open = openOperations(timeline, completions);
  const openInputs = open.map((index) => at(index).input);
  const table = new StateTable<State>(model);
  const initialState = table.intern(model.init());
  mergeAnonymousStates(model, table, finished, openInputs);
  const behaviours = finished.map(({ input, output }) => behaviour(model, table, input, output));
  return {
    model,
    table,
    initialState,
    definite: buildDefinite(timeline, finished, behaviours),
    unknown: buildUnknown(model, table, timeline, open),
  };
}

function buildDefinite<Input, Output>(
  timeline: Timeline<Input, Output>,
  operations: readonly HistoryOperation<Input, Output>[],
  behaviours: readonly Behaviour[],
): DefiniteOperations<Input, Output> {
  const size = operations.length;
  const call = new Int32Array(size + 1);
  const returns = new Int32Array(size + 1);
  const rankOf = new Int32Array(timeline.operations.length).fill(-1);
  for (let rank = 0; rank < size; rank += 1) {
    const index = timeline.byReturn[rank] as number;
    call[rank] = timeline.callPosition[index] as number;
    returns[rank] = timeline.returnPosition[index] as number;
    rankOf[index] = rank;
  }
  const byCall = timeline.byCall.map((index) => rankOf[index] as number).filter((rank) => rank >= 0);
  const isSteady = new Uint8Array(size + 1);
  const required = new Int32Array(size + 1).fill(NO_STATE);
  behaviours.forEach(({ effect, legalIn }, rank) => {
    if (effect === 'none') isSteady[rank] = 1;
    if (legalIn?.length === 1) required[rank] = legalIn[0] as number;
  });
  return {
    size,
    operations,
    behaviours,
    call,
    return: returns,
    byCall,
    ...assignSlots(byCall, call, returns),
    ...groupAlike(behaviours),
    isSteady,
    required,
    impossible: behaviours.findIndex(({ legalIn }) => legalIn?.length === 0),
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

function groupAlike(behaviours: readonly Behaviour[]): {
  readonly group: Int32Array;
  readonly groups: number;
} {
  const group = new Int32Array(behaviours.length + 1);
  const known = new Map<string, number>();
  let groups = 0;
  behaviours.forEach(({ identity }, rank) => {
    const same = identity === undefined ? undefined : known.get(identity);
    group[rank] = same ?? groups;
    if (same !== undefined) return;
    if (identity !== undefined) known.set(identity, groups);
    groups += 1;
  });
  return { group, groups };
}

function buildUnknown<State, Input, Output>(
  model: Model<State, Input, Output>,
  table: StateTable<State>,
  timeline: Timeline<Input, Output>,
  open: readonly number[],
): UnknownOperations<Input, Output> {
  const classes = new Map<string, { readonly behaviour: Behaviour; readonly indexes: number[] }>();
  let size = 0;
  for (const index of open) {
    const { input } = timeline.operations[index] as HistoryOperation<Input, Output>;
    const found = behaviour(model, table, input, undefined);
    if (found.effect === 'none') continue;
    size += 1;
    const name = found.identity ?? `operation ${index}`;
    const known = classes.get(name);
    if (known === undefined) classes.set(name, { behaviour: found, indexes: [index] });
    else known.indexes.push(index);
  }
  const start = new Int32Array(classes.size + 1);
  const call = new Int32Array(size);
  const operations: HistoryOperation<Input, Output>[] = [];
  const representatives: HistoryOperation<Input, Output>[] = [];
  for (const { indexes } of classes.values()) {
    for (const index of indexes) {
      call[operations.length] = timeline.callPosition[index] as number;
      operations.push(timeline.operations[index] as HistoryOperation<Input, Output>);
    }
    representatives.push(operations[operations.length - 1] as HistoryOperation<Input, Output>);
    start[representatives.length] = operations.length;
  }
  const behaviours = Array.from(classes.values(), (each) => each.behaviour);
  return {
    size,
    classes: classes.size,
    start,
    operations,
    call,
    words: (size + 31) >>> 5,
    representatives,
    behaviours,
    ...sortByResult(behaviours),
  };
}

function sortByResult(
  behaviours: readonly Behaviour[],
): Pick<UnknownOperations<unknown, unknown>, 'classesByResult' | 'openClasses'> {
  const classesByResult = new Map<number, number[]>();
  const openClasses: number[] = [];
  behaviours.forEach(({ leavesIn }, unknownClass) => {
    if (leavesIn === undefined) {
      openClasses.push(unknownClass);
      return;
    }
    const known = classesByResult.get(leavesIn);
    if (known === undefined) classesByResult.set(leavesIn, [unknownClass]);
    else known.push(unknownClass);
  });
  return { classesByResult, openClasses };
}

/** Indexes by call: what was called before the last of the returns and has none of them. */
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
