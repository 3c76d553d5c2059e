/** Content hashes and sizes of the messages of the view change with MACs. */

import { mix32, mixInteger } from '../../../kernel/index.js';
import type {
  Checkpointed,
  MacMessage,
  MacNewView,
  MacViewChange,
  NewKey,
  QueryStable,
  RecoveryReply,
  ReplyStable,
  Tuple,
  ViewChangeAck,
} from './messages.js';

const MESSAGE_BYTES = 112;
const CHECKPOINT_BYTES = 12;
const TUPLE_BYTES = 20;
/** A pre-prepare of a new view, with its authenticator. */
const CHOICE_BYTES = 88;
const ACK_BYTES = 8;

type Unproved<M> = Omit<M, 'proof'>;

export function macViewChangeDigest(message: Unproved<MacViewChange>): number {
  const { view, stable, checkpoints, prepared, prePrepared } = message;
  let hash = mixInteger(mixInteger(0x3c6ef372, view), stable);
  for (let i = 0; i < checkpoints.length; i++) hash = mixCheckpoint(hash, checkpoints[i] as Checkpointed);
  hash = mixTuples(mix32(hash, checkpoints.length), prepared);
  hash = mixTuples(hash, prePrepared);
  return message.recovery === undefined ? hash : mixInteger(hash, message.recovery);
}

export function newKeyDigest({ epoch }: Unproved<NewKey>): number {
  return mixInteger(0x2545f491, epoch);
}

export function queryStableDigest({ recovery }: Unproved<QueryStable>): number {
  return mixInteger(0x6a09e667, recovery);
}

export function replyStableDigest({ recovery, stable, prepared }: Unproved<ReplyStable>): number {
  return mixInteger(mixInteger(mixInteger(0x1f83d9ab, recovery), stable), prepared);
}

export function recoveryReplyDigest({ recovery, executed }: Unproved<RecoveryReply>): number {
  return mixInteger(mixInteger(0x510e527f, recovery), executed);
}

export function viewChangeAckDigest({ view, acks }: Unproved<ViewChangeAck>): number {
  let hash = mixInteger(0x5a7d2e19, view);
  for (let i = 0; i < acks.length; i++) hash = mixInteger(hash, acks[i] as number);
  return mix32(hash, acks.length);
}

export function macNewViewDigest(message: Unproved<MacNewView>): number {
  let hash = mixCheckpoint(mixInteger(0x71374491, message.view), message.checkpoint);
  for (const viewChange of message.viewChanges) {
    hash = mix32(mix32(hash, viewChange.proof.signer), macViewChangeDigest(viewChange));
  }
  for (const { sequence, digest, proof } of message.choices) {
    hash = mix32(mix32(mixInteger(hash, sequence), digest), proof.signer);
  }
  return mix32(mix32(hash, message.viewChanges.length), message.choices.length);
}

export function macMessageDigest(message: MacMessage): number {
  switch (message.kind) {
    case 'MacViewChange':
      return macViewChangeDigest(message);
    case 'ViewChangeAck':
      return viewChangeAckDigest(message);
    case 'MacNewView':
      return macNewViewDigest(message);
    case 'NewKey':
      return newKeyDigest(message);
    case 'QueryStable':
      return queryStableDigest(message);
    case 'ReplyStable':
      return replyStableDigest(message);
    case 'RecoveryReply':
      return recoveryReplyDigest(message);
  }
}

function mixCheckpoint(hash: number, { sequence, digest }: Checkpointed): number {
  return mix32(mixInteger(hash, sequence), digest);
}

function mixTuples(hash: number, tuples: readonly Tuple[]): number {
  let mixed = hash;
  for (let i = 0; i < tuples.length; i++) {
    const { view, sequence, digest } = tuples[i] as Tuple;
    mixed = mix32(mixInteger(mixInteger(mixed, view), sequence), digest);
  }
  return mix32(mixed, tuples.length);
}

// ---- sizes ----

export function macViewChangeBytes({ checkpoints, prepared, prePrepared }: MacViewChange): number {
  return (
    MESSAGE_BYTES +
    CHECKPOINT_BYTES * checkpoints.length +
    TUPLE_BYTES * (prepared.length + prePrepared.length)
  );
}

export function macNewViewBytes({ viewChanges, choices }: MacNewView): number {
  let bytes = MESSAGE_BYTES + CHECKPOINT_BYTES + CHOICE_BYTES * choices.length;
  for (const viewChange of viewChanges) bytes += macViewChangeBytes(viewChange);
  return bytes;
}

export function macMessageBytes(message: MacMessage): number {
  switch (message.kind) {
    case 'MacViewChange':
      return macViewChangeBytes(message);
    case 'ViewChangeAck':
      return MESSAGE_BYTES + ACK_BYTES * message.acks.length;
    case 'MacNewView':
      return macNewViewBytes(message);
    case 'NewKey':
    case 'QueryStable':
    case 'ReplyStable':
    case 'RecoveryReply':
      return MESSAGE_BYTES;
  }
}
