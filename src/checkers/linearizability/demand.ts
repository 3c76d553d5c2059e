/**
 * Who still needs a state, and who can still bring it about.
 *
 * An operation that is legal in one state only (a read that saw "x") demands that state. Around a demanded
 * state lies its basin: the states from which appends and operations of unknown outcome alone may lead to
 * it. An operation supplies the state if it can lead into the basin from outside and is called before the
 * demand returns. Once the search has left the basin of a state that is demanded and not supplied any more,
 * it cannot succeed. For a register whose writes are distinct this decides at once what plain search finds
 * out at the far end: w(x) w(y) with a read of x still to come is wrong; and for appends that a state which
 * is no prefix of what is read next leads nowhere. Gibbons & Korach, "Testing shared memories" (SIAM J.
 * Computing 1997), §4, build their polynomial algorithm for distinct writes on the same fact.
 *
 * Only for models that say where operations are legal and which state they leave; otherwise nothing is lost.
 */

import type { DemandPlan } from './demand-plan.js';
import type { OrderedLists } from './ordered-lists.js';
import { NO_STATE } from './problem.js';
import type { Problem } from './problem.js';

const NONE = -1;

/** The open demands and supplies of one search; kept up to date as moves are made and taken back. */
export class Demand {
  /** The smallest rank whose demand nothing can meet, before any move; -1 if there is none. */
  readonly unmet: number;
  /** The rank of the demand that was found lost last. */
  lostRank = NONE;
  private readonly plan: DemandPlan;
  private readonly demands: OrderedLists;
  private readonly supplies: OrderedLists;
  private readonly call: Int32Array;
  private readonly returns: Int32Array;
  private readonly classStart: Int32Array;
  private readonly memberCall: Int32Array;
  private readonly usedCount: Int32Array;

  /** `usedCount` is read as it changes: how many members of each unknown class are used. */
  constructor(problem: Problem<unknown, unknown, unknown>, plan: DemandPlan, usedCount: Int32Array) {
    const { definite, unknown } = problem;
    this.plan = plan;
    this.demands = this.plan.demands;
    this.supplies = this.plan.supplies;
    this.call = definite.call;
    this.returns = definite.return;
    this.classStart = unknown.start;
    this.memberCall = unknown.call;
    this.usedCount = usedCount;
    let unmet = NONE;
    for (let demand = 0; demand < this.demands.listCount; demand += 1) {
      if (this.isInBasin(problem.initialState, demand) || !this.isLost(demand)) continue;
      const rank = this.demands.first(demand);
      if (unmet === NONE || rank < unmet) unmet = rank;
    }
    this.unmet = unmet;
  }

  /** Takes a definite operation out, as it changes the state; false when a demand is lost with it. */
  take(rank: number, stateBefore: number, stateAfter: number): boolean {
    const demand = this.plan.demandOf[rank] as number;
    if (demand !== NO_STATE) this.demands.remove(demand, rank);
    const { start, items } = this.plan.definiteSupplies;
    const end = start[rank + 1] as number;
    let losesNone = true;
    for (let node = start[rank] as number; node < end; node += 1) {
      const supplied = items[node] as number;
      this.supplies.remove(supplied, node);
      if (!this.isInBasin(stateAfter, supplied) && this.isLost(supplied)) losesNone = false;
    }
    return losesNone && (stateBefore === stateAfter || this.canMove(stateBefore, stateAfter));
  }

  /** The inverse of `take`. */
  giveBack(rank: number): void {
    const { start, items } = this.plan.definiteSupplies;
    for (let node = (start[rank + 1] as number) - 1; node >= (start[rank] as number); node -= 1) {
      this.supplies.restore(items[node] as number, node);
    }
    const demand = this.plan.demandOf[rank] as number;
    if (demand !== NO_STATE) this.demands.restore(demand, rank);
  }

  /** After a member of the class was counted as used; false when a demand is lost with it. */
  use(unknownClass: number, stateBefore: number, stateAfter: number): boolean {
    const { start, items } = this.plan.classSupplies;
    const end = start[unknownClass + 1] as number;
    for (let index = start[unknownClass] as number; index < end; index += 1) {
      const supplied = items[index] as number;
      if (!this.isInBasin(stateAfter, supplied) && this.isLost(supplied)) return false;
    }
    return this.canMove(stateBefore, stateAfter);
  }

  /**
   * Whether the state has to last, without a break, until some operation that is called only after the
   * position: it is needed there, and will not come back once it is left.
   */
  mustLastBeyond(state: number, position: number): boolean {
    if (state >= this.demands.listCount) return false;
    const rank = this.demands.last(state);
    if (rank === NONE || (this.call[rank] as number) < position) return false;
    if (this.plan.basinSize[state] !== 1) return false;
    if (this.isSuppliedBefore(state, this.returns[rank] as number)) return false;
    this.lostRank = rank;
    return true;
  }

  /** Whether no demand is lost by leaving basins. */
  private canMove(stateBefore: number, stateAfter: number): boolean {
    if (stateBefore >= this.demands.listCount) return true;
    const { start, items } = this.plan.basinsOf;
    const end = start[stateBefore + 1] as number;
    for (let index = start[stateBefore] as number; index < end; index += 1) {
      const demand = items[index] as number;
      if (!this.isInBasin(stateAfter, demand) && this.isLost(demand)) return false;
    }
    return true;
  }

  private isInBasin(state: number, demand: number): boolean {
    if (state >= this.demands.listCount) return false;
    const { start, items } = this.plan.basinsOf;
    const end = start[state + 1] as number;
    for (let index = start[state] as number; index < end; index += 1) {
      if (items[index] === demand) return true;
    }
    return false;
  }

  /** Outside its basin: whether the demanded state can not come about in time. */
  private isLost(demand: number): boolean {
    const rank = this.demands.first(demand);
    if (rank === NONE || this.isSuppliedBefore(demand, this.returns[rank] as number)) return false;
    this.lostRank = rank;
    return true;
  }

  private isSuppliedBefore(demand: number, position: number): boolean {
    const node = this.supplies.first(demand);
    if (node !== NONE && (this.call[this.supplies.owner[node] as number] as number) < position) return true;
    const { start, items } = this.plan.classesOf;
    for (let index = start[demand] as number; index < (start[demand + 1] as number); index += 1) {
      const unknownClass = items[index] as number;
      const member = (this.classStart[unknownClass] as number) + (this.usedCount[unknownClass] as number);
      if (member >= (this.classStart[unknownClass + 1] as number)) continue;
      if ((this.memberCall[member] as number) < position) return true;
    }
    return false;
  }
}
