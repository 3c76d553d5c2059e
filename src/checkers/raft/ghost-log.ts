/**
 * A log as an observer keeps it: per index the entry's term and a hash of the whole prefix, in two 32-bit
 * lanes, so that comparing two logs up to an index costs two comparisons.
 *
 * It begins after its base: what lies before has been compacted, or is of no interest any more. Of the base
 * itself term and prefix hash are known, so that a log that begins late still stands for the whole of it.
 */

import { mix32 } from '../../kernel/index.js';
import { grownCapacity } from '../columns.js';

const CAPACITY_MIN = 64;
/** Numbers per entry: its term and the two lanes. Side by side, since whoever reads one reads the others. */
const WIDTH = 3;
const LOW = 1;
const HIGH = 2;

/** First lane of the prefix hash after one more entry. */
export function nextLow(low: number, hash: number): number {
  return mix32(low, hash);
}

/** Second lane, mixed in another way and with the term in it. */
export function nextHigh(high: number, term: number, hash: number): number {
  const mixed = Math.imul((high ^ hash) + term, 0x9e3779b1);
  return ((mixed << 15) | (mixed >>> 17)) ^ hash;
}

export class GhostLog {
  /** The last index before the first entry; 0 for a log from the beginning. */
  base = 0;
  /** Index of the last entry; the base when there is none. */
  last = 0;
  /** The index that the first cells belong to. Invariant: origin <= base. */
  private origin = 0;
  private cells: Int32Array;

  constructor(capacity = CAPACITY_MIN) {
    this.cells = new Int32Array(capacity * WIDTH);
  }

  /** Term of the entry at this index, or of the base (0 for the empty prefix); -1 before it and beyond the last. */
  termAt(index: number): number {
    return index >= this.base && index <= this.last ? (this.cells[this.cellOf(index)] as number) : -1;
  }

  get lastTerm(): number {
    return this.cells[this.cellOf(this.last)] as number;
  }

  /** First lane of the prefix hash up to this index, which is in the log or its base. */
  lowAt(index: number): number {
    return this.cells[this.cellOf(index) + LOW] as number;
  }

  highAt(index: number): number {
    return this.cells[this.cellOf(index) + HIGH] as number;
  }

  /** Puts an entry at its index, which is after the base; it replaces that index and all after it. */
  put(index: number, term: number, hash: number): void {
    if (this.cellOf(index) >= this.cells.length) this.grow(index);
    // A hole is a bug of the code under test: what is in it is blank, not what was there long ago.
    for (let hole = this.last + 1; hole < index; hole++) this.set(hole, 0, 0, 0);
    const { cells } = this;
    const before = this.cellOf(index - 1);
    const low = cells[before + LOW] as number;
    const high = cells[before + HIGH] as number;
    this.set(index, term, nextLow(low, hash), nextHigh(high, term, hash));
    this.last = index;
  }

  /** Removes the entry at `index` and all after it. */
  truncateFrom(index: number): void {
    if (index <= this.last) this.last = index > this.base ? index - 1 : this.base;
  }

  // ---- the base ----

  /** Becomes empty, beginning after this index, whose term and prefix hash are given. */
  reset(index: number, term: number, low: number, high: number): void {
    this.origin = index;
    this.base = index;
    this.last = index;
    this.set(index, term, low, high);
  }

  /**
   * Becomes empty, beginning after this index. The prefix hash is what one of the two other logs knows of it;
   * when neither does, one that agrees with nothing.
   */
  resetAfter(index: number, term: number, own: GhostLog, agreed: GhostLog): void {
    if (index === 0 || term < 0) this.reset(index, term, 0, 0);
    else if (own.base < index && own.termAt(index) === term) this.resetTo(own, index);
    else if (agreed.termAt(index) === term) this.resetTo(agreed, index);
    else if (own.termAt(index) === term) this.resetTo(own, index);
    else this.reset(index, term, 0, 0);
  }

  private resetTo(other: GhostLog, index: number): void {
    this.reset(index, other.termAt(index), other.lowAt(index), other.highAt(index));
  }

  /** Forgets everything before `index`, which is in the log or its base. O(1) amortised per entry. */
  dropBelow(index: number): void {
    if (index <= this.base || index > this.last) return;
    this.base = index;
    if (this.cellOf(index) * 2 < this.cells.length) return;
    const kept = this.cellsKept();
    // With room for as many again.
    this.cells = new Int32Array(Math.max(CAPACITY_MIN * WIDTH, kept.length * 2));
    this.cells.set(kept);
    this.origin = index;
  }

  // ---- comparing and copying ----

  /**
   * True when both logs have this index and are equal up to it. Where one has forgotten it, they are compared
   * at the first index that both know; where there is none, there is nothing left to tell them apart.
   */
  agreesWith(other: GhostLog, index: number): boolean {
    if (index > this.last || index > other.last) return false;
    let place = index;
    if (place < this.base) place = this.base;
    if (place < other.base) place = other.base;
    if (place > this.last || place > other.last) return true;
    return this.holds(place, other.lowAt(place), other.highAt(place));
  }

  /** True when this log knows the index and its prefix up to it has this hash. */
  holds(index: number, low: number, high: number): boolean {
    if (index < this.base || index > this.last) return false;
    const cell = this.cellOf(index);
    return this.cells[cell + LOW] === low && this.cells[cell + HIGH] === high;
  }

  /** Becomes a copy of the other log up to `last`; empty when that has forgotten so much. */
  copyFrom(other: GhostLog, last: number): void {
    if (last < other.base) {
      this.reset(0, 0, 0, 0);
      return;
    }
    this.resetTo(other, other.base);
    this.extendFrom(other, last);
  }

  /** Takes over from the other log, which is equal so far, what follows up to `last`. */
  extendFrom(other: GhostLog, last: number): void {
    if (other.base > this.last) this.resetTo(other, other.base);
    if (this.cellOf(last) >= this.cells.length) this.grow(last);
    for (let index = this.last + 1; index <= last; index++) {
      this.set(index, other.termAt(index), other.lowAt(index), other.highAt(index));
    }
    this.last = last;
  }

  clone(): GhostLog {
    const copy = new GhostLog(0);
    copy.origin = this.base;
    copy.base = this.base;
    copy.last = this.last;
    copy.cells = this.cellsKept().slice();
    return copy;
  }

  /** From the base to the last entry. */
  private cellsKept(): Int32Array {
    return this.cells.subarray(this.cellOf(this.base), this.cellOf(this.last) + WIDTH);
  }

  private cellOf(index: number): number {
    return (index - this.origin) * WIDTH;
  }

  private set(index: number, term: number, low: number, high: number): void {
    const cell = this.cellOf(index);
    const { cells } = this;
    cells[cell] = term;
    cells[cell + LOW] = low;
    cells[cell + HIGH] = high;
  }

  private grow(index: number): void {
    const cells = new Int32Array(grownCapacity(this.cells.length, this.cellOf(index)));
    cells.set(this.cells);
    this.cells = cells;
  }
}

/** §5.4.1: the voter's log is not more up-to-date than the candidate's. */
export function isUpToDate(candidate: GhostLog, voter: GhostLog): boolean {
  if (candidate.lastTerm !== voter.lastTerm) return candidate.lastTerm > voter.lastTerm;
  return candidate.last >= voter.last;
}
