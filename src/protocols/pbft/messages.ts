/**
 * PBFT's messages (Castro and Liskov, "Practical Byzantine Fault Tolerance", OSDI 1999, §4; "… and Proactive
 * Recovery", TOCS 2002). All immutable. Each carries a proof of what its sender says; who that is, the proof tells.
 *
 * A digest is a 32-bit content hash. That of a batch is a hash of its requests; {@link NULL_DIGEST} is the null
 * request, which changes nothing.
 */

import type { Command, Message, Plain, Proof, Result } from '../../kernel/index.js';
import type { MacMessage } from './macs/messages.js';

export type View = number;
/** Places in the order that the primary gives to batches, from 1; 0 is "before the first". */
export type Sequence = number;

/** Digest of the null request. No batch has it. */
export const NULL_DIGEST = 0;

/** What is proved: `type` of the statement. */
export const StatementType = {
  request: 1,
  prePrepare: 2,
  prepare: 3,
  commit: 4,
  checkpoint: 5,
  viewChange: 6,
  newView: 7,
  reply: 8,
  status: 9,
  decision: 10,
  fetchBatch: 11,
  batchData: 12,
  fetchState: 13,
  stateData: 14,
  tentativeReply: 21,
  readRequest: 22,
  readReply: 23,
} as const;

/** A client's command, proved by the client. */
export interface Request extends Message {
  readonly kind: 'Request';
  readonly command: Command;
  readonly proof: Proof;
}

/** The primary of `view` gives the batch of requests this place. */
export interface PrePrepare extends Message {
  readonly kind: 'PrePrepare';
  readonly view: View;
  readonly sequence: Sequence;
  readonly digest: number;
  readonly requests: readonly Request[];
  readonly proof: Proof;
}

/** A backup has accepted the pre-prepare of this view, place and digest. */
export interface Prepare extends Message {
  readonly kind: 'Prepare';
  readonly view: View;
  readonly sequence: Sequence;
  readonly digest: number;
  readonly proof: Proof;
}

/** The sender is prepared. */
export interface Commit extends Message {
  readonly kind: 'Commit';
  readonly view: View;
  readonly sequence: Sequence;
  readonly digest: number;
  readonly proof: Proof;
}

/** The sender's state after executing everything up to `sequence` has this digest, and is on its disk. */
export interface Checkpoint extends Message {
  readonly kind: 'Checkpoint';
  readonly sequence: Sequence;
  readonly digest: number;
  /** Number of the configuration that takes over after this checkpoint; absent: it is none's last. */
  readonly handover?: number | undefined;
  readonly proof: Proof;
}

/** A quorum's checkpoint proofs: C of the paper. The beginning (sequence 0, digest 0) needs none. */
export interface StableCertificate {
  readonly sequence: Sequence;
  readonly digest: number;
  /** As {@link Checkpoint} has it. */
  readonly handover?: number | undefined;
  readonly proofs: readonly Proof[];
}

/** One element of P: the primary's pre-prepare, without its batch, and q - 1 backups' prepares. */
export interface PreparedCertificate {
  readonly view: View;
  readonly sequence: Sequence;
  readonly digest: number;
  readonly prePrepare: Proof;
  readonly prepares: readonly Proof[];
}

/** The sender takes part in no view below `view` any more. `prepared` is in order of the sequences. */
export interface ViewChange extends Message {
  readonly kind: 'ViewChange';
  readonly view: View;
  readonly stable: StableCertificate;
  readonly prepared: readonly PreparedCertificate[];
  readonly proof: Proof;
}

/** A pre-prepare of a new view, without its batch. */
export interface Choice {
  readonly sequence: Sequence;
  readonly digest: number;
  readonly proof: Proof;
}

/** V and O of the paper: the view changes that the view rests on, and what follows from them. */
export interface NewView extends Message {
  readonly kind: 'NewView';
  readonly view: View;
  readonly viewChanges: readonly ViewChange[];
  readonly choices: readonly Choice[];
  readonly proof: Proof;
}

/**
 * `index`: place of the command in the dense order of executed commands; `digest`: content hash of the result.
 * A tentative one (TOCS 2002, §5.1.2) holds only with a quorum of others of the same view.
 */
