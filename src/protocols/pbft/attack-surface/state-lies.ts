/** Lies about state: checkpoints, what a replica has, pieces of a state, decisions, and what clients are told. */

import { hashPlain, type Liar, type Message, type Plain } from '../../../kernel/index.js';
import {
  StatementType,
  type BatchData,
  type Checkpoint,
  type Decision,
  type PrePrepare,
  type ReadReply,
  type Reply,
  type Request,
  type StateData,
  type StatePart,
  type Status,
} from '../messages.js';
import { contentOf } from '../partition.js';
import { FANOUT, plainDigest } from '../plain-digest.js';
import type { PbftSettings } from '../settings.js';
import { batchDigest } from '../wire.js';
import { forgedQuorum, resign, strongQuorum } from './proofs.js';
import { withCommand } from './variations.js';

const INVENTED = 0x0bad_cafe;

// ---- checkpoints and statuses ----

/** Says the digest of a checkpoint that is not there yet. */
export function earlyCheckpoint(message: Message, liar: Liar): Message {
  const checkpoint = message as Checkpoint;
  const { checkpointInterval } = liar.settings as PbftSettings;
  return resign(
    { ...checkpoint, sequence: checkpoint.sequence + checkpointInterval, digest: INVENTED },
    liar,
  );
}

/** Says that it has nothing, so that everything is sent to it again. */
export function poorStatus(message: Message, liar: Liar): Message {
  const status = message as Status;
  return resign({ ...status, stable: 0, executed: 0, viewChanges: 0, slots: [], helper: liar.to }, liar);
}

/** Says that it is far ahead of everybody. */
export function richStatus(message: Message, liar: Liar): Message {
  const status = message as Status;
  const ahead = 1_000_000;
  return resign(
    { ...status, stable: status.stable + ahead, executed: status.executed + ahead, slots: [] },
    liar,
  );
}

// ---- state transfer, decisions, batches ----

export function wrongPiece(message: Message, liar: Liar): Message {
  const data = message as StateData;
  return data.part === undefined ? message : resign({ ...data, part: altered(data.part) }, liar);
}

/** The part with one thing in it changed. */
function altered(part: StatePart): StatePart {
  switch (part.shape) {
    case 'whole': {
      const digit = part.text.search(/[0-9]/);
      const other = part.text[digit] === '1' ? '2' : '1';
      return digit < 0
        ? { ...part, text: '[]' }
        : { ...part, text: part.text.slice(0, digit) + other + part.text.slice(digit + 1) };
    }
    case 'state': {
      const members = part.members as { readonly service: number };
      return { ...part, members: { ...members, service: members.service ^ 1 } };
    }
    case 'gone':
      return part;
    default:
      return { ...part, digests: part.digests.map((digest, i) => (i === 0 ? digest ^ 1 : digest)) };
  }
}

/** The members of an object in another order: with the digest of the right one, and other numbers of its parts. */
export function otherOrder(message: Message, liar: Liar): Message {
  const data = message as StateData;
  const { part } = data;
  if (part?.shape !== 'object') return message;
  const other = { ...part, names: part.names.toReversed(), digests: part.digests.toReversed() };
  return resign({ ...data, part: other }, liar);
}

/** What a list's count may be beyond, where digests are of 32 bits. */
const WORD = 4_294_967_296;

/** A list told to be of immense size by the digests of its own items, which then would be groups of that many. */
export function falseCount(message: Message, liar: Liar): Message {
  const data = message as StateData;
  const list = data.part === undefined ? undefined : asList(data.part, data.path);
  if (list === undefined) return message;
  const count = list.count + (list.digests.length - 1) * WORD;
  return resign({ ...data, part: { ...list, count } }, liar);
}

/** A part that is a list of at least two, by its digests; also one that would have gone whole. */
function asList(
  part: StatePart,
  path: StateData['path'],
): Extract<StatePart, { readonly shape: 'list' }> | undefined {
  if (part.shape === 'list') return part.digests.length > 1 ? part : undefined;
  const isExecuted = path.length === 1 && path[0] === 0;
  if (part.shape !== 'whole' || isExecuted) return undefined;
  const value = contentOf(part);
  if (!Array.isArray(value) || value.length < 2 || value.length > FANOUT) return undefined;
  const items = value as readonly Plain[];
  return { shape: 'list', count: items.length, digests: items.map((item) => plainDigest(item)) };
}

