/**
 * Who still needs a state, and who can still bring it about.
 *
 * An operation that is legal in one state only (a read that saw "x") demands that state; an operation that
 * can change another state into "x" supplies it, provided it is called before the demand returns. Once the
 * search leaves a state that is demanded and not supplied any more, it cannot succeed. For a register whose
 * writes are distinct this decides at once what plain search finds out at the far end: w(x) w(y) with a
 * read of x still to come is wrong. Gibbons & Korach, "Testing shared memories" (SIAM J. Computing 1997),
 * §4, build their polynomial algorithm for that case on the same fact.
 *
 * Only for models that say where operations are legal and which state they leave; otherwise nothing is lost.
 */

import type { HistoryOperation } from './model.js';
import { EFFECT_NONE, NO_STATE } from './problem.js';
import type { Problem } from './problem.js';

/** Pairs of an operation without one fixed result and a demanded state that are tried one by one. */
const PAIRS_MAX = 1_000_000;
const NONE = -1;

/** The open demands and supplies of one search; kept up to date as moves are made and taken back. */
export class Demand {
  /** The smallest rank whose demand nothing can meet, before any move; -1 if there is none. */
  readonly unmet: number;
  private readonly call: Int32Array;
  private readonly returns: Int32Array;
  private readonly required: Int32Array;
  private readonly demands: OrderedLists;
  private readonly supplies: OrderedLists;
  /** What each rank, and one member of each unknown class, supplies. */
  private readonly definiteStates: Lists;
  private readonly unknownStates: Lists;
  /** By state: the unknown classes that supply it. */
  private readonly classesOf: Lists;
  private readonly classStart: Int32Array;
  private readonly memberCall: Int32Array;
  private readonly usedCount: Int32Array;

  /** `usedCount` is read as it changes: how many members of each unknown class are used. */
  constructor(problem: Problem<unknown, unknown, unknown>, usedCount: Int32Array) {
    const { definite, unknown } = problem;
    const plan = planDemand(problem);
    this.call = definite.call;
    this.returns = definite.return;
    this.required = plan.required;
    this.demands = plan.demands;
    this.supplies = plan.supplies;
    this.definiteStates = plan.definiteStates;
    this.unknownStates = plan.unknownStates;
    this.classesOf = plan.classesOf;
    this.classStart = unknown.start;
    this.memberCall = unknown.call;
    this.usedCount = usedCount;
    let unmet = NONE;
    for (let state = 0; state < this.demands.listCount; state += 1) {
      if (state === problem.initialState || !this.isLost(state)) continue;
      const rank = this.demands.first(state);
      if (unmet === NONE || rank < unmet) unmet = rank;
    }
    this.unmet = unmet;
  }

  /** Takes a definite operation out; false when a state other than `stateAfter` is lost with it. */
  take(rank: number, stateAfter: number): boolean {
    const required = this.required[rank] as number;
    if (required !== NO_STATE) this.demands.remove(required, rank);
    const { start, items } = this.definiteStates;
    const end = start[rank + 1] as number;
    let isFine = true;
    for (let node = start[rank] as number; node < end; node += 1) {
      this.supplies.remove(items[node] as number, node);
      if (items[node] !== stateAfter && this.isLost(items[node] as number)) isFine = false;
    }
    return isFine;
  }

  /** The inverse of `take`. */
  giveBack(rank: number): void {
    const { start, items } = this.definiteStates;
    for (let node = (start[rank + 1] as number) - 1; node >= (start[rank] as number); node -= 1) {
      this.supplies.restore(items[node] as number, node);
    }
    const required = this.required[rank] as number;
    if (required !== NO_STATE) this.demands.restore(required, rank);
  }

  /** Whether a state other than `stateAfter` is lost since a member of the class was used. */
  isLostByUse(unknownClass: number, stateAfter: number): boolean {
    const { start, items } = this.unknownStates;
    for (let index = start[unknownClass] as number; index < (start[unknownClass + 1] as number); index += 1) {
      if (items[index] !== stateAfter && this.isLost(items[index] as number)) return true;
    }
    return false;
  }

