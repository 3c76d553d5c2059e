/** Every certificate is the word of enough distinct replicas. */

import type { ProcessId, Proof } from '../../kernel/index.js';
import {
  sizeOf,
  type Decision,
  type MacNewView,
  type NewView,
  type PreparedCertificate,
  type Sequence,
  type StableCertificate,
  type StateData,
  type View,
  type ViewChange,
} from '../../protocols/pbft/index.js';
import type { KnownConfiguration } from './configurations.js';
import { digestOf } from './disk-ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import { Said, type Ballot } from './places.js';

export const CERTIFICATES = pbftSafety(
  'certificates',
  'Every certificate that a replica holds or sends is the word of a quorum of distinct replicas.',
  'Of each prepared, commit and stable certificate that a replica has made durable or sent (in a VIEW-CHANGE, NEW-VIEW, DECISION or STATE-DATA), and of the VIEW-CHANGEs of a NEW-VIEW: the signers are distinct members of the configuration in force there, at least q of them (a prepared certificate has the primary and q - 1 others), and each correct one has said exactly that: the same view, sequence and digest (before the holder could know of it: sent it, or, for its own word, written it down). A NEW-VIEW is the word of the primary of its view. What is behind all stable checkpoints is only counted. A STATE-DATA with a part of a state and no proof at all tells of one that is not known to be stable: a correct replica has said its CHECKPOINT. Judged when one becomes durable and when one is sent. With MACs a certificate is the local quorum of received messages, and none is sent: of a DECISION, at least q - f correct replicas have sent a COMMIT of its batch (or are its sender, and prepared) in one view, which need not be the one that it names, and of a stable checkpoint known by the word of f + 1, a correct replica has said so.',
  '§4.2 to §4.4',
);

/** No replica. */
const NOBODY = -1;

export class Certificates extends PbftChecker {
  override readonly info = CERTIFICATES;

  /** `process` holds or sends it: of its own word this is the first that others hear. */
  onPrepared(process: ProcessId, certificate: PreparedCertificate): void {
    const { view, sequence, digest, prePrepare, prepares } = certificate;
    const { places } = this.ghost;
    const configuration = this.ghost.configurations.ofView(view);
    const { quorum } = configuration;
    const primary = this.ghost.primaryOf(view);
    const backups = this.signersOf(prepares, configuration);
    const isWhole = prePrepare.signer === primary && (backups & (1 << primary)) === 0;
    if (backups === NOBODY || !isWhole || sizeOf(backups) < quorum.strong - 1) {
      this.short(process, 'prepared certificate', this.place(view, sequence), prepares, quorum.strong - 1);
      return;
    }
    const ballot = places.at(sequence)?.ballot(view, digest);
    if (ballot === undefined) return;
    if (process === primary) ballot.write(Said.prePrepare, process);
    else if ((backups & (1 << process)) !== 0) ballot.write(Said.prepare, process);
    this.judgeWords(process, ballot, Said.prePrepare, 1 << primary, sequence);
    this.judgeWords(process, ballot, Said.prepare, backups, sequence);
  }

  onDecision(process: ProcessId, { view, sequence, digest, commits }: Decision): void {
    const { places } = this.ghost;
    if (this.ghost.proofs === 'macs') {
      this.onDecisionClaimed(process, view, sequence, digest);
      return;
    }
    const configuration = this.ghost.configurations.ofView(view);
    const { quorum } = configuration;
    const signers = this.signersOf(commits, configuration);
    if (signers === NOBODY || sizeOf(signers) < quorum.strong) {
      this.short(process, 'commit certificate', this.place(view, sequence), commits, quorum.strong);
      return;
    }
    const ballot = places.at(sequence)?.ballot(view, digest);
    if (ballot === undefined) return;
    if ((signers & (1 << process)) !== 0) ballot.add(Said.commit, process);
    this.judgeWords(process, ballot, Said.commit, signers, sequence);
  }

  /** With MACs the sender shows no certificate; then a quorum has committed. */
  private onDecisionClaimed(process: ProcessId, view: View, sequence: Sequence, digest: number): void {
    const place = this.ghost.places.at(sequence);
    if (place === undefined) return;
    const ballot = place.find(view, digest);
    const committed = ballot === undefined ? 0 : this.ghost.heardOf(committedIn(ballot, process));
    if (this.ghost.isCorrectPart(committed, view)) return;
    // The sender may know of it by the word of others, who have come to it in different views.
    const inItsView = (other: Ballot): number => committedIn(other, process);
    if (this.ghost.isAgreedInSomeView(place, digest, inItsView)) return;
    this.violate(
      `${this.ghost.name(process)} says that ${this.place(view, sequence)} is decided, of which ${sizeOf(committed)} ` +
        `correct replicas have sent a COMMIT; ${this.ghost.quorumOf(view).correct} are needed`,
    );
  }

  /** Without proofs, a part of a state tells of that state and no more. */
  onState(process: ProcessId, { certificate, part }: StateData): void {
    const isOfState = part !== undefined && part.shape !== 'gone';
    if (isOfState && certificate.proofs.length === 0) this.onStateClaimed(process, certificate);
    else this.onStable(process, certificate);
  }

  /**
   * A state without a certificate is believed by the word of f + 1, with MACs also that it is stable; then a correct one
   * has said so.
   */
  private onStateClaimed(process: ProcessId, { sequence, digest }: StableCertificate): void {
    const { checkpoints } = this.ghost;
    if (sequence <= checkpoints.floor) return;
    const known = checkpoints.find(sequence);
    if (known?.digest === digest && known.said !== 0) return;
    this.violate(
      `${this.ghost.name(process)} takes the state of batch ${sequence} with digest ${digest} for right, which no ` +
        `correct replica has said`,
    );
  }