/** A state that never ends. */
export function endlessState(message: Message, liar: Liar): Message {
  const data = message as StateData;
  if (data.part === undefined) return message;
  const digests = Array.from({ length: 16 }, (_, i) => i);
  return resign({ ...data, part: { shape: 'list', count: 0x1000_0000, digests } }, liar);
}

/** A certificate far ahead that only the corrupted have signed. */
export function inventedState(message: Message, liar: Liar): Message {
  const piece = message as StateData;
  const { checkpointInterval } = liar.settings as PbftSettings;
  const sequence = piece.certificate.sequence + 4 * checkpointInterval;
  const size = strongQuorum(liar);
  const proofs = forgedQuorum(liar, { size }, [StatementType.checkpoint, 0, sequence, INVENTED]);
  return resign({ ...piece, certificate: { sequence, digest: INVENTED, proofs } }, liar);
}

/** A decision for the batch of another place, with commits that correct replicas have never sent. */
export function inventedDecision(message: Message, liar: Liar): Message {
  const decision = message as Decision;
  const { view, sequence } = decision;
  const others = liar.seen('PrePrepare') as readonly PrePrepare[];
  const requests = others.find((other) => other.sequence !== sequence && other.requests.length > 0)?.requests;
  if (requests === undefined) return message;
  const digest = batchDigest(requests);
  const commits = forgedQuorum(liar, { size: strongQuorum(liar) }, [
    StatementType.commit,
    view,
    sequence,
    digest,
  ]);
  return resign({ ...decision, digest, requests, commits }, liar);
}

/** The proofs of one decision with the batch of another. */
export function otherDecisionBatch(message: Message, liar: Liar): Message {
  const decision = message as Decision;
  return resign({ ...decision, requests: decision.requests.slice(1) }, liar);
}

export function wrongBatch(message: Message, liar: Liar): Message {
  const data = message as BatchData;
  const [first] = data.requests;
  if (first === undefined) return message;
  return resign({ ...data, requests: data.requests.length > 1 ? [first] : [first, first] }, liar);
}

// ---- clients ----

export function wrongResult(message: Message, liar: Liar): Message {
  const reply = message as Reply;
  const result = { forged: true };
  return resign({ ...reply, result, digest: hashPlain(result) }, liar);
}

/** Another answer to a read, as of a later place. */
export function wrongRead(message: Message, liar: Liar): Message {
  const reply = message as ReadReply;
  const result = { forged: true };
  return resign({ ...reply, result, digest: hashPlain(result), index: reply.index + 1 }, liar);
}

export function wrongPlaceOfReply(message: Message, liar: Liar): Message {
  const reply = message as Reply;
  return resign({ ...reply, index: reply.index + 1, view: reply.view + 1 }, liar);
}

/** What the reply says is not what its digest is of. */
export function mismatchedReply(message: Message, _liar: Liar): Message {
  return { ...(message as Reply), result: { forged: true } } as Message;
}

/** The same timestamp for another operation. */
export function otherOperation(message: Message, liar: Liar): Message {
  const request = message as Request;
  const { client, sequence } = request.command;
  const key = privateKey(client, 'other');
  return resign(withCommand(request, sequence, { op: 'put', key, value: `${sequence}` }), liar);
}

/** Signed for another operation, or not at all. */
export function unsignedRequest(message: Message, _liar: Liar): Message {
  const request = message as Request;
  return withCommand(request, request.command.sequence, { op: 'put', key: 'forged', value: 'forged' });
}

/** A key that no other client uses. */
export function privateKey(client: number, key: string): string {
  return `${client}~${key}`;
}

/** The client's operation on a key of its own. */
export function keepPrivate(message: Message, liar: Liar): Message {
  const request = message as Request;
  if (request.kind !== 'Request') return message;
  const { client, sequence, input } = request.command;
  const { key, ...rest } = input as { readonly key?: unknown };
  if (typeof key !== 'string') return message;
  return resign(withCommand(request, sequence, { ...rest, key: privateKey(client, key) }), liar);
}