  firstDemand(state: number): number {
    return state < this.demands.listCount ? this.demands.first(state) : -1;
  }

  /** Whether the state, once left, can not come back in time for an operation that needs it. */
  isLost(state: number): boolean {
    if (state >= this.demands.listCount) return false;
    const demand = this.demands.first(state);
    return demand !== NONE && !this.isSuppliedBefore(state, this.returns[demand] as number);
  }

  /**
   * Whether the state has to last, without a break, until some operation that is called only after the
   * position: it is needed there, and will not come back once it is left.
   */
  mustLastBeyond(state: number, position: number): boolean {
    if (state >= this.demands.listCount) return false;
    const demand = this.demands.last(state);
    if (demand === NONE || (this.call[demand] as number) < position) return false;
    return !this.isSuppliedBefore(state, this.returns[demand] as number);
  }

  private isSuppliedBefore(state: number, position: number): boolean {
    const node = this.supplies.first(state);
    if (node !== NONE && (this.call[this.supplies.owner[node] as number] as number) < position) return true;
    const { start, items } = this.classesOf;
    for (let index = start[state] as number; index < (start[state + 1] as number); index += 1) {
      const unknownClass = items[index] as number;
      const member = (this.classStart[unknownClass] as number) + (this.usedCount[unknownClass] as number);
      if (member >= (this.classStart[unknownClass + 1] as number)) continue;
      if ((this.memberCall[member] as number) < position) return true;
    }
    return false;
  }
}

/** Lists laid end to end: list i is `items[start[i]]` up to `items[start[i + 1]]`. */
interface Lists {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** Doubly linked lists of numbered nodes; nodes come out in any order and go back in the opposite one. */
class OrderedLists {
  readonly listCount: number;
  /** By node, the operation it stands for. */
  readonly owner: Int32Array;
  private readonly heads: Int32Array;
  private readonly tails: Int32Array;
  private readonly next: Int32Array;
  private readonly previous: Int32Array;

  constructor(listCount: number, owner: Int32Array) {
    this.listCount = listCount;
    this.owner = owner;
    this.heads = new Int32Array(listCount).fill(NONE);
    this.tails = new Int32Array(listCount).fill(NONE);
    this.next = new Int32Array(owner.length).fill(NONE);
    this.previous = new Int32Array(owner.length).fill(NONE);
  }

  first(list: number): number {
    return this.heads[list] as number;
  }

  last(list: number): number {
    return this.tails[list] as number;
  }

  append(list: number, node: number): void {
    this.previous[node] = this.tails[list] as number;
    this.restore(list, node);
  }

  remove(list: number, node: number): void {
    const next = this.next[node] as number;
    const previous = this.previous[node] as number;
    if (previous === NONE) this.heads[list] = next;
    else this.next[previous] = next;
    if (next === NONE) this.tails[list] = previous;
    else this.previous[next] = previous;
  }

