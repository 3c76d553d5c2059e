/**
 * Who took part when, as an auditor can know it: the first configuration is given, and every later one is proved by the
 * links that replicas have passed on.
 *
 * More than f faulty replicas can end a configuration at two places. The operator signs one request for each number, so
 * the members that follow are the same, and only where they begin differs: the auditor takes the later place, so that
 * nothing which one branch executed is left out.
 */

import type { Authenticator, Message, ProcessId } from '../../../kernel/index.js';
import type { Configuration } from '../../../protocols/pbft/index.js';
import {
  configurationOf,
  followLink,
  isHandover,
  VIEWS,
  type Link,
  type Proofs,
  type Sequence,
  type View,
} from '../../../protocols/pbft/index.js';
import { quorumSizes, type QuorumSizes } from '../quorum.js';

export interface AuditedConfiguration {
  readonly number: number;
  /** In the order of their numbers. */
  readonly members: readonly ProcessId[];
  readonly quorum: QuorumSizes;
  /** It decides the places after this one. */
  readonly begunAfter: Sequence;
}

/** What an auditor must know of the cluster. */
export interface AuditTerms {
  /** Of the first configuration: the first processes. */
  readonly quorum: QuorumSizes;
  /** Those that followed, in order. */
  readonly later?: readonly AuditedConfiguration[];
  /** How replicas prove what they say; undefined: the transcripts show it. */
  readonly proofs?: Proofs;
}

/** The configuration that the view is one of; undefined: the auditor knows of none. */
export function configurationIn(terms: AuditTerms, view: View): AuditedConfiguration | undefined {
  const number = configurationOf(view);
  return number > 0 ? terms.later?.[number - 1] : firstOf(terms);
}

const firsts = new WeakMap<AuditTerms, AuditedConfiguration>();

function firstOf(terms: AuditTerms): AuditedConfiguration {
  const known = firsts.get(terms);
  if (known !== undefined) return known;
  const { quorum } = terms;
  const members = Array.from({ length: quorum.n }, (_, process) => process);
  const first = { number: 0, members, quorum, begunAfter: 0 };
  firsts.set(terms, first);
  return first;
}

export function primaryIn({ members }: AuditedConfiguration, view: View): ProcessId {
  return members[(view % VIEWS) % members.length] as ProcessId;
}

/** True for what the configuration has decided where it is in force; elsewhere it is executed by nobody. */
export function isInForce({ later }: AuditTerms, number: number, sequence: Sequence): boolean {
  const next = later?.[number];
  return next === undefined || sequence <= next.begunAfter;
}

/** The configurations after the first that these messages prove. */
export function chainOf(
  messages: Iterable<Message>,
  first: Configuration,
  operator: ProcessId,
  authenticator: Pick<Authenticator, 'verifySignature'>,
): AuditedConfiguration[] {
  const links = new Map<number, Set<Link>>();
  for (const message of messages) {
    if (!isHandover(message)) continue;
    for (const link of message.links) keep(links, link);
  }
  const chain: AuditedConfiguration[] = [];
  for (let previous = first; ;) {
    const candidates = [...(links.get(previous.number + 1) ?? [])];
    const proved = candidates.filter((link) => followLink(link, previous, operator, authenticator));
    const [last] = proved.sort((a, b) => b.boundary.sequence - a.boundary.sequence);
    const next = last && followLink(last, previous, operator, authenticator);
    if (next === undefined) return chain;
    const quorum = quorumSizes(next.members.length, next.quorum.f);
    const begunAfter = (last as Link).boundary.sequence;
    chain.push({ number: next.number, members: next.processes, quorum, begunAfter });
    previous = next;
  }
}

function keep(links: Map<number, Set<Link>>, link: Link): void {
  const { sequence: number } = link.request.command;
  const known = links.get(number);
  if (known === undefined) links.set(number, new Set([link]));
  else known.add(link);
}
