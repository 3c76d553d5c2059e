/**
 * What the proof of each of PBFT's messages is of, so that a changed message can be proved again with the keys of
 * whoever sends it. In the name of another only what that one has said can be proved.
 */

import {
  isStatement,
  type Authenticator,
  type Liar,
  type Proof,
  type ProcessId,
  type Statement,
} from '../../../kernel/index.js';
import { MacStatementType } from '../macs/messages.js';
import {
  macNewViewDigest,
  macViewChangeDigest,
  newKeyDigest,
  queryStableDigest,
  recoveryReplyDigest,
  replyStableDigest,
  viewChangeAckDigest,
} from '../macs/wire.js';
import { configurationOf, VIEWS } from '../configuration.js';
import { StatementType, type PbftMessage, type Status } from '../messages.js';
import { quorumOf } from '../quorum.js';
import type { PbftSettings } from '../settings.js';
import {
  batchDataDigest,
  decisionDigest,
  fetchStateDigest,
  newViewDigest,
  replyDigest,
  stateDataDigest,
  statusDigest,
  viewChangeDigest,
} from '../wire.js';

/** Of a view, which says what configuration it is one of. */
function statement(type: number, view: number, sequence: number, digest: number): Statement {
  return { type, configuration: configurationOf(view), view, sequence, digest };
}

/** What a correct sender of this message would prove to `to`; `configuration`: by which the sender acts. */
export function statementOf(message: PbftMessage, to: ProcessId, configuration: number): Statement {
  const said = statementOfKind(message, to);
  return OF_NO_VIEW.has(message.kind) ? { ...said, configuration } : said;
}

/** Kinds whose statements name the sender's configuration without a view. */
const OF_NO_VIEW: ReadonlySet<string> = new Set([
  'Checkpoint',
  'FetchBatch',
  'BatchData',
  'FetchState',
  'StateData',
  'ReadReply',
]);

function statementOfKind(message: PbftMessage, to: ProcessId): Statement {
  switch (message.kind) {
    case 'Request':
      return statement(StatementType.request, 0, message.command.sequence, message.command.hash);
    case 'PrePrepare':
      return statement(StatementType.prePrepare, message.view, message.sequence, message.digest);
    case 'Prepare':
      return statement(StatementType.prepare, message.view, message.sequence, message.digest);
    case 'Commit':
      return statement(StatementType.commit, message.view, message.sequence, message.digest);
    case 'Checkpoint':
      return statement(StatementType.checkpoint, message.handover ?? 0, message.sequence, message.digest);
    case 'ViewChange':
      return statement(
        StatementType.viewChange,
        message.view,
        message.stable.sequence,
        viewChangeDigest(message),
      );
    case 'NewView':
      return statement(StatementType.newView, message.view, 0, newViewDigest(message));
    case 'Status':
      return statement(StatementType.status, message.view, message.executed, statusDigest(message));
    case 'Decision':
      return statement(StatementType.decision, message.view, message.sequence, decisionDigest(message));
    case 'FetchBatch':
      return statement(StatementType.fetchBatch, 0, message.sequence, message.digest);
    case 'BatchData':
      return statement(StatementType.batchData, 0, message.sequence, batchDataDigest(message));
    case 'FetchState':
      return statement(StatementType.fetchState, 0, message.sequence, fetchStateDigest(message));
    case 'StateData':
      return statement(StatementType.stateData, 0, message.certificate.sequence, stateDataDigest(message));
    case 'MacViewChange':
      return statement(
        MacStatementType.viewChange,
        message.view,
        message.stable,
        macViewChangeDigest(message),
      );
    case 'ViewChangeAck':
      return statement(MacStatementType.viewChangeAck, message.view, 0, viewChangeAckDigest(message));
    case 'MacNewView':
      return statement(MacStatementType.newView, message.view, 0, macNewViewDigest(message));
    case 'NewKey':
      return statement(MacStatementType.newKey, 0, message.epoch, newKeyDigest(message));
    case 'QueryStable':
      return statement(MacStatementType.queryStable, 0, message.recovery, queryStableDigest(message));
    case 'ReplyStable':
      return statement(MacStatementType.replyStable, 0, message.recovery, replyStableDigest(message));
    case 'RecoveryReply':
      return statement(MacStatementType.recoveryReply, 0, message.recovery, recoveryReplyDigest(message));
    case 'Reply':
      return statement(
        message.isTentative ? StatementType.tentativeReply : StatementType.reply,
        message.view,
        message.sequence,
        replyDigest(to, message.digest, message.index),
      );
    case 'ReadRequest':
      return statement(StatementType.readRequest, 0, message.command.sequence, message.command.hash);
    case 'ReadReply':
      return statement(
        StatementType.readReply,
        0,
        message.sequence,
        replyDigest(to, message.digest, message.index),
      );
  }
}

