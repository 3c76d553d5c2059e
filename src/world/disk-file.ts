/**
 * One file of a disk, apart from its name: what is durable, and the operations that are so far in the page
 * cache only. The cache's own content is never kept: it is the durable content with the pending operations
 * applied. A file outlives its name while a sync of it is under way, as an inode does.
 */

import { Family, type Choices, type OperationId, type Plain, type ProcessId } from '../kernel/index.js';
import type { DiskTap } from './disk-contract.js';
import {
  applyExtent,
  applyNothing,
  applyTorn,
  recordExtent,
  trimHoles,
  truncateExtent,
  type Extent,
} from './disk-extent.js';

export class DiskFile {
  /** The name under which the file would be found after a crash; empty when there is none. */
  durableName = '';
  /** The operation that created the name, until that is durable; then 0. */
  createdBy: OperationId;
  /** Sectors of the cached file, for the accounting of space. */
  usedSectors = 0;
  /** Sectors of each record of the cached file. */
  private readonly cachedSectors: number[] = [];
  private readonly durable: Extent[];
  /** Invariant: operation numbers rise. */
  private readonly pending: Extent[] = [];

  constructor(createdBy: OperationId, durable: Extent[] = []) {
    this.createdBy = createdBy;
    this.durable = durable;
  }

  /** Records in the cached file. */
  get length(): number {
    return this.cachedSectors.length;
  }

  /** Sectors of a cached record; 0 past the end. */
  sectorsAt(slot: number): number {
    return slot < this.cachedSectors.length ? (this.cachedSectors[slot] as number) : 0;
  }

  write(operation: OperationId, slot: number, sectors: number, record: unknown): void {
    this.usedSectors += sectors - this.sectorsAt(slot);
    if (slot === this.cachedSectors.length) this.cachedSectors.push(sectors);
    else this.cachedSectors[slot] = sectors;
    this.pending.push(recordExtent(operation, slot, sectors, record));
  }

  truncate(operation: OperationId, count: number): void {
    for (let slot = count; slot < this.cachedSectors.length; slot++) {
      this.usedSectors -= this.cachedSectors[slot] as number;
    }
    this.cachedSectors.length = count;
    this.pending.push(truncateExtent(operation, count));
  }

  /** True when an operation issued before the given one is not durable yet. */
  hasPendingBefore(before: OperationId): boolean {
    const first = this.pending[0];
    return first !== undefined && first.operation < before;
  }

  /** Makes everything issued before the given operation durable and reports it. */
  commit(before: OperationId, process: ProcessId, tap: DiskTap): void {
    const covered = this.countPendingBefore(before);
    const lengthBefore = this.durable.length;
    let cut = lengthBefore;
    let inSlotOrder = true;
    let lastSlot = -1;
    for (let i = 0; i < covered; i++) {
      const extent = this.pending[i] as Extent;
      applyExtent(this.durable, extent);
      if (extent.sectors === 0) {
        if (extent.slot < cut) cut = extent.slot;
      } else {
        if (extent.slot < lastSlot) inSlotOrder = false;
        lastSlot = extent.slot;
      }
    }
    if (this.durableName !== '') {
      if (cut < lengthBefore) tap.onDurableCut(process, this.durableName, cut);
      this.reportRecords(covered, inSlotOrder, process, tap);
    }
    this.discardPending(covered);
  }

  /**
   * A sync failed: the writes it covered are forgotten, and no later sync brings them back. Truncates are
   * metadata and take effect all the same; what a failed sync did of its work is not promised either way.
   * Returns true when a write was forgotten.
   */
  drop(before: OperationId, process: ProcessId, tap: DiskTap): boolean {
    const covered = this.countPendingBefore(before);
    const lengthBefore = this.durable.length;
    let cut = lengthBefore;
    let hasDropped = false;
    for (let i = 0; i < covered; i++) {
      const extent = this.pending[i] as Extent;
      if (extent.isTruncate) {
        applyExtent(this.durable, extent);
        if (extent.slot < cut) cut = extent.slot;
      } else {
        applyNothing(this.durable, extent);
        hasDropped = true;
      }
    }
    this.discardPending(covered);
    if (cut < lengthBefore && this.durableName !== '') tap.onDurableCut(process, this.durableName, cut);
    return hasDropped;
  }

