/**
 * Extents: what a write carries and, once durable, what a slot of a file holds. Extents are immutable, so
 * lists of them are shared by pending operations, durable files, remembered images and clones.
 */

import { assert, type DiskSlot, type OperationId, type Plain } from '../kernel/index.js';

/** {@link Extent.blankSectors} of a record whose checksum matches. */
const INTACT = -1;

/** A record in its sectors, or (with 0 sectors) a truncate to `slot` records. */
export class Extent {
  constructor(
    /** The operation that wrote it. */
    readonly operation: OperationId,
    readonly slot: number,
    readonly sectors: number,
    /** −1 when intact, otherwise how many sectors were never written. */
    readonly blankSectors: number,
    /** Undefined unless intact. */
    readonly record: unknown,
  ) {}

  get intact(): boolean {
    return this.blankSectors === INTACT;
  }

  /** True when no sector was ever written: the slot is a hole. */
  get blank(): boolean {
    return this.blankSectors === this.sectors;
  }

  get isTruncate(): boolean {
    return this.sectors === 0;
  }

  /** The same place with another content: `blankSectors` of it never written, the rest unreadable. */
  damaged(blankSectors: number): Extent {
    return new Extent(this.operation, this.slot, this.sectors, blankSectors, undefined);
  }

  toSlot(): DiskSlot {
    const intact = this.intact;
    return { intact, record: this.record, blankSectors: intact ? 0 : this.blankSectors };
  }

  encode(): Plain {
    return [this.operation, this.slot, this.sectors, this.blankSectors, (this.record ?? null) as Plain];
  }
}

export function recordExtent(operation: OperationId, slot: number, sectors: number, record: unknown): Extent {
  return new Extent(operation, slot, sectors, INTACT, record);
}

export function truncateExtent(operation: OperationId, count: number): Extent {
  return new Extent(operation, count, 0, INTACT, undefined);
}

/** Applies a write or a truncate in full. */
export function applyExtent(slots: Extent[], extent: Extent): void {
  if (extent.sectors === 0) {
    if (extent.slot < slots.length) slots.length = extent.slot;
  } else if (extent.slot === slots.length) {
    slots.push(extent);
  } else {
    // Slots below that are missing were lost at the end of the file, where loss shows as a shorter file.
    while (slots.length < extent.slot)
      slots.push(new Extent(extent.operation, slots.length, 1, 1, undefined));
    slots[extent.slot] = extent;
  }
}

/** A write that never reached the medium: nothing of it is there, but a hole shows if more follows. */
export function applyNothing(slots: Extent[], extent: Extent): void {
  if (extent.slot >= slots.length) applyExtent(slots, extent.damaged(extent.sectors));
}

/**
 * A write of which the first `kept` sectors reached the medium. Over nothing, the others are blank. Over an
 * older record they still hold its sectors: a mixture without blanks, told from rot by nothing. A write
 * of one sector cannot come here, because sectors are atomic.
 */
export function applyTorn(slots: Extent[], extent: Extent, kept: number): void {
  assert(kept > 0 && kept < extent.sectors, 'a torn write keeps some sectors and loses some');
  const previous = slots[extent.slot];
  const covered = previous === undefined || previous.blank ? kept : Math.max(kept, previous.sectors);
  applyExtent(slots, extent.damaged(Math.max(0, extent.sectors - covered)));
}

/** Holes at the end are cut off: the file's size never said that anything was there. */
export function trimHoles(slots: Extent[]): void {
  while (slots.length > 0 && (slots[slots.length - 1] as Extent).blank) slots.pop();
}