  onStable(process: ProcessId, certificate: StableCertificate): void {
    const { sequence, digest, proofs } = certificate;
    if (sequence === 0) return;
    if (this.ghost.proofs === 'macs' && proofs.length === 0) {
      this.onStateClaimed(process, certificate);
      return;
    }
    const { checkpoints } = this.ghost;
    const configuration = this.ghost.configurations.inForce(sequence);
    const { quorum } = configuration;
    const signers = this.signersOf(proofs, configuration);
    if (signers === NOBODY || sizeOf(signers) < quorum.strong) {
      this.short(process, 'stable certificate', `batch ${sequence}`, proofs, quorum.strong);
      return;
    }
    if (sequence <= checkpoints.floor) return;
    if ((signers & (1 << process)) !== 0) checkpoints.said(process, sequence, digest);
    const known = checkpoints.find(sequence);
    const said = known?.digest === digest ? known.said : 0;
    this.judgeMissing(process, this.correctOf(signers) & ~said, `a CHECKPOINT of batch ${sequence}`);
  }

  onViewChange(process: ProcessId, { stable, prepared }: ViewChange): void {
    this.onStable(process, stable);
    for (let i = 0; i < prepared.length; i++) this.onPrepared(process, prepared[i] as PreparedCertificate);
  }

  onNewView(process: ProcessId, { view, viewChanges, proof }: NewView | MacNewView): void {
    if (proof.signer !== this.ghost.primaryOf(view)) {
      this.violate(
        `${this.ghost.name(process)} takes view ${view} for begun by ${this.ghost.name(proof.signer)}, not its primary`,
      );
      return;
    }
    const configuration = this.ghost.configurations.ofView(view);
    let signers = 0;
    for (const message of viewChanges) {
      const { signer } = message.proof;
      const bit = 1 << signer;
      if (!configuration.members.includes(signer) || (signers & bit) !== 0 || message.view !== view) {
        this.violate(
          `${this.ghost.name(process)} rests view ${view} on a VIEW-CHANGE of ${this.ghost.name(signer)} for view ` +
            `${message.view} that does not count, or counts twice`,
        );
        return;
      }
      signers |= bit;
      // A correct sender's certificates were judged when it sent them.
      const sender = this.ghost.replica(signer);
      if (sender === undefined || this.ghost.hasBeenFaulty(signer)) {
        if (message.kind === 'ViewChange') this.onViewChange(NOBODY, message);
      } else if (signer === process && sender.disk.hasViewChange(message)) {
        continue;
      } else if (!sender.viewChanges.mayHaveSaid(view, digestOf(message))) {
        this.judgeMissing(process, bit, `a VIEW-CHANGE for view ${view}`);
      }
    }
    const { strong } = configuration.quorum;
    if (sizeOf(signers) >= strong) return;
    this.violate(
      `${this.ghost.name(process)} rests view ${view} on ${sizeOf(signers)} VIEW-CHANGEs; ${strong} are needed`,
    );
  }

  /** The set of signers; {@link NOBODY} when one is no replica or signs twice. */
  private signersOf(proofs: readonly Proof[], { members }: KnownConfiguration): number {
    let signers = 0;
    for (let i = 0; i < proofs.length; i++) {
      const { signer } = proofs[i] as Proof;
      const bit = 1 << signer;
      if (!members.includes(signer) || (signers & bit) !== 0) return NOBODY;
      signers |= bit;
    }
    return signers;
  }

  private correctOf(replicas: number): number {
    let correct = 0;
    for (let replica = 0; replica < this.ghost.replicas.length; replica++) {
      const bit = 1 << replica;
      if ((replicas & bit) !== 0 && !this.ghost.hasBeenFaulty(replica)) correct |= bit;
    }
    return correct;
  }

  private judgeWords(
    process: ProcessId,
    ballot: Ballot,
    kind: 0 | 1 | 2,
    signers: number,
    sequence: number,
  ): void {
    const missing = signers & ~ballot.by(kind);
    if (missing === 0) return;
    this.judgeMissing(process, this.correctOf(missing), this.place(ballot.view, sequence));
  }

  private judgeMissing(process: ProcessId, missing: number, what: string): void {
    if (missing === 0) return;
    const signer = 31 - Math.clz32(missing);
    const holder = process === NOBODY ? 'a faulty replica' : this.ghost.name(process);
    this.violate(
      `${holder} has a certificate with the word of ${this.ghost.name(signer)}, who never said it: ${what}`,
    );
  }

  private short(
    process: ProcessId,
    kind: string,
    what: string,
    proofs: readonly Proof[],
    needed: View,
  ): void {
    const holder = process === NOBODY ? 'a faulty replica' : this.ghost.name(process);
    const signers = proofs.map(({ signer }) => this.ghost.name(signer)).join(', ');
    this.violate(
      `${holder} has a ${kind} of ${what} by ${signers === '' ? 'nobody' : signers}; ${needed} distinct ones are needed`,
    );
  }
}

/** Who has sent a COMMIT. Its own vote counts, if it was prepared: after a restart it does not know whether it had sent that. */
function committedIn(ballot: Ballot, process: ProcessId): number {
  return ballot.by(Said.commit) | (ballot.by(Said.certified) & (1 << process));
}
