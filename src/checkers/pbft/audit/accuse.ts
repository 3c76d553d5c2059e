/** Searches signed statements for what convicts their signers, and checks again what somebody else has found. */

import type { ProcessId } from '../../../kernel/index.js';
import { StatementType, newViewDigest, viewChangeDigest } from '../../../protocols/pbft/index.js';
import type { Notary } from './archive.js';
import { configurationIn, type AuditTerms } from './chain.js';
import { CHARGES, chargeOfOne, chargeOfTwo, isVote, type Charge } from './charges.js';
import { statementOf, type Testimony } from './testimony.js';

/** A culprit with its proof: one statement that is wrong by itself, or two that do not go together. */
export interface Accusation {
  readonly culprit: ProcessId;
  readonly charge: Charge;
  readonly evidence: readonly Testimony[];
}

const ORDER = Object.keys(CHARGES) as Charge[];

/** The plainest accusation against each signer that has one, by signer. */
export function accuse(testimonies: readonly Testimony[], terms: AuditTerms): Accusation[] {
  const bySigner = new Map<ProcessId, Testimony[]>();
  for (const testimony of testimonies) {
    if (configurationIn(terms, testimony.view)?.members.includes(testimony.signer) !== true) continue;
    const own = bySigner.get(testimony.signer);
    if (own === undefined) bySigner.set(testimony.signer, [testimony]);
    else own.push(testimony);
  }
  return [...bySigner.keys()]
    .sort((a, b) => a - b)
    .flatMap((signer) => plainest(accusationsOf(bySigner.get(signer) ?? [], terms)));
}

function plainest(accusations: readonly Accusation[]): Accusation[] {
  const rank = ({ charge }: Accusation): number => ORDER.indexOf(charge);
  const [first] = accusations.slice().sort((a, b) => rank(a) - rank(b));
  return first === undefined ? [] : [first];
}

/** All against one signer. Only statements that can go against each other are compared. */
function accusationsOf(own: readonly Testimony[], terms: AuditTerms): Accusation[] {
  const found: Accusation[] = [];
  for (const testimony of own) {
    const charge = chargeOfOne(testimony, terms);
    if (charge !== undefined) found.push({ culprit: testimony.signer, charge, evidence: [testimony] });
  }
  const groups = new Map<string, Testimony[]>();
  for (const testimony of own) {
    const key = groupOf(testimony);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [testimony]);
    else {
      compare(group[0] as Testimony, testimony, found);
      group.push(testimony);
    }
  }
  const viewChanges = own.filter(({ type }) => type === StatementType.viewChange);
  for (const commit of own) {
    if (commit.type !== StatementType.commit) continue;
    for (const viewChange of viewChanges) compare(commit, viewChange, found);
  }
  return found;
}

/** Two of a group with different digests are one too many: then one of them differs from the first. */
function groupOf(testimony: Testimony): string {
  const { type, view, sequence } = testimony;
  return isVote(testimony) ? `vote ${view} ${sequence}` : `${type} ${view}`;
}

function compare(a: Testimony, b: Testimony, found: Accusation[]): void {
  const charge = chargeOfTwo(a, b);
  if (charge !== undefined) found.push({ culprit: a.signer, charge, evidence: [a, b] });
}

/**
 * True when the evidence alone convicts: each statement is signed by the culprit and is of the content that comes
 * with it, and a correct replica does not sign them. Needs nothing but the evidence, the size of the cluster, and
 * what verifies signatures.
 */
export function isProved(accusation: Accusation, terms: AuditTerms, notary: Notary): boolean {
  const { culprit, charge, evidence } = accusation;
  const areSigned = evidence.every(
    (testimony) => testimony.signer === culprit && isSigned(testimony, notary),
  );
  const [a, b] = evidence;
  if (!areSigned || a === undefined || evidence.length > 2) return false;
  return charge === (b === undefined ? chargeOfOne(a, terms) : chargeOfTwo(a, b));
}

function isSigned(testimony: Testimony, { authenticator }: Notary): boolean {
  const { signer, type, proof, digest, content, sequence, view } = testimony;
  if (!authenticator.verifySignature(signer, statementOf(testimony), proof)) return false;
  if (type !== StatementType.viewChange && type !== StatementType.newView) return true;
  if (content === undefined || content.view !== view) return false;
  if (content.kind === 'NewView') return type === StatementType.newView && newViewDigest(content) === digest;
  return (
    type === StatementType.viewChange &&
    viewChangeDigest(content) === digest &&
    content.stable.sequence === sequence
  );
}
