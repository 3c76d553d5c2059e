/**
 * The replica's log in memory (§5.3), with the position of each entry's record in the write-ahead log. It
 * begins after `baseIndex`: what lies before has been compacted into a snapshot (§7).
 *
 * A record's position tells whether an entry is durable: it is when that many records are synced. Since
 * positions only grow, a late completion for an entry that was since replaced can never be taken for its
 * successor's (the A-C-A trap of asynchronous disks).
 */

import { assert, type Micros } from '../../kernel/index.js';
import type { Entry, LogIndex, Term } from './messages.js';

export class RaftLog {
  /** Entries after `baseIndex`, in order. */
  private entries: Entry[] = [];
  /** Write-ahead log position of each entry: how many records must be synced for it to be durable. */
  private positions: number[] = [];
  /** The last index before the first entry, and its term. */
  baseIndex: LogIndex = 0;
  baseTerm: Term = 0;
  /** Write-ahead log position of the record that brings the log to its base: of its entry, or of a beginning there. */
  basePosition = 0;

  get lastIndex(): LogIndex {
    return this.baseIndex + this.entries.length;
  }

  get lastTerm(): Term {
    return this.termAt(this.lastIndex);
  }

  /** The last entry; undefined when everything has been compacted. */
  get lastEntry(): Entry | undefined {
    return this.entries[this.entries.length - 1];
  }

  /** Term of the entry at this index; that of the base at the base; -1 before it and beyond the last. */
  termAt(index: LogIndex): Term {
    if (index === this.baseIndex) return this.baseTerm;
    const entry = this.entries[index - this.baseIndex - 1];
    return entry === undefined ? -1 : entry.term;
  }

  has(index: LogIndex): boolean {
    return index > this.baseIndex && index <= this.lastIndex;
  }

  entryAt(index: LogIndex): Entry {
    const entry = this.entries[index - this.baseIndex - 1];
    assert(entry !== undefined, 'no entry at this index');
    return entry;
  }

  /** The log's time at this index; 0 for what has been compacted. */
  timeAt(index: LogIndex): Micros {
    return this.entries[index - this.baseIndex - 1]?.timeMicros ?? 0;
  }

  /** Write-ahead log position of the entry at this index; that of the base for what is before. */
  positionOf(index: LogIndex): number {
    return this.positions[index - this.baseIndex - 1] ?? this.basePosition;
  }

  /** Adds one entry, whose record is number `position` of the write-ahead log. */
  append(entry: Entry, position: number): void {
    assert(entry.index === this.lastIndex + 1, 'a log has no holes');
    this.entries.push(entry);
    this.positions.push(position);
  }

  /** Removes the entry at `index` and all after it. */
  truncateFrom(index: LogIndex): void {
    assert(index > this.baseIndex, 'truncation below the first entry');
    this.entries.length = index - this.baseIndex - 1;
    this.positions.length = index - this.baseIndex - 1;
  }

  /** Forgets everything up to `index`, which is in the log. */
  compactTo(index: LogIndex): void {
    assert(this.has(index), 'compaction keeps to the log');
    const count = index - this.baseIndex;
    this.baseTerm = this.termAt(index);
    this.basePosition = this.positionOf(index);
    this.entries = this.entries.slice(count);
    this.positions = this.positions.slice(count);
    this.baseIndex = index;
  }

  /** Empty, beginning after this index; record number `position` says so. */
  reset(index: LogIndex, term: Term, position: number): void {
    this.entries = [];
    this.positions = [];
    this.baseIndex = index;
    this.baseTerm = term;
    this.basePosition = position;
  }

  /** Entries from `index` on: at most `limit`, and of at most `bytes` together unless it is only one. */
  slice(index: LogIndex, limit: number, bytes: number): readonly Entry[] {
    const start = index - this.baseIndex - 1;
    const count = this.countWithin(start, limit, bytes);
    return this.entries.slice(start, start + count);
  }

  private countWithin(start: number, limit: number, bytes: number): number {
    const { entries } = this;
    const most = Math.min(limit, entries.length - start);
    let left = bytes;
    for (let i = 0; i < most; i++) {
      left -= (entries[start + i] as Entry).bytes;
      if (left < 0 && i > 0) return i;
    }
    return most;
  }

  /** Sum of the sizes of the entries after `index`. */
  bytesAfter(index: LogIndex): number {
    let bytes = 0;
    const first = Math.max(0, index - this.baseIndex);
    for (let i = first; i < this.entries.length; i++) bytes += (this.entries[i] as Entry).bytes;
    return bytes;
  }

  /** The last index at or below `index` whose term is at most `term`: what both sides skip back to (§5.3). */
  lastIndexNotAbove(index: LogIndex, term: Term): LogIndex {
    let candidate = index < this.lastIndex ? index : this.lastIndex;
    while (candidate > this.baseIndex && this.termAt(candidate) > term) candidate--;
    return candidate;
  }

  /** True when a log that ends in (lastTerm, lastIndex) is at least as up-to-date as this one (§5.4.1). */
  isUpToDate(lastTerm: Term, lastIndex: LogIndex): boolean {
    return lastTerm > this.lastTerm || (lastTerm === this.lastTerm && lastIndex >= this.lastIndex);
  }

  clone(): RaftLog {
    const copy = new RaftLog();
    copy.entries = this.entries.slice();
    copy.positions = this.positions.slice();
    copy.baseIndex = this.baseIndex;
    copy.baseTerm = this.baseTerm;
    copy.basePosition = this.basePosition;
    return copy;
  }

  /** Index, term and hash of every entry, with its position: plain data. */
  encode(): readonly (readonly number[])[] {
    return this.entries.map((entry, i) => [entry.index, entry.term, entry.hash, this.positions[i] ?? 0]);
  }
}
