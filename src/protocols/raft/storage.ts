/**
 * The replica's disk: the write-ahead log and the two copies of term and vote, written asynchronously.
 *
 * Several syncs may be under way. Two watermarks say what is durable: records of the log, and versions
 * of term and vote. A completion only ever raises them, in whatever order completions come in.
 */

import { assert, type DiskStatus, type Host, type OperationId } from '../../kernel/index.js';
import { META_BYTES, META_FILE, WAL_FILE, type Entry, type LogIndex, type Term } from './messages.js';

export class RaftStorage {
  /** Records appended to the write-ahead log so far, and how many of them are known to be durable. */
  walWritten = 0;
  walSynced = 0;
  /** Versions of term and vote written so far, and the latest that is durable. */
  metaWritten = 0;
  metaSynced = 0;
  // Syncs under way: operation, whether it is of the log, and the watermark that its completion confirms.
  private operations: OperationId[] = [];
  private ofWal: boolean[] = [];
  private confirms: number[] = [];

  constructor(private readonly host: Host) {}

  /** Takes over what recovery found: all of it is durable. */
  restart(walRecords: number, metaVersion: number): void {
    this.walWritten = walRecords;
    this.walSynced = walRecords;
    this.metaWritten = metaVersion;
    this.metaSynced = metaVersion;
  }

  /** Appends one record and returns its number, from 1. Durable after a later {@link syncWal}. */
  appendEntry(entry: Entry): number {
    this.host.append(WAL_FILE, { entry, syncedRecords: this.walSynced }, entry.bytes);
    return ++this.walWritten;
  }

  syncWal(): void {
    this.track(this.host.sync(WAL_FILE), true, this.walWritten);
  }

  /** Cuts the write-ahead log after a damaged or torn tail was found. */
  truncateWal(records: number): void {
    this.host.truncate(WAL_FILE, records);
    this.walWritten = records;
    this.walSynced = records;
    this.syncWal();
  }

  /** Overwrites both copies of term and vote and starts their sync. */
  writeMeta(term: Term, votedFor: number, suspectIndex: LogIndex, suspectTerm: Term): void {
    const version = ++this.metaWritten;
    const record = { version, term, votedFor, suspectIndex, suspectTerm };
    this.host.writeAt(META_FILE, 0, record, META_BYTES);
    this.host.writeAt(META_FILE, 1, record, META_BYTES);
    this.track(this.host.sync(META_FILE), false, version);
  }

  /** Raises the watermark that this completion confirms. Anything but success stops the process. */
  completed(operation: OperationId, status: DiskStatus): void {
    if (status !== 'ok') {
      // After a failed sync the page cache lies about what is on the disk; trying again would "succeed".
      this.host.halt(status === 'full' ? 'the disk is full' : 'a sync failed');
      return;
    }
    const position = this.operations.indexOf(operation);
    assert(position >= 0, 'a completion of an unknown disk operation');
    const confirmed = this.confirms[position] as number;
    if (this.ofWal[position] === true) {
      if (confirmed > this.walSynced) this.walSynced = confirmed;
    } else if (confirmed > this.metaSynced) this.metaSynced = confirmed;
    this.forget(position);
  }

  /** Fills the gap with the last one: their order means nothing. */
  private forget(position: number): void {
    const last = this.operations.length - 1;
    this.operations[position] = this.operations[last] as OperationId;
    this.ofWal[position] = this.ofWal[last] as boolean;
    this.confirms[position] = this.confirms[last] as number;
    this.operations.pop();
    this.ofWal.pop();
    this.confirms.pop();
  }

  clone(host: Host): RaftStorage {
    const copy = new RaftStorage(host);
    copy.walWritten = this.walWritten;
    copy.walSynced = this.walSynced;
    copy.metaWritten = this.metaWritten;
    copy.metaSynced = this.metaSynced;
    copy.operations = this.operations.slice();
    copy.ofWal = this.ofWal.slice();
    copy.confirms = this.confirms.slice();
    return copy;
  }

  encode(): readonly number[] {
    return [
      this.walWritten,
      this.walSynced,
      this.metaWritten,
      this.metaSynced,
      ...this.operations,
      ...this.confirms,
      ...this.ofWal.map(Number),
    ];
  }

  private track(operation: OperationId, ofWal: boolean, confirms: number): void {
    this.operations.push(operation);
    this.ofWal.push(ofWal);
    this.confirms.push(confirms);
  }
}
