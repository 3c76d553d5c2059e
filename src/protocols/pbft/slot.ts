/**
 * The log of open places: one slot for each sequence between the watermarks, in a ring (OSDI 1999, §4.2 and §4.3).
 *
 * Votes are those of the replica's present view, one of each replica, the first that came: a correct one never says
 * another thing. What outlives a view is the latest prepared certificate (an element of P, §4.4), the batches that
 * certificate and decision name, the batches that were pre-prepared (held.ts), and the decision: a quorum's commits,
 * which hold in every view.
 */

import { assert, type Plain, type Proof } from '../../kernel/index.js';
import { HeldBatches } from './held.js';
import { NULL_DIGEST, type PreparedCertificate, type Request, type Sequence, type View } from './messages.js';
import { sizeOf } from './quorum.js';

/** The batch of the null request. */
const NO_REQUESTS: readonly Request[] = [];

/** Votes of one phase for one place: who voted for what. */
export class Votes {
  /** Who voted for anything, and who for `digest`. */
  voters = 0;
  matching = 0;
  readonly digests: Int32Array;
  readonly proofs: (Proof | undefined)[];

  constructor(readonly replicas: number) {
    this.digests = new Int32Array(replicas);
    this.proofs = new Array<Proof | undefined>(replicas).fill(undefined);
  }

  has(replica: number): boolean {
    return (this.voters & (1 << replica)) !== 0;
  }

  /** Takes the vote of a replica that has not voted; `wanted` says whether it is for what was pre-prepared. */
  add(replica: number, digest: number, proof: Proof, wanted: boolean): void {
    const bit = 1 << replica;
    this.voters |= bit;
    this.digests[replica] = digest;
    this.proofs[replica] = proof;
    if (wanted) this.matching |= bit;
  }

  /** What was pre-prepared is known now. */
  match(digest: number): void {
    this.matching = 0;
    for (let replica = 0; replica < this.replicas; replica++) {
      if (this.has(replica) && this.digests[replica] === digest) this.matching |= 1 << replica;
    }
  }

  get count(): number {
    return sizeOf(this.matching);
  }

  /** The first so many matching proofs, by replica. */
  certificate(size: number): readonly Proof[] {
    const chosen: Proof[] = [];
    for (let replica = 0; replica < this.replicas && chosen.length < size; replica++) {
      if ((this.matching & (1 << replica)) !== 0) chosen.push(this.proofs[replica] as Proof);
    }
    assert(chosen.length === size, 'a certificate has a quorum');
    return chosen;
  }

  /** Forgets all votes but this replica's. */
  keepOnly(replica: number): void {
    const bit = 1 << replica;
    this.voters &= bit;
    this.matching &= bit;
    for (let other = 0; other < this.replicas; other++) if (other !== replica) this.proofs[other] = undefined;
  }

  clear(): void {
    if (this.voters === 0) return;
    this.voters = 0;
    this.matching = 0;
    for (let replica = 0; replica < this.replicas; replica++) this.proofs[replica] = undefined;
  }

  copyFrom(other: Votes): void {
    this.voters = other.voters;
    this.matching = other.matching;
    this.digests.set(other.digests);
    for (let replica = 0; replica < this.replicas; replica++) this.proofs[replica] = other.proofs[replica];
  }

  encode(): Plain {
    const votes: Plain[] = [];
    for (let replica = 0; replica < this.replicas; replica++) {
      if (this.has(replica)) votes.push([replica, this.digests[replica] ?? 0]);
    }
    return votes;
  }
}

/** A quorum's commits for one place. */
export interface DecisionCertificate {
  readonly view: View;
  readonly digest: number;
  readonly commits: readonly Proof[];
}

export class Slot {
  /** The view of the pre-prepare accepted, and its digest; -1 when none is accepted in the present view. */
  view: View = -1;
  digest = 0;
  prePrepare: Proof | undefined = undefined;
  /** Batch of that pre-prepare; undefined while it is missing. */
  requests: readonly Request[] | undefined = undefined;
  readonly prepares: Votes;
  readonly commits: Votes;
  /** Prepared in the present view. */
  isPrepared = false;
  /** The prepared certificate of the highest view, and its batch while that is known. */
  certificate: PreparedCertificate | undefined = undefined;
  certificateRequests: readonly Request[] | undefined = undefined;
  decision: DecisionCertificate | undefined = undefined;
  decisionRequests: readonly Request[] | undefined = undefined;
  /** What was pre-prepared in earlier views. */
  readonly held: HeldBatches;
  /** The replica's count of status ticks when it last said something new about this place. */
  tick = 0;

  constructor(
    public sequence: Sequence,
    replicas: number,
  ) {
    this.prepares = new Votes(replicas);
    this.commits = new Votes(replicas);
    this.held = new HeldBatches(replicas);
  }

  /** The batch with this digest, as far as this slot knows it. */
  batch(digest: number): readonly Request[] | undefined {
    if (digest === NULL_DIGEST) return NO_REQUESTS;
    if (this.decision?.digest === digest && this.decisionRequests !== undefined) return this.decisionRequests;
    if (this.view >= 0 && this.digest === digest && this.requests !== undefined) return this.requests;
    if (this.certificate?.digest === digest && this.certificateRequests !== undefined) {
      return this.certificateRequests;
    }
    return this.held.batch(digest);
  }

