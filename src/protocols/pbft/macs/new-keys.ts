/**
 * New keys (Castro and Liskov, TOCS 2002, §4.3.1): a replica chooses new keys for MACs to it, in signed messages with a
 * counter that never goes back. What was said to it under older ones counts no more, also what it has already, but for
 * what is part of a whole certificate. So nothing that was said before a recovery by a replica that was faulty then
 * counts after it.
 *
 * Whoever learns of new keys proves what it has said once more, since the one that has chosen them can check nothing
 * else any more; where that had not come yet, it is sent again by retransmission. Clients are told as well.
 */

import type { Plain, ProcessId, Statement } from '../../../kernel/index.js';
import type { PbftMessage, Sequence } from '../messages.js';
import type { Slot } from '../slot.js';
import { MacStatementType, type MacNewView, type MacViewChange, type NewKey } from './messages.js';
import { MacViewChanges } from './view-change.js';
import { macNewViewDigest, macViewChangeDigest, newKeyDigest } from './wire.js';

/** Clients that are told again in one status tick, because a MAC of theirs was of no use. */
const CLIENTS_TOLD = 16;

export abstract class MacNewKeys extends MacViewChanges {
  /** By replica: the latest epoch of its keys by which everything of this replica's is proved. */
  private epochs: number[] = this.members.map(() => 0);
  private clientsTold = 0;
  /** Status tick at which the keys were changed last. */
  private refreshedAt = -Infinity;

  protected get recovers(): boolean {
    return this.settings.recoveryMicros > 0;
  }

  // ---- own keys ----

  /** Chooses new keys for the sake of this process, in its recovery of this number; returns their epoch. */
  protected refreshKeys(recovering: ProcessId, number: number): number {
    const epoch = this.host.authenticator.refreshKeys();
    this.forgetOldWords();
    this.refreshedAt = this.tick;
    this.emit({ kind: 'keys-refreshed', epoch, records: this.journal.written, recovering, number });
    this.announceKeys();
    for (const client of this.executed.clients()) {
      if (!this.isReplica(client)) this.host.send(client, this.makeNewKey());
    }
    return epoch;
  }