export interface Reply extends Message {
  readonly kind: 'Reply';
  readonly view: View;
  readonly sequence: number;
  readonly result: Result;
  readonly digest: number;
  readonly index: number;
  readonly isTentative: boolean;
  readonly proof: Proof;
}

/** A client's operation that changes nothing, to be answered without being ordered (OSDI 1999, §5.1.3). */
export interface ReadRequest extends Message {
  readonly kind: 'ReadRequest';
  readonly command: Command;
  readonly proof: Proof;
}

/** What the sender's committed state says; `index`: commands executed in it. */
export interface ReadReply extends Message {
  readonly kind: 'ReadReply';
  readonly sequence: number;
  readonly result: Result;
  readonly digest: number;
  readonly index: number;
  readonly proof: Proof;
}

/** Integers that {@link Status} has per place, and their order. */
export const STATUS_WORDS = 4;

/**
 * What the sender has, so that others send again what it lacks (Castro's thesis, MIT-LCS-TR-817, §5.2). `helper`
 * is the replica that it asks for decisions and view-independent help this time.
 */
export interface Status extends Message {
  readonly kind: 'Status';
  readonly view: View;
  readonly isActive: boolean;
  readonly stable: Sequence;
  readonly executed: Sequence;
  /** Whose view changes for `view` it has, as a set of replicas; of use while it is not active. */
  readonly viewChanges: number;
  readonly helper: number;
  /** For each open place: sequence, 1 if pre-prepared in `view` plus 2 if the batch is there, prepares, commits. */
  readonly slots: readonly number[];
  readonly proof: Proof;
}

/** A quorum's commits, with the batch: proof, in whatever view the receiver is, of what holds this place. */
export interface Decision extends Message {
  readonly kind: 'Decision';
  readonly view: View;
  readonly sequence: Sequence;
  readonly digest: number;
  readonly requests: readonly Request[];
  readonly commits: readonly Proof[];
  readonly proof: Proof;
}

export interface FetchBatch extends Message {
  readonly kind: 'FetchBatch';
  readonly sequence: Sequence;
  readonly digest: number;
  readonly proof: Proof;
}

export interface BatchData extends Message {
  readonly kind: 'BatchData';
  readonly sequence: Sequence;
  readonly digest: number;
  readonly requests: readonly Request[];
  readonly proof: Proof;
}

/**
 * Asks for partitions of the state of a stable checkpoint at `sequence`, or for the certificate of a later one. A path
 * leads from the root, by numbers of parts, from 0. `isUnproved`: of a checkpoint that is not known to be stable, too.
 */
export interface FetchState extends Message {
  readonly kind: 'FetchState';
  readonly sequence: Sequence;
  readonly paths: readonly (readonly number[])[];
  readonly isUnproved?: true;
  readonly proof: Proof;
}

/**
 * A partition of a stable checkpoint's state (partition.ts): all of it, as JSON, or its parts by their digests: those of
 * a list of `count` items, of some items of a list, of an object with these names, or of the state itself, whose
 * members `executed` and `service` have their digests in their places. `gone`: the sender has a later state only.
 */
export type StatePart =
  | { readonly shape: 'whole'; readonly text: string }
  | { readonly shape: 'list'; readonly count: number; readonly digests: readonly number[] }
  | { readonly shape: 'group'; readonly digests: readonly number[] }
  | { readonly shape: 'object'; readonly names: readonly string[]; readonly digests: readonly number[] }
  | { readonly shape: 'state'; readonly members: Plain }
  | { readonly shape: 'gone' };

/** The certificate of a stable checkpoint, and a part of its state; undefined: the certificate alone. */
export interface StateData extends Message {
  readonly kind: 'StateData';
  readonly certificate: StableCertificate;
  readonly path: readonly number[];
  readonly part: StatePart | undefined;
  readonly proof: Proof;
}

export type PeerMessage =
  | MacMessage
  | PrePrepare
  | Prepare
  | Commit
  | Checkpoint
  | ViewChange
  | NewView
  | Status
  | Decision
  | FetchBatch
  | BatchData
  | FetchState
  | StateData;

export type PbftMessage = PeerMessage | Request | Reply | ReadRequest | ReadReply;
