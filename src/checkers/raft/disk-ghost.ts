/**
 * Ghost of a Raft server's disk: what the server could count on after a power loss at this moment, kept up to
 * date record by record. It is the fold of the contiguous intact records of the write-ahead log through all
 * segments, joined with the snapshot; and the newest copy of term, vote and identity.
 *
 * It is written apart from the replica's own recovery on purpose: what the two conclude must agree.
 */

import type { DiskImage } from '../../kernel/index.js';
import {
  INCOMING_FILE,
  META_FILE,
  SAVING_FILE,
  SNAPSHOT_FILE,
  walFile,
  walSegmentOf,
  type Entry,
  type LogIndex,
  type MetaRecord,
  type SnapshotBody,
  type SnapshotHead,
  type SnapshotHeader,
  type Term,
  type WalRecord,
  type WalStart,
} from '../../protocols/raft/index.js';
import { GhostLog } from './ghost-log.js';

/** Nothing was replaced: an index above all others. */
export const NOTHING_REPLACED = 0x7fffffff;

/** A file of the write-ahead log. */
export interface SegmentGhost {
  readonly number: number;
  /** Its intact records from the first slot on, up to the first one that is missing. */
  readonly records: WalRecord[];
  /** The lowest index of an entry in it. */
  lowestIndex: LogIndex;
}

/** A snapshot's file: which snapshot, once all of it is durable. */
class SnapshotFileGhost {
  whole: SnapshotHeader | undefined = undefined;
  /** True when a piece did not begin where the one before ended. */
  isBroken = false;
  private head: SnapshotHead | undefined = undefined;
  private textLength = 0;
  private nextSlot = 0;

  /** Records come in slot order; slot 0 begins another snapshot. */
  take(slot: number, record: unknown): void {
    if (slot === 0) {
      this.head = record as SnapshotHead;
      this.textLength = 0;
      this.whole = undefined;
      this.isBroken = false;
      this.nextSlot = 1;
      return;
    }
    // Behind a slot that is torn or missing nothing counts.
    if (slot !== this.nextSlot) return;
    this.nextSlot++;
    const { head } = this;
    const body = record as SnapshotBody;
    if (body.offset !== this.textLength) this.isBroken = true;
    if ('text' in body) this.textLength += body.text.length;
    if (head !== undefined && this.textLength >= head.size) this.whole = head.header;
  }

  clone(): SnapshotFileGhost {
    return Object.assign(new SnapshotFileGhost(), this);
  }
}

export class DiskGhost {
  /** What the write-ahead log alone says. */
  wal = new GhostLog();
  /** What a server that starts from this disk has: the log with the snapshot below it. */
  log = this.wal;
  /** In the order of their numbers. */
  segments: SegmentGhost[] = [];
  /** The snapshot in place; undefined when there is none, or it is not whole. */
  snapshot: SnapshotHeader | undefined = undefined;
  /** The durable copy of term, vote and identity with the highest version; member -1: there is none. */
  metaVersion = 0;
  metaTerm: Term = 0;
  metaVote = -1;
  member = -1;
  /** The lowest index that was replaced in the log since the caller has set this to {@link NOTHING_REPLACED}. */
  replacedFrom = NOTHING_REPLACED;
  /** Stands for the log when the write-ahead log does not continue the snapshot. */
  private bare = new GhostLog(1);
  /** Where the log in memory began last: the write-ahead log will, once that is durable. */
  private beginning = new GhostLog(1);
  /** The next record to fold: its segment's place in the list, and its slot. */
  private nextSegment = 0;
  private nextSlot = 0;
  /** Position of the last record folded; 0 before the first. */
  private position = 0;
  /** The snapshot files that have been written, durably, and are not in place yet. */
  private saving = new SnapshotFileGhost();
  private incoming = new SnapshotFileGhost();
  private placed = new SnapshotFileGhost();
  /** A whole snapshot whose file has just lost its name: it is on its way to its place. */
  private moving: SnapshotHeader | undefined = undefined;
  /** The file that was asked for last, and its segment: records come in runs. */
  private lastFile = '';
  private lastSegment: SegmentGhost | undefined = undefined;

