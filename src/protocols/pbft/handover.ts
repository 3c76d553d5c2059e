/**
 * How configurations follow one another, provably. A *link* is the operator's signed request for configuration c + 1
 * with the stable checkpoint at which c ended: a quorum of c says in one certificate that the state up to there is
 * agreed on and that c + 1 takes over. From the first configuration, which everybody is given, a chain of links leads
 * to the one in force; who knows the operator's key and the chain can check every later certificate.
 *
 * The request is a capability for one step: its sequence is the number of the configuration that it asks for, so it
 * can be used once, after c and at no other time. The operator signs no two requests of one number.
 *
 * Source: the paper leaves changes of the group open (Castro and Liskov, TOCS 2002, §9); that a replacement starts
 * only when what it replaces has stopped at a known place is Lamport, Malkhi and Zhou, "Reconfiguring a State
 * Machine", SIGACT News 2010, §4 (stoppable state machines).
 */

import {
  MEMBER_GENERATION,
  type Authenticator,
  type Message,
  type Plain,
  type ProcessId,
  type Proof,
} from '../../kernel/index.js';
import { Configuration } from './configuration.js';
import { StatementType, type Request, type StableCertificate } from './messages.js';
import { MOST_REPLICAS } from './quorum.js';
import { areAll, hasFields, isRecord, isRequest } from './validate.js';

/** What the operator's request asks for. */
export interface Change {
  readonly do: 'configuration';
  /** Member ids, one per process, in the order of the processes: so certificates name signers in one order. */
  readonly members: readonly number[];
  readonly faulty: number;
}

export interface Link {
  readonly request: Request;
  readonly boundary: StableCertificate;
}

/** Asks for the links after configuration `number`. Nobody needs to be believed here. */
export interface Inquiry extends Message {
  readonly kind: 'Inquiry';
  readonly number: number;
}

/** Links in order, up to the configuration that the sender acts by; they prove themselves. */
export interface Handover extends Message {
  readonly kind: 'Handover';
  readonly links: readonly Link[];
}

/** Links in one message. */
export const MOST_LINKS = 64;

/** The change that a request of the operator asks for; undefined: it asks for none that can be. */
export function changeOf(input: Plain): Change | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const { do: verb, members, faulty } = input as { readonly [key: string]: Plain };
  if (verb !== 'configuration' || !Array.isArray(members) || !isCount(faulty)) return undefined;
  if (members.length < 3 * faulty + 1 || members.length > MOST_REPLICAS) return undefined;
  let before = -1;
  for (const member of members as readonly Plain[]) {
    if (!isCount(member) || member % MEMBER_GENERATION <= before) return undefined;
    before = member % MEMBER_GENERATION;
  }
  return input as unknown as Change;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The configuration that the link leads to from `previous`; undefined unless all of it is proved. */
export function followLink(
  { request, boundary }: Link,
  previous: Configuration,
  operator: ProcessId,
  authenticator: Pick<Authenticator, 'verifySignature'>,
): Configuration | undefined {
  const { client, sequence, hash, input } = request.command;
  const number = previous.number + 1;
  const change = changeOf(input);
  if (client !== operator || sequence !== number || change === undefined) return undefined;
  const asked = { type: StatementType.request, configuration: 0, view: 0, sequence, digest: hash };
  if (!authenticator.verifySignature(operator, asked, request.proof)) return undefined;
  if (boundary.handover !== number || !isCertificateOf(previous, boundary, authenticator)) return undefined;
  return new Configuration(number, change.members, change.faulty);
}

/** True when a quorum of this configuration has said so, and everybody can tell: a MAC would convince nobody else. */
export function isCertificateOf(
  configuration: Configuration,
  { sequence, digest, handover = 0, proofs }: StableCertificate,
  authenticator: Pick<Authenticator, 'verifySignature'>,
): boolean {
  const { number, quorum } = configuration;
  if (proofs.length < quorum.strong) return false;
  const statement = {
    type: StatementType.checkpoint,
    configuration: number,
    view: handover,
    sequence,
    digest,
  };
  let signers = 0;
  for (const proof of proofs) {
    const rank = configuration.rankOf(proof.signer);
    if (rank < 0 || (signers & (1 << rank)) !== 0) return false;
    if (!authenticator.verifySignature(proof.signer, statement, proof)) return false;
    signers |= 1 << rank;
  }
  return true;
}

export function isInquiry(message: Message): message is Inquiry {
  return isObject(message) && message.kind === 'Inquiry' && isCount((message as Partial<Inquiry>).number);
}

/** True for the form of a handover; whether it proves anything, {@link followLink} tells. */
export function isHandover(message: Message): message is Handover {
  if (!isObject(message)) return false;
  const { kind, links } = message as Partial<Handover>;
  if (kind !== 'Handover' || !Array.isArray(links) || links.length > MOST_LINKS) return false;
  return areAll(links, isLink);
}

/** What comes from the network may be anything. */
function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function isLink(value: unknown): boolean {
  if (!isRecord(value) || !hasFields(value, 2)) return false;
  const { request, boundary } = value as { readonly request?: unknown; readonly boundary?: unknown };
  if (!isRequest(request) || !isRecord(boundary) || !hasFields(boundary, 4)) return false;
  const { sequence, digest, handover, proofs } = boundary as Partial<StableCertificate>;
  if (!isCount(sequence) || !isCount(handover) || typeof digest !== 'number') return false;
  if ((digest | 0) !== digest || !Array.isArray(proofs) || proofs.length > MOST_REPLICAS) return false;
  return areAll(proofs, isSigned) && areInOrder(proofs as readonly Proof[]);
}

/** As everywhere in certificates: who begins by a boundary shows it to others, who want its signers so. */
function areInOrder(proofs: readonly Proof[]): boolean {
  return proofs.every(({ signer }, i) => i === 0 || signer > (proofs[i - 1] as Proof).signer);
}

function isSigned(value: unknown): value is Proof {
  return typeof value === 'object' && value !== null && isCount((value as Partial<Proof>).signer);
}
