/**
 * The form of messages: anything at all may come in, and after {@link Validator.accepts} every field is there, of
 * its type and within its bounds. Never throws, and does work in proportion to what a correct message can be.
 *
 * What a message *means* is not judged here: proofs, views, membership of signers beyond their number.
 */

import { READ_MODES, commandBytes, hashCommand, type Message, type Plain } from '../../kernel/index.js';
import { STATUS_WORDS, type ReadReply, type ReadRequest, type Reply, type Request } from './messages.js';
import { FANOUT } from './plain-digest.js';
import type { PbftSettings } from './settings.js';

/** Views and sequences stay far below where arithmetic on them would not be exact. */
const MOST = 0xffff_ffff_ffff;
const MOST_PROCESSES = 65_536;
const MOST_BYTES = 0x7fff_ffff;
/** Characters of a state's text. */
const LONGEST_TEXT = 0x0400_0000;
/** Members of an object in a state; paths in one message, and parts on one. */
const MOST_NAMES = 65_536;
const MOST_PATHS = 64;
const LONGEST_PATH = 256;
/** Nesting of a command's input, and members of an object in it. */
const DEEPEST = 32;
const MOST_MEMBERS = 32_768;
/**
 * Bytes of a command. What one client may put into the state has to fit into a message of those who send it: as JSON a
 * text is up to six times as long, and beside the members of an object a service may put its own.
 */
export const LARGEST_COMMAND = 0x0080_0000;

export type Fields = Readonly<Record<string, unknown>>;

/** A word's hash is in no request's. */
const MODES: ReadonlySet<string> = new Set(READ_MODES);

/**
 * Requests whose form and content hash were found right, the latest by the last bits of their hashes: they are
 * immutable, and come by again and again.
 */
const KNOWN_REQUESTS = new Array<unknown>(1024).fill(undefined);

export class Validator {
  private readonly replicas: number;
  private readonly window: number;
  private readonly interval: number;
  private readonly batchSize: number;

  constructor(replicas: number, settings: PbftSettings) {
    this.replicas = replicas;
    this.window = settings.window;
    this.interval = settings.checkpointInterval;
    this.batchSize = settings.batchSize;
  }

  /** True for a well-formed message of a kind that a replica takes. */
  accepts(message: Message): boolean {
    if (!isRecord(message)) return false;
    switch (message['kind']) {
      case 'Prepare':
      case 'Commit':
        return isPlace(message) && isProof(message['proof']);
      case 'Request':
        return isRequest(message);
      case 'ReadRequest':
        return isReadRequest(message);
      case 'PrePrepare':
        return isPlace(message) && isProof(message['proof']) && this.isBatchOrNull(message['requests']);
      case 'Checkpoint':
        return this.isCheckpointPlace(message) && isProof(message['proof']);
      case 'ViewChange':
        return this.isViewChange(message);
      case 'NewView':
        return this.isNewView(message);
      case 'Status':
        return this.isStatus(message);
      case 'Decision':
        return (
          isPlace(message) &&
          isProof(message['proof']) &&
          this.isBatchOrNull(message['requests']) &&
          this.isProofs(message['commits'])
        );
      case 'FetchBatch':
        return isCount(message['sequence'], 1) && isDigest(message['digest']) && isProof(message['proof']);
      case 'BatchData':
        return (
          isCount(message['sequence'], 1) &&
          isDigest(message['digest']) &&
          isProof(message['proof']) &&
          this.isBatch(message['requests'])
        );
      case 'FetchState':
        return (
          isCount(message['sequence'], 1) &&
          arePaths(message['paths']) &&
          (message['isUnproved'] === undefined || message['isUnproved'] === true) &&
          isProof(message['proof'])
        );
      case 'StateData':
        return this.isStateData(message);
      default:
        return false;
    }
  }

  private isBatch(value: unknown): boolean {
    return Array.isArray(value) && value.length >= 1 && this.isBatchOrNull(value);
  }

  private isBatchOrNull(value: unknown): boolean {
    if (!Array.isArray(value) || value.length > this.batchSize) return false;
    for (let i = 0; i < value.length; i++) if (!isRequest(value[i])) return false;
    return true;
  }

  /** Proofs of distinct replicas, in their order. */
  private isProofs(value: unknown): boolean {
    if (!Array.isArray(value) || value.length > this.replicas) return false;
    let before = -1;
    for (let i = 0; i < value.length; i++) {
      const proof: unknown = value[i];
      if (!isProof(proof)) return false;
      const { signer } = proof as { readonly signer: number };
      if (signer <= before) return false;
      before = signer;
    }
    return true;
  }

