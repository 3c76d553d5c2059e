/**
 * Growing columns of numbers, addressed by index, term or sequence: what ghosts remember per place without
 * an object per place. A long run forgets from below: {@link IntColumn.dropBelow} frees cells that nobody
 * will ask for again. A dropped cell reads as one that was never set; setting one is an error of the caller.
 */

import { assert } from '../kernel/index.js';

/** Cells beyond this would be a runaway index of the code under test, not a long run. */
const CELLS_MAX = 1 << 26;
/** A column is never moved into less than this. */
const CELLS_MIN = 16;

/** Capacity for a cell at `index`: the present one doubled until it suffices. */
export function grownCapacity(capacity: number, index: number): number {
  assert(index < CELLS_MAX, 'an index or term within the bounds of a ghost');
  let grown = capacity;
  while (grown <= index) grown *= 2;
  return grown;
}

/** 32-bit integers; a cell that was never set, or was dropped, reads as `blank`. */
export class IntColumn {
  private cells: Int32Array;
  /** Index of the first cell in `cells`. */
  private base = 0;
  /** Cells below are dropped. Invariant: base <= low, and cells from base to low are blank. */
  private low = 0;

  constructor(
    private readonly blank = 0,
    capacity = CELLS_MIN,
  ) {
    this.cells = new Int32Array(capacity);
    if (blank !== 0) this.cells.fill(blank);
  }

  get(index: number): number {
    const offset = index - this.base;
    return offset >= 0 ? (this.cells[offset] ?? this.blank) : this.blank;
  }

  set(index: number, value: number): void {
    assert(index >= this.low, 'a cell that was not dropped');
    const offset = index - this.base;
    if (offset >= this.cells.length) this.grow(offset);
    this.cells[offset] = value;
  }

  /** Forgets all cells below `index`. Moves the others once half of the room is free: O(1) per cell set. */
  dropBelow(index: number): void {
    if (index <= this.low) return;
    const dropped = index - this.base;
    if (dropped * 2 < this.cells.length) {
      this.cells.fill(this.blank, this.low - this.base, dropped);
    } else {
      this.moveTo(index);
    }
    this.low = index;
  }

  /** An independent copy of what is retained. */
  clone(): IntColumn {
    const copy = new IntColumn(this.blank, 0);
    copy.cells = this.cells.slice(this.low - this.base);
    copy.base = this.low;
    copy.low = this.low;
    return copy;
  }

  private grow(offset: number): void {
    const used = this.cells.length;
    const cells = new Int32Array(grownCapacity(Math.max(used, 1), offset));
    cells.set(this.cells);
    if (this.blank !== 0) cells.fill(this.blank, used);
    this.cells = cells;
  }

  private moveTo(index: number): void {
    const kept = this.cells.subarray(Math.min(index - this.base, this.cells.length));
    const cells = new Int32Array(grownCapacity(CELLS_MIN, kept.length - 1));
    cells.set(kept);
    if (this.blank !== 0) cells.fill(this.blank, kept.length);
    this.cells = cells;
    this.base = index;
  }
}

/** Points in virtual time; a cell that was never set, or was dropped, reads as 0. */
export class TimeColumn {
  private cells = new Float64Array(CELLS_MIN);
  /** As in {@link IntColumn}. */
  private base = 0;
  private low = 0;

  get(index: number): number {
    return index >= this.low ? (this.cells[index - this.base] ?? 0) : 0;
  }

  set(index: number, value: number): void {
    assert(index >= this.low, 'a cell that was not dropped');
    const offset = index - this.base;
    if (offset >= this.cells.length) {
      const cells = new Float64Array(grownCapacity(Math.max(this.cells.length, 1), offset));
      cells.set(this.cells);
      this.cells = cells;
    }
    this.cells[offset] = value;
  }

  /** Forgets all cells below `index`. Moves the others once half of the room is free: O(1) per cell set. */
  dropBelow(index: number): void {
    if (index <= this.low) return;
    const dropped = index - this.base;
    if (dropped * 2 >= this.cells.length) {
      this.moveTo(Math.min(dropped, this.cells.length));
      this.base = index;
    }
    this.low = index;
  }

  /** An independent copy of what is retained. */
  clone(): TimeColumn {
    const copy = new TimeColumn();
    copy.cells = this.cells.slice(this.low - this.base);
    copy.base = this.low;
    copy.low = this.low;
    return copy;
  }

  /** Forgets the first `dropped` cells. Where the room is to stay as it is, within it: this runs every few commits. */
  private moveTo(dropped: number): void {
    const { cells } = this;
    const kept = cells.length - dropped;
    const capacity = grownCapacity(CELLS_MIN, kept - 1);
    if (capacity === cells.length) {
      cells.copyWithin(0, dropped);
      cells.fill(0, kept);
    } else {
      this.cells = new Float64Array(capacity);
      this.cells.set(cells.subarray(dropped));
    }
  }
}
