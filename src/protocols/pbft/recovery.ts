/**
 * What a starting replica may believe of its disk. Pure.
 *
 * The newest journal whose beginning is whole holds all promises. A journal may end in a torn tail, which was never
 * synced, so that nothing that rests on it was ever sent: it is cut. Anything else that cannot be read (rot, or a
 * record that a later one says was synced) may have been a promise. A replica that has forgotten a promise could
 * break it, so it does not run on such a disk, or not before it has recovered (macs/recovery.ts).
 *
 * A checkpoint that cannot be read is another matter: it is no promise but a state, which a quorum has, or what was
 * agreed on leads to again. The replica starts from an older one, or the beginning, and gets the state from others.
 */

import type { DiskImage, DiskSlot } from '../../kernel/index.js';
import { CheckpointState } from './checkpoint.js';
import type { Sequence } from './messages.js';
import {
  IDENTITY_FILE,
  checkpointFile,
  checkpointOf,
  journalFile,
  journalOf,
  type CheckpointRecord,
  type IdentityRecord,
  type JournalRecord,
  type Promised,
} from './records.js';

/** Why a replica must not run on this disk: `replaced` is formatted anew, and knows nothing of what was promised. */
export interface Unusable {
  readonly kind: 'blank' | 'replaced' | 'damaged';
}

export interface Recovered {
  readonly kind: 'usable';
  /** How often the disk was formatted anew. */
  readonly generation: number;
  /** In the order in which they were made. */
  readonly promised: readonly Promised[];
  /** Where the replica begins; undefined: at the beginning. */
  readonly start: CheckpointState | undefined;
  /**
   * Checkpoints on the disk that can be read, ascending. Those that it does not begin at may be what somebody lacks: where
   * the last is not stable yet, nobody believes it who has not executed as far.
   */
  readonly states: readonly CheckpointState[];
  /** What they are; and the sequences of those that cannot be read. */
  readonly digests: readonly Checkpointed[];
  readonly damaged: readonly Sequence[];
  /** Numbers of all journals on the disk, ascending, and the position after which to go on. */
  readonly journals: readonly number[];
  readonly records: number;
}

/** The state after this batch has this digest. */
export interface Checkpointed {
  readonly sequence: Sequence;
  readonly digest: number;
}

/** `takesNew`: the cluster takes new replicas, so a disk that was formatted anew is that of one. */
export function recover(disk: DiskImage, takesNew = false): Recovered | Unusable {
  const identity = disk.read(IDENTITY_FILE)[0];
  if (identity === undefined) return { kind: 'blank' };
  const { generation } = identity.intact ? (identity.record as IdentityRecord) : { generation: 0 };
  if (generation > 0 && !takesNew) return { kind: 'replaced' };
  const files = disk.files();
  const journals = numbersIn(files, journalOf);
  const checkpoints = numbersIn(files, checkpointOf);
  const journal = recoverJournals(disk, journals);
  if (!identity.intact || journal === undefined) return { kind: 'damaged' };
  const digests = digestsOf(disk, checkpoints, numberOf(journal.promised));
  const damaged = checkpoints.filter((sequence) => !digests.some((found) => found.sequence === sequence));
  const states = digests.map((found) => readCheckpoint(disk, found));
  const start = states[states.length - 1];
  return { kind: 'usable', generation, ...journal, start, states, digests, damaged, journals };
}

/** A disk whose promises are lost, in whole or in part: what can be read of the state, and nothing else. */
export function recoverState(disk: DiskImage): Recovered {
  const files = disk.files();
  const checkpoints = numbersIn(files, checkpointOf);
  const digests = digestsOf(disk, checkpoints, 0);
  const states = digests.map((found) => readCheckpoint(disk, found));
  return {
    kind: 'usable',
    generation: 0,
    promised: [{ kind: 'recovery', number: 0, hasForgotten: true, isOver: false }],
    start: states[states.length - 1],
    states,
    digests,
    damaged: checkpoints.filter((sequence) => !digests.some((found) => found.sequence === sequence)),
    journals: numbersIn(files, journalOf),
    records: 0,
  };
}

/** Those that can be read, and are of the configuration with this number or of an earlier one. */
function digestsOf(disk: DiskImage, sequences: readonly Sequence[], number: number): Checkpointed[] {
  return sequences.flatMap((sequence) => {
    const slot = disk.read(checkpointFile(sequence))[0];
    if (slot?.intact !== true) return [];
    const { digest, state } = slot.record as CheckpointRecord;
    // The crash came before the links to its configuration were durable: nobody has been told of it.
    return state.configuration > number ? [] : [{ sequence, digest }];
  });
}

/** Number of the configuration that the replica had promised to act by. */
function numberOf(promised: readonly Promised[]): number {
  let number = 0;
  for (const promise of promised) if (promise.kind === 'configuration') number = promise.links.length;
  return number;
}

function numbersIn(files: readonly string[], numberOf: (file: string) => number): number[] {
  return files
    .map(numberOf)
    .filter((number) => number > 0)
    .sort((a, b) => a - b);
}

function readCheckpoint(disk: DiskImage, { sequence }: Checkpointed): CheckpointState {
  const record = disk.read(checkpointFile(sequence))[0]?.record as CheckpointRecord;
  return new CheckpointState(record.sequence, record.state, record.digest, 0);
}

// ---- journals ----

interface RecoveredJournal {
  readonly promised: readonly Promised[];
  readonly records: number;
}

/**
 * Undefined: damaged. A journal without its beginning was never synced, and the one before it is whole: the first one
 * alone has none before it, and of a later one the beginning was lost.
 */
function recoverJournals(disk: DiskImage, journals: readonly number[]): RecoveredJournal | undefined {
  for (let i = journals.length - 1; i >= 0; i--) {
    const slots = disk.read(journalFile(journals[i] as number));
    const broken = slots.findIndex((slot) => !slot.intact);
    const whole = broken < 0 ? slots.length : broken;
    if (isDamaged(slots, whole)) return undefined;
    if (whole > 0 && (slots[0]?.record as JournalRecord).content.kind === 'base') {
      return contentOf(slots.slice(0, whole));
    }
  }
  return (journals[0] ?? 1) > 1 ? undefined : { promised: [], records: 0 };
}

/** `from`: the first record that cannot be read. Tells damage from a torn tail. */
function isDamaged(slots: readonly DiskSlot[], from: number): boolean {
  for (let i = from; i < slots.length; i++) {
    const { intact, blankSectors, record } = slots[i] as DiskSlot;
    if (!intact && blankSectors === 0) return true;
    if (!intact) continue;
    const { position, synced } = record as JournalRecord;
    if (synced >= position - (i - from)) return true;
  }
  return false;
}

/** A gap is where a full disk refused a record; the replica stopped before it could rest on what follows. */
function contentOf(slots: readonly DiskSlot[]): RecoveredJournal {
  const promised: Promised[] = [];
  let records = 0;
  for (const { record } of slots) {
    const { position, content } = record as JournalRecord;
    if (records > 0 && position !== records + 1) break;
    if (content.kind === 'base') promised.push(...content.promised);
    else promised.push(content);
    records = position;
  }
  return { promised, records };
}