  /** Puts a batch wherever it is missing; true when it was of use. */
  fill(digest: number, requests: readonly Request[]): boolean {
    const before = this.batch(digest);
    if (this.view >= 0 && this.digest === digest) this.requests ??= requests;
    if (this.certificate?.digest === digest) this.certificateRequests ??= requests;
    if (this.decision?.digest === digest) this.decisionRequests ??= requests;
    this.held.fill(digest, requests);
    return before === undefined && this.batch(digest) !== undefined;
  }

  /** Accepts a pre-prepare of the present view. */
  accept(view: View, digest: number, proof: Proof, requests: readonly Request[] | undefined): void {
    assert(this.view < 0, 'one pre-prepare a view and place');
    const known = requests ?? this.batch(digest);
    this.view = view;
    this.digest = digest;
    this.prePrepare = proof;
    this.requests = known;
    this.prepares.match(digest);
    this.commits.match(digest);
  }

  /** Prepared in the present view, by this certificate. */
  becomePrepared(certificate: PreparedCertificate): void {
    this.isPrepared = true;
    this.holdCertificate(certificate);
  }

  /** The latest prepared certificate is this one. */
  holdCertificate(certificate: PreparedCertificate): void {
    const requests = this.batch(certificate.digest);
    this.certificate = certificate;
    this.certificateRequests = requests;
  }

  decide(decision: DecisionCertificate): void {
    const requests = this.batch(decision.digest);
    this.decision = decision;
    this.decisionRequests = requests;
  }

  /** Another view begins: what belongs to the last one goes, but for what was pre-prepared in it. */
  beginView(): void {
    if (this.view >= 0) this.held.note(this.view, this.digest, this.requests);
    this.leaveView();
  }

  private leaveView(): void {
    this.view = -1;
    this.digest = 0;
    this.prePrepare = undefined;
    this.requests = undefined;
    this.isPrepared = false;
    this.prepares.clear();
    this.commits.clear();
  }

  /** The place is behind the stable checkpoint; the slot serves another one. */
  reuse(sequence: Sequence): void {
    this.leaveView();
    this.held.clear();
    this.sequence = sequence;
    this.certificate = undefined;
    this.certificateRequests = undefined;
    this.decision = undefined;
    this.decisionRequests = undefined;
    this.tick = 0;
  }

  copyFrom(other: Slot): void {
    this.sequence = other.sequence;
    this.view = other.view;
    this.digest = other.digest;
    this.prePrepare = other.prePrepare;
    this.requests = other.requests;
    this.prepares.copyFrom(other.prepares);
    this.commits.copyFrom(other.commits);
    this.isPrepared = other.isPrepared;
    this.certificate = other.certificate;
    this.certificateRequests = other.certificateRequests;
    this.decision = other.decision;
    this.decisionRequests = other.decisionRequests;
    this.held.copyFrom(other.held);
    this.tick = other.tick;
  }

  encode(): Plain {
    const { sequence, view, digest, isPrepared, certificate, decision, tick } = this;
    return {
      sequence,
      view,
      digest,
      isPrepared,
      hasRequests: this.requests !== undefined,
      prepares: this.prepares.encode(),
      commits: this.commits.encode(),
      certificate:
        certificate === undefined
          ? null
          : [certificate.view, certificate.digest, ...signersOf(certificate.prepares)],
      hasCertificateRequests: this.certificateRequests !== undefined,
      decision:
        decision === undefined ? null : [decision.view, decision.digest, ...signersOf(decision.commits)],
      hasDecisionRequests: this.decisionRequests !== undefined,
      held: this.held.encode(),
      tick,
    };
  }
}

function signersOf(proofs: readonly Proof[]): number[] {
  return proofs.map(({ signer }) => signer);
}

/** The slots of the sequences above the low watermark, up to the high one. */
export class Window {
  private readonly slots: Slot[];

  constructor(
    readonly replicas: number,
    /** L. */
    readonly size: number,
    /** h: the sequence of the stable checkpoint. Invariant: only grows. */
    public low: Sequence = 0,
  ) {
    this.slots = Array.from({ length: size }, (_, i) => new Slot(i, replicas));
    for (let sequence = low + 1; sequence <= low + size; sequence++) this.slotAt(sequence).reuse(sequence);
  }

  /** H. */
  get high(): Sequence {
    return this.low + this.size;
  }

  has(sequence: Sequence): boolean {
    return sequence > this.low && sequence <= this.low + this.size;
  }

  at(sequence: Sequence): Slot {
    const slot = this.slotAt(sequence);
    assert(slot.sequence === sequence, 'no open place of this sequence');
    return slot;
  }

  /** Moves the low watermark up; what is not above it is forgotten. */
  advance(low: Sequence): void {
    assert(low >= this.low, 'the low watermark never falls');
    const from = Math.max(this.high, low) + 1;
    this.low = low;
    for (let sequence = from; sequence <= this.high; sequence++) this.slotAt(sequence).reuse(sequence);
  }

  private slotAt(sequence: Sequence): Slot {
    return this.slots[sequence % this.size] as Slot;
  }

  clone(): Window {
    const copy = new Window(this.replicas, this.size, this.low);
    for (let i = 0; i < this.size; i++) (copy.slots[i] as Slot).copyFrom(this.slots[i] as Slot);
    return copy;
  }

  encode(): Plain {
    const slots: Plain[] = [];
    for (let sequence = this.low + 1; sequence <= this.high; sequence++)
      slots.push(this.at(sequence).encode());
    return { low: this.low, slots };
  }
}
