/**
 * Where the search stands: what was linearized, in which order, and the state after it. Moves are made and
 * taken back in place; the trail of moves is the linearization found so far.
 */

import type { DemandPlan } from './demand-plan.js';
import { Demand } from './demand.js';
import { mixInteger } from './hash.js';
import { OrderedLists } from './ordered-lists.js';
import type { DefiniteOperations, Problem, UnknownOperations } from './problem.js';

export class Configuration {
  /** The first rank that is not linearized: the next return that has to be explained. */
  rank = 0;
  state: number;
  /**
   * Definite operations not yet linearized, by call, in two circular lists: those that may change the state,
   * with the head `changing`, and those that never do, with the head `steady`.
   */
  readonly next: Int32Array;
  readonly changing: number;
  readonly steady: number;
  readonly demand: Demand;
  /** The operations not yet linearized of each group that behaves alike, by return. */
  readonly alike: OrderedLists;
  readonly linearized: Uint8Array;
  /** Slots of the linearized operations above `rank`, and the exclusive or of their ranks' hashes. */
  readonly slots: Int32Array;
  slotsHash = 0;
  /** How many members of each unknown class are used, and the same as one bit per operation. */
  readonly usedCount: Int32Array;
  readonly used: Int32Array;
  /** Definite operations by rank; unknown operations by the complement of their number. */
  readonly moves: Int32Array;
  moveCount = 0;

  private readonly definite: DefiniteOperations<unknown, unknown>;
  private readonly unknown: UnknownOperations<unknown, unknown>;
  private readonly classOf: Int32Array;
  private readonly statesBefore: Int32Array;
  private readonly ranksBefore: Int32Array;
  private readonly previous: Int32Array;

  constructor(problem: Problem<unknown, unknown, unknown>, plan: DemandPlan) {
    const { definite, unknown } = problem;
    const movesMax = definite.size + unknown.size;
    this.state = problem.initialState;
    this.changing = definite.size;
    this.steady = definite.size + 1;
    this.next = new Int32Array(definite.size + 2);
    this.previous = new Int32Array(definite.size + 2);
    this.linearized = new Uint8Array(definite.size + 1);
    this.slots = new Int32Array(definite.slotWords);
    this.usedCount = new Int32Array(unknown.classes);
    this.used = new Int32Array(unknown.words);
    this.moves = new Int32Array(movesMax);
    this.statesBefore = new Int32Array(movesMax);
    this.ranksBefore = new Int32Array(movesMax);
    this.definite = definite;
    this.unknown = unknown;
    this.classOf = new Int32Array(unknown.size);
    this.demand = new Demand(problem, plan, this.usedCount);
    this.alike = new OrderedLists(definite.groups, definite.group);
    for (let rank = 0; rank < definite.size; rank += 1) {
      this.alike.append(definite.group[rank] as number, rank);
    }
    for (let each = 0; each < unknown.classes; each += 1) {
      this.classOf.fill(each, unknown.start[each], unknown.start[each + 1]);
    }
    this.link(this.changing, 0);
    this.link(this.steady, 1);
  }

  /** Whether the operation, or head of a list, was called before the first return not yet explained. */
  isOpen(rank: number): boolean {
    return (
      rank < this.changing &&
      (this.definite.call[rank] as number) < (this.definite.return[this.rank] as number)
    );
  }

  /**
   * Linearizes a definite operation that is open. False when a demand is lost with it: the move is made, but
   * it leads nowhere.
   */
  linearize(rank: number, stateAfter: number): boolean {
    this.record(rank);
    this.unlink(rank);
    this.alike.remove(this.definite.group[rank] as number, rank);
    this.linearized[rank] = 1;
    if (rank === this.rank) this.advance();
    else this.toggleSlot(rank);
    const stateBefore = this.state;
    this.state = stateAfter;
    return this.demand.take(rank, stateBefore, stateAfter);
  }

  /** Uses the next member of a class of unknown outcome; the result as for `linearize`. */
  use(unknownClass: number, stateAfter: number): boolean {
    const count = this.usedCount[unknownClass] as number;
    const operation = (this.unknown.start[unknownClass] as number) + count;
    this.record(~operation);
    this.usedCount[unknownClass] = count + 1;
    this.toggleUsed(operation);
    const stateBefore = this.state;
    this.state = stateAfter;
    return this.demand.use(unknownClass, stateBefore, stateAfter);
  }

  /** Takes back all moves after the first `count`. */
  undoTo(count: number): void {
    while (this.moveCount > count) {
      this.moveCount -= 1;
      const move = this.moves[this.moveCount] as number;
      this.state = this.statesBefore[this.moveCount] as number;
      if (move >= 0) this.undoLinearize(move, this.ranksBefore[this.moveCount] as number);
      else this.undoUse(~move);
    }
  }

  private record(move: number): void {
    this.moves[this.moveCount] = move;
    this.statesBefore[this.moveCount] = this.state;
    this.ranksBefore[this.moveCount] = this.rank;
    this.moveCount += 1;
  }

  private undoLinearize(rank: number, rankBefore: number): void {
    this.demand.giveBack(rank);
    if (rank === rankBefore) {
      // What `advance` passed over goes back to its slots.
      for (let passed = this.rank - 1; passed > rank; passed -= 1) this.toggleSlot(passed);
      this.rank = rank;
    } else {
      this.toggleSlot(rank);
    }
    this.linearized[rank] = 0;
    this.alike.restore(this.definite.group[rank] as number, rank);
    this.relink(rank);
  }

  private undoUse(operation: number): void {
    const unknownClass = this.classOf[operation] as number;
    this.usedCount[unknownClass] = (this.usedCount[unknownClass] as number) - 1;
    this.toggleUsed(operation);
  }

  /** Passes over `rank` and over what is linearized above it. */
  private advance(): void {
    this.rank += 1;
    while (this.linearized[this.rank] === 1) {
      this.toggleSlot(this.rank);
      this.rank += 1;
    }
  }

  private toggleSlot(rank: number): void {
    const slot = this.definite.slot[rank] as number;
    this.slots[slot >>> 5] = (this.slots[slot >>> 5] as number) ^ (1 << (slot & 31));
    this.slotsHash ^= mixInteger(rank + 1);
  }

  private toggleUsed(operation: number): void {
    this.used[operation >>> 5] = (this.used[operation >>> 5] as number) ^ (1 << (operation & 31));
  }

  private link(head: number, isSteady: number): void {
    let last = head;
    for (const rank of this.definite.byCall) {
      if (this.definite.isSteady[rank] !== isSteady) continue;
      this.next[last] = rank;
      this.previous[rank] = last;
      last = rank;
    }
    this.next[last] = head;
    this.previous[head] = last;
  }

  private unlink(rank: number): void {
    const next = this.next[rank] as number;
    const previous = this.previous[rank] as number;
    this.next[previous] = next;
    this.previous[next] = previous;
  }

  /** The inverse of `unlink`, in the opposite order of the moves (Knuth's dancing links). */
  private relink(rank: number): void {
    this.next[this.previous[rank] as number] = rank;
    this.previous[this.next[rank] as number] = rank;
  }
}
