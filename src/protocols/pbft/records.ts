/**
 * What a PBFT replica writes to its disk. All immutable.
 *
 * - `identity`: one record, written when the disk is formatted: a blank disk is a lost one.
 * - `journal-1`, `journal-2`, …: what the replica has promised. Each begins with all that is in force, so that only
 *   the newest is needed; records after that add to it.
 * - `checkpoint-<sequence>`: a state, whole, and what describes it; written as `checkpoint.saving`, synced, renamed.
 */

import type { Plain } from '../../kernel/index.js';
import type { PlainState } from './checkpoint.js';
import type { Link } from './handover.js';
import type { MacNewView, MacViewChange } from './macs/messages.js';
import type {
  NewView,
  PrePrepare,
  PreparedCertificate,
  Request,
  Sequence,
  StableCertificate,
  View,
  ViewChange,
} from './messages.js';

export const IDENTITY_FILE = 'identity';
export const IDENTITY_BYTES = 32;

export interface IdentityRecord {
  readonly replica: number;
  readonly generation: number;
}

const JOURNAL_PREFIX = 'journal-';
const CHECKPOINT_PREFIX = 'checkpoint-';
export const SAVING_FILE = 'checkpoint.saving';

export function journalFile(number: number): string {
  return `${JOURNAL_PREFIX}${number}`;
}

export function checkpointFile(sequence: Sequence): string {
  return `${CHECKPOINT_PREFIX}${sequence}`;
}

/** Number of the journal of this name; 0 when it is no journal's name. */
export function journalOf(file: string): number {
  return file.startsWith(JOURNAL_PREFIX) ? Number(file.slice(JOURNAL_PREFIX.length)) : 0;
}

/** Sequence of the checkpoint of this name; 0 when it is no checkpoint's name. */
export function checkpointOf(file: string): Sequence {
  return file.startsWith(CHECKPOINT_PREFIX) ? Number(file.slice(CHECKPOINT_PREFIX.length)) : 0;
}

/** What a replica promises, or must know again after a start. */
export type Promised =
  /** It accepted this pre-prepare, or as primary sent it. */
  | { readonly kind: 'accepted'; readonly message: PrePrepare }
  /** It is prepared. */
  | { readonly kind: 'prepared'; readonly certificate: PreparedCertificate }
  /** A batch that came later than what names it. */
  | {
      readonly kind: 'batch';
      readonly sequence: Sequence;
      readonly digest: number;
      readonly requests: readonly Request[];
    }
  /** It had pre-prepared this, latest in that view, and entered a later one since. */
  | {
      readonly kind: 'held';
      readonly view: View;
      readonly sequence: Sequence;
      readonly digest: number;
      /** Undefined while the batch is missing. */
      readonly requests: readonly Request[] | undefined;
    }
  /** It executed this on the word of a quorum, perhaps without having been prepared. Written when reads are on. */
  | { readonly kind: 'decided'; readonly sequence: Sequence }
  /** It left the views below this one. */
  | { readonly kind: 'view-change'; readonly message: ViewChange }
  /** It entered this view. */
  | { readonly kind: 'new-view'; readonly message: NewView }
  /** The same two where proofs are MACs. */
  | { readonly kind: 'mac-view-change'; readonly message: MacViewChange }
  | { readonly kind: 'mac-new-view'; readonly message: MacNewView }
  /**
   * Its latest proactive recovery has this number; it is over, or still goes on (macs/recovery.ts). `hasForgotten`: what
   * was promised before is lost, so that nothing binding may be said until it is over.
   */
  | {
      readonly kind: 'recovery';
      readonly number: number;
      readonly hasForgotten: boolean;
      readonly isOver: boolean;
    }
  /** It acts by the configuration that these links lead to; what was promised before is of an earlier one. */
  | { readonly kind: 'configuration'; readonly links: readonly Link[] }
  /** This checkpoint is stable. */
  | { readonly kind: 'stable'; readonly certificate: StableCertificate };

/** All that is in force when a journal begins. */
export interface JournalBase {
  readonly kind: 'base';
  readonly promised: readonly Promised[];
}

/** One record of a journal. */
export interface JournalRecord {
  /** Number of this record through all journals, from 1. */
  readonly position: number;
  /** Records known to be synced when this one was written: damage up to there is no torn tail. */
  readonly synced: number;
  readonly content: Promised | JournalBase;
}

export const BASE_BYTES = 64;

/** The one record of a checkpoint's file. */
export interface CheckpointRecord {
  readonly sequence: Sequence;
  readonly digest: number;
  readonly state: PlainState & Plain;
}

export const CHECKPOINT_BYTES = 64;