  /** Term after a power loss. */
  get term(): Term {
    const { metaTerm, snapshot } = this;
    const { lastTerm } = this.wal;
    const snapshotTerm = snapshot === undefined ? 0 : snapshot.term;
    const logTerm = lastTerm > snapshotTerm ? lastTerm : snapshotTerm;
    return logTerm > metaTerm ? logTerm : metaTerm;
  }

  get snapshotIndex(): LogIndex {
    return this.snapshot === undefined ? 0 : this.snapshot.index;
  }

  /** The entry that stands before this slot of a segment; undefined when there is none. */
  entryBefore(file: string, slot: number): Entry | undefined {
    return file === this.lastFile ? this.lastSegment?.records[slot - 1]?.entry : undefined;
  }

  /** True when the pieces of the incoming snapshot do not follow each other. */
  get incomingIsBroken(): boolean {
    return this.incoming.isBroken;
  }

  // ---- what the tap reports; `agreed` is the committed log ----

  /** A record of a segment of the write-ahead log is durable. */
  walRecord(file: string, slot: number, record: WalRecord, agreed: GhostLog): void {
    const segment = this.segmentOf(file);
    const { records } = segment;
    // Beyond a slot that is torn or missing: recovery will cut there.
    if (slot > records.length) return;
    if (slot < records.length) records.length = slot;
    const isNext = this.segments[this.nextSegment] === segment && this.nextSlot === slot;
    records.push(record);
    if (record.entry !== undefined && record.entry.index < segment.lowestIndex) {
      segment.lowestIndex = record.entry.index;
    }
    if (isReset(record)) {
      this.replaced(record.lastIndex + 1);
      this.refold(agreed);
    } else if (isNext || this.isAhead(segment, slot)) this.fold(agreed);
    else this.refold(agreed);
    this.join(agreed);
  }

  /** Only the first `count` records of a segment remain. */
  walCut(file: string, count: number, agreed: GhostLog): void {
    const segment = this.segments.find(({ number }) => number === walSegmentOf(file));
    if (segment === undefined || (count > 0 && count >= segment.records.length)) return;
    this.lastFile = '';
    if (count > 0) {
      segment.records.length = count;
      this.refold(agreed);
    } else this.removeSegment(segment, agreed);
    this.join(agreed);
  }

  /** A record of a snapshot file is durable. The snapshot in place counts when it is whole. */
  snapshotRecord(file: string, slot: number, record: unknown, agreed: GhostLog): void {
    if (file !== SNAPSHOT_FILE) {
      this.moving = undefined;
      (file === SAVING_FILE ? this.saving : this.incoming).take(slot, record);
      return;
    }
    this.placed.take(slot, record);
    this.place(this.moving ?? this.placed.whole, agreed);
  }

  /**
   * Only the first `count` records of a snapshot file remain. When a file moves into place, its own name goes
   * first, then that of the snapshot before, then its records are reported; those that were damaged meanwhile
   * are not, but the running server cannot know.
   */
  snapshotCut(file: string, count: number, agreed: GhostLog): void {
    if (count > 0) return;
    if (file === SNAPSHOT_FILE) {
      this.placed = new SnapshotFileGhost();
      this.place(this.moving, agreed);
    } else if (file === SAVING_FILE) {
      this.moving = this.saving.whole;
      this.saving = new SnapshotFileGhost();
    } else {
      this.moving = this.incoming.whole;
      this.incoming = new SnapshotFileGhost();
    }
  }

  private place(snapshot: SnapshotHeader | undefined, agreed: GhostLog): void {
    this.snapshot = snapshot;
    this.join(agreed);
  }

  /**
   * The log in memory begins anew after its base. Everybody may have forgotten what is up to there by the time
   * that this shows on the disk.
   */
  willBegin(memory: GhostLog): void {
    const { base } = memory;
    this.beginning.resetAfter(base, memory.termAt(base), memory, memory);
  }

  metaRecord(record: MetaRecord): void {
    if (record.version < this.metaVersion) return;
    this.metaVersion = record.version;
    this.metaTerm = record.term;
    this.metaVote = record.votedFor;
    this.member = record.member;
  }

  // ---- what a start reads ----