  private isCheckpointPlace(value: Fields): boolean {
    const { sequence } = value;
    const { handover } = value;
    if (handover !== undefined && !isCount(handover, 1)) return false;
    return isCount(sequence, 1) && (sequence as number) % this.interval === 0 && isDigest(value['digest']);
  }

  protected isStable(value: unknown): boolean {
    // A link shows it to others, and has nothing else in it.
    if (!isRecord(value) || !hasFields(value, 'handover' in value ? 4 : 3)) return false;
    if (!this.isProofs(value['proofs'])) return false;
    if (value['sequence'] !== 0) return this.isCheckpointPlace(value);
    const { digest, handover, proofs } = value;
    return digest === 0 && handover === undefined && (proofs as unknown[]).length === 0;
  }

  private isViewChange(value: unknown): boolean {
    if (!isRecord(value) || value['kind'] !== 'ViewChange') return false;
    if (!isCount(value['view'], 1) || !isProof(value['proof']) || !this.isStable(value['stable']))
      return false;
    const { prepared } = value;
    if (!Array.isArray(prepared) || prepared.length > this.window) return false;
    const { sequence: low } = value['stable'] as { readonly sequence: number };
    let before = low;
    for (let i = 0; i < prepared.length; i++) {
      const certificate: unknown = prepared[i];
      if (!this.isPrepared(certificate, value['view'] as number)) return false;
      const { sequence } = certificate as { readonly sequence: number };
      if (sequence <= before || sequence > low + this.window) return false;
      before = sequence;
    }
    return true;
  }

  private isPrepared(value: unknown, below: number): boolean {
    return (
      isRecord(value) &&
      isPlace(value) &&
      (value['view'] as number) < below &&
      isProof(value['prePrepare']) &&
      this.isProofs(value['prepares'])
    );
  }

  private isNewView(value: Fields): boolean {
    const { viewChanges, choices } = value;
    if (!isCount(value['view'], 1) || !isProof(value['proof'])) return false;
    if (!Array.isArray(viewChanges) || viewChanges.length > this.replicas) return false;
    for (let i = 0; i < viewChanges.length; i++) if (!this.isViewChange(viewChanges[i])) return false;
    if (!Array.isArray(choices) || choices.length > this.window) return false;
    for (let i = 0; i < choices.length; i++) if (!isChoice(choices[i])) return false;
    return true;
  }

  private isStatus(value: Fields): boolean {
    const { slots } = value;
    if (!isCount(value['view'], 0) || typeof value['isActive'] !== 'boolean' || !isProof(value['proof'])) {
      return false;
    }
    if (!isCount(value['stable'], 0) || !isCount(value['executed'], 0)) return false;
    if (!isCount(value['helper'], 0, MOST_PROCESSES) || !isCount(value['viewChanges'], 0, MOST_BYTES))
      return false;
    if (!Array.isArray(slots) || slots.length > STATUS_WORDS * this.window) return false;
    if (slots.length % STATUS_WORDS !== 0) return false;
    for (let i = 0; i < slots.length; i++) if (!isCount(slots[i], 0)) return false;
    return true;
  }

  private isStateData(value: Fields): boolean {
    if (!this.isStable(value['certificate']) || !isProof(value['proof'])) return false;
    return isPath(value['path']) && (value['part'] === undefined || isStatePart(value['part']));
  }
}

function arePaths(value: unknown): boolean {
  return Array.isArray(value) && value.length <= MOST_PATHS && areAll(value, isPath);
}

function isPath(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > LONGEST_PATH) return false;
  return areAll(value, (number) => isCount(number, 0));
}

/** True for the form of a part: whether it is genuine, its digest says. */
function isStatePart(value: unknown): boolean {
  if (!isRecord(value)) return false;
  switch (value['shape']) {
    case 'whole':
      return hasFields(value, 2) && typeof value['text'] === 'string' && value['text'].length <= LONGEST_TEXT;
    case 'list':
      return (
        hasFields(value, 3) && isCount(value['count'], 0, MOST_BYTES) && areDigests(value['digests'], FANOUT)
      );
    case 'group':
      return hasFields(value, 2) && areDigests(value['digests'], FANOUT);
    case 'object':
      return hasFields(value, 3) && areNames(value['names']) && areDigests(value['digests'], MOST_NAMES);
    case 'state':
      return hasFields(value, 2) && isPlain(value['members'], DEEPEST);
    case 'gone':
      return hasFields(value, 1);
    default:
      return false;
  }
}

/** True when it has no more than so many: what nobody looks at may be of any size, and is hashed all the same. */
export function hasFields(value: Fields, most: number): boolean {
  return Object.keys(value).length <= most;
}