  restore(list: number, node: number): void {
    const next = this.next[node] as number;
    const previous = this.previous[node] as number;
    if (previous === NONE) this.heads[list] = node;
    else this.next[previous] = node;
    if (next === NONE) this.tails[list] = node;
    else this.previous[next] = node;
  }
}

interface DemandPlan {
  /** By rank; `NO_STATE` throughout when the model cannot tell all supplies. */
  readonly required: Int32Array;
  readonly demands: OrderedLists;
  readonly supplies: OrderedLists;
  readonly definiteStates: Lists;
  readonly unknownStates: Lists;
  readonly classesOf: Lists;
}

function planDemand(problem: Problem<unknown, unknown, unknown>): DemandPlan {
  const { definite, unknown, table } = problem;
  const isDemanded = new Uint8Array(table.states.length);
  for (const state of definite.required) if (state !== NO_STATE) isDemanded[state] = 1;
  const finder = new SupplyFinder(problem, isDemanded);
  const definiteSupply = allKnown(
    definite.operations.map((operation, rank) =>
      definite.effect[rank] === EFFECT_NONE ? [] : finder.find(operation, operation.output),
    ),
  );
  const unknownSupply = allKnown(unknown.representatives.map((each) => finder.find(each, undefined)));
  if (definiteSupply === undefined || unknownSupply === undefined) return noDemand(problem);

  const states = isDemanded.length;
  const demands = new OrderedLists(states, Int32Array.from(definite.operations.keys()));
  for (let rank = 0; rank < definite.size; rank += 1) {
    const state = definite.required[rank] as number;
    if (state !== NO_STATE) demands.append(state, rank);
  }
  const definiteStates = pack(definiteSupply);
  const owner = new Int32Array(definiteStates.items.length);
  const supplies = new OrderedLists(states, owner);
  for (const rank of definite.byCall) {
    const end = definiteStates.start[rank + 1] as number;
    for (let node = definiteStates.start[rank] as number; node < end; node += 1) {
      owner[node] = rank;
      supplies.append(definiteStates.items[node] as number, node);
    }
  }
  const classesOf: number[][] = Array.from(isDemanded, () => []);
  unknownSupply.forEach((list, unknownClass) => {
    for (const state of list) (classesOf[state] as number[]).push(unknownClass);
  });
  return {
    required: definite.required,
    demands,
    supplies,
    definiteStates,
    unknownStates: pack(unknownSupply),
    classesOf: pack(classesOf),
  };
}

/** Which demanded states an operation supplies; `undefined` when the model cannot tell. */
class SupplyFinder {
  private readonly problem: Problem<unknown, unknown, unknown>;
  private readonly isDemanded: Uint8Array;
  private readonly demandedStates: number[] = [];
  private pairs = 0;

  constructor(problem: Problem<unknown, unknown, unknown>, isDemanded: Uint8Array) {
    this.problem = problem;
    this.isDemanded = isDemanded;
    isDemanded.forEach((flag, state) => {
      if (flag === 1) this.demandedStates.push(state);
    });
  }

  find(operation: HistoryOperation<unknown, unknown>, output: unknown): number[] | undefined {
    const { model, table } = this.problem;
    const left = model.hints?.leavesIn?.(operation.input, output);
    if (left !== undefined) {
      const state = table.intern(left[0]);
      return this.isDemanded[state] === 1 ? [state] : [];
    }
    const statesBefore = model.hints?.statesBefore;
    this.pairs += this.demandedStates.length;
    if (statesBefore === undefined || this.pairs > PAIRS_MAX) return undefined;
    return this.demandedStates.filter((state) => {
      const before = statesBefore(table.states[state], operation.input);
      return before === 'any' || before.length > 0;
    });
  }
}

function allKnown(lists: readonly (number[] | undefined)[]): number[][] | undefined {
  const known = lists.filter((list) => list !== undefined);
  return known.length === lists.length ? known : undefined;
}

function noDemand({ definite, unknown }: Problem<unknown, unknown, unknown>): DemandPlan {
  const none = new Int32Array(0);
  return {
    required: new Int32Array(definite.size + 1).fill(NO_STATE),
    demands: new OrderedLists(0, none),
    supplies: new OrderedLists(0, none),
    definiteStates: { start: new Int32Array(definite.size + 1), items: none },
    unknownStates: { start: new Int32Array(unknown.classes + 1), items: none },
    classesOf: { start: new Int32Array(1), items: none },
  };
}

function pack(lists: readonly (readonly number[])[]): Lists {
  const start = new Int32Array(lists.length + 1);
  lists.forEach((list, index) => {
    start[index + 1] = (start[index] as number) + list.length;
  });
  const items = new Int32Array(start[lists.length] as number);
  lists.forEach((list, index) => items.set(list, start[index] as number));
  return { start, items };
}
