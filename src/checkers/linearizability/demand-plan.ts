/**
 * Finds, before a search, which states are demanded, their basins, and what supplies them (see demand.ts).
 */

import type { HistoryOperation } from './model.js';
import { OrderedLists } from './ordered-lists.js';
import { NO_STATE } from './problem.js';
import type { Problem } from './problem.js';

/** Lists laid end to end: list i is `items[start[i]]` up to `items[start[i + 1]]`. */
export interface Lists {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** A demanded state names itself: lists "by demand" have its number. */
export interface DemandPlan {
  /** By rank: the demanded state, or `NO_STATE`. */
  readonly demandOf: Int32Array;
  /** By demand: the ranks that have it, by return. */
  readonly demands: OrderedLists;
  /** By demand: what supplies it, one node an operation, by call. */
  readonly supplies: OrderedLists;
  /** By rank: the demands it supplies, each with its node. */
  readonly definiteSupplies: Lists;
  /** By unknown class: the demands that a member supplies, and the inverse. */
  readonly classSupplies: Lists;
  readonly classesOf: Lists;
  /** By state: the demands in whose basins it lies, ascending. */
  readonly basinsOf: Lists;
  /** By demand. */
  readonly basinSize: Int32Array;
  /** By demanded state. */
  readonly basins: readonly Basin[];
}

/** States in a basin. What leads into a basin that was cut off here counts as a supply. */
const BASIN_STATES_MAX = 32;

/** Bounds on the work, in calls of the model and in entries of the plan. Demands beyond are not watched. */
const CALLS_MAX = 400_000;
const ENTRIES_MAX = 2_000_000;

/** Definite operations with the same input and no single result. */
interface OpenGroup {
  readonly input: unknown;
  readonly ranks: number[];
}

/** What is found about one demand. */
export interface Basin {
  readonly demand: number;
  readonly states: readonly number[];
  /** What supplies it: leads into the basin from outside. */
  readonly ranks: ReadonlySet<number>;
  readonly classes: ReadonlySet<number>;
  /** What leads to the demanded state itself, from any other state. */
  readonly sourceRanks: readonly number[];
  readonly sourceClasses: readonly number[];
}

/** How an input leads to a state of a basin. */
type Reach = 'not' | 'from inside' | 'from outside';

export function planDemand(problem: Problem<unknown, unknown, unknown>): DemandPlan {
  const finder = new BasinFinder(problem);
  const basins = new Map<number, Basin>();
  for (const state of problem.definite.required) {
    if (state === NO_STATE || basins.has(state)) continue;
    const basin = finder.find(state);
    if (basin !== undefined) basins.set(state, basin);
  }
  return lay(problem, basins);
}

class BasinFinder {
  private readonly problem: Problem<unknown, unknown, unknown>;
  private readonly ranksByResult = new Map<number, number[]>();
  private readonly openGroups: readonly OpenGroup[];
  private calls = 0;
  private entries = 0;

  constructor(problem: Problem<unknown, unknown, unknown>) {
    const { definite, model } = problem;
    const groups = new Map<string, OpenGroup>();
    this.problem = problem;
    definite.behaviours.forEach(({ effect, leavesIn }, rank) => {
      if (effect === 'none') return;
      if (leavesIn !== undefined) {
        push(this.ranksByResult, leavesIn, rank);
        return;
      }
      const { input } = definite.operations[rank] as HistoryOperation<unknown, unknown>;
      const text = model.hints?.identity?.(input, undefined) ?? String(rank);
      const group = groups.get(text);
      if (group === undefined) groups.set(text, { input, ranks: [rank] });
      else group.ranks.push(rank);
    });
    this.openGroups = [...groups.values()];
  }

  /** `undefined` when the model cannot tell, or the work is used up. */
  find(demand: number): Basin | undefined {
    const states = [demand];
    const ranks = new Set<number>();
    const classes = new Set<number>();
    const sourceRanks: number[] = [];
    const sourceClasses: number[] = [];
    // The list grows as it is walked.
    for (const state of states) {
      if (this.calls > CALLS_MAX || this.entries > ENTRIES_MAX) return undefined;
      const isKnown =
        this.findRanks(state, states, ranks, state === demand ? sourceRanks : []) &&
        this.findClasses(state, states, classes, state === demand ? sourceClasses : []);
      if (!isKnown) return undefined;
    }
    return { demand, states, ranks, classes, sourceRanks, sourceClasses };
  }

