/**
 * Agreement on the batch of a place: pre-prepare, prepare, commit (OSDI 1999, §4.2).
 *
 * - *Prepared*: the primary's pre-prepare and q - 1 matching prepares of distinct backups. The primary has no vote in
 *   this phase: its pre-prepare is its word.
 * - *Committed locally*: prepared, and q matching commits. The replica's own commit counts when it is durable.
 *
 * Votes that come before what they are about are kept. What is of a later view, or above the window, waits in a
 * queue of its sender's, which is bounded.
 */

import type { Plain, ProcessId, Proof } from '../../kernel/index.js';
import {
  NULL_DIGEST,
  StatementType,
  type Commit,
  type PbftMessage,
  type PrePrepare,
  type Prepare,
  type PreparedCertificate,
  type Request,
  type Sequence,
  type View,
} from './messages.js';
import { NEVER } from './core.js';
import { EVERYBODY } from './outbox.js';
import type { Slot } from './slot.js';
import { PbftTentative } from './tentative.js';
import { batchDigest, preparedBytes, requestsBytes } from './wire.js';

/** Size of a promise without its batch. */
const PROMISE_BYTES = 128;

export type PhaseMessage = PrePrepare | Prepare | Commit;

export abstract class PbftAgreement extends PbftTentative {
  /** By sender: messages of a later view or above the window, in the order in which they came. */
  protected early: PhaseMessage[][] = this.members.map(() => []);

  /** Nothing above this place is accepted or proposed, whatever the window says: of a replica that recovers. */
  protected ceiling: Sequence = NEVER;

  /** A pre-prepare was accepted. */
  protected abstract accepted(slot: Slot): void;

  // ---- which messages count ----

  /** The last place before the present view, where that is above the low watermark: nothing is voted on up to there. */
  protected get viewStart(): Sequence {
    return 0;
  }

  /** True when the message is of the present view and window. Else it is dropped, or kept for later. */
  private isCurrent(from: ProcessId, message: PhaseMessage): boolean {
    const { view, sequence } = message;
    if (sequence <= this.window.low || view < this.view) return false;
    const isLater = view > this.view || !this.isActive;
    if (!isLater && sequence <= this.window.high && sequence <= this.ceiling)
      return sequence > this.viewStart;
    this.keepForLater(from, message);
    return false;
  }

  private keepForLater(from: ProcessId, message: PhaseMessage): void {
    const { window } = this;
    const queue = this.early[this.rankOf(from)] as PhaseMessage[];
    if (message.sequence > window.high + window.size) return;
    if (queue.length >= 3 * window.size) return;
    queue.push(message);
    if (message.kind === 'PrePrepare' && message.sequence > window.high) {
      this.emit({ kind: 'reached', situation: 'pbft/pre-prepare-above-window' });
    }
  }

  /** The view or the window is another one: takes what came too early. */
  protected replayEarly(): void {
    for (let rank = 0; rank < this.early.length; rank++) {
      const queue = this.early[rank] as PhaseMessage[];
      if (queue.length === 0) continue;
      this.early[rank] = [];
      for (const message of queue) this.onPhaseMessage(this.members[rank] as ProcessId, message);
    }
  }

  protected onPhaseMessage(from: ProcessId, message: PhaseMessage): void {
    switch (message.kind) {
      case 'PrePrepare':
        this.onPrePrepare(from, message);
        return;
      case 'Prepare':
        this.onPrepare(from, message);
        return;
      case 'Commit':
        this.onCommit(from, message);
        return;
    }
  }

  // ---- pre-prepare ----

  protected onPrePrepare(from: ProcessId, message: PrePrepare): void {
    if (!this.isCurrent(from, message)) return;
    const slot = this.window.at(message.sequence);
    if (slot.view >= 0 && slot.requests !== undefined && slot.digest === message.digest) return;
    const reason = this.reasonToRefuse(from, message, slot);
    if (reason !== undefined) {
      this.reject(reason);
      return;
    }
    if (slot.view >= 0) this.takeBatch(slot, message.digest, message.requests);
    else this.acceptPrePrepare(slot, message);
  }

  /** Why this pre-prepare is not accepted; undefined when it is (§4.2). */
  protected reasonToRefuse(from: ProcessId, message: PrePrepare, slot: Slot): string | undefined {
    const { view, sequence, digest, requests, proof } = message;
    if (this.rankOf(from) !== this.primaryOf(view)) return 'pre-prepare not by the primary';
    if (slot.view >= 0 && slot.digest !== digest) return 'a second pre-prepare';
    if (!this.verify(from, StatementType.prePrepare, view, sequence, digest, proof)) return 'bad proof';
    if ((requests.length === 0 ? NULL_DIGEST : batchDigest(requests)) !== digest)
      return 'the batch is not that of its digest';
    return this.areAuthentic(requests) ? undefined : 'a request without its client';
  }

  /** True when each of the requests has its client's proof. */
  protected areAuthentic(requests: readonly Request[]): boolean {
    for (let i = 0; i < requests.length; i++) if (!this.isAuthentic(requests[i] as Request)) return false;
    return true;
  }

  protected isAuthentic(request: Request): boolean {
    return !this.isReplica(request.command.client) && this.verifyRequest(request);
  }

  protected acceptPrePrepare(slot: Slot, message: PrePrepare): void {
    const { view, digest, requests, proof } = message;
    this.promise({ kind: 'accepted', message }, PROMISE_BYTES + requestsBytes(requests));
    slot.accept(view, digest, proof, requests);
    slot.tick = this.tick;
    if (this.primaryOf(view) === this.me) this.sendWhenDurable(EVERYBODY, message);
    else this.prepare(slot);
    this.accepted(slot);
    this.checkPrepared(slot);
  }

