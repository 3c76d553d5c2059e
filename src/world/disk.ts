/**
 * One process's disk: named files of typed records in 512-byte sectors, with a page cache.
 *
 * Writes reach the cache at once and are silent unless they are refused; a sync makes what was issued
 * before it durable when it completes. A power loss keeps an arbitrary, drawn part of the rest: any number of
 * the sectors of each record, and metadata operations (create, truncate, rename, remove) as a prefix in the
 * order of issue. A process that merely stops loses nothing, since the cache belongs to the machine.
 *
 * Left out: directories other than one, sizes smaller than a sector, the time that reading takes.
 */

import {
  assert,
  Family,
  Sampler,
  byCodeUnits,
  type Choices,
  type DiskImage,
  type DiskSlot,
  type DiskStatus,
  type FormattedRecord,
  type OperationId,
  type Plain,
  type ProcessId,
} from '../kernel/index.js';
import type { DiskConfig } from './config.js';
import { SECTOR_BYTES, type DiskPlace, type DiskScheduler, type DiskTap } from './disk-contract.js';
import { DiskDirectory } from './disk-directory.js';
import { recordExtent, type Extent } from './disk-extent.js';
import { DiskFile } from './disk-file.js';
import { StoredImage } from './disk-image.js';
import { SyncQueue, SyncUnderWay } from './disk-syncs.js';

/** The subject of the directory's decisions. */
const DIRECTORY = '/';
/** How soon a refused write reports. */
const REFUSAL_MICROS = 1;
const EVERYTHING: OperationId = Number.MAX_SAFE_INTEGER;

/** Records are padded to whole sectors; an empty one takes one. */
function sectorsOf(bytes: number): number {
  assert(bytes >= 0, 'a record has a size');
  return bytes <= SECTOR_BYTES ? 1 : Math.ceil(bytes / SECTOR_BYTES);
}

export class Disk {
  private directory = new DiskDirectory();
  private syncs = new SyncQueue();
  /** Writes refused for lack of space whose completion is under way. */
  private refused: OperationId[] = [];
  /** True when this incarnation has had a write refused: it may not know yet where its files end. */
  private hasRefused = false;
  /** Counts through all incarnations: what the cache keeps over a stop stays older than what follows. */
  private lastOperation: OperationId = 0;
  private usedSectors = 0;
  private readonly capacitySectors: number;
  private readonly syncLatency: Sampler;
  private slowFactor = 1;
  private full = false;
  private lying = false;
  private failNext = false;
  /** Rot has struck, or the whole disk was lost, and the process has not said since that it is whole. */
  private impaired = false;
  /** Something confirmed was forgotten; for the rest of the run nothing brings certainty back. */
  private amnesiac = false;
  /** The image that {@link rollback} returns to. */
  private remembered: readonly (readonly [string, readonly Extent[]])[] = [];

  constructor(
    private readonly process: ProcessId,
    private readonly config: DiskConfig,
    private readonly choices: Choices,
    private readonly scheduler: DiskScheduler,
    private readonly tap: DiskTap,
  ) {
    this.capacitySectors =
      config.capacityBytes === 0 ? EVERYTHING : Math.floor(config.capacityBytes / SECTOR_BYTES);
    this.syncLatency = new Sampler(config.syncLatency);
  }

  // What the host passes on.

  append(file: string, record: unknown, bytes: number): OperationId {
    const operation = ++this.lastOperation;
    const target = this.directory.open(file, operation);
    this.write(target, operation, target.length, record, bytes);
    return operation;
  }

  writeAt(file: string, slot: number, record: unknown, bytes: number): OperationId {
    assert(Number.isSafeInteger(slot) && slot >= 0, 'a record is written to a slot from 0');
    const operation = ++this.lastOperation;
    this.write(this.directory.open(file, operation), operation, slot, record, bytes);
    return operation;
  }

  truncate(file: string, count: number): OperationId {
    assert(Number.isSafeInteger(count) && count >= 0, 'a file is truncated to a count of records');
    const operation = ++this.lastOperation;
    const target = this.directory.find(file);
    if (target === undefined || target.length <= count) return operation;
    this.usedSectors -= target.usedSectors;
    target.truncate(operation, count);
    this.usedSectors += target.usedSectors;
    return operation;
  }