/** The message with a proof by the liar (or by another of the corrupted, whose keys these are) of what it says now; with its old one where nothing can prove that. */
export function resign<M extends PbftMessage>(message: M, liar: Liar, keys = liar.keys): M {
  const said = statementOf(message, liar.to, configurationNow(liar));
  return isStatement(said) ? { ...message, proof: proved(liar, said, keys, message.proof) } : message;
}

/** By its text, as everybody can read it. */
function isSignature(proof: Proof): boolean {
  return /^[0-9]+:sig/.test(proof.encode());
}

/** The statement; an empty one in the place of what is none: a lie told on top of another may be of view -1. */
export function provable(said: Statement): Statement {
  return isStatement(said) ? said : statement(0, 0, 0, 0);
}

/**
 * As whoever these keys are of would prove it if it were true: by a signature, where signatures are used or the message was
 * signed all the same, or a MAC for each of the others.
 */
function proved({ settings, members, to }: Liar, wanted: Statement, keys: Authenticator, old?: Proof): Proof {
  const said = provable(wanted);
  const { proofs } = settings as PbftSettings;
  if (proofs === 'signatures' || (old !== undefined && isSignature(old))) return keys.sign(said);
  return keys.authenticate(said, members.includes(to) ? members : [to]);
}

/** Number of the configuration by which the liar's replica acts, as it says in its latest status. */
export function configurationNow(liar: Liar): number {
  const own = liar.seen('Status').findLast((status) => (status as Status).proof.signer === liar.self);
  return own === undefined ? 0 : configurationOf((own as Status).view);
}

/** Who is the primary of a view, among these members. */
export function primaryOf(view: number, members: readonly ProcessId[]): ProcessId {
  return members[(view % VIEWS) % members.length] as ProcessId;
}

/** A proof by the liar of one statement of a view. */
export function proofOf(liar: Liar, type: number, view: number, sequence: number, digest: number): Proof {
  return proved(liar, statement(type, view, sequence, digest), liar.keys);
}

/** For how many proofs there is room: as in a certificate of this quorum, whose primary may be left out. */
export interface ForgedQuorum {
  readonly size: number;
  readonly without?: ProcessId;
}

/**
 * What looks like a quorum's proofs of one statement, in the order of the signers: those of the corrupted are real, the
 * others only bear the names of correct replicas.
 */
export function forgedQuorum(
  liar: Liar,
  { size, without }: ForgedQuorum,
  [type, view, sequence, digest]: readonly [type: number, view: number, sequence: number, digest: number],
): Proof[] {
  const configuration = type === StatementType.checkpoint ? configurationNow(liar) : configurationOf(view);
  const said = provable({ type, configuration, view, sequence, digest });
  const own = liar.keys.sign(said);
  const members = liar.members.filter((member) => member !== without);
  const isCorrupted = (member: ProcessId): boolean => liar.keysOf(member) !== undefined;
  const signers = [...members.filter(isCorrupted), ...members.filter((member) => !isCorrupted(member))];
  return signers
    .slice(0, size)
    .sort((a, b) => a - b)
    .map((member) => liar.keysOf(member)?.sign(said) ?? inTheNameOf(member, own));
}

/** q of the liar's cluster. */
export function strongQuorum(liar: Liar): number {
  return quorumOf(liar.members.length, (liar.settings as PbftSettings).faulty).strong;
}

/** Claims to be by another: who is named as its signer is not who made it. */
export function inTheNameOf(signer: ProcessId, proof: Proof): Proof {
  return { signer, encode: () => proof.encode() };
}
