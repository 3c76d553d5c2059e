/**
 * PBFT's attack surface: its messages as adversaries see them, and every way in which a faulty replica or client of
 * it can lie. Built from the messages' own definitions and hashes; no replica looks in here.
 *
 * What lies mean to do: Castro and Liskov, OSDI 1999, §4; Castro's thesis (MIT-LCS-TR-817), §3.2; Clement et al.,
 * "Making Byzantine Fault Tolerant Systems Tolerate Byzantine Faults" (NSDI 2009); Bano et al., "Twins" (OPODIS
 * 2021); Winter et al., "Randomized Testing of Byzantine Fault Tolerant Algorithms" (OOPSLA 2023).
 */

import type { AttackSurface, Liar, LieInfo, Message, ProcessId } from '../../../kernel/index.js';
import type { Commit, NewView, PbftMessage, PrePrepare, Prepare } from '../messages.js';
import * as configurations from './configuration-lies.js';
import * as agreement from './agreement-lies.js';
import * as recovery from './recovery-lies.js';
import * as state from './state-lies.js';
import * as macs from './mac-lies.js';
import { primaryOf } from './proofs.js';
import { FIELDS, vary } from './variations.js';
import * as views from './view-change-lies.js';

type Tell = (message: Message, liar: Liar) => Message;

interface Lie extends LieInfo {
  readonly tell: Tell;
}

type Kind = PbftMessage['kind'] | (typeof OPEN_KINDS)[number];

function lie(name: string, kinds: readonly Kind[], summary: string, tell: Tell): Lie {
  return { name, kinds, summary, tell };
}

const VOTES = ['Prepare', 'Commit'] as const;
const SERVER_KINDS = [
  'PrePrepare',
  'Prepare',
  'Commit',
  'Checkpoint',
  'ViewChange',
  'NewView',
  'Status',
  'Decision',
  'FetchBatch',
  'BatchData',
  'FetchState',
  'StateData',
  'Reply',
  'ReadReply',
] as const;
/** Of view changes with MACs. */
const MAC_KINDS = ['MacViewChange', 'ViewChangeAck', 'MacNewView'] as const;
/** Where replicas recover. */
const RECOVERY_KINDS = ['NewKey', 'QueryStable', 'ReplyStable', 'RecoveryReply'] as const;
const CLIENT_KINDS = ['Request', 'ReadRequest'] as const;
const PROVED_KINDS = [...SERVER_KINDS, ...MAC_KINDS, ...CLIENT_KINDS] as const;
/** What is not proved by its sender. */
const OPEN_KINDS = ['Inquiry', 'Handover'] as const;