  rename(from: string, to: string): OperationId {
    assert(to !== '', 'a file has a name');
    const operation = ++this.lastOperation;
    this.usedSectors -= this.directory.rename(operation, from, to)?.usedSectors ?? 0;
    return operation;
  }

  remove(file: string): OperationId {
    const operation = ++this.lastOperation;
    this.usedSectors -= this.directory.remove(operation, file)?.usedSectors ?? 0;
    return operation;
  }

  sync(file: string): OperationId {
    return this.startSync(file, this.directory.find(file), false);
  }

  syncDirectory(): OperationId {
    return this.startSync(DIRECTORY, undefined, true);
  }

  /** Space that the files take in the page cache's view, padding included. */
  usedBytes(): number {
    return this.usedSectors * SECTOR_BYTES;
  }

  // What the simulator does.

  /** The time of a completion has come: takes the operation's effect and tells how it ended. */
  complete(operation: OperationId): DiskStatus {
    const sync = this.syncs.take(operation);
    if (sync === undefined) {
      const index = this.refused.indexOf(operation);
      assert(index >= 0, 'a completed operation is under way');
      this.refused.splice(index, 1);
      return 'full';
    }
    if (sync.failed || this.failNext) return this.failSync(sync);
    if (this.lying) {
      if (this.owes(sync)) this.amnesiac = true;
      return 'ok';
    }
    const file = sync.file;
    if (file !== undefined) {
      if (file.createdBy !== 0) this.directory.commit(file.createdBy + 1, this.process, this.tap);
      file.commit(operation, this.process, this.tap);
    } else if (sync.directory) {
      this.directory.commit(operation, this.process, this.tap);
    }
    return 'ok';
  }

  /** Power loss: operations under way end without completion, unsynced content survives by chance. */
  crash(): void {
    this.abandon();
    const metadata = this.directory.pendingMetadata();
    let last: OperationId = 0;
    if (metadata.length > 0) {
      const kept = this.draw(DIRECTORY, 'metadata-survival', 0, metadata.length);
      last = kept === 0 ? 0 : (metadata[kept - 1] as OperationId);
    }
    this.directory.commit(last + 1, this.process, this.tap);
    for (const name of this.directory.durableNames()) {
      this.directory.durableFile(name)?.crash(last, this.process, this.choices, this.tap);
    }
    this.directory.forgetPending();
    this.usedSectors = this.directory.usedSectors();
  }

  /**
   * The process ended but the machine did not: operations under way end without completion, and the
   * page cache is written back before anything else happens. A lying disk keeps it in its own volatile
   * memory instead: the next start reads it, the next power loss takes it.
   */
  stop(): void {
    this.abandon();
    if (!this.lying) {
      this.directory.commit(EVERYTHING, this.process, this.tap);
      for (const name of this.directory.durableNames()) {
        this.directory.durableFile(name)?.commit(EVERYTHING, this.process, this.tap);
      }
    }
    for (const name of this.directory.cachedNames()) this.directory.find(name)?.reopen();
    this.usedSectors = this.directory.usedSectors();
  }

  /** True when nothing was ever written, or nothing is left. */
  isBlank(): boolean {
    return this.directory.cachedNames().length === 0 && this.directory.durableNames().length === 0;
  }

  /**
   * The operator's format step: the records are durable, in their order. The disk must be blank, and the process
   * down.
   */
  format(records: readonly FormattedRecord[]): void {
    assert(this.isBlank(), 'a disk is blank when it is formatted');
    const contents = new Map<string, Extent[]>();
    for (const { file, record, bytes } of records) {
      const slots = contents.get(file) ?? [];
      slots.push(recordExtent(++this.lastOperation, slots.length, sectorsOf(bytes), record));
      contents.set(file, slots);
    }
    const files = [...contents].map(([name, slots]) => [name, new DiskFile(0, slots)] as const);
    for (const [, file] of files) file.reopen();
    this.directory.replaceAll(files);
    this.usedSectors = this.directory.usedSectors();
    for (const [, file] of files) file.reportAll(this.process, this.tap);
  }

  /** What a process that starts now finds. */
  image(): DiskImage {
    return new StoredImage(this.directory);
  }

