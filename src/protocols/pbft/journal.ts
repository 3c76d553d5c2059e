/**
 * The journal of what a replica promises: appended to, synced in groups, begun anew at stable checkpoints.
 *
 * One sync is under way at a time; what is written meanwhile shares the next one. One watermark says how many
 * records are durable. A new journal begins with all that is in force, so that everything written before it counts
 * as durable when its beginning is; the old one is removed then.
 */

import type { DiskStatus, Host, OperationId, Plain } from '../../kernel/index.js';
import { BASE_BYTES, journalFile, type JournalRecord, type Promised } from './records.js';

export class Journal {
  /** Records written so far, and how many of them are known to be durable. */
  written = 0;
  synced = 0;
  /** Number of the journal that is appended to; 0 before the first. */
  private current = 0;
  private file = journalFile(0);
  /** Numbers of older ones that go when the current one's beginning is durable. */
  private older: number[] = [];
  /** Position of the record that began the current one. */
  private begunAt = 0;
  private operation: OperationId = -1;
  /** What the sync under way confirms. */
  private confirms = 0;

  constructor(private readonly host: Host) {}

  /** Takes over what recovery found: all of it is durable. */
  restart(current: number, older: readonly number[], records: number): void {
    this.current = current;
    this.file = journalFile(current);
    this.older = older.slice();
    this.written = records;
    this.synced = records;
    this.begunAt = records;
  }

  /** Writes one record; durable when {@link synced} reaches {@link written} as it is now. */
  append(content: Promised, bytes: number): void {
    this.host.append(this.file, this.record(content), bytes);
  }

  /** Begins a new journal with what is in force. */
  begin(promised: readonly Promised[], bytes: number): void {
    if (this.current > 0) this.older.push(this.current);
    this.current++;
    this.file = journalFile(this.current);
    this.host.append(this.file, this.record({ kind: 'base', promised }), BASE_BYTES + bytes);
    this.begunAt = this.written;
  }

  /** True while an older journal is still needed. */
  get isBeginning(): boolean {
    return this.older.length > 0;
  }

  /** Starts a sync of what is written, unless one is under way. */
  flush(): void {
    if (this.operation >= 0 || this.synced === this.written) return;
    this.operation = this.host.sync(this.file);
    this.confirms = this.written;
  }

  /** False when the operation is none of this journal's. Anything but success stops the process. */
  completed(operation: OperationId, status: DiskStatus): boolean {
    if (status !== 'ok') {
      this.host.halt(status === 'full' ? 'the disk is full' : 'a sync failed');
      return true;
    }
    if (operation !== this.operation) return false;
    this.operation = -1;
    this.synced = this.confirms;
    if (this.older.length > 0 && this.synced >= this.begunAt) {
      for (const number of this.older) this.host.remove(journalFile(number));
      this.older.length = 0;
    }
    return true;
  }

  private record(content: JournalRecord['content']): JournalRecord {
    return { position: ++this.written, synced: this.synced, content };
  }

  clone(host: Host): Journal {
    const copy = new Journal(host);
    copy.written = this.written;
    copy.synced = this.synced;
    copy.current = this.current;
    copy.file = this.file;
    copy.older = this.older.slice();
    copy.begunAt = this.begunAt;
    copy.operation = this.operation;
    copy.confirms = this.confirms;
    return copy;
  }

  encode(): Plain {
    const { written, synced, current, older, begunAt, operation, confirms } = this;
    return [written, synced, current, begunAt, operation, confirms, ...older];
  }
}
