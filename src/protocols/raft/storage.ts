/**
 * The write-ahead log in segments, and the two copies of term, vote and identity, written asynchronously.
 *
 * Several syncs may be under way. Two watermarks say what is durable: records of the log, and versions of term
 * and vote. A completion only ever raises them, in whatever order completions come in. A record counts as
 * durable when every record before it is, in whichever segment.
 */

import type { DiskStatus, Host, OperationId } from '../../kernel/index.js';
import type { Entry, LogIndex, Term } from './messages.js';
import { META_BYTES, META_FILE, WAL_START_BYTES, walFile, type MetaRecord } from './records.js';

/** One file of the write-ahead log. */
export interface Segment {
  readonly number: number;
  /** Positions of its last record written, and of the last that is synced. */
  last: number;
  synced: number;
  /** The highest index in it or in any segment before. */
  highestIndex: LogIndex;
}

/** A sync under way: of a segment, or of term and vote (segment 0). */
interface Sync {
  readonly operation: OperationId;
  readonly segment: number;
  /** The watermark that its completion confirms. */
  readonly confirms: number;
}

export class RaftStorage {
  /** Records appended to the write-ahead log so far, and how many of them are known to be durable. */
  walWritten = 0;
  walSynced = 0;
  /** Versions of term and vote written so far, and the latest that is durable. */
  metaWritten = 0;
  metaSynced = 0;
  /** Oldest first; the last one is appended to. Empty before the first record. */
  private segments: Segment[] = [];
  private nextSegment = 1;
  /** Position of the latest record that made everything before it void. */
  private resetPosition = 0;
  /** Numbers of the segments that it made void. They stay until it is durable. */
  private voided: number[] = [];
  private syncs: Sync[] = [];
  /** The segment whose file was used last, and the name of that file: one string, not one made per record. */
  private namedSegment = 0;
  private segmentName = '';

  constructor(private readonly host: Host) {}

  /** Takes over what recovery found: all of it is durable. */
  restart(segments: readonly Segment[], nextSegment: number, walRecords: number, metaVersion: number): void {
    this.segments = segments.map((segment) => ({ ...segment }));
    this.nextSegment = nextSegment;
    this.walWritten = walRecords;
    this.walSynced = walRecords;
    this.metaWritten = metaVersion;
    this.metaSynced = metaVersion;
  }

  // ---- write-ahead log ----

  /** Appends one record and returns its number, from 1. Durable after a later {@link syncWal}. */
  appendEntry(entry: Entry, lastIndex: LogIndex, lastTerm: Term): number {
    if (this.segments.length === 0) this.startSegment(lastIndex, lastTerm, false);
    const segment = this.segments[this.segments.length - 1] as Segment;
    const position = ++this.walWritten;
    const record = { position, syncedRecords: this.syncedRecords, entry };
    this.host.append(this.fileOf(segment.number), record, entry.bytes);
    segment.last = position;
    if (entry.index > segment.highestIndex) segment.highestIndex = entry.index;
    return position;
  }

  syncWal(): void {
    const segment = this.segments[this.segments.length - 1];
    if (segment !== undefined) this.syncSegment(segment);
  }

  /** True when the current segment holds an entry: else there is nothing to end. */
  get hasOpenSegment(): boolean {
    const segment = this.segments[this.segments.length - 1];
    return segment !== undefined && segment.highestIndex > 0;
  }

  /**
   * Goes on in a new segment, and returns the position of its first record. With `isReset` everything before is
   * void; the log begins after the given index. Else it is continued, and ends there now.
   *
   * What is void is removed when the new beginning is durable. A crash in between would else leave no log at all.
   */
  startSegment(lastIndex: LogIndex, lastTerm: Term, isReset: boolean): number {
    const current = this.segments[this.segments.length - 1];
    if (isReset) this.voidSegments();
    else if (current !== undefined && current.synced < current.last) this.syncSegment(current);
    const number = this.nextSegment++;
    const position = ++this.walWritten;
    if (isReset) this.resetPosition = position;
    const record = {
      position,
      syncedRecords: this.syncedRecords,
      entry: undefined,
      lastIndex,
      lastTerm,
      isReset,
    };
    this.host.append(this.fileOf(number), record, WAL_START_BYTES);
    this.segments.push({ number, last: position, synced: 0, highestIndex: lastIndex });
    return position;
  }

  /**
   * Removes the segments that hold nothing after `index`; the one that is appended to stays. So does one that is
   * not synced, until the next time: it may come back torn, and what lies behind a tear does not count.
   */
  removeSegmentsBelow(index: LogIndex): void {
    let count = 0;
    for (; count < this.segments.length - 1; count++) {
      const { highestIndex, synced, last } = this.segments[count] as Segment;
      if (highestIndex > index || synced < last) break;
    }
    this.dropSegments(count);
  }