  /** What a file's slots would hold if the power went now and nothing unsynced survived. */
  durableSlots(file: string): readonly DiskSlot[] {
    return (this.directory.durableFile(file)?.durableSlots() ?? []).map((extent) => extent.toSlot());
  }

  /** The intact durable records of a file, in slot order; with damage among them, places are not slots. */
  durableRecords(file: string): readonly unknown[] {
    const slots = this.directory.durableFile(file)?.durableSlots() ?? [];
    return slots.filter((extent) => extent.intact).map((extent) => extent.record);
  }

  /**
   * True while no good copy can be counted on here: rot is on the disk, or rot or the loss of the
   * whole disk has been and the process has not made up for it ({@link markRepaired}), or amnesia has ever struck.
   */
  damaged(): boolean {
    return this.amnesiac || this.impaired || this.hasRot();
  }

  /** The process trusts what it has: it started without loss, or has fetched again what is gone. */
  markRepaired(): void {
    this.impaired = this.hasRot();
  }

  private hasRot(): boolean {
    return this.directory.durableNames().some((name) => this.directory.durableFile(name)?.hasRot() === true);
  }

  // What the nemesis does. The classes of these faults are in DISK_FAULT_CLASSES.

  /** Latencies of syncs issued from now on are multiplied; 1 is normal. */
  setSlowFactor(factor: number): void {
    assert(Number.isSafeInteger(factor) && factor >= 1, 'a slow factor is a whole number from 1');
    this.slowFactor = factor;
  }

  /** While full, writes that need more space are refused; overwriting in place still works. */
  setFull(full: boolean): void {
    this.full = full;
  }

  /**
   * The next sync to complete fails. What a file's sync covered is dropped for good; what a directory's
   * covered stays pending. With false, one that has not happened yet is called off.
   */
  failNextSync(fails = true): void {
    this.failNext = fails;
  }

  /** While lying, syncs complete with ok but make nothing durable; an honest one later makes up for it. */
  setLying(lying: boolean): void {
    this.lying = lying;
  }

  /** One durable record (a file drawn first, then a slot) changes at rest; undefined when there is none. */
  rotRecord(): DiskPlace | undefined {
    return this.damageRecord('rot', false);
  }

  /** One durable record, drawn likewise, reads as if it had never been written. */
  loseRecord(): DiskPlace | undefined {
    return this.damageRecord('loss', true);
  }

  /** Keeps the durable state as it is now for {@link rollback}; the cost is that of copying the slots. */
  rememberForRollback(): void {
    this.remembered = this.directory
      .durableNames()
      .map((name) => [name, this.directory.durableFile(name)?.durableSlots() ?? []] as const);
  }

  /** Returns to the remembered image, or to an empty disk. The process must be down. */
  rollback(): void {
    this.replaceAll(this.remembered);
    this.amnesiac = true;
  }

  /** Leaves nothing. The process must be down. */
  wipe(): void {
    this.replaceAll([]);
    this.amnesiac = true;
  }

  /**
   * The disk breaks, and a blank one takes its place: a process that can tell so must not take part as before.
   * The process must be down.
   */
  lose(): void {
    this.replaceAll([]);
    this.impaired = true;
  }

  // The disk as a value.

  /** An independent copy that shares the immutable records. */
  clone(scheduler: DiskScheduler, tap: DiskTap, choices: Choices): Disk {
    const copy = new Disk(this.process, this.config, choices, scheduler, tap);
    const files = new Map<DiskFile, DiskFile>();
    copy.directory = this.directory.clone(files);
    copy.syncs = this.syncs.clone(files);
    copy.refused = this.refused.slice();
    copy.hasRefused = this.hasRefused;
    copy.lastOperation = this.lastOperation;
    copy.usedSectors = this.usedSectors;
    copy.slowFactor = this.slowFactor;
    copy.full = this.full;
    copy.lying = this.lying;
    copy.failNext = this.failNext;
    copy.impaired = this.impaired;
    copy.amnesiac = this.amnesiac;
    copy.remembered = this.remembered;
    return copy;
  }