  /** A batch that was missing has come. */
  protected takeBatch(slot: Slot, digest: number, requests: readonly Request[]): void {
    if (!slot.fill(digest, requests)) return;
    const { sequence } = slot;
    this.promise({ kind: 'batch', sequence, digest, requests }, PROMISE_BYTES + requestsBytes(requests));
    this.executeReady();
  }

  // ---- prepare ----

  /** A backup votes for what it accepted. */
  protected prepare(slot: Slot): void {
    const message = this.makePrepare(slot.view, slot.sequence, slot.digest);
    this.sendWhenDurable(EVERYBODY, message);
    if (!slot.prepares.has(this.me)) slot.prepares.add(this.me, slot.digest, message.proof, true);
  }

  protected makePrePrepareProof(view: View, sequence: Sequence, digest: number): Proof {
    return this.prove(StatementType.prePrepare, view, sequence, digest);
  }

  protected makePrepare(view: View, sequence: Sequence, digest: number): Prepare {
    const proof = this.prove(StatementType.prepare, view, sequence, digest);
    return { kind: 'Prepare', view, sequence, digest, proof };
  }

  protected onPrepare(from: ProcessId, message: Prepare): void {
    if (!this.isCurrent(from, message)) return;
    const { view, sequence, digest, proof } = message;
    const rank = this.rankOf(from);
    const slot = this.window.at(sequence);
    if (slot.isPrepared || slot.prepares.has(rank)) return;
    if (rank === this.primaryOf(view)) {
      this.reject('prepare by the primary');
      return;
    }
    if (!this.verify(from, StatementType.prepare, view, sequence, digest, proof)) {
      this.reject('bad proof');
      return;
    }
    slot.prepares.add(rank, digest, proof, this.isVoteFor(slot, digest));
    this.checkPrepared(slot);
  }

  /** True when a vote for this digest is one for what was pre-prepared. */
  protected isVoteFor(slot: Slot, digest: number): boolean {
    return slot.view >= 0 && slot.digest === digest;
  }

  protected isPrepared(slot: Slot): boolean {
    return slot.view >= 0 && slot.prepares.count >= this.quorum.strong - 1;
  }

  protected checkPrepared(slot: Slot): void {
    if (slot.isPrepared || !this.isPrepared(slot)) return;
    const { view, sequence, digest } = slot;
    const certificate: PreparedCertificate = {
      view,
      sequence,
      digest,
      prePrepare: slot.prePrepare as Proof,
      prepares: slot.prepares.certificate(this.quorum.strong - 1),
    };
    this.promise({ kind: 'prepared', certificate }, preparedBytes(certificate));
    slot.becomePrepared(certificate);
    slot.tick = this.tick;
    this.sendWhenDurable(EVERYBODY, this.makeCommit(view, sequence, digest));
    this.checkCommitted(slot);
    if (this.settings.tentative && slot.decision === undefined) this.executeReady();
  }

  // ---- commit ----

  protected makeCommit(view: View, sequence: Sequence, digest: number): Commit {
    const proof = this.prove(StatementType.commit, view, sequence, digest);
    return { kind: 'Commit', view, sequence, digest, proof };
  }

  protected onCommit(from: ProcessId, message: Commit): void {
    if (!this.isCurrent(from, message)) return;
    const { view, sequence, digest, proof } = message;
    const rank = this.rankOf(from);
    const slot = this.window.at(sequence);
    if (slot.commits.has(rank)) return;
    if (!this.verify(from, StatementType.commit, view, sequence, digest, proof)) {
      this.reject('bad proof');
      return;
    }
    this.addCommit(slot, rank, message);
  }

  private addCommit(slot: Slot, rank: number, { digest, proof }: Commit): void {
    slot.commits.add(rank, digest, proof, this.isVoteFor(slot, digest));
    this.checkCommitted(slot);
  }

  /** The replica's own commit is durable, and counts. */
  protected override released(message: PbftMessage): void {
    if (message.kind !== 'Commit' || message.view !== this.view || !this.isActive) return;
    if (!this.window.has(message.sequence)) return;
    const slot = this.window.at(message.sequence);
    if (!slot.commits.has(this.me)) this.addCommit(slot, this.me, message);
  }

  protected isCommitted(slot: Slot): boolean {
    return slot.isPrepared && slot.commits.count >= this.quorum.strong;
  }

  protected checkCommitted(slot: Slot): void {
    if (slot.decision !== undefined || !this.isCommitted(slot)) return;
    const commits = slot.commits.certificate(this.quorum.strong);
    slot.decide({ view: slot.view, digest: slot.digest, commits });
    slot.tick = this.tick;
    this.executeReady();
  }

  /** Nothing that was not sent yet is sent for a view that the replica has left, and nothing of it is tentative. */
  protected withdrawVotes(): void {
    this.rollBack();
    this.outbox.drop(({ kind }) => kind === 'PrePrepare' || kind === 'Prepare' || kind === 'Commit');
  }

  protected override copyFrom(other: PbftAgreement): void {
    super.copyFrom(other);
    this.early = other.early.map((queue) => queue.slice());
    this.ceiling = other.ceiling;
  }

  /** Who takes part has changed: of what came too early, that of members is kept. */
  protected resetMembers(before: readonly ProcessId[]): void {
    const queues = new Map(before.map((process, rank) => [process, this.early[rank] as PhaseMessage[]]));
    this.early = this.members.map((process) => queues.get(process) ?? []);
  }

  protected encodeEarly(): Plain {
    return this.early.map((queue) =>
      queue.map(({ kind, view, sequence, digest }) => [kind, view, sequence, digest]),
    );
  }
}
