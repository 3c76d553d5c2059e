/**
 * A log as an observer keeps it: per index the entry's term and a hash of the whole prefix, in two 32-bit
 * lanes, so that comparing two logs up to an index costs two comparisons.
 */

import { mix32 } from '../../kernel/index.js';
import { grownCapacity } from '../columns.js';

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
  /** Index of the last entry; 0 for an empty log. */
  last = 0;
  // Cell i belongs to index i; cell 0 is the empty prefix.
  private terms: Int32Array;
  private lows: Int32Array;
  private highs: Int32Array;

  constructor(capacity = 64) {
    this.terms = new Int32Array(capacity);
    this.lows = new Int32Array(capacity);
    this.highs = new Int32Array(capacity);
  }

  /** Term of the entry at this index; 0 before the first one, -1 beyond the last. */
  termAt(index: number): number {
    return index >= 0 && index <= this.last ? (this.terms[index] as number) : -1;
  }

  get lastTerm(): number {
    return this.terms[this.last] as number;
  }

  /** First lane of the prefix hash up to this index, which is in the log (or 0). */
  lowAt(index: number): number {
    return this.lows[index] as number;
  }

  highAt(index: number): number {
    return this.highs[index] as number;
  }

  /** Puts an entry at its index; it replaces that index and all after it. */
  put(index: number, term: number, hash: number): void {
    if (index >= this.terms.length) this.grow(index);
    // A hole is a bug of the code under test: what is in it is blank, not what was there long ago.
    for (let hole = this.last + 1; hole < index; hole++) this.set(hole, 0, 0, 0);
    const before = index - 1;
    this.set(index, term, nextLow(this.lowAt(before), hash), nextHigh(this.highAt(before), term, hash));
    this.last = index;
  }

  /** Removes the entry at `index` and all after it. */
  truncateFrom(index: number): void {
    if (index <= this.last) this.last = index > 0 ? index - 1 : 0;
  }

  /** True when both logs have this index and are equal up to it. */
  agreesWith(other: GhostLog, index: number): boolean {
    return index <= other.last && this.holds(index, other.lowAt(index), other.highAt(index));
  }

  /** True when this log has the index and its prefix up to it has this hash. */
  holds(index: number, low: number, high: number): boolean {
    return index <= this.last && this.lows[index] === low && this.highs[index] === high;
  }

  /** Becomes a copy of the other log's first `last` entries. */
  copyFrom(other: GhostLog, last: number): void {
    this.last = 0;
    this.extendFrom(other, last);
  }

  /** Takes over from the other log, which is equal so far, what follows up to `last`. */
  extendFrom(other: GhostLog, last: number): void {
    if (last >= this.terms.length) this.grow(last);
    for (let index = this.last + 1; index <= last; index++) {
      this.set(index, other.termAt(index), other.lowAt(index), other.highAt(index));
    }
    this.last = last;
  }

  clone(): GhostLog {
    const copy = new GhostLog(1);
    copy.last = this.last;
    copy.terms = this.terms.slice();
    copy.lows = this.lows.slice();
    copy.highs = this.highs.slice();
    return copy;
  }

  private set(index: number, term: number, low: number, high: number): void {
    this.terms[index] = term;
    this.lows[index] = low;
    this.highs[index] = high;
  }

  private grow(index: number): void {
    const capacity = grownCapacity(this.terms.length, index);
    this.terms = enlarged(this.terms, capacity);
    this.lows = enlarged(this.lows, capacity);
    this.highs = enlarged(this.highs, capacity);
  }
}

function enlarged(cells: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(capacity);
  larger.set(cells);
  return larger;
}
