/**
 * What a starting replica may believe of its disk.
 *
 * A damaged record is one of two things, and telling them apart decides between losing data and losing
 * availability. *Torn*: the power went before it was synced; then some of its sectors were never written
 * and read as zeros; it was never acknowledged; the tail from there on is cut. *Rotten*: every sector was
 * written but the checksum does not match, or a later record says that this one had been synced; it may
 * have been acknowledged, so this replica has forgotten something that it promised. It then refuses to
 * vote until it has from a leader what it lost (after Alagappan et al., "Protocol-Aware Recovery for
 * Consensus-Based Storage", FAST 2018, §3: never treat corruption as a crash).
 *
 * A disk that was never formatted, or on which both copies of the identity are gone, belongs to nobody: the
 * server does not run on it. Under its old name it would vote as if it had promised nothing.
 */

import { hashString, type DiskImage, type DiskSlot, type Plain } from '../../kernel/index.js';
import type { MemberId } from './configuration.js';
import type { Entry, LogIndex, Term } from './messages.js';
import {
  INCOMING_FILE,
  META_FILE,
  SNAPSHOT_FILE,
  walFile,
  walSegmentOf,
  type MetaRecord,
  type SnapshotBody,
  type SnapshotHead,
  type WalRecord,
  type WalStart,
} from './records.js';
import { Snapshot, type Incoming } from './snapshot-store.js';
import type { Segment } from './storage.js';

// When is trust regained? The lost entries were acknowledged to leaders of terms up to suspectTerm. (1) The
// durable log ends in a later term T: its leader was elected without this replica's vote, so its log has
// everything committed before, and this log equals it up to there. (2) The durable log ends in suspectTerm at
// or beyond suspectIndex: the lost entries acknowledged to that term's leader are in its log, which it only
// appends to, and those of earlier leaders, if committed, were in its log when it was elected.

const META_COPIES = 2;

export interface Recovered {
  readonly member: MemberId;
  readonly term: Term;
  readonly votedFor: number;
  readonly metaVersion: number;
  /**
   * True when term and vote must be written again before anything rests on them: a copy is damaged or behind
   * the other, or the log is ahead of both. Believing the newer copy alone would leave its rot to reveal an
   * older vote.
   */
  readonly mustRewriteMeta: boolean;
  /** The snapshot to start from; undefined: from nothing. */
  readonly snapshot: Snapshot | undefined;
  /** The log after its base, each entry with the number of its record, from 1. */
  readonly baseIndex: LogIndex;
  readonly baseTerm: Term;
  readonly entries: readonly RecoveredEntry[];
  /** The segments to go on with, cut where the log ends; and the number of the next one. */
  readonly segments: readonly Segment[];
  readonly nextSegment: number;
  readonly walRecords: number;
  /** What must be repaired of the write-ahead log before anything is appended. */
  readonly repair: WalRepair;
  /** Damage found at this start, beyond torn tails. */
  readonly isDamaged: boolean;
  readonly suspectIndex: LogIndex;
  readonly suspectTerm: Term;
  /** Pieces of a snapshot that was being received. */
  readonly incoming: Incoming | undefined;
}

export interface RecoveredEntry {
  readonly entry: Entry;
  readonly position: number;
}

/**
 * `cut`: the segment keeps only so many records, and later files go; the latest first, so that what a crash in
 * between leaves is still a log from its beginning. `isVoid`: the log does not continue the snapshot, and begins
 * anew after it.
 */
export interface WalRepair {
  readonly cut: { readonly records: number } | undefined;
  readonly remove: readonly string[];
  readonly isVoid: boolean;
}