  /** Forgets everything and reads what is really there. */
  read(disk: DiskImage, agreed: GhostLog): void {
    this.metaVersion = 0;
    this.metaTerm = 0;
    this.metaVote = -1;
    this.member = -1;
    for (const slot of disk.read(META_FILE)) if (slot.intact) this.metaRecord(slot.record as MetaRecord);
    this.readSnapshot(disk);
    this.readSegments(disk);
    this.refold(agreed);
    this.join(agreed);
  }

  private readSnapshot(disk: DiskImage): void {
    this.snapshot = undefined;
    this.saving = new SnapshotFileGhost();
    this.incoming = new SnapshotFileGhost();
    this.placed = new SnapshotFileGhost();
    this.moving = undefined;
    disk.read(INCOMING_FILE).forEach(({ intact, record }, slot) => {
      if (intact) this.incoming.take(slot, record);
    });
    const slots = disk.read(SNAPSHOT_FILE);
    const [head] = slots;
    if (head === undefined || !slots.every((slot) => slot.intact)) return;
    this.snapshot = (head.record as SnapshotHead).header;
  }

  private readSegments(disk: DiskImage): void {
    this.lastFile = '';
    this.segments = [];
    for (const file of disk.files()) {
      if (walSegmentOf(file) === 0) continue;
      const { records } = this.segmentOf(file);
      for (const slot of disk.read(file)) {
        if (!slot.intact) break;
        records.push(slot.record as WalRecord);
      }
    }
    for (const segment of this.segments) segment.lowestIndex = lowestIndexOf(segment.records);
  }

  // ---- segments ----

  private segmentOf(file: string): SegmentGhost {
    if (file === this.lastFile && this.lastSegment !== undefined) return this.lastSegment;
    const number = walSegmentOf(file);
    let segment = this.segments.find((other) => other.number === number);
    if (segment === undefined) {
      segment = { number, records: [], lowestIndex: NOTHING_REPLACED };
      let place = this.segments.length;
      while (place > 0 && (this.segments[place - 1] as SegmentGhost).number > number) place--;
      this.segments.splice(place, 0, segment);
    }
    this.lastFile = file;
    this.lastSegment = segment;
    return segment;
  }

  /** True for a record that the fold has yet to come to. */
  private isAhead(segment: SegmentGhost, slot: number): boolean {
    const place = this.segments.indexOf(segment);
    return place > this.nextSegment || (place === this.nextSegment && slot >= this.nextSlot);
  }

  /** The oldest segment goes when a snapshot covers it: then what remains of the log stays as it is. */
  private removeSegment(segment: SegmentGhost, agreed: GhostLog): void {
    const place = this.segments.indexOf(segment);
    const isVoid = place < this.lastReset();
    this.segments.splice(place, 1);
    if (isVoid) {
      this.nextSegment--;
      return;
    }
    const start = this.segments[0]?.records[0];
    const isSimple = place === 0 && this.nextSegment > 0 && start !== undefined && start.entry === undefined;
    if (isSimple && this.isUntouchedBefore(start.lastIndex)) {
      this.nextSegment--;
      this.wal.dropBelow(start.lastIndex);
    } else this.refold(agreed);
  }

  private isUntouchedBefore(index: LogIndex): boolean {
    const { wal, segments } = this;
    if (index < wal.base || index > wal.last) return false;
    for (const { lowestIndex } of segments) if (lowestIndex <= index) return false;
    return true;
  }

  // ---- the fold ----

  /** Place of the last segment that begins the log anew: all before is void, in whatever state it is; 0: none. */
  private lastReset(): number {
    const place = this.segments.findLastIndex(
      ({ records: [first] }) => first !== undefined && isReset(first),
    );
    return place < 0 ? 0 : place;
  }

  private refold(agreed: GhostLog): void {
    const before = this.wal;
    const wasJoined = this.log === before;
    this.wal = new GhostLog();
    if (wasJoined) this.log = this.wal;
    this.nextSegment = this.lastReset();
    this.nextSlot = 0;
    this.position = 0;
    this.fold(agreed, before);
  }

  /** Folds what has come within reach. `own`: what was known of this log before. */
  private fold(agreed: GhostLog, own = this.wal): void {
    for (;;) {
      const record = this.segments[this.nextSegment]?.records[this.nextSlot];
      if (record === undefined) {
        const next = this.followingSegment();
        if (next < 0) return;
        this.nextSegment = next;
        this.nextSlot = 0;
      } else {
        if (!this.take(record, own, agreed)) return;
        this.nextSlot++;
      }
    }
  }

