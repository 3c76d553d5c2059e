/** Lies of primaries and backups about the batch of a place. */

import type { Liar, Message } from '../../../kernel/index.js';
import { StatementType, type Commit, type PrePrepare, type Prepare, type Request } from '../messages.js';
import { batchDigest } from '../wire.js';
import { inTheNameOf, proofOf, resign } from './proofs.js';
import { withCommand } from './variations.js';

/** A pre-prepare of another batch. */
export function withBatch(message: PrePrepare, requests: readonly Request[], liar: Liar): PrePrepare {
  return resign({ ...message, requests, digest: batchDigest(requests) }, liar);
}

/** The name under which the corrupted agree on the second digest of a place. */
function ballot(view: number, sequence: number): string {
  return `${view}/${sequence}`;
}

/** Another batch for the same place, which those who collude vote for among the same receivers. */
export function otherBatch(message: PrePrepare, liar: Liar): PrePrepare {
  const other = withBatch(message, otherRequests(message.requests, liar), liar);
  liar.agree(ballot(message.view, message.sequence), other.digest);
  return other;
}

/** Requests that are real, in a batch that is not the same. */
function otherRequests(requests: readonly Request[], liar: Liar): readonly Request[] {
  if (requests.length > 1) return requests.slice(0, -1);
  const known = liar.seen('Request').findLast((request) => request !== requests[0]) as Request | undefined;
  return known === undefined ? [...requests, ...requests] : [known];
}

/** The vote for the other batch of the place, where there is one that the corrupted know of; else for nothing real. */
export function otherVote<M extends Prepare | Commit>(message: M, liar: Liar): M {
  const digest = liar.recall(ballot(message.view, message.sequence)) ?? message.digest ^ 1;
  return resign({ ...message, digest }, liar);
}

export function wrongDigest(message: Message, liar: Liar): Message {
  const vote = message as Prepare;
  return resign({ ...vote, digest: vote.digest ^ 1 }, liar);
}

export function shuffled(message: Message, liar: Liar): Message {
  const prePrepare = message as PrePrepare;
  return withBatch(prePrepare, prePrepare.requests.toReversed(), liar);
}

export function repeatedRequest(message: Message, liar: Liar): Message {
  const prePrepare = message as PrePrepare;
  const [first] = prePrepare.requests;
  if (first === undefined) return message;
  const { batchSize } = liar.settings as { readonly batchSize: number };
  return withBatch(prePrepare, [first, ...prePrepare.requests].slice(0, Math.max(1, batchSize)), liar);
}

/** A request that was ordered before. */
export function executedRequest(message: Message, liar: Liar): Message {
  const prePrepare = message as PrePrepare;
  const earlier = liar.seen('PrePrepare') as readonly PrePrepare[];
  const old = earlier[liar.draw('earlier', 0, Math.max(0, earlier.length - 1))]?.requests[0];
  if (old === undefined) return message;
  return withBatch(prePrepare, [old, ...prePrepare.requests.slice(1)], liar);
}

/** A client's request that the client has never made. */
export function forgedRequest(message: Message, liar: Liar): Message {
  const prePrepare = message as PrePrepare;
  const [first] = prePrepare.requests;
  if (first === undefined) return message;
  const forged = withCommand(first, first.command.sequence, { op: 'put', key: 'forged', value: 'forged' });
  return withBatch(prePrepare, [forged, ...prePrepare.requests.slice(1)], liar);
}

/** The batch does not come with its pre-prepare. */
export function withheldBatch(message: Message, _liar: Liar): Message {
  return { ...(message as PrePrepare), requests: [] } as Message;
}

/** A pre-prepare, whoever is the primary. */
export function usurpation(message: Message, liar: Liar): Message {
  const { view, sequence } = message as Prepare;
  const requests = (liar.seen('Request') as readonly Request[]).slice(-1);
  if (requests.length === 0) return message;
  const digest = batchDigest(requests);
  const proof = proofOf(liar, StatementType.prePrepare, view, sequence, digest);
  const proposal: PrePrepare = { kind: 'PrePrepare', view, sequence, digest, requests, proof };
  return proposal;
}

/** The primary votes for its own batch, too. */
export function primaryVotes(message: Message, liar: Liar): Message {
  const { view, sequence, digest } = message as PrePrepare;
  const vote: Prepare = {
    kind: 'Prepare',
    view,
    sequence,
    digest,
    proof: proofOf(liar, StatementType.prepare, view, sequence, digest),
  };
  return vote;
}

/** A commit of what is only accepted. */
export function earlyCommit(message: Message, liar: Liar): Message {
  const { view, sequence, digest } = message as Prepare;
  const proof = proofOf(liar, StatementType.commit, view, sequence, digest);
  const commit: Commit = { kind: 'Commit', view, sequence, digest, proof };
  return commit;
}

/** A commit that carries the proof of a prepare, or the other way round: a proof of one phase in another. */
export function otherPhase(message: Message, _liar: Liar): Message {
  const vote = message as Prepare | Commit;
  return { ...vote, kind: vote.kind === 'Prepare' ? 'Commit' : 'Prepare' };
}

/** A proof that proves something else. */
export function badProof(message: Message, liar: Liar): Message {
  const vote = message as Prepare;
  const proved: Prepare = { ...vote, proof: proofOf(liar, StatementType.prepare, 0, 0, 0) };
  return proved;
}

/** The liar's own proof, said to be another's. */
export function otherSigner(message: Message, liar: Liar): Message {
  const vote = message as Prepare;
  const others = liar.members.filter((member) => member !== liar.self);
  const name = others[liar.draw('name', 0, Math.max(0, others.length - 1))] ?? liar.self;
  const named: Prepare = { ...vote, proof: inTheNameOf(name, vote.proof) };
  return named;
}

/** Of a client: votes as if it were a replica, for the latest proposal that a colluding replica has seen. */
export function outsiderVote(message: Message, liar: Liar): Message {
  const proposal = liar.seen('PrePrepare').at(-1) as PrePrepare | undefined;
  const { sequence: number, hash } = (message as Request).command;
  const { view, sequence, digest } = proposal ?? { view: 0, sequence: number, digest: hash };
  const isCommit = liar.draw('phase', 0, 1) === 1;
  const type = isCommit ? StatementType.commit : StatementType.prepare;
  const vote: Prepare | Commit = {
    kind: isCommit ? 'Commit' : 'Prepare',
    view,
    sequence,
    digest,
    proof: proofOf(liar, type, view, sequence, digest),
  };
  return vote;
}