/** Reads everything back from what the disk really holds; undefined when it belongs to nobody. Pure. */
export function recover(disk: DiskImage): Recovered | undefined {
  const meta = recoverMeta(disk.read(META_FILE));
  if (meta === undefined) return undefined;
  const { snapshot, isLost } = recoverSnapshot(disk.read(SNAPSHOT_FILE));
  const wal = recoverWal(disk);
  const joined = joinLog(wal, snapshot);
  // Without the snapshot, a log that begins after it says nothing, and no log says nothing either: what was acknowledged
  // may have been in segments that gave way to the snapshot, before the next one had a durable beginning. A log that
  // begins at the beginning has all of it.
  const isDamaged = wal.isDamaged || (isLost && (wal.baseIndex > 0 || wal.records === 0));
  const lostIndex = highestPossibleIndex(wal, snapshot, isLost);
  const term = Math.max(meta.term, wal.lastTerm, snapshot?.header.term ?? 0);
  const { suspectIndex, suspectTerm } = meta;
  return {
    member: meta.member,
    term,
    votedFor: term === meta.term ? meta.votedFor : -1,
    metaVersion: meta.version,
    mustRewriteMeta: !meta.isWhole || term > meta.term,
    snapshot,
    baseIndex: joined.baseIndex,
    baseTerm: joined.baseTerm,
    entries: joined.entries,
    segments: wal.segments,
    nextSegment: wal.nextSegment,
    walRecords: wal.records,
    repair: {
      cut: wal.cut,
      remove: isLost ? [...wal.remove, SNAPSHOT_FILE] : wal.remove,
      isVoid: joined.isVoid,
    },
    isDamaged,
    suspectIndex: isDamaged ? Math.max(suspectIndex, lostIndex) : suspectIndex,
    suspectTerm: isDamaged ? Math.max(suspectTerm, term, 1) : suspectTerm,
    incoming: recoverIncoming(disk.read(INCOMING_FILE)),
  };
}

// ---- term, vote, identity ----

/**
 * Both copies are overwritten together and each fits one sector, so a crash leaves each old or new, never
 * torn; after a sync both are new, and a start makes them equal again before anything rests on them. One
 * rotten copy therefore costs nothing: the other one is as new as anything that left this replica.
 */
function recoverMeta(slots: readonly DiskSlot[]): (MetaRecord & { isWhole: boolean }) | undefined {
  const copies = slots.filter((slot) => slot.intact).map((slot) => slot.record as MetaRecord);
  const [first] = copies;
  if (first === undefined) return undefined;
  const best = copies.reduce((a, b) => (b.version > a.version ? b : a), first);
  const isWhole = copies.length === META_COPIES && copies.every(({ version }) => version === best.version);
  return { ...best, isWhole };
}

// ---- snapshot ----

/**
 * `isLost`: there was one, and it cannot be read. It was synced before it got its name, so one that is not whole has
 * lost what a disk had confirmed.
 */
function recoverSnapshot(slots: readonly DiskSlot[]): { snapshot: Snapshot | undefined; isLost: boolean } {
  if (slots.length === 0) return { snapshot: undefined, isLost: false };
  const snapshot = slots.every((slot) => slot.intact) ? wholeSnapshot(slots) : undefined;
  return { snapshot, isLost: snapshot === undefined };
}

function wholeSnapshot([first, ...rest]: readonly DiskSlot[]): Snapshot | undefined {
  const { header, size, checksum } = first?.record as SnapshotHead;
  const bodies = rest.map((slot) => slot.record as SnapshotBody);
  if (size < 0) {
    const [own] = bodies;
    return own !== undefined && 'state' in own ? new Snapshot(header, own.state) : undefined;
  }
  const text = bodies.map((body) => ('text' in body ? body.text : '')).join('');
  if (text.length !== size || hashString(text) !== checksum) return undefined;
  return new Snapshot(header, JSON.parse(text) as Plain);
}

/** The pieces that are there without a gap: receiving goes on behind them. */
function recoverIncoming(slots: readonly DiskSlot[]): Incoming | undefined {
  const [first] = slots;
  if (first?.intact !== true) return undefined;
  const pieces: string[] = [];
  let received = 0;
  for (const { intact, record } of slots.slice(1)) {
    if (!intact) break;
    const body = record as SnapshotBody;
    if (!('text' in body) || body.offset !== received) break;
    pieces.push(body.text);
    received += body.text.length;
  }
  return { head: first.record as SnapshotHead, pieces, received };
}

