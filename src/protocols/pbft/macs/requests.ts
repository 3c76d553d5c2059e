/**
 * Authenticators in place of signatures, and what they change in agreement (Castro's thesis, MIT-LCS-TR-817, chapter 3;
 * TOCS 2002, §5.2).
 *
 * A client's authenticator may be good for some replicas only. A backup that is given such a request in a pre-prepare
 * accepts it when it has the request from the client itself with a good proof, or when f + 1 replicas have accepted it
 * (the primary by its pre-prepare, backups by their prepares): one of them is correct, and the first correct one that
 * accepted it had a good MAC. Until then the pre-prepare is kept, one for each place.
 *
 * A client that makes its MACs good for the primary alone (the "big MAC" attack: Clement et al., NSDI 2009, §3) can so
 * cost a view, and blocks the batches of others with it; but not for ever:
 *
 * - A client that gets no answer sends its request again *signed*, to all (driver.ts), and a signature is good for
 *   everybody. Aardvark signs every request; here only those that need it are.
 * - A replica that is given a request that it cannot check, and a primary that leaves its view with batches that were
 *   not prepared, take only signed requests of their clients from then on. That costs a correct client, which somebody
 *   may have put in this light, no more than signatures. A faulty client costs each primary one view at the most in
 *   each of its incarnations.
 * - A backup waits only for signed requests, and for what is pre-prepared. So no client can make backups suspect a
 *   primary by MACs that are good for them and not for the primary.
 */

import type { Plain, ProcessId, Proof, Statement } from '../../../kernel/index.js';
import {
  NULL_DIGEST,
  StatementType,
  type PrePrepare,
  type Prepare,
  type Request,
  type Sequence,
  type View,
} from '../messages.js';
import { sizeOf } from '../quorum.js';
import { PbftReplica } from '../replica.js';
import type { Slot, Votes } from '../slot.js';
import { batchDigest } from '../wire.js';

export abstract class MacRequests extends PbftReplica {
  /** Clients of whom only signed requests are taken. */
  private distrusted = new Set<ProcessId>();
  /** By place: the primary's pre-prepare of the present view with requests that this replica cannot check yet. */
  private unchecked = new Map<Sequence, PrePrepare>();

  // ---- proofs ----

  protected override prove(type: number, view: View, sequence: number, digest: number): Proof {
    return this.host.authenticator.authenticate(this.stated(type, view, sequence, digest), this.members);
  }

  protected override proveTo(
    receiver: ProcessId,
    type: number,
    view: View,
    sequence: number,
    digest: number,
  ): Proof {
    return this.host.authenticator.authenticate(this.stated(type, view, sequence, digest), [receiver]);
  }

  protected override believes(signer: ProcessId, statement: Statement, proof: Proof): boolean {
    return this.host.authenticator.verify(signer, statement, proof);
  }

  /** True when the client's proof is one that everybody can check. */
  protected isSigned({ command, proof }: Request): boolean {
    const { client, sequence, hash } = command;
    const statement = this.stated(StatementType.request, 0, sequence, hash);
    return this.host.authenticator.verifySignature(client, statement, proof);
  }

  // ---- requests ----

  protected override isAuthentic(request: Request): boolean {
    if (!super.isAuthentic(request)) return false;
    return !this.distrusted.has(request.command.client) || this.isSigned(request);
  }

  protected hasClientsProof(request: Request): boolean {
    return super.isAuthentic(request);
  }

  /** Replicas sign theirs, so none of them needs this. */
  private distrust({ command: { client } }: Request): void {
    if (this.isTimeForDistrust() && !this.isReplica(client)) this.distrusted.add(client);
  }

  /** False while bad MACs may be nobody's fault. */
  protected isTimeForDistrust(): boolean {
    return true;
  }

  /** A backup passes on what only the primary may be able to check, and waits for what everybody can. */
  protected override addRequest(from: ProcessId, message: Request): void {
    if (this.isPrimary() || this.isSigned(message)) super.addRequest(from, message);
    else if (this.isActive && from === message.command.client) this.passOn(message);
  }

  /** What the client itself has sent with a good proof, whatever proof comes with it in the batch. */
  private isKnown({ command }: Request): boolean {
    const { client, sequence, hash } = command;
    return this.pending.find(client, sequence)?.request.command.hash === hash;
  }

  // ---- pre-prepares ----

