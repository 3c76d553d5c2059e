/**
 * What replicas have signed, taken out of the messages in which it came: each signed statement by itself, also those
 * inside certificates, view changes and new views. Pure; whether a signature is right, {@link Archive} asks.
 */

import type { Message, ProcessId, Proof, Statement } from '../../../kernel/index.js';
import {
  StatementType,
  configurationOf,
  newViewDigest,
  viewChangeDigest,
  type NewView,
  type PbftMessage,
  type PreparedCertificate,
  type ViewChange,
} from '../../../protocols/pbft/index.js';

/** One signed statement. */
export interface Testimony extends Statement {
  readonly signer: ProcessId;
  readonly proof: Proof;
  /** What the digest of a view change or new view is of; undefined for statements that say all by themselves. */
  readonly content: ViewChange | NewView | undefined;
}

/** Every signed statement of agreement and view changes that a well-formed message holds; unverified. */
export function testimoniesOf(message: Message): Testimony[] {
  const pbft = message as PbftMessage;
  switch (pbft.kind) {
    case 'PrePrepare':
      return [vote(StatementType.prePrepare, pbft, pbft.proof)];
    case 'Prepare':
      return [vote(StatementType.prepare, pbft, pbft.proof)];
    case 'Commit':
      return [vote(StatementType.commit, pbft, pbft.proof)];
    case 'Decision':
      return pbft.commits.map((proof) => vote(StatementType.commit, pbft, proof));
    case 'ViewChange':
      return ofViewChange(pbft);
    case 'NewView':
      return ofNewView(pbft);
    default:
      return [];
  }
}

function ofViewChange(message: ViewChange): Testimony[] {
  const { view, stable, proof } = message;
  const { sequence } = stable;
  const digest = viewChangeDigest(message);
  return [
    testimony(StatementType.viewChange, view, sequence, digest, proof, message),
    ...message.prepared.flatMap(ofPrepared),
  ];
}

function ofPrepared(certificate: PreparedCertificate): Testimony[] {
  return [
    vote(StatementType.prePrepare, certificate, certificate.prePrepare),
    ...certificate.prepares.map((proof) => vote(StatementType.prepare, certificate, proof)),
  ];
}

function ofNewView(message: NewView): Testimony[] {
  const { view, viewChanges, choices, proof } = message;
  return [
    testimony(StatementType.newView, view, 0, newViewDigest(message), proof, message),
    ...viewChanges.flatMap(ofViewChange),
    ...choices.map((choice) => vote(StatementType.prePrepare, { ...choice, view }, choice.proof)),
  ];
}

interface Place {
  readonly view: number;
  readonly sequence: number;
  readonly digest: number;
}

function vote(type: number, { view, sequence, digest }: Place, proof: Proof): Testimony {
  return testimony(type, view, sequence, digest, proof, undefined);
}

function testimony(
  type: number,
  view: number,
  sequence: number,
  digest: number,
  proof: Proof,
  content: Testimony['content'],
): Testimony {
  const { signer } = proof;
  return { type, configuration: configurationOf(view), view, sequence, digest, signer, proof, content };
}

/** The statement alone. */
export function statementOf({ type, configuration, view, sequence, digest }: Testimony): Statement {
  return { type, configuration, view, sequence, digest };
}