// ---- write-ahead log ----

interface RecoveredWal {
  readonly baseIndex: LogIndex;
  readonly baseTerm: Term;
  readonly entries: readonly RecoveredEntry[];
  readonly lastTerm: Term;
  readonly segments: readonly Segment[];
  readonly nextSegment: number;
  readonly records: number;
  readonly cut: WalRepair['cut'];
  readonly remove: readonly string[];
  readonly isDamaged: boolean;
  /** The highest index that any intact record speaks of; -1: there is no intact record. */
  readonly highestKnownIndex: LogIndex;
  /** Records from the first bad one on. */
  readonly rest: number;
}

/** Reads the segments in order, up to the first record that is damaged or does not follow. */
class WalReader {
  readonly entries: RecoveredEntry[] = [];
  readonly segments: Segment[] = [];
  baseIndex: LogIndex = 0;
  baseTerm: Term = 0;
  /** Position of the last record taken. */
  position = 0;
  private hasBegun = false;

  get lastIndex(): LogIndex {
    return this.entries[this.entries.length - 1]?.entry.index ?? this.baseIndex;
  }

  get lastTerm(): Term {
    return this.entries[this.entries.length - 1]?.entry.term ?? this.baseTerm;
  }

  /** False when the record does not follow what came before. */
  take(record: WalRecord, segment: number): boolean {
    if (this.hasBegun && record.position !== this.position + 1) return false;
    if (record.entry === undefined) {
      if (record.isReset || !this.hasBegun) this.begin(record.lastIndex, record.lastTerm);
      this.segments.push({ number: segment, last: 0, synced: 0, highestIndex: this.lastIndex });
    } else if (!this.takeEntry(record.entry, record.position)) return false;
    this.hasBegun = true;
    this.position = record.position;
    const current = this.segments[this.segments.length - 1] as Segment;
    current.last = record.position;
    current.synced = record.position;
    return true;
  }

  private begin(index: LogIndex, term: Term): void {
    this.entries.length = 0;
    this.segments.length = 0;
    this.baseIndex = index;
    this.baseTerm = term;
  }

  /** The log ends with this entry, and what is before it is not here. */
  private restartAt({ index, term }: Entry): void {
    this.entries.length = 0;
    this.baseIndex = index;
    this.baseTerm = term;
  }

  private takeEntry(entry: Entry, position: number): boolean {
    const current = this.segments[this.segments.length - 1];
    // A gap is where a full disk refused a record; the replica stopped before it could rest on what follows.
    if (current === undefined || entry.index > this.lastIndex + 1) return false;
    // A record replaces every index from its own on, also what a segment that is gone ended with.
    if (entry.index <= this.baseIndex) this.restartAt(entry);
    else {
      while (this.lastIndex >= entry.index) this.entries.pop();
      this.entries.push({ entry, position });
    }
    if (entry.index > current.highestIndex) current.highestIndex = entry.index;
    return true;
  }
}

function recoverWal(disk: DiskImage): RecoveredWal {
  const numbers = disk
    .files()
    .map(walSegmentOf)
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
  const slots = numbers.map((number) => disk.read(walFile(number)));
  const reader = new WalReader();
  let bad: { segment: number; slot: number } | undefined;
  for (let s = lastReset(slots); s < slots.length && bad === undefined; s++) {
    const file = slots[s] as readonly DiskSlot[];
    for (let i = 0; i < file.length; i++) {
      const slot = file[i] as DiskSlot;
      if (slot.intact && reader.take(slot.record as WalRecord, numbers[s] as number)) continue;
      bad = { segment: s, slot: i };
      break;
    }
  }
  const rest = bad === undefined ? [] : restFrom(slots, bad);
  const kept = new Set(reader.segments.map((segment) => segment.number));
  const damagedFile = bad === undefined ? 0 : (numbers[bad.segment] as number);
  return {
    baseIndex: reader.baseIndex,
    baseTerm: reader.baseTerm,
    entries: reader.entries,
    lastTerm: reader.lastTerm,
    segments: reader.segments,
    nextSegment: (numbers[numbers.length - 1] ?? 0) + 1,
    records: reader.position,
    cut: bad !== undefined && kept.has(damagedFile) ? { records: bad.slot } : undefined,
    remove: numbers
      .filter((number) => !kept.has(number))
      .reverse()
      .map(walFile),
    isDamaged: isRot(rest, reader.position),
    highestKnownIndex: Math.max(reader.position > 0 ? reader.lastIndex : -1, highestIndexIn(rest)),
    rest: rest.length,
  };
}