  protected override reasonToRefuse(from: ProcessId, message: PrePrepare, slot: Slot): string | undefined {
    const { view, sequence, digest, requests, proof } = message;
    if (this.rankOf(from) !== this.primaryOf(view)) return 'pre-prepare not by the primary';
    if (slot.view >= 0 && slot.digest !== digest) return 'a second pre-prepare';
    if (!this.verify(from, StatementType.prePrepare, view, sequence, digest, proof)) return 'bad proof';
    if ((requests.length === 0 ? NULL_DIGEST : batchDigest(requests)) !== digest)
      return 'the batch is not that of its digest';
    if (slot.view >= 0 || this.areVouchedFor(slot, message)) return undefined;
    this.unchecked.set(sequence, message);
    return 'a request without its client';
  }

  /** True when each request is its client's, by its proof or by the word of f + 1 replicas. */
  private areVouchedFor(slot: Slot, { view, digest, requests }: PrePrepare): boolean {
    let areOwn = true;
    for (let i = 0; i < requests.length; i++) {
      const request = requests[i] as Request;
      if (this.hasClientsProof(request) || this.isKnown(request)) continue;
      this.distrust(request);
      areOwn = false;
    }
    if (areOwn) return true;
    const accepted = votersFor(slot.prepares, digest) | (1 << this.primaryOf(view));
    return sizeOf(accepted) >= this.quorum.weak;
  }

  /** A pre-prepare that could not be checked may be, now. */
  private checkAgain(sequence: Sequence): void {
    const message = this.unchecked.get(sequence);
    if (message === undefined) return;
    const isOpen = message.view === this.view && this.isActive && this.window.has(sequence);
    const slot = isOpen ? this.window.at(sequence) : undefined;
    if (slot === undefined || slot.view >= 0) this.unchecked.delete(sequence);
    else if (this.areVouchedFor(slot, message)) {
      this.unchecked.delete(sequence);
      this.acceptPrePrepare(slot, message);
    }
  }

  protected override onPrepare(from: ProcessId, message: Prepare): void {
    super.onPrepare(from, message);
    if (this.unchecked.size > 0) this.checkAgain(message.sequence);
  }

  protected override onRequest(from: ProcessId, message: Request): void {
    super.onRequest(from, message);
    this.checkAllAgain();
  }

  protected checkAllAgain(): void {
    if (this.unchecked.size === 0) return;
    const sequences = [...this.unchecked.keys()].sort((a, b) => a - b);
    for (const sequence of sequences) this.checkAgain(sequence);
  }

  /** A digest that agreement has chosen needs no word of clients. */
  protected override isBatchOf(digest: number, requests: readonly Request[]): boolean {
    return requests.length === 0 ? digest === 0 : batchDigest(requests) === digest;
  }

  // ---- leaving a view ----

  protected override startViewChange(view: View): void {
    if (this.isPrimary()) this.distrustUnprepared();
    this.forgetUnsigned();
    super.startViewChange(view);
  }

  protected override takePart(...args: Parameters<PbftReplica['takePart']>): void {
    this.forgetUnsigned();
    super.takePart(...args);
  }

  /** It may be for its requests that this primary's batch was not prepared. */
  private distrustUnprepared(): void {
    if (!this.isTimeForDistrust()) return;
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      const slot = this.window.at(sequence);
      if (slot.view !== this.view || slot.isPrepared) continue;
      for (const request of slot.requests ?? []) {
        if (!this.isSigned(request)) this.distrust(request);
      }
    }
  }

  /** Pre-prepares that could not be checked. */
  protected forgetUnchecked(): void {
    this.unchecked.clear();
  }

  /** Requests that only a primary could order. Their clients send them again, signed. */
  private forgetUnsigned(): void {
    this.forgetUnchecked();
    for (const pending of this.pending.first(this.pending.size)) {
      if (!this.isSigned(pending.request)) this.pending.done(pending);
    }
  }

  // ---- state as a value ----

  protected override copyFrom(other: MacRequests): void {
    super.copyFrom(other);
    this.distrusted = new Set(other.distrusted);
    this.unchecked = new Map(other.unchecked);
  }

  protected encodeRequests(): Plain {
    const unchecked = [...this.unchecked].map(([sequence, { view, digest }]) => [sequence, view, digest]);
    return {
      distrusted: [...this.distrusted].sort((a, b) => a - b),
      unchecked: unchecked.sort(([a = 0], [b = 0]) => a - b),
    };
  }
}

/** Who voted for this digest, whether or not it was pre-prepared. */
function votersFor(votes: Votes, digest: number): number {
  let voters = 0;
  for (let replica = 0; replica < votes.replicas; replica++) {
    if (votes.has(replica) && votes.digests[replica] === digest) voters |= 1 << replica;
  }
  return voters;
}
