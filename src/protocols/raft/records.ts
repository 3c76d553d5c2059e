/**
 * What a Raft server writes to its disk. All immutable.
 *
 * - `meta`: two one-sector copies of term, vote and identity, slots 0 and 1, overwritten together.
 * - `wal-1`, `wal-2`, …: the log in segments that are only appended to. Records are numbered through all of
 *   them; a record replaces every index from its own on. A segment goes when a snapshot covers all of it,
 *   or when a later one that begins the log anew is durable.
 * - `snapshot`: slot 0 the header, then the pieces of the state. Written as `snapshot.saving` (the server's own)
 *   or `snapshot.incoming` (from a leader), synced, then renamed: it is there whole or not at all.
 */

import type { Plain } from '../../kernel/index.js';
import type { Entry, LogIndex, SnapshotHeader, Term } from './messages.js';

export const META_FILE = 'meta';
export const META_BYTES = 64;

/** Segments of the write-ahead log are called this and their number, from 1. */
export const WAL_PREFIX = 'wal-';

export function walFile(segment: number): string {
  return `${WAL_PREFIX}${segment}`;
}

/** The number of the segment of this name; 0 when it is no segment's name. */
export function walSegmentOf(file: string): number {
  return file.startsWith(WAL_PREFIX) ? Number(file.slice(WAL_PREFIX.length)) : 0;
}

export const SNAPSHOT_FILE = 'snapshot';
export const SAVING_FILE = 'snapshot.saving';
export const INCOMING_FILE = 'snapshot.incoming';

/** One record of the write-ahead log: an entry, or the beginning of a segment. */
export type WalRecord = WalEntry | WalStart;

interface WalBase {
  /** Number of this record through all segments, from 1. */
  readonly position: number;
  /** Records known to be synced when this one was written: damage below it is no torn tail. */
  readonly syncedRecords: number;
}

export interface WalEntry extends WalBase {
  readonly entry: Entry;
}

/** First in each segment. The log is cut or continued: it ends at `lastIndex` here, with that term. */
export interface WalStart extends WalBase {
  readonly entry: undefined;
  readonly lastIndex: LogIndex;
  readonly lastTerm: Term;
  /** True when everything before is void: the log begins anew after a snapshot at lastIndex. */
  readonly isReset: boolean;
}

export const WAL_START_BYTES = 48;

/** One copy of term, vote and identity; the intact copy with the highest version counts. */
export interface MetaRecord {
  readonly version: number;
  /** The member that this disk was formatted for. */
  readonly member: number;
  readonly term: Term;
  /** The candidate voted for in this term, or -1. */
  readonly votedFor: number;
  /**
   * When the log was found damaged at a start: entries up to this index, of terms up to suspectTerm, may
   * have been acknowledged and lost. The replica does not vote until it has them again. 0 and 0: trusted.
   */
  readonly suspectIndex: LogIndex;
  readonly suspectTerm: Term;
}

/** Slot 0 of a snapshot file. */
export interface SnapshotHead {
  readonly header: SnapshotHeader;
  /** Length and checksum of the state's text; -1 and 0 for a server's own snapshot, whose state is one record. */
  readonly size: number;
  readonly checksum: number;
}

/** Slots 1 and on: a piece of the text that came over the network, or the whole state as data. */
export type SnapshotBody =
  { readonly offset: number; readonly text: string } | { readonly offset: 0; readonly state: Plain };

export const SNAPSHOT_HEAD_BYTES = 256;
