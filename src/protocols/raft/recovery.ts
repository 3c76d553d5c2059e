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
 */

import type { DiskImage, DiskSlot } from '../../kernel/index.js';
import {
  META_FILE,
  WAL_FILE,
  type Entry,
  type LogIndex,
  type MetaRecord,
  type Term,
  type WalRecord,
} from './messages.js';

// When is trust regained? The lost entries were acknowledged to leaders of terms up to suspectTerm. (1) The
// durable log ends in a later term T: its leader was elected without this replica's vote, so its log has
// everything committed before, and this log equals it up to there. (2) The durable log ends in suspectTerm at
// or beyond suspectIndex: the lost entries acknowledged to that term's leader are in its log, which it only
// appends to, and those of earlier leaders, if committed, were in its log when it was elected.

/** No term ever reaches this: a replica that lost its vote and its term is suspect for good. */
export const NEVER: Term = Number.MAX_SAFE_INTEGER;

const META_COPIES = 2;

export interface Recovered {
  readonly term: Term;
  readonly votedFor: number;
  readonly metaVersion: number;
  /**
   * True when term and vote must be written again before anything rests on them: a copy is damaged or behind
   * the other, or the log is ahead of both. Believing the newer copy alone would leave its rot to reveal an
   * older vote.
   */
  readonly mustRewriteMeta: boolean;
  /** The log, each entry with the number of its record, from 1. */
  readonly entries: readonly { readonly entry: Entry; readonly position: number }[];
  /** Records of the write-ahead log to keep; the file has `walRecords`. */
  readonly walKept: number;
  readonly walRecords: number;
  /** Damage found in this start's log, beyond torn tails. */
  readonly walDamaged: boolean;
  readonly suspectIndex: LogIndex;
  readonly suspectTerm: Term;
}

/** Reads term, vote and log back from what the disk really holds. Pure. */
export function recover(disk: DiskImage): Recovered {
  const meta = recoverMeta(disk.read(META_FILE));
  const wal = recoverWal(disk.read(WAL_FILE));
  const lastTerm = wal.entries[wal.entries.length - 1]?.entry.term ?? 0;
  const term = Math.max(meta.term, lastTerm);
  const suspectIndex = wal.damaged
    ? Math.max(meta.suspectIndex, wal.highestPossibleIndex)
    : meta.suspectIndex;
  const suspectTerm = wal.damaged ? Math.max(meta.suspectTerm, term, 1) : meta.suspectTerm;
  return {
    term,
    votedFor: term === meta.term ? meta.votedFor : -1,
    metaVersion: meta.version,
    mustRewriteMeta: !meta.isWhole || term > meta.term,
    entries: wal.entries,
    walKept: wal.kept,
    walRecords: wal.records,
    walDamaged: wal.damaged,
    suspectIndex,
    suspectTerm,
  };
}

/**
 * Both copies are overwritten together and each fits one sector, so a crash leaves each old or new, never
 * torn; after a sync both are new, and a start makes them equal again before anything rests on them. One
 * rotten copy therefore costs nothing: the other one is as new as anything that left this replica. Two
 * rotten copies mean that a vote, and the term itself, may have been forgotten.
 */
function recoverMeta(slots: readonly DiskSlot[]): MetaRecord & { isWhole: boolean } {
  const copies = slots.filter((slot) => slot.intact).map((slot) => slot.record as MetaRecord);
  const [first] = copies;
  if (first !== undefined) {
    const best = copies.reduce((a, b) => (b.version > a.version ? b : a), first);
    const isWhole = copies.length === META_COPIES && copies.every(({ version }) => version === best.version);
    return { ...best, isWhole };
  }
  // A first write that was torn leaves blank sectors; only written and damaged ones can have held a vote.
  const lostVote = slots.some((slot) => !slot.intact && slot.blankSectors === 0);
  const suspectTerm = lostVote ? NEVER : 0;
  return { version: 0, term: 0, votedFor: -1, suspectIndex: 0, suspectTerm, isWhole: slots.length === 0 };
}

interface RecoveredWal {
  readonly entries: { readonly entry: Entry; readonly position: number }[];
  readonly kept: number;
  readonly records: number;
  readonly damaged: boolean;
  readonly highestPossibleIndex: LogIndex;
}

function recoverWal(slots: readonly DiskSlot[]): RecoveredWal {
  const entries: { entry: Entry; position: number }[] = [];
  let kept = 0;
  for (; kept < slots.length; kept++) {
    const slot = slots[kept] as DiskSlot;
    if (!slot.intact) break;
    const { entry } = slot.record as WalRecord;
    // A gap is where a full disk refused a record; the replica stopped before it could rest on what follows.
    if (entry.index > (entries[entries.length - 1]?.entry.index ?? 0) + 1) break;
    // A record replaces every index from its own on.
    while (entries.length > 0 && (entries[entries.length - 1]?.entry.index ?? 0) >= entry.index)
      entries.pop();
    entries.push({ entry, position: kept + 1 });
  }
  const damaged = isRot(slots, kept);
  // Each record adds at most one index, so what follows the damage bounds what may have been lost.
  const last = entries[entries.length - 1]?.entry.index ?? 0;
  return { entries, kept, records: slots.length, damaged, highestPossibleIndex: last + slots.length - kept };
}

/** Tells rot from a torn tail for the first bad record and what follows it. */
function isRot(slots: readonly DiskSlot[], firstBad: number): boolean {
  for (let i = firstBad; i < slots.length; i++) {
    const slot = slots[i] as DiskSlot;
    if (!slot.intact && slot.blankSectors === 0) return true;
    if (slot.intact && (slot.record as WalRecord).syncedRecords > firstBad) return true;
  }
  return false;
}