/**
 * Place of the last segment that begins the log anew; 0 when none does. What is before it is void in whatever
 * state it is: a torn tail there must not hide what follows.
 */
function lastReset(slots: readonly (readonly DiskSlot[])[]): number {
  const place = slots.findLastIndex(([first]) => {
    if (first?.intact !== true) return false;
    const start = first.record as WalRecord;
    return start.entry === undefined && start.isReset;
  });
  return Math.max(place, 0);
}

/**
 * Bounds what damage may have taken. Each record adds at most one index to those that are known, or to the
 * snapshot, after which a log begins at the latest. Where nothing is known, only a later term will do.
 */
function highestPossibleIndex(
  { highestKnownIndex, rest }: RecoveredWal,
  snapshot: Snapshot | undefined,
  isLost: boolean,
): LogIndex {
  if (isLost && highestKnownIndex < 0) return Number.MAX_SAFE_INTEGER;
  return Math.max(highestKnownIndex, snapshot?.header.index ?? 0) + rest;
}

function restFrom(
  slots: readonly (readonly DiskSlot[])[],
  bad: { segment: number; slot: number },
): DiskSlot[] {
  const rest = (slots[bad.segment] as readonly DiskSlot[]).slice(bad.slot);
  for (const file of slots.slice(bad.segment + 1)) rest.push(...file);
  return rest;
}

/** -1 when none is intact. */
function highestIndexIn(slots: readonly DiskSlot[]): LogIndex {
  let highest = -1;
  for (const { intact, record } of slots) {
    if (!intact) continue;
    const { entry } = record as WalRecord;
    const index = entry === undefined ? (record as WalStart).lastIndex : entry.index;
    if (index > highest) highest = index;
  }
  return highest;
}

/** Tells rot from a torn tail: `rest` begins with the first bad record, behind position `kept`. */
function isRot(rest: readonly DiskSlot[], kept: number): boolean {
  for (const { intact, blankSectors, record } of rest) {
    if (!intact && blankSectors === 0) return true;
    if (intact && (record as WalRecord).syncedRecords > kept) return true;
  }
  return false;
}

// ---- snapshot and log together ----

interface JoinedLog {
  readonly baseIndex: LogIndex;
  readonly baseTerm: Term;
  readonly entries: readonly RecoveredEntry[];
  readonly isVoid: boolean;
}

/**
 * The log continues the snapshot when it has the snapshot's last entry, or begins right after it; else it is
 * of a time before the snapshot was received and is void (§7: discard the entire log). A log that begins
 * later than the snapshot ends has lost what lies between.
 */
function joinLog(wal: RecoveredWal, snapshot: Snapshot | undefined): JoinedLog {
  const { baseIndex, baseTerm, entries } = wal;
  const whole = { baseIndex, baseTerm, entries, isVoid: false };
  if (snapshot === undefined) {
    return baseIndex === 0 ? whole : { baseIndex: 0, baseTerm: 0, entries: [], isVoid: true };
  }
  const { index, term } = snapshot.header;
  if (baseIndex <= index) {
    const atIndex = index === baseIndex ? baseTerm : entries[index - baseIndex - 1]?.entry.term;
    if (atIndex === term) return whole;
  }
  return { baseIndex: index, baseTerm: term, entries: [], isVoid: true };
}