const LIES: readonly Lie[] = [
  lie('other-batch', ['PrePrepare'], 'another batch for the same place', (message, liar) =>
    agreement.otherBatch(message as PrePrepare, liar),
  ),
  lie('wrong-digest', ['PrePrepare', ...VOTES, 'Checkpoint'], 'a digest of nothing', agreement.wrongDigest),
  lie('withheld-batch', ['PrePrepare'], 'the digest without its batch', agreement.withheldBatch),
  lie('shuffled-batch', ['PrePrepare'], 'the requests in another order', agreement.shuffled),
  lie('repeated-request', ['PrePrepare'], 'a request twice in one batch', agreement.repeatedRequest),
  lie('executed-request', ['PrePrepare'], 'a request that was ordered before', agreement.executedRequest),
  lie('forged-request', ['PrePrepare'], 'a request that its client never made', agreement.forgedRequest),
  lie('primary-votes', ['PrePrepare'], 'a prepare of the primary itself', agreement.primaryVotes),
  lie('other-vote', VOTES, 'a vote for the other batch, where the set has proposed two', (message, liar) =>
    agreement.otherVote(message as Prepare | Commit, liar),
  ),
  lie('usurpation', VOTES, 'a pre-prepare of one who is not the primary', agreement.usurpation),
  lie('early-commit', ['Prepare'], 'a commit of what is not prepared', agreement.earlyCommit),
  lie('other-phase', VOTES, "the proof of one phase in the other phase's message", agreement.otherPhase),
  lie('bad-proof', [...SERVER_KINDS, 'Request'], 'a proof of something else', agreement.badProof),
  lie(
    'other-signer',
    [...SERVER_KINDS, 'Request'],
    "an own proof under another's name",
    agreement.otherSigner,
  ),
  lie(
    'invented-certificate',
    ['ViewChange'],
    'an invented batch, prepared in the latest view',
    views.inventedCertificate,
  ),
  lie(
    'altered-certificate',
    ['ViewChange'],
    'real certificates of another view or digest',
    views.alteredCertificate,
  ),
  lie('omitted-certificates', ['ViewChange'], 'nothing was prepared', views.omittedCertificates),
  lie('few-prepares', ['ViewChange'], 'certificates with too few proofs', views.fewPrepares),
  lie('invented-checkpoint', ['ViewChange'], 'a stable checkpoint far ahead', views.inventedCheckpoint),
  lie('stale-checkpoint', ['ViewChange'], 'no stable checkpoint at all', views.staleCheckpoint),
  lie('needless-view-change', ['Status'], 'leaves for a later view without need', views.needlessViewChange),
  lie('wrong-choice', ['NewView'], 'digests that follow from nothing', views.wrongChoice),
  lie('null-for-prepared', ['NewView'], 'the null request at every place', views.nullForPrepared),
  lie('dropped-choice', ['NewView'], 'one place less than was prepared', views.droppedChoice),
  lie('added-choice', ['NewView'], 'an invented batch more', views.addedChoice),
  lie('few-view-changes', ['NewView'], 'one view change less than a quorum', views.fewViewChanges),
  lie('repeated-view-change', ['NewView'], 'one view change twice', views.repeatedViewChange),
  lie('stale-view-change', ['NewView'], 'one view change of another view', views.staleViewChange),
  lie('other-quorum', ['NewView'], 'the view changes of another quorum', (message, liar) =>
    views.otherQuorum(message as NewView, liar),
  ),
  lie('hidden-certificates', ['NewView'], 'the corrupted have prepared nothing', views.hiddenCertificates),
  lie('early-checkpoint', ['Checkpoint'], 'a checkpoint that is not reached', state.earlyCheckpoint),
  lie('poor-status', ['Status'], 'has nothing, and asks for everything', state.poorStatus),
  lie('rich-status', ['Status'], 'is far ahead', state.richStatus),
  lie('wrong-piece', ['StateData'], 'a part of another state', state.wrongPiece),
  lie('other-order', ['StateData'], "an object's members in another order", state.otherOrder),
  lie('endless-state', ['StateData'], 'a state of immense size', state.endlessState),
  lie('false-count', ['StateData'], 'a list of immense size, by the digests of its items', state.falseCount),
  lie('invented-state', ['StateData'], 'a stable checkpoint far ahead', state.inventedState),
  lie('invented-decision', ['Decision'], 'a decision of the corrupted alone', state.inventedDecision),
  lie('other-decision-batch', ['Decision'], 'the batch of another decision', state.otherDecisionBatch),
  lie('wrong-batch', ['BatchData'], 'another batch than was asked for', state.wrongBatch),
  lie('wrong-result', ['Reply'], 'another result', state.wrongResult),
  lie('wrong-read', ['ReadReply'], 'another answer to a read', state.wrongRead),
  lie('wrong-place', ['Reply'], 'another place in the order, and another view', state.wrongPlaceOfReply),
  lie('mismatched-reply', ['Reply'], 'a result that its digest is not of', state.mismatchedReply),
  lie('other-operation', ['Request'], 'the same timestamp for another operation', state.otherOperation),
  lie('outsider-vote', ['Request'], 'a vote of one who is no replica', agreement.outsiderVote),
  lie('unsigned', ['Request'], 'an operation that was never signed', state.unsignedRequest),
  lie('bad-mac', PROVED_KINDS, 'a MAC for everybody but the receiver', macs.badMac),
  lie('lone-mac', PROVED_KINDS, 'a MAC for the receiver alone', macs.loneMac),
  lie('omitted-tuples', ['MacViewChange'], 'nothing was prepared or pre-prepared', macs.omittedTuples),
  lie('invented-tuple', ['MacViewChange'], 'an invented batch was prepared', macs.inventedTuple),
  lie('altered-tuples', ['MacViewChange'], 'prepared in another view, or another batch', macs.alteredTuples),
  lie('wrong-acks', ['ViewChangeAck'], 'has view changes that nobody has sent', macs.wrongAcknowledgements),
  lie('forged-testimony', ['MacNewView'], 'a view change that its sender has not made', macs.forgedTestimony),
  lie('null-for-tuples', ['MacNewView'], 'the null request at every place', macs.macNullForPrepared),
  lie(
    'false-handover',
    ['Checkpoint'],
    'an end of the configuration where it does not end, or none where it does',
    configurations.falseHandover,
  ),
  lie(
    'old-configuration',
    VOTES,
    'the vote as one of the configuration before',
    configurations.ofTheOneBefore,
  ),
  lie(
    'phantom-vote',
    ['Inquiry'],
    'a vote, whether or not the sender is a member',
    configurations.phantomVote,
  ),
  lie('false-extent', ['ReplyStable'], 'the log is far ahead, or empty', recovery.falseExtent),
  lie(
    'false-execution',
    ['RecoveryReply'],
    'the recovery has its place far ahead, or at the beginning',
    recovery.falseExecution,
  ),
  lie('invented-link', ['Handover'], 'a configuration of the corrupted alone', configurations.inventedLink),
];