  /**
   * Cuts the last segment, of which only the first `records` are kept; to be synced. Until it is, nothing in a
   * later segment is durable: the tail may come back before it.
   */
  truncateWal(records: number): void {
    const segment = this.segments[this.segments.length - 1] as Segment;
    this.host.truncate(walFile(segment.number), records);
    segment.synced = 0;
  }

  /** What a record says of those before it: nothing of what is void, which a start does not count as kept. */
  private get syncedRecords(): number {
    return this.walSynced < this.resetPosition ? 0 : this.walSynced;
  }

  private dropSegments(count: number): void {
    for (const { number } of this.segments.splice(0, count)) this.host.remove(walFile(number));
  }

  private voidSegments(): void {
    for (const { number } of this.segments) this.voided.push(number);
    this.segments = [];
  }

  private removeVoided(): void {
    for (const number of this.voided) this.host.remove(walFile(number));
    this.voided = [];
  }

  private syncSegment(segment: Segment): void {
    this.track(this.host.sync(this.fileOf(segment.number)), segment.number, segment.last);
  }

  private fileOf(segment: number): string {
    if (segment !== this.namedSegment) {
      this.namedSegment = segment;
      this.segmentName = walFile(segment);
    }
    return this.segmentName;
  }

  /** A record is durable when its segment is synced up to it and every segment before is synced whole. */
  private advanceWalSynced(): void {
    for (const { last, synced } of this.segments) {
      if (synced > this.walSynced) this.walSynced = synced;
      if (synced < last) return;
    }
  }

  // ---- term and vote ----

  /** Overwrites both copies and starts their sync. */
  writeMeta(record: Omit<MetaRecord, 'version'>): void {
    const version = ++this.metaWritten;
    const { member, term, votedFor, suspectIndex, suspectTerm } = record;
    const copy: MetaRecord = { version, member, term, votedFor, suspectIndex, suspectTerm };
    this.host.writeAt(META_FILE, 0, copy, META_BYTES);
    this.host.writeAt(META_FILE, 1, copy, META_BYTES);
    this.track(this.host.sync(META_FILE), 0, version);
  }

  // ---- completions ----

  /**
   * Raises the watermark that this completion confirms; false when the operation is none of this storage's.
   * Anything but success stops the process.
   */
  completed(operation: OperationId, status: DiskStatus): boolean {
    if (status !== 'ok') {
      // After a failed sync the page cache lies about what is on the disk; trying again would "succeed".
      if (status === 'failed') this.host.emit({ kind: 'reached', situation: 'raft/failed-sync-halt' });
      this.host.halt(status === 'full' ? 'the disk is full' : 'a sync failed');
      return true;
    }
    const place = this.placeOf(operation);
    if (place < 0) return false;
    const { segment, confirms } = this.syncs[place] as Sync;
    // Their order means nothing: the last one fills the gap.
    const last = this.syncs.pop() as Sync;
    if (place < this.syncs.length) this.syncs[place] = last;
    if (segment === 0) {
      if (confirms > this.metaSynced) this.metaSynced = confirms;
      return true;
    }
    this.confirmSegment(segment, confirms);
    this.advanceWalSynced();
    if (this.voided.length > 0 && this.walSynced >= this.resetPosition) this.removeVoided();
    return true;
  }

  private confirmSegment(number: number, position: number): void {
    const { segments } = this;
    // From the end: it is nearly always the last one.
    for (let i = segments.length - 1; i >= 0; i--) {
      const segment = segments[i] as Segment;
      if (segment.number !== number) continue;
      if (position > segment.synced) segment.synced = position;
      return;
    }
  }

  private placeOf(operation: OperationId): number {
    const { syncs } = this;
    for (let i = 0; i < syncs.length; i++) if ((syncs[i] as Sync).operation === operation) return i;
    return -1;
  }

  private track(operation: OperationId, segment: number, confirms: number): void {
    this.syncs.push({ operation, segment, confirms });
  }

  // ---- as a value ----

  clone(host: Host): RaftStorage {
    const copy = new RaftStorage(host);
    copy.restart(this.segments, this.nextSegment, this.walWritten, this.metaWritten);
    copy.walSynced = this.walSynced;
    copy.metaSynced = this.metaSynced;
    copy.resetPosition = this.resetPosition;
    copy.voided = this.voided.slice();
    copy.syncs = this.syncs.slice();
    return copy;
  }

  encode(): readonly number[] {
    const syncs = this.syncs.flatMap(({ operation, segment, confirms }) => [operation, segment, confirms]);
    const segments = this.segments.flatMap(({ number, last, synced, highestIndex }) => [
      number,
      last,
      synced,
      highestIndex,
    ]);
    const { walWritten, walSynced, metaWritten, metaSynced, nextSegment, resetPosition } = this;
    const counts = [walWritten, walSynced, metaWritten, metaSynced, nextSegment, resetPosition];
    const { voided } = this;
    return [...counts, segments.length, ...segments, voided.length, ...voided, ...syncs];
  }
}