  /**
   * Power loss: each pending record keeps a drawn number of its sectors, in the order of the writes. A
   * truncate survives when its number is at most `lastMetadata`; nothing issued after one that did not
   * survive can be there, because it would lie in sectors that are not free yet.
   */
  crash(lastMetadata: OperationId, process: ProcessId, choices: Choices, tap: DiskTap): void {
    const name = this.durableName;
    const lengthBefore = this.durable.length;
    let cut = lengthBefore;
    let isRecordTorn = false;
    for (const extent of this.pending) {
      if (extent.isTruncate) {
        if (extent.operation > lastMetadata) break;
        applyExtent(this.durable, extent);
        if (extent.slot < cut) cut = extent.slot;
        continue;
      }
      const kept = choices.integer(Family.disk, process, name, 'crash-survival', 0, extent.sectors, 0);
      if (kept === extent.sectors) {
        applyExtent(this.durable, extent);
      } else if (kept === 0) {
        applyNothing(this.durable, extent);
      } else {
        if (this.durable[extent.slot]?.intact === true) isRecordTorn = true;
        applyTorn(this.durable, extent, kept);
      }
    }
    if (cut < lengthBefore) tap.onDurableCut(process, name, cut);
    this.reportRecords(this.pending.length, false, process, tap);
    if (isRecordTorn) tap.onDurableLoss(process, name);
    this.discardPending(this.pending.length);
    this.reopen();
  }

  /** Numbers of the pending truncates are added to the list. */
  collectTruncates(into: OperationId[]): void {
    for (const extent of this.pending) if (extent.isTruncate) into.push(extent.operation);
  }

  /** The file as a reader sees it now: the durable content with the pending operations applied. */
  view(): Extent[] {
    const view = this.durable.slice();
    for (const extent of this.pending) applyExtent(view, extent);
    trimHoles(view);
    return view;
  }

  /** Makes the cached sizes those of the view: between two incarnations, when nobody has the file open. */
  reopen(): void {
    if (this.pending.length === 0) trimHoles(this.durable);
    const view = this.view();
    this.usedSectors = 0;
    this.cachedSectors.length = 0;
    for (const extent of view) {
      this.cachedSectors.push(extent.sectors);
      this.usedSectors += extent.sectors;
    }
  }

  /** The durable slots, holes at the end left out. */
  durableSlots(): Extent[] {
    const slots = this.durable.slice();
    trimHoles(slots);
    return slots;
  }

  /** Reports every intact durable record, in slot order. */
  reportAll(process: ProcessId, tap: DiskTap): void {
    this.durable.forEach((extent, slot) => {
      if (extent.intact) tap.onDurableRecord(process, this.durableName, slot, extent.record);
    });
  }

  /** Slots of the intact durable records. */
  intactSlots(): number[] {
    const slots: number[] = [];
    this.durable.forEach((extent, slot) => {
      if (extent.intact) slots.push(slot);
    });
    return slots;
  }

  /** True when a durable record is unreadable although all of its sectors were written. */
  hasRot(): boolean {
    return this.durable.some((extent) => extent.blankSectors === 0);
  }

  /** A fault at rest: sectors changed (`blank` false), or as never written (`blank` true). */
  damage(slot: number, blank: boolean): void {
    const extent = this.durable[slot] as Extent;
    this.durable[slot] = extent.damaged(blank ? extent.sectors : 0);
  }

  clone(): DiskFile {
    const copy = new DiskFile(this.createdBy, this.durable.slice());
    copy.durableName = this.durableName;
    copy.usedSectors = this.usedSectors;
    for (const sectors of this.cachedSectors) copy.cachedSectors.push(sectors);
    for (const extent of this.pending) copy.pending.push(extent);
    return copy;
  }

  encode(): Plain {
    return {
      durableName: this.durableName,
      createdBy: this.createdBy,
      cachedSectors: this.cachedSectors.slice(),
      durable: this.durable.map((extent) => extent.encode()),
      pending: this.pending.map((extent) => extent.encode()),
    };
  }

  /** Reports those of the first pending writes that are what their slots hold now. */
  private reportRecords(count: number, inSlotOrder: boolean, process: ProcessId, tap: DiskTap): void {
    const writes = inSlotOrder ? this.pending : this.pending.slice(0, count).sort((a, b) => a.slot - b.slot);
    for (let i = 0; i < count; i++) {
      const extent = writes[i] as Extent;
      // One that was overwritten or cut off before it became durable is not there.
      if (this.durable[extent.slot] === extent) {
        tap.onDurableRecord(process, this.durableName, extent.slot, extent.record);
      }
    }
  }

  private countPendingBefore(before: OperationId): number {
    let count = this.pending.length;
    while (count > 0 && (this.pending[count - 1] as Extent).operation >= before) count--;
    return count;
  }

  /** Forgets the first `count` pending operations. Popping keeps the array's storage for the next ones. */
  private discardPending(count: number): void {
    const pending = this.pending;
    if (count === 0) return;
    for (let i = count; i < pending.length; i++) pending[i - count] = pending[i] as Extent;
    for (let i = 0; i < count; i++) pending.pop();
  }
}
