/**
 * Growing columns of numbers, addressed by index, term or sequence: what ghosts remember per place without
 * an object per place.
 */

import { assert } from '../kernel/index.js';

/** Cells beyond this would be a runaway index of the code under test, not a long run. */
const CELLS_MAX = 1 << 26;

/** Capacity for a cell at `index`: the present one doubled until it suffices. */
export function grownCapacity(capacity: number, index: number): number {
  assert(index < CELLS_MAX, 'an index or term within the bounds of a ghost');
  let grown = capacity;
  while (grown <= index) grown *= 2;
  return grown;
}

/** 32-bit integers; a cell that was never set reads as `blank`. */
export class IntColumn {
  private cells: Int32Array;

  constructor(
    private readonly blank = 0,
    capacity = 16,
  ) {
    this.cells = new Int32Array(capacity);
    if (blank !== 0) this.cells.fill(blank);
  }

  get(index: number): number {
    return this.cells[index] ?? this.blank;
  }

  set(index: number, value: number): void {
    if (index >= this.cells.length) this.grow(index);
    this.cells[index] = value;
  }

  clone(): IntColumn {
    const copy = new IntColumn(this.blank, 1);
    copy.cells = this.cells.slice();
    return copy;
  }

  private grow(index: number): void {
    const used = this.cells.length;
    const cells = new Int32Array(grownCapacity(used, index));
    cells.set(this.cells);
    if (this.blank !== 0) cells.fill(this.blank, used);
    this.cells = cells;
  }
}

/** Points in virtual time; a cell that was never set reads as 0. */
export class TimeColumn {
  private cells = new Float64Array(64);

  get(index: number): number {
    return this.cells[index] ?? 0;
  }

  set(index: number, value: number): void {
    if (index >= this.cells.length) {
      const cells = new Float64Array(grownCapacity(this.cells.length, index));
      cells.set(this.cells);
      this.cells = cells;
    }
    this.cells[index] = value;
  }

  clone(): TimeColumn {
    const copy = new TimeColumn();
    copy.cells = this.cells.slice();
    return copy;
  }
}
