/** An audit as plain data and in words: what a command line prints, and what travels between threads. */

import { hex32, type Proof } from '../../../kernel/index.js';
import { StatementType, type NewView, type ViewChange } from '../../../protocols/pbft/index.js';
import { processName } from '../../names.js';
import type { Accusation } from './accuse.js';
import type { AuditReport } from './audit.js';
import { CHARGES, type Charge } from './charges.js';
import type { Commitment } from './fork.js';
import type { Testimony } from './testimony.js';

/** A signed statement: its five integers, who signed, and what the digest of a long one is of. */
export interface EvidenceRecord {
  readonly text: string;
  readonly signer: string;
  readonly type: number;
  readonly configuration: number;
  readonly view: number;
  readonly sequence: number;
  readonly digest: number;
  /** The proof, as whoever made the record writes it. */
  readonly proof: string;
  readonly content: unknown;
}

export interface CulpritRecord {
  readonly culprit: string;
  readonly charge: Charge;
  /** What it has done, in words. */
  readonly text: string;
  readonly evidence: readonly EvidenceRecord[];
}

export interface CommitmentRecord {
  readonly view: number;
  readonly digest: string;
  readonly signers: readonly string[];
}

/** How a proof is written: by default, as its own text, which says what is signed and by whom. */
export type ProofText = (proof: Proof) => string;

const OWN_TEXT: ProofText = (proof) => proof.encode();

/** {@link AuditReport} as plain data; replicas by their names. */
export interface AuditRecord {
  readonly kind: AuditReport['kind'];
  readonly fork: {
    readonly sequence: number;
    readonly first: CommitmentRecord;
    readonly second: CommitmentRecord;
  } | null;
  readonly culprits: readonly CulpritRecord[];
  readonly asked: readonly string[];
  readonly promised: number;
  readonly statements: number;
}

export function auditRecord(report: AuditReport, servers: number, proofText = OWN_TEXT): AuditRecord {
  const { kind, fork, accusations, asked, promised, statements } = report;
  const name = (process: number): string => processName(process, servers);
  return {
    kind,
    fork:
      fork === undefined
        ? null
        : {
            sequence: fork.sequence,
            first: commitmentRecord(fork.first, servers),
            second: commitmentRecord(fork.second, servers),
          },
    culprits: accusations.map((accusation) => culpritRecord(accusation, servers, proofText)),
    asked: asked.map(name),
    promised,
    statements,
  };
}

function commitmentRecord({ view, digest, signers }: Commitment, servers: number): CommitmentRecord {
  const names: string[] = [];
  for (let replica = 0; replica < servers; replica++) {
    if ((signers & (1 << replica)) !== 0) names.push(processName(replica, servers));
  }
  return { view, digest: hex32(digest), signers: names };
}

function culpritRecord(
  { culprit, charge, evidence }: Accusation,
  servers: number,
  proofText: ProofText,
): CulpritRecord {
  return {
    culprit: processName(culprit, servers),
    charge,
    text: CHARGES[charge],
    evidence: evidence.map((testimony) => evidenceRecord(testimony, servers, proofText)),
  };
}

function evidenceRecord(testimony: Testimony, servers: number, proofText: ProofText): EvidenceRecord {
  const { signer, type, configuration, view, sequence, digest, proof, content } = testimony;
  return {
    text: statementText(testimony),
    signer: processName(signer, servers),
    type,
    configuration,
    view,
    sequence,
    digest,
    proof: proofText(proof),
    content: content === undefined ? null : contentRecord(content),
  };
}

const NAMES: ReadonlyMap<number, string> = new Map([
  [StatementType.prePrepare, 'PRE-PREPARE'],
  [StatementType.prepare, 'PREPARE'],
  [StatementType.commit, 'COMMIT'],
]);

/** E.g. `COMMIT of batch 3 in view 1: 0a1b2c3d`. */
export function statementText({ type, view, sequence, digest, content }: Testimony): string {
  if (content?.kind === 'ViewChange') return viewChangeText(content);
  if (content?.kind === 'NewView') {
    const by = content.viewChanges.map(({ proof }) => `n${proof.signer + 1}`).join(' ');
    const choices = content.choices.map((choice) => `${choice.sequence}=${hex32(choice.digest)}`).join(' ');
    return `NEW-VIEW of view ${view} by the view changes of ${by}: ${choices === '' ? 'nothing' : choices}`;
  }
  return `${NAMES.get(type) ?? 'statement'} of batch ${sequence} in view ${view}: ${hex32(digest)}`;
}

function viewChangeText({ view, stable, prepared }: ViewChange): string {
  const places = prepared.map(
    (certificate) => `${certificate.sequence}=${hex32(certificate.digest)} (view ${certificate.view})`,
  );
  const what = places.length === 0 ? 'nothing prepared' : `prepared ${places.join(', ')}`;
  return `VIEW-CHANGE for view ${view} from checkpoint ${stable.sequence}: ${what}`;
}

/** All that the content's digest is of: of proofs within, their signers. */
function contentRecord(content: ViewChange | NewView): unknown {
  if (content.kind === 'NewView') {
    return {
      kind: content.kind,
      view: content.view,
      viewChanges: content.viewChanges.map((message) => ({
        signer: message.proof.signer,
        ...(contentRecord(message) as object),
      })),
      choices: content.choices.map(({ sequence, digest, proof }) => ({
        sequence,
        digest,
        signer: proof.signer,
      })),
    };
  }
  const { kind, view, stable, prepared } = content;
  return {
    kind,
    view,
    stable: { ...stable, proofs: undefined, signers: stable.proofs.map(({ signer }) => signer) },
    prepared: prepared.map(({ prePrepare, prepares, ...place }) => ({
      ...place,
      primary: prePrepare.signer,
      signers: prepares.map(({ signer }) => signer),
    })),
  };
}