  /** False when the model cannot tell. */
  private findRanks(state: number, basin: number[], supplies: Set<number>, sources: number[]): boolean {
    const exact = this.ranksByResult.get(state) ?? [];
    this.entries += exact.length;
    for (const rank of exact) {
      supplies.add(rank);
      sources.push(rank);
    }
    for (const { input, ranks } of this.openGroups) {
      const reach = this.reach(state, input, basin);
      if (reach === undefined) return false;
      if (reach === 'not') continue;
      this.entries += ranks.length;
      for (const rank of ranks) {
        sources.push(rank);
        if (reach === 'from outside') supplies.add(rank);
      }
    }
    return true;
  }

  private findClasses(state: number, basin: number[], supplies: Set<number>, sources: number[]): boolean {
    const { unknown } = this.problem;
    for (const list of [unknown.classesByResult.get(state) ?? [], unknown.openClasses]) {
      for (const unknownClass of list) {
        const { input } = unknown.representatives[unknownClass] as HistoryOperation<unknown, unknown>;
        const reach = this.reach(state, input, basin);
        if (reach === undefined) return false;
        if (reach !== 'not') sources.push(unknownClass);
        if (reach === 'from outside') supplies.add(unknownClass);
      }
    }
    return true;
  }

  /** How the input leads to the state; the basin grows by the states before it. */
  private reach(state: number, input: unknown, basin: number[]): Reach | undefined {
    const { model, table } = this.problem;
    this.calls += 1;
    const before = model.hints?.statesBefore?.(table.states[state], input);
    if (before === undefined) return undefined;
    if (before === 'any') return 'from outside';
    let reach: Reach = before.length === 0 ? 'not' : 'from inside';
    for (const each of before) {
      const number = table.intern(each);
      if (basin.includes(number)) continue;
      if (basin.length < BASIN_STATES_MAX) basin.push(number);
      else reach = 'from outside';
    }
    return reach;
  }
}

function lay(problem: Problem<unknown, unknown, unknown>, basins: ReadonlyMap<number, Basin>): DemandPlan {
  const { definite, unknown, table } = problem;
  const states = basins.size === 0 ? 0 : table.states.length;
  const demandOf = definite.required.map((state) => (basins.has(state) ? state : NO_STATE));
  const demands = new OrderedLists(states, Int32Array.from(definite.operations.keys()));
  for (let rank = 0; rank < definite.size; rank += 1) {
    const demand = demandOf[rank] as number;
    if (demand !== NO_STATE) demands.append(demand, rank);
  }

  const byRank = new Map<number, number[]>();
  const byClass = new Map<number, number[]>();
  const byDemand = new Map<number, number[]>();
  const byState = new Map<number, number[]>();
  const basinSize = new Int32Array(states);
  const ordered = [...basins.values()].sort((a, b) => a.demand - b.demand);
  for (const basin of ordered) {
    for (const rank of basin.ranks) push(byRank, rank, basin.demand);
    for (const unknownClass of basin.classes) push(byClass, unknownClass, basin.demand);
    basinSize[basin.demand] = basin.states.length;
    byDemand.set(basin.demand, [...basin.classes]);
    for (const state of basin.states) push(byState, state, basin.demand);
  }

  const definiteSupplies = pack(byRank, definite.size);
  const owner = new Int32Array(definiteSupplies.items.length);
  const supplies = new OrderedLists(states, owner);
  for (const rank of definite.byCall) {
    const end = definiteSupplies.start[rank + 1] as number;
    for (let node = definiteSupplies.start[rank] as number; node < end; node += 1) {
      owner[node] = rank;
      supplies.append(definiteSupplies.items[node] as number, node);
    }
  }
  return {
    demandOf,
    demands,
    supplies,
    definiteSupplies,
    classSupplies: pack(byClass, unknown.classes),
    classesOf: pack(byDemand, states),
    basinsOf: pack(byState, states),
    basinSize,
    basins: ordered,
  };
}

function push(lists: Map<number, number[]>, key: number, item: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

function pack(lists: ReadonlyMap<number, readonly number[]>, count: number): Lists {
  const start = new Int32Array(count + 1);
  for (let index = 0; index < count; index += 1) {
    start[index + 1] = (start[index] as number) + (lists.get(index)?.length ?? 0);
  }
  const items = new Int32Array(start[count] as number);
  for (const [index, list] of lists) items.set(list, start[index]);
  return { start, items };
}
