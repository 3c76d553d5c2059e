/**
 * One partition: messages by offset, from 0, in the order in which they were appended. Retention takes messages from
 * the front; compaction takes those from the middle whose key has a later message, and leaves a gap in the offsets.
 *
 * Left out: tombstones (a key, once written, stays), segments (both work message by message).
 */

import { assert, hashString, mix32, type Micros, type Plain } from '../../kernel/index.js';
import type { SentMessage, StoredMessage } from './operations.js';

/** Immutable: clones and answers share it. */
export class LogEntry {
  constructor(
    readonly message: StoredMessage,
    /** Log time of the append. */
    readonly micros: Micros,
    readonly hash: number,
  ) {}

  get offset(): number {
    return this.message[0];
  }
}

export interface Retention {
  /** 0: no bound. */
  readonly retainMessages: number;
  readonly retainMicros: Micros;
  readonly compact: boolean;
}

/** A log is compacted when it has grown by half, and by so much at least. */
const COMPACT_MIN = 32;
/** Room in front is given back when it is this much and half of the array. */
const SHIFT_MIN = 64;
/** Bytes of an entry but for its characters, roughly. */
const ENTRY_BYTES = 24;

export class PartitionLog {
  /** Everything below is gone. */
  start = 0;
  /** Offset of the next message. */
  end = 0;
  /** Of all messages that are kept, roughly. */
  bytes = 0;
  /** Kept messages from `head` on, by offset. */
  private entries: LogEntry[] = [];
  private head = 0;
  /** Messages that the last compaction left. */
  private compacted = 0;

  /** `id`: counts the partitions of all topics, in the order in which they were created. */
  constructor(
    readonly id: number,
    protected readonly retention: Retention,
  ) {}

  get size(): number {
    return this.entries.length - this.head;
  }

  append([key, value]: SentMessage, micros: Micros): LogEntry {
    const hash = mix32(hashString(value), key === null ? 0 : hashString(key));
    const entry = new LogEntry([this.end, key, value], micros, hash);
    this.entries.push(entry);
    this.end++;
    this.bytes += bytesOf(entry);
    this.retain(micros);
    if (this.retention.compact && this.size >= this.compacted + COMPACT_MIN + (this.compacted >>> 1))
      this.compact();
    return entry;
  }

  /** Kept entries from `offset` on, at most `max`. */
  read(offset: number, max: number): LogEntry[] {
    const from = this.placeOf(offset);
    return this.entries.slice(from, Math.min(from + max, this.entries.length));
  }

  /** The entry at this very offset, unless it is gone. */
  at(offset: number): LogEntry | undefined {
    const entry = this.entries[this.placeOf(offset)];
    return entry?.offset === offset ? entry : undefined;
  }

  clone(): PartitionLog {
    const copy = new (this.constructor as typeof PartitionLog)(this.id, this.retention);
    copy.start = this.start;
    copy.end = this.end;
    copy.bytes = this.bytes;
    copy.entries = this.entries.slice(this.head);
    copy.compacted = this.compacted;
    return copy;
  }

  encode(): Plain {
    const entries = this.entries.slice(this.head).map(({ message, micros }) => [...message, micros]);
    return { start: this.start, end: this.end, compacted: this.compacted, entries };
  }

  restore(plain: Plain): void {
    const { start, end, compacted, entries } = plain as unknown as LogSnapshot;
    assert(Array.isArray(entries) && end >= start, 'stream: a snapshot has the entries of each log');
    this.start = start;
    this.end = end;
    this.compacted = compacted;
    this.head = 0;
    this.bytes = 0;
    this.entries = (entries as LogSnapshot['entries']).map(([offset, key, value, micros]) => {
      const hash = mix32(hashString(value), key === null ? 0 : hashString(key));
      const entry = new LogEntry([offset, key, value], micros, hash);
      this.bytes += bytesOf(entry);
      return entry;
    });
  }

  /** Drops from the front what may go. */
  protected retain(now: Micros): void {
    const { retainMessages, retainMicros } = this.retention;
    if (retainMessages > 0) while (this.size > retainMessages) this.dropFirst();
    if (retainMicros > 0) {
      // The last one was appended now.
      while ((this.entries[this.head] as LogEntry).micros + retainMicros < now) this.dropFirst();
    }
  }

  protected dropFirst(): void {
    const { entries } = this;
    const first = entries[this.head] as LogEntry;
    this.head++;
    this.start = first.offset + 1;
    this.bytes -= bytesOf(first);
    if (this.compacted > 0) this.compacted--;
    if (this.head < SHIFT_MIN || this.head * 2 < entries.length) return;
    this.entries = entries.slice(this.head);
    this.head = 0;
  }

  /** Of each key its latest message, and all without a key, in order. */
  protected survivors(entries: readonly LogEntry[]): LogEntry[] {
    const seen = new Set<string>();
    const kept: LogEntry[] = [];
    for (let i = entries.length - 1; i >= 0; i--) {
      const entry = entries[i] as LogEntry;
      const key = entry.message[1];
      if (key !== null && seen.has(key)) continue;
      if (key !== null) seen.add(key);
      kept.push(entry);
    }
    return kept.reverse();
  }

  private compact(): void {
    this.entries = this.survivors(this.entries.slice(this.head));
    this.head = 0;
    this.compacted = this.entries.length;
    this.bytes = 0;
    for (const entry of this.entries) this.bytes += bytesOf(entry);
  }

  /** Place in `entries` of the first entry at or behind this offset. */
  private placeOf(offset: number): number {
    const { entries } = this;
    let low = this.head;
    let high = entries.length;
    const first = entries[low];
    // Without gaps the place follows from the offset.
    if (first !== undefined && this.end - first.offset === this.size) {
      return Math.min(Math.max(low + offset - first.offset, low), high);
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((entries[middle] as LogEntry).offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

interface LogSnapshot {
  readonly start: number;
  readonly end: number;
  readonly compacted: number;
  readonly entries: readonly (readonly [number, string | null, string, Micros])[];
}

function bytesOf({ message: [, key, value] }: LogEntry): number {
  return ENTRY_BYTES + (key === null ? 0 : key.length) + value.length;
}