function areDigests(value: unknown, most: number): boolean {
  return Array.isArray(value) && value.length <= most && areAll(value, isDigest);
}

function areNames(value: unknown): boolean {
  return (
    Array.isArray(value) && value.length <= MOST_NAMES && areAll(value, (name) => typeof name === 'string')
  );
}

/** Unlike `every`, it asks about holes too. */
export function areAll(list: readonly unknown[], test: (item: unknown) => boolean): boolean {
  for (let i = 0; i < list.length; i++) if (!test(list[i])) return false;
  return true;
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

export function isCount(value: unknown, least: number, most = MOST): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

export function isDigest(value: unknown): boolean {
  return typeof value === 'number' && (value | 0) === value;
}

export function isPlace(value: Fields): boolean {
  return isCount(value['view'], 0) && isCount(value['sequence'], 1) && isDigest(value['digest']);
}

export function isChoice(value: unknown): boolean {
  return (
    isRecord(value) && isCount(value['sequence'], 1) && isDigest(value['digest']) && isProof(value['proof'])
  );
}

/** Something with a signer: whether it proves anything, the authenticator says. */
export function isProof(value: unknown): boolean {
  return isRecord(value) && isCount(value['signer'], 0, MOST_PROCESSES);
}

/** A request whose hash and size are those of what it says, and with nothing else in it. */
export function isRequest(value: unknown): value is Request {
  if (!isRecord(value)) return false;
  const command = value['command'];
  if (!isRecord(command) || typeof command['hash'] !== 'number') return false;
  const place = command['hash'] & (KNOWN_REQUESTS.length - 1);
  if (KNOWN_REQUESTS[place] === value) return true;
  if (value['kind'] !== 'Request' || !hasFields(value, 3)) return false;
  if (!isProof(value['proof']) || !isCommand(command)) return false;
  KNOWN_REQUESTS[place] = value;
  return true;
}

export function isReadRequest(value: unknown): value is ReadRequest {
  if (!isRecord(value) || value['kind'] !== 'ReadRequest') return false;
  return hasFields(value, 3) && isProof(value['proof']) && isCommand(value['command']);
}

/** The size is in no hash: a sender that could choose it would fill the disks of those who believe it. */
function isCommand(command: unknown): boolean {
  if (!isRecord(command) || !hasFields(command, 6)) return false;
  if (!isCount(command['client'], 0, MOST_PROCESSES) || !isCount(command['sequence'], 1)) return false;
  const { read, input } = command;
  if ((read !== undefined && !MODES.has(read as string)) || !isInput(input)) return false;
  const known = command as unknown as Request['command'];
  if (known.bytes !== commandBytes(known.input) || known.bytes > LARGEST_COMMAND) return false;
  return known.hash === hashCommand(known.client, known.sequence, known.input);
}

/** Plain data, nested no deeper than this; its objects may have members that are undefined. */
export function isPlain(value: unknown, deepest: number): value is Plain {
  return isMadeOf(value, deepest, true, Infinity);
}

/** The same for an input: without members that are undefined, of which no hash tells, and not too many. */
function isInput(value: unknown): value is Plain {
  return isMadeOf(value, DEEPEST, false, MOST_MEMBERS);
}

/** `mayLack`: members may be undefined. `most`: members of an object. */
function isMadeOf(value: unknown, deepest: number, mayLack: boolean, most: number): value is Plain {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || deepest === 0) return false;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isMadeOf(value[i], deepest - 1, mayLack, most)) return false;
    return true;
  }
  const members = value as Fields;
  const keys = Object.keys(members);
  if (keys.length > most) return false;
  for (let i = 0; i < keys.length; i++) {
    const member = members[keys[i] as string];
    if (member === undefined ? !mayLack : !isMadeOf(member, deepest - 1, mayLack, most)) return false;
  }
  return true;
}

/** True for a well-formed reply: what a client takes. */
export function isReply(value: unknown): value is Reply {
  return (
    isRecord(value) &&
    value['kind'] === 'Reply' &&
    isCount(value['view'], 0) &&
    isCount(value['sequence'], 1) &&
    isDigest(value['digest']) &&
    isCount(value['index'], 0) &&
    typeof value['isTentative'] === 'boolean' &&
    isProof(value['proof']) &&
    isPlain(value['result'], DEEPEST)
  );
}

/** The same for the answer to a read. */
export function isReadReply(value: unknown): value is ReadReply {
  return (
    isRecord(value) &&
    value['kind'] === 'ReadReply' &&
    isCount(value['sequence'], 1) &&
    isDigest(value['digest']) &&
    isCount(value['index'], 0) &&
    isProof(value['proof']) &&
    isPlain(value['result'], DEEPEST)
  );
}