  /** Place of the segment that goes on where the fold stands; -1: there is none. Files without records do not count. */
  private followingSegment(): number {
    const { segments, position } = this;
    for (let place = this.nextSegment + 1; place < segments.length; place++) {
      const first = segments[place]?.records[0];
      if (first !== undefined) return position === 0 || first.position === position + 1 ? place : -1;
    }
    return -1;
  }

  /** False when the record does not follow what came before. */
  private take(record: WalRecord, own: GhostLog, agreed: GhostLog): boolean {
    const { wal, position } = this;
    const hasBegun = position > 0;
    if (hasBegun && record.position !== position + 1) return false;
    if (record.entry === undefined) {
      const { lastIndex, lastTerm } = record;
      const { beginning } = this;
      const isOwn = own.termAt(lastIndex) === lastTerm;
      if (!hasBegun) wal.resetAfter(lastIndex, lastTerm, isOwn ? own : beginning, agreed);
    } else {
      const { index, term, hash } = record.entry;
      if (!hasBegun || index > wal.last + 1) return false;
      if (index <= wal.last) this.replaced(index);
      // It replaces what was written before the first segment that is left: a snapshot covers that by now.
      if (index <= wal.base) wal.resetAfter(index - 1, agreed.termAt(index - 1), own, agreed);
      wal.put(index, term, hash);
    }
    this.position = record.position;
    return true;
  }

  private replaced(index: LogIndex): void {
    if (index < this.replacedFrom) this.replacedFrom = index;
  }

  /** The log continues the snapshot when it has the snapshot's last entry, or begins right after it (§7). */
  private join(agreed: GhostLog): void {
    const { wal, snapshot, bare } = this;
    const index = snapshot === undefined ? 0 : snapshot.index;
    const term = snapshot === undefined ? 0 : snapshot.term;
    if (wal.termAt(index) === term) {
      this.log = wal;
      return;
    }
    // The log is of a time before the snapshot, and void; one that begins only after it has lost something.
    if (wal.base <= index && index < wal.last) this.replaced(index + 1);
    if (this.log !== bare || bare.base !== index || bare.lastTerm !== term) {
      bare.resetAfter(index, term, this.log, agreed);
      this.log = bare;
    }
  }

  // ---- as a value ----

  clone(): DiskGhost {
    const copy = new DiskGhost();
    Object.assign(copy, this);
    copy.wal = this.wal.clone();
    copy.bare = this.bare.clone();
    copy.beginning = this.beginning.clone();
    copy.log = this.log === this.wal ? copy.wal : copy.bare;
    copy.saving = this.saving.clone();
    copy.incoming = this.incoming.clone();
    copy.placed = this.placed.clone();
    copy.segments = this.segments.map((segment) => ({ ...segment, records: segment.records.slice() }));
    copy.lastFile = '';
    copy.lastSegment = undefined;
    return copy;
  }

  /** The same computed again from the records that `recordsOf` says are durable; see audit.ts. */
  recomputed(recordsOf: (file: string) => readonly unknown[], agreed: GhostLog): DiskGhost {
    const copy = this.clone();
    copy.segments = this.segments.map(({ number, records }) => {
      // Behind a torn record there may be intact ones, which the ghost leaves out.
      const found = recordsOf(walFile(number)).slice(0, records.length) as WalRecord[];
      return { number, records: found, lowestIndex: lowestIndexOf(found) };
    });
    copy.metaVersion = 0;
    for (const record of recordsOf(META_FILE)) copy.metaRecord(record as MetaRecord);
    const head = recordsOf(SNAPSHOT_FILE)[0] as SnapshotHead | undefined;
    copy.snapshot = head?.header;
    copy.refold(agreed);
    copy.join(agreed);
    return copy;
  }
}

function isReset(record: WalRecord): record is WalStart {
  return record.entry === undefined && record.isReset;
}

function lowestIndexOf(records: readonly WalRecord[]): LogIndex {
  let lowest = NOTHING_REPLACED;
  for (const { entry } of records) if (entry !== undefined && entry.index < lowest) lowest = entry.index;
  return lowest;
}