  /** The whole state: equal texts mean disks that behave equally. Records must be plain data. */
  encode(): Plain {
    const numbers = new Map<DiskFile, number>();
    const directory = this.directory.encode(numbers);
    return {
      directory,
      syncs: this.syncs.encode(numbers),
      refused: this.refused.slice(),
      hasRefused: this.hasRefused,
      lastOperation: this.lastOperation,
      usedSectors: this.usedSectors,
      slowFactor: this.slowFactor,
      full: this.full,
      lying: this.lying,
      failNext: this.failNext,
      impaired: this.impaired,
      amnesiac: this.amnesiac,
      remembered: this.remembered.map(([name, slots]) => [name, slots.map((extent) => extent.encode())]),
    };
  }

  private write(file: DiskFile, operation: OperationId, slot: number, record: unknown, bytes: number): void {
    const sectors = sectorsOf(bytes);
    const growth = sectors - file.sectorsAt(slot);
    if (growth > 0 && (this.full || this.usedSectors + growth > this.capacitySectors || slot > file.length)) {
      this.refuse(file, operation, slot);
      return;
    }
    this.usedSectors += growth;
    file.write(operation, slot, sectors, record);
  }

  /** A write may point past the end only because one before it was refused and that is not known yet. */
  private refuse(file: DiskFile, operation: OperationId, slot: number): void {
    assert(slot <= file.length || this.hasRefused, 'a write leaves no gap in its file');
    this.refused.push(operation);
    this.hasRefused = true;
    this.scheduler.completeAt(this.process, operation, REFUSAL_MICROS);
  }

  private startSync(subject: string, file: DiskFile | undefined, directory: boolean): OperationId {
    const operation = ++this.lastOperation;
    const micros = this.choices.duration(Family.disk, this.process, subject, 'sync', this.syncLatency);
    this.syncs.add(new SyncUnderWay(operation, file, directory));
    // Never before a refusal of what it should cover has been reported.
    const latency = Math.max(micros * this.slowFactor, REFUSAL_MICROS + 1);
    this.scheduler.completeAt(this.process, operation, latency);
    return operation;
  }

  /**
   * When a failed sync drops writes, every other sync of the file that is under way fails too: it may cover
   * some of them, and after confirming those the disk would have lied.
   */
  private failSync(sync: SyncUnderWay): DiskStatus {
    if (!sync.failed) this.failNext = false;
    const { file } = sync;
    if (file?.drop(sync.operation, this.process, this.tap) === true) this.syncs.failAllOf(file);
    return 'failed';
  }

  /** True when the sync covers something that is not durable. */
  private owes(sync: SyncUnderWay): boolean {
    if (sync.directory) return this.directory.hasPendingBefore(sync.operation);
    return (
      sync.file !== undefined && (sync.file.createdBy !== 0 || sync.file.hasPendingBefore(sync.operation))
    );
  }

  private abandon(): void {
    this.syncs.clear();
    this.refused = [];
    this.hasRefused = false;
  }

  private draw(subject: string, what: string, min: number, max: number): number {
    return this.choices.integer(Family.disk, this.process, subject, what, min, max, min);
  }

  private damageRecord(what: string, blank: boolean): DiskPlace | undefined {
    const names = this.directory.namesWithRecords();
    if (names.length === 0) return undefined;
    const name = names[this.draw(DIRECTORY, `${what}-file`, 0, names.length - 1)] as string;
    const file = this.directory.durableFile(name) as DiskFile;
    const slots = file.intactSlots();
    const slot = slots[this.draw(name, `${what}-slot`, 0, slots.length - 1)] as number;
    file.damage(slot, blank);
    if (blank) this.amnesiac = true;
    else this.impaired = true;
    this.tap.onDurableLoss(this.process, name);
    return { file: name, slot };
  }

  private replaceAll(image: readonly (readonly [string, readonly Extent[]])[]): void {
    this.abandon();
    const names = new Set(this.directory.durableNames());
    for (const [name] of image) names.add(name);
    const files = image.map(([name, slots]) => [name, new DiskFile(0, slots.slice())] as const);
    for (const [, file] of files) file.reopen();
    this.directory.replaceAll(files);
    this.usedSectors = this.directory.usedSectors();
    for (const name of [...names].sort(byCodeUnits)) this.tap.onDurableLoss(this.process, name);
  }
}
