/**
 * Messages of the view change with MACs (Castro's thesis, MIT-LCS-TR-817, chapter 3; TOCS 2002, §5). Where a signature
 * would prove to third parties what was prepared, each replica only says it, and what counts is how many say the same.
 * All immutable. A proof is an authenticator: a MAC for each replica.
 */

import type { Message, Proof } from '../../../kernel/index.js';

type View = number;
type Sequence = number;

/** Kinds of statements, beside those in messages.ts. */
export const MacStatementType = {
  viewChange: 32,
  viewChangeAck: 33,
  newView: 34,
  newKey: 35,
  queryStable: 36,
  replyStable: 37,
  recoveryReply: 38,
} as const;

/** An element of P or Q: this digest was prepared, or pre-prepared, at this place; the latest view in which it was. */
export interface Tuple {
  readonly view: View;
  readonly sequence: Sequence;
  readonly digest: number;
}

/** An element of C: the state after this batch has this digest. The beginning is sequence 0 with digest 0. */
export interface Checkpointed {
  readonly sequence: Sequence;
  readonly digest: number;
}

/** A pre-prepare of a new view, without its batch. */
export interface MacChoice {
  readonly sequence: Sequence;
  readonly digest: number;
  readonly proof: Proof;
}

/** The sender takes part in no view below `view` any more. */
export interface MacViewChange extends Message {
  readonly kind: 'MacViewChange';
  readonly view: View;
  /** h: sequence of its stable checkpoint. */
  readonly stable: Sequence;
  /** C: the stable checkpoint, and its own above that; in ascending order. */
  readonly checkpoints: readonly Checkpointed[];
  /** P: by place, what was prepared in the highest view; in ascending order of the places. */
  readonly prepared: readonly Tuple[];
  /** Q: by place and digest, the latest view of the pre-prepare; in ascending order of the places. */
  readonly prePrepared: readonly Tuple[];
  /** Number of its sender's latest recovery (recovery.ts): whoever knows of a later one takes it for void. */
  readonly recovery?: number;
  readonly proof: Proof;
}

/** Integers that {@link ViewChangeAck} has for each view change. */
export const ACK_WORDS = 2;

/**
 * The sender has these view changes for `view` from their senders: number of the replica and digest, for each. (The
 * paper has a message for each of them; one that says all is the same in fewer messages.)
 */
export interface ViewChangeAck extends Message {
  readonly kind: 'ViewChangeAck';
  readonly view: View;
  readonly acks: readonly number[];
  readonly proof: Proof;
}

/** V and X of the paper. V has the view changes themselves, not only their digests. */
export interface MacNewView extends Message {
  readonly kind: 'MacNewView';
  readonly view: View;
  /** In the order of their senders. */
  readonly viewChanges: readonly MacViewChange[];
  readonly checkpoint: Checkpointed;
  /** The pre-prepares of the new view, without gaps from the place after the checkpoint on. */
  readonly choices: readonly MacChoice[];
  readonly proof: Proof;
}

export type MacMessage =
  MacViewChange | ViewChangeAck | MacNewView | NewKey | QueryStable | ReplyStable | RecoveryReply;

// ---- proactive recovery (TOCS 2002, §4): see recovery.ts ----

/**
 * From now on, MACs to the sender count when they are made with its keys of this epoch (§4.3.1). The one message between
 * replicas that is signed; the epoch is the paper's counter in secure hardware: it never goes back.
 */
export interface NewKey extends Message {
  readonly kind: 'NewKey';
  readonly epoch: number;
  readonly proof: Proof;
}

/** How far is the log? Asked by a replica in its recovery with this number. */
export interface QueryStable extends Message {
  readonly kind: 'QueryStable';
  readonly recovery: number;
  readonly proof: Proof;
}

/** The sender's stable checkpoint, and the highest place for which it is prepared. */
export interface ReplyStable extends Message {
  readonly kind: 'ReplyStable';
  /** Of the query. */
  readonly recovery: number;
  readonly stable: Sequence;
  readonly prepared: Sequence;
  readonly proof: Proof;
}

/** The recovery request of this number was executed, in that batch or one before it. */
export interface RecoveryReply extends Message {
  readonly kind: 'RecoveryReply';
  readonly recovery: number;
  readonly executed: Sequence;
  readonly proof: Proof;
}
