/**
 * What a correct replica never signs, however many others are faulty: one statement that is wrong by itself, or two
 * that do not go together. Nothing else is guilt. Above all, votes for different digests in *different* views are
 * none: a view change may have let go of the first (Sheng et al., "BFT Protocol Forensics", CCS 2021, show that such
 * votes convict only together with the new view between them).
 *
 * Only what a signature covers is held against its signer. Of proofs inside a view change or new view, that is who
 * signed, not the bytes: whoever passes the message on could have put others there.
 *
 * A correct replica keeps its promises across restarts. One that has lost its disk and goes on may be charged: it is
 * faulty, though not by intent.
 */

import type { Proof } from '../../../kernel/index.js';
import {
  StatementType,
  VIEWS,
  configurationOf,
  obligationsOf,
  sizeOf,
  type NewView,
  type PreparedCertificate,
  type StableCertificate,
  type ViewChange,
} from '../../../protocols/pbft/index.js';
import { configurationIn, primaryIn, type AuditedConfiguration, type AuditTerms } from './chain.js';
import type { Testimony } from './testimony.js';

/** Kinds of guilt, from the plainest on. */
export const CHARGES = {
  'two-votes': 'signed votes for two digests of one batch in one view',
  'omitted-certificate': 'committed a batch, and left its prepared certificate out of a later view change',
  'two-view-changes': 'signed two view changes for one view',
  'two-new-views': 'began one view in two ways',
  'unfounded-new-view':
    'began a view with other choices than follow from its view changes, or with too few of them',
  'short-certificate': 'signed a view change with a certificate that too few replicas have signed',
  'not-the-primary': 'signed a pre-prepare or a new view of a view whose primary it is not',
  'primary-prepared': 'signed a prepare as the primary of the view',
} as const;
export type Charge = keyof typeof CHARGES;

export function isVote({ type }: Testimony): boolean {
  return type === StatementType.prePrepare || type === StatementType.prepare || type === StatementType.commit;
}

/** Of a statement by itself. */
export function chargeOfOne(testimony: Testimony, terms: AuditTerms): Charge | undefined {
  const { type, signer, view, content } = testimony;
  const configuration = configurationIn(terms, view);
  if (configuration === undefined) return undefined;
  const isPrimary = primaryIn(configuration, view) === signer;
  switch (type) {
    case StatementType.prePrepare:
      return isPrimary ? undefined : 'not-the-primary';
    case StatementType.prepare:
      return isPrimary ? 'primary-prepared' : undefined;
    case StatementType.viewChange:
      return hasShortCertificate(content as ViewChange, configuration, terms)
        ? 'short-certificate'
        : undefined;
    case StatementType.newView:
      if (!isPrimary) return 'not-the-primary';
      return isUnfounded(content as NewView, configuration, terms) ? 'unfounded-new-view' : undefined;
    default:
      return undefined;
  }
}

/** Of two statements of one signer, in either order. */
export function chargeOfTwo(a: Testimony, b: Testimony): Charge | undefined {
  if (a.signer !== b.signer || a.configuration !== b.configuration) return undefined;
  if (a.type === StatementType.commit && b.type === StatementType.viewChange) return chargeOfOmission(a, b);
  if (b.type === StatementType.commit && a.type === StatementType.viewChange) return chargeOfOmission(b, a);
  if (a.view !== b.view || a.digest === b.digest) return undefined;
  if (isVote(a) && isVote(b)) return a.sequence === b.sequence ? 'two-votes' : undefined;
  if (a.type !== b.type) return undefined;
  if (a.type === StatementType.viewChange) return 'two-view-changes';
  return a.type === StatementType.newView ? 'two-new-views' : undefined;
}

/**
 * Who commits a batch is prepared, and takes the certificate into every later view change until a stable checkpoint
 * covers it. A certificate of a later view may have taken its place; one of the same view is of the same digest.
 */
function chargeOfOmission(commit: Testimony, viewChange: Testimony): Charge | undefined {
  const { view, stable, prepared } = viewChange.content as ViewChange;
  if (view <= commit.view || stable.sequence >= commit.sequence) return undefined;
  const kept = prepared.find(({ sequence }) => sequence === commit.sequence);
  if (kept === undefined || kept.view < commit.view) return 'omitted-certificate';
  return kept.view === commit.view && kept.digest !== commit.digest ? 'omitted-certificate' : undefined;
}

/** A correct replica holds only whole certificates. */
function hasShortCertificate(
  { stable, prepared }: ViewChange,
  configuration: AuditedConfiguration,
  terms: AuditTerms,
): boolean {
  return (
    isShortStable(stable, configuration, terms) ||
    prepared.some((certificate) => isShortPrepared(certificate, configuration))
  );
}

/** What a configuration begins with, the one before has signed. */
function isShortStable(
  { sequence, handover, proofs }: StableCertificate,
  configuration: AuditedConfiguration,
  terms: AuditTerms,
): boolean {
  const { number } = configuration;
  const isBeginning = number > 0 && handover === number;
  const by = isBeginning ? configurationIn(terms, (number - 1) * VIEWS) : configuration;
  if (by === undefined) return false;
  return sequence > 0 && sizeOf(signersOf(proofs, by)) < by.quorum.strong;
}

function isShortPrepared(
  { view, prePrepare, prepares }: PreparedCertificate,
  configuration: AuditedConfiguration,
): boolean {
  if (configurationOf(view) !== configuration.number) return true;
  const primary = primaryIn(configuration, view);
  const backups = signersOf(prepares, configuration) & ~(1 << primary);
  return prePrepare.signer !== primary || sizeOf(backups) < configuration.quorum.strong - 1;
}

/** A correct primary rests its view on view changes of a quorum, all of them valid, and says what follows. */
function isUnfounded(
  { view, viewChanges, choices }: NewView,
  configuration: AuditedConfiguration,
  terms: AuditTerms,
): boolean {
  const counted = viewChanges.filter(
    (message) => message.view === view && !hasShortCertificate(message, configuration, terms),
  );
  const signers = signersOf(
    counted.map(({ proof }) => proof),
    configuration,
  );
  if (sizeOf(signers) < configuration.quorum.strong || counted.length < viewChanges.length) return true;
  const { places } = obligationsOf(viewChanges);
  if (places.length !== choices.length) return true;
  return places.some(
    ({ sequence, digest }, i) => choices[i]?.sequence !== sequence || choices[i].digest !== digest,
  );
}

/** The set of those signers that are members. */
function signersOf(proofs: readonly Proof[], { members }: AuditedConfiguration): number {
  let signers = 0;
  for (const { signer } of proofs) if (members.includes(signer)) signers |= 1 << signer;
  return signers;
}