/** What equivocation says to those who are not to hear the first, by kind. */
const OTHER_STORIES: Readonly<Record<string, string>> = {
  PrePrepare: 'other-batch',
  Prepare: 'other-vote',
  Commit: 'other-vote',
  Checkpoint: 'wrong-digest',
  ViewChange: 'omitted-certificates',
  NewView: 'other-quorum',
  MacViewChange: 'omitted-tuples',
  ViewChangeAck: 'wrong-acks',
  MacNewView: 'null-for-tuples',
  Status: 'poor-status',
  Decision: 'invented-decision',
  BatchData: 'wrong-batch',
  StateData: 'wrong-piece',
  Reply: 'wrong-result',
  ReadReply: 'wrong-read',
  Request: 'other-operation',
};

const OF_VIEW_CHANGE: ReadonlySet<string> = new Set(['ViewChange', 'NewView', ...MAC_KINDS]);

const BY_NAME: ReadonlyMap<string, Lie> = new Map(LIES.map((each) => [each.name, each]));

function numberOf(message: Message, field: 'view' | 'sequence'): number {
  const value = (message as unknown as Readonly<Record<string, unknown>>)[field];
  return typeof value === 'number' ? value : -1;
}

/** Of a malformed request as well: whoever gets it may lie about it, too. */
function clientOf(message: Message): ProcessId {
  if (message.kind !== 'Request' && message.kind !== 'ReadRequest') return -1;
  const { command } = message as { readonly command?: { readonly client?: unknown } | null };
  return typeof command?.client === 'number' ? command.client : -1;
}

function tell(name: string, message: Message, liar: Liar): Message {
  const found = BY_NAME.get(name);
  return found?.kinds.includes(message.kind) === true ? found.tell(message, liar) : message;
}

export const PBFT_ATTACK_SURFACE: AttackSurface = {
  serverKinds: [...SERVER_KINDS, ...MAC_KINDS, ...OPEN_KINDS],
  rareKinds: RECOVERY_KINDS,
  clientKinds: CLIENT_KINDS,
  lies: LIES.map(({ name, kinds, summary }) => ({ name, kinds, summary })),
  fields: FIELDS,
  viewOf: (message) => numberOf(message, 'view'),
  sequenceOf: (message) => numberOf(message, 'sequence'),
  clientOf,
  primaryOf,
  isOfViewChange: ({ kind }) => OF_VIEW_CHANGE.has(kind),
  otherStory: (message, liar) => tell(OTHER_STORIES[message.kind] ?? 'bad-proof', message, liar),
  tell,
  vary,
  keepPrivate: state.keepPrivate,
};