  /** What others have said under the old keys, and what no certificate is whole with. */
  protected forgetOldWords(): void {
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      const slot = this.window.at(sequence);
      if (!slot.isPrepared) slot.prepares.keepOnly(this.me);
      if (slot.decision === undefined) slot.commits.keepOnly(this.me);
    }
    for (let rank = 0; rank < this.members.length; rank++) {
      if (rank === this.me) continue;
      this.early[rank] = [];
      this.checkpoints[rank] = [];
    }
    this.forgetClaims();
    this.forgetUnchecked();
    this.forgetViewChanges();
  }

  protected announceKeys(): void {
    if (this.host.authenticator.keyEpoch > 0) this.sendToAll(this.makeNewKey());
  }

  private makeNewKey(): NewKey {
    const body = { kind: 'NewKey', epoch: this.host.authenticator.keyEpoch } as const;
    const statement = this.statedKeys(body.epoch, newKeyDigest(body));
    return { ...body, proof: this.host.authenticator.sign(statement) };
  }

  /** Keys belong to no configuration. */
  private statedKeys(epoch: number, digest: number): Statement {
    const statement = this.stated(MacStatementType.newKey, 0, epoch, digest);
    statement.configuration = 0;
    return statement;
  }

  /** A client may not have heard. */
  protected override noteUnproved(from: ProcessId): void {
    if (!this.recovers || this.isReplica(from) || this.clientsTold >= CLIENTS_TOLD) return;
    if (this.host.authenticator.keyEpoch === 0) return;
    this.clientsTold++;
    this.host.send(from, this.makeNewKey());
  }

  /** For a while after a change of keys it may be for those that a client's MAC is of no use. */
  protected override isTimeForDistrust(): boolean {
    return !this.recovers || this.tick - this.refreshedAt > REFRESH_TICKS;
  }

  protected override statusTimedOut(): void {
    this.clientsTold = 0;
    super.statusTimedOut();
    if (this.recovers && this.me >= 0) this.announceKeys();
  }

  // ---- others' keys ----

  protected onNewKey(from: ProcessId, message: NewKey): void {
    const { epoch, proof } = message;
    const rank = this.rankOf(from);
    if (epoch <= (this.epochs[rank] as number)) return;
    const statement = this.statedKeys(epoch, newKeyDigest(message));
    const { authenticator } = this.host;
    if (!authenticator.verifySignature(from, statement, proof) || !authenticator.learnKeys(from, epoch)) {
      this.reject('bad proof');
      return;
    }
    this.epochs[rank] = epoch;
    this.proveAgain();
    // What has waited for this may be believed now.
    this.checkAllAgain();
    this.believeNewViews();
  }

  /** True when the replica is known to have chosen keys so often: each of its recoveries has the number of one choice. */
  private hasChosen(rank: number, number: number): boolean {
    const epoch = rank === this.me ? this.host.authenticator.keyEpoch : (this.epochs[rank] as number);
    return number <= epoch;
  }

  /**
   * The same for what the replica has signed, which tells of its keys as a NEW-KEY does: else a liar could have a batch
   * accepted by those alone to whom it has told of them.
   */
  protected hasChosenBySigned(rank: number, number: number): boolean {
    if (this.hasChosen(rank, number)) return true;
    const process = this.members[rank] as ProcessId;
    if (rank === this.me || !this.host.authenticator.learnKeys(process, number)) return false;
    this.epochs[rank] = number;
    this.proveAgain();
    return true;
  }

  /** What was held back for the disk may have been proved before others chose new keys. */
  protected override released(message: PbftMessage): void {
    super.released(message);
    if (!this.recovers) return;
    if (message.kind === 'Checkpoint') this.proveCheckpointsAgain();
    else if (message.kind === 'Commit' && this.window.has(message.sequence))
      this.proveVotesAgain(this.window.at(message.sequence));
  }

  protected override isOfKnownRecovery(message: MacViewChange): boolean {
    const rank = this.rankOf(message.proof.signer);
    return rank >= 0 && this.hasChosen(rank, message.recovery ?? 0);
  }

  /** Proves by the keys that are known now what this replica has said. */
  private proveAgain(): void {
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      const slot = this.window.at(sequence);
      if (slot.view >= 0) this.proveVotesAgain(slot);
    }
    this.proveCheckpointsAgain();
    this.proveViewsAgain();
  }

  private proveCheckpointsAgain(): void {
    this.checkpoints[this.me] = (this.checkpoints[this.me] ?? []).map((said) =>
      this.makeCheckpointMessage(said.sequence, said.digest),
    );
  }

  private proveVotesAgain(slot: Slot): void {
    const { view, sequence, digest, prepares, commits, prePrepare } = slot;
    if (prepares.has(this.me)) prepares.proofs[this.me] = this.makePrepare(view, sequence, digest).proof;
    if (commits.has(this.me)) commits.proofs[this.me] = this.makeCommit(view, sequence, digest).proof;
    if (prePrepare !== undefined && this.primaryOf(view) === this.me)
      slot.prePrepare = this.makePrePrepareProof(view, sequence, digest);
  }

  /** What others have said of view changes counts no more. */
  private forgetViewChanges(): void {
    this.said = this.said.map((message, rank) => (rank === this.me ? message : undefined));
    this.acknowledgements.keepOnly(this.me);
    this.forgetNewViews();
  }

  /** The view changes of a replica from before its recovery are void. */
  protected forgetVoid(rank: number): void {
    const message = this.said[rank];
    if (message !== undefined && !this.isVoid(message)) return;
    this.said[rank] = undefined;
    // Also where a change of keys has made it forget the view change itself: its own word for that would be left.
    this.acknowledgements.forgetSender(rank);
  }

  private proveViewsAgain(): void {
    const { ownViewChange, begun } = this;
    if (ownViewChange !== undefined) {
      const { view, stable } = ownViewChange;
      const proof = this.proveViewChange(view, stable, macViewChangeDigest(ownViewChange));
      this.ownViewChange = { ...ownViewChange, proof };
      if (this.said[this.me] === ownViewChange) this.said[this.me] = this.ownViewChange;
    }
    if (begun?.proof.signer === this.host.self) this.begun = this.proveNewView(begun);
  }

  private proveNewView({ proof: _, ...body }: MacNewView): MacNewView {
    const { view } = body;
    const choices = body.choices.map(({ sequence, digest }) => ({
      sequence,
      digest,
      proof: this.makePrePrepareProof(view, sequence, digest),
    }));
    const proof = this.prove(MacStatementType.newView, view, 0, macNewViewDigest(body));
    return { ...body, choices, proof };
  }

  protected highestPrepared(): Sequence {
    for (let sequence = this.window.high; sequence > this.window.low; sequence--) {
      if (this.window.at(sequence).certificate !== undefined) return sequence;
    }
    return this.window.low;
  }

  protected override copyFrom(other: MacNewKeys): void {
    super.copyFrom(other);
    this.epochs = other.epochs.slice();
    this.clientsTold = other.clientsTold;
    this.refreshedAt = other.refreshedAt;
  }

  protected encodeKeys(): Plain {
    const { epochs, clientsTold, refreshedAt } = this;
    return [...epochs, clientsTold, Math.max(-1, refreshedAt)];
  }
}

/** Status ticks in which everybody should have heard of new keys. */
const REFRESH_TICKS = 8;
