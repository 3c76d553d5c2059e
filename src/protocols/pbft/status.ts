/**
 * Retransmission: every so often a replica says what it has, and the others send again what it lacks (Castro's thesis,
 * MIT-LCS-TR-817, §5.2). Nobody sends anything again by itself.
 *
 * Votes are sent again by those who cast them. What proves itself (decisions, stable certificates, batches) comes
 * from one helper, another one each time. Nobody answers one replica more than a number of times a tick.
 */

import type { Plain, ProcessId, Proof } from '../../kernel/index.js';
import {
  STATUS_WORDS,
  StatementType,
  type BatchData,
  type Checkpoint,
  type Decision,
  type FetchBatch,
  type PbftMessage,
  type PrePrepare,
  type Request,
  type Sequence,
  type Status,
} from './messages.js';
import type { DecisionCertificate, Slot } from './slot.js';
import { OUTSTANDING, PbftTransfer } from './transfer.js';
import { batchDataDigest, batchDigest, decisionDigest, statusDigest } from './wire.js';

export const STATUS_TIMER = 'status';

/** Of a place, in a status. */
const PRE_PREPARED = 1;
const HAS_BATCH = 2;
/** Ticks after which something counts as lost. */
const OLD = 1;
/** Requests that a backup passes on again in one tick. */
const PASSED_ON = 8;

export abstract class PbftStatus extends PbftTransfer {
  /** By replica: messages that it may still be sent in answer to what it asks for, this tick. */
  private allowance = new Int32Array(this.members.length).fill(this.mostAnswers());

  /** To one that lacks everything: four messages of each open place, or the parts of a state in a few rounds. */
  private mostAnswers(): number {
    return 4 * Math.max(this.settings.window, OUTSTANDING);
  }

  protected override resetMembers(before: readonly ProcessId[]): void {
    super.resetMembers(before);
    this.allowance = new Int32Array(this.members.length).fill(this.mostAnswers());
  }

  // ---- asking ----

  protected startStatusTimer(): void {
    const { statusMicros } = this.settings;
    this.host.setTimer(STATUS_TIMER, statusMicros, statusMicros);
  }

  /** Time goes on, and others may ask again. */
  protected nextTick(): void {
    this.startStatusTimer();
    this.tick++;
    this.allowance.fill(this.mostAnswers());
  }

  protected statusTimedOut(): void {
    this.nextTick();
    this.sendToAll(this.makeStatus());
    this.fetchBatches();
    this.passOnAgain();
    this.watchTransfer();
  }

  /** Another one each tick. */
  private helper(offset = 0): number {
    const others = this.members.length - 1;
    return others === 0 ? this.me : (this.me + 1 + ((this.tick + offset) % others)) % this.members.length;
  }

  private makeStatus(): Status {
    const body = {
      kind: 'Status',
      view: this.view,
      isActive: this.isActive,
      stable: this.window.low,
      executed: this.lastExecuted,
      viewChanges: this.viewChangesHere(),
      helper: this.helper(),
      slots: this.openPlaces(),
    } as const;
    const proof = this.prove(StatementType.status, this.view, this.lastExecuted, statusDigest(body));
    return { ...body, proof };
  }

  protected viewChangesHere(): number {
    let mask = 0;
    for (let rank = 0; rank < this.viewChanges.length; rank++) {
      if (this.viewChanges[rank]?.view === this.view) mask |= 1 << rank;
    }
    return mask;
  }

  private openPlaces(): number[] {
    const places: number[] = [];
    for (let sequence = this.firstOpen(); sequence <= this.window.high; sequence++) {
      const slot = this.window.at(sequence);
      const isPrePrepared = slot.view >= 0;
      if (!isPrePrepared && slot.prepares.voters === 0 && slot.commits.voters === 0) continue;
      const flags = (isPrePrepared ? PRE_PREPARED : 0) + (slot.requests === undefined ? 0 : HAS_BATCH);
      places.push(sequence, flags, slot.prepares.voters, slot.commits.voters);
    }
    return places;
  }

  private firstOpen(): Sequence {
    return Math.max(this.lastExecuted, this.window.low) + 1;
  }

  /** Asks for the batches that are named by what this replica has accepted or knows to be decided. */
  protected fetchBatches(): void {
    for (let sequence = this.firstOpen(); sequence <= this.window.high; sequence++) {
      const slot = this.window.at(sequence);
      const digest = slot.decision?.digest ?? slot.digest;
      if (slot.decision === undefined && slot.view < 0) continue;
      if (slot.batch(digest) === undefined) this.fetchBatch(sequence, digest);
    }
  }

  /** One of f + 1 is correct; where the batch was prepared, f + 1 correct ones have it. */
  private fetchBatch(sequence: Sequence, digest: number): void {
    const proof = this.prove(StatementType.fetchBatch, 0, sequence, digest);
    const message: FetchBatch = { kind: 'FetchBatch', sequence, digest, proof };
    for (let i = 0; i < this.quorum.weak; i++) {
      this.host.send(this.members[this.helper(i)] as ProcessId, message);
    }
  }

  protected override viewEntered(): void {
    this.fetchBatches();
  }

  /** What a backup has passed on may be lost. */
  private passOnAgain(): void {
    if (!this.isActive || this.isPrimary()) return;
    for (const pending of this.pending.first(PASSED_ON)) {
      if (this.tick - pending.tick < OLD) continue;
      pending.tick = this.tick;
      this.passOn(pending.request);
    }
  }

  // ---- answering ----

  protected override mayAnswer(rank: number): boolean {
    return this.allowance[rank] !== 0;
  }

  /** Sends in answer to what the replica asks for, while it has not asked for too much. */
  protected override answer(rank: number, message: PbftMessage): void {
    if (!this.mayAnswer(rank)) return;
    this.allowance[rank] = (this.allowance[rank] as number) - 1;
    this.sendWhenDurable(this.members[rank] as ProcessId, message);
  }

  protected onStatus(from: ProcessId, message: Status): void {
    const { view, executed, proof } = message;
    if (!this.verify(from, StatementType.status, view, executed, statusDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    const rank = this.rankOf(from);
    this.helpWithView(rank, message);
    if (view === this.view && message.isActive && this.isActive) this.sendVotesAgain(rank, message);
    this.sendCheckpointsAgain(rank, message);
    if (!this.isAsked(rank, message)) return;
    if (message.stable < this.target.sequence) this.sendHighestCertificate(from);
    this.sendDecisions(rank, executed);
  }

  /** True when what proves itself is to come from this replica, this time. */
  protected isAsked(_rank: number, { helper }: Status): boolean {
    return helper === this.me;
  }

  /** The replica is behind, or waits for the same view. */
  protected helpWithView(rank: number, { view, isActive, viewChanges, helper }: Status): void {
    if (view > this.view || (view === this.view && isActive)) return;
    if (this.isActive) {
      const isAsked = helper === this.me || this.isPrimary();
      if (isAsked && this.newView !== undefined) this.answer(rank, this.newView);
      return;
    }
    const isMissing = view < this.view || (viewChanges & (1 << this.me)) === 0;
    if (isMissing && this.viewChange?.view === this.view) this.answer(rank, this.viewChange);
  }

  /** The replica is in the same view: it gets this one's pre-prepares and votes. */
  private sendVotesAgain(rank: number, { executed, slots }: Status): void {
    let place = 0;
    for (let sequence = Math.max(executed, this.window.low) + 1; sequence <= this.window.high; sequence++) {
      const slot = this.window.at(sequence);
      while (place < slots.length && (slots[place] as number) < sequence) place += STATUS_WORDS;
      const isListed = slots[place] === sequence;
      if (slot.view < 0 || this.tick - slot.tick < OLD) continue;
      const flags = isListed ? (slots[place + 1] as number) : 0;
      const prepares = isListed ? (slots[place + 2] as number) : 0;
      const commits = isListed ? (slots[place + 3] as number) : 0;
      this.sendPlaceAgain(rank, slot, flags, prepares, commits);
    }
  }

  private sendPlaceAgain(rank: number, slot: Slot, flags: number, prepares: number, commits: number): void {
    const { view, sequence, digest } = slot;
    const mine = 1 << this.me;
    const isComplete = (flags & PRE_PREPARED) !== 0 && (flags & HAS_BATCH) !== 0;
    if (!isComplete && this.isPrimary()) this.sendPrePrepareAgain(rank, slot);
    const prepare = slot.prepares.proofs[this.me];
    if (prepare !== undefined && (prepares & mine) === 0) {
      this.answer(rank, { kind: 'Prepare', view, sequence, digest, proof: prepare });
    }
    const commit = slot.commits.proofs[this.me];
    if (commit !== undefined && (commits & mine) === 0) {
      this.answer(rank, { kind: 'Commit', view, sequence, digest, proof: commit });
    }
  }

  private sendPrePrepareAgain(rank: number, { view, sequence, digest, requests, prePrepare }: Slot): void {
    if (requests === undefined) return;
    const proof = prePrepare as Proof;
    const message: PrePrepare = { kind: 'PrePrepare', view, sequence, digest, requests, proof };
    this.answer(rank, message);
  }

  protected sendCheckpointsAgain(rank: number, { stable }: Status): void {
    for (const message of this.checkpoints[this.me] as Checkpoint[]) {
      if (message.sequence > stable) this.answer(rank, message);
    }
  }

  /** The next places that the replica has not executed, with the proof that they are decided. */
  protected sendDecisions(rank: number, executed: Sequence): void {
    for (let sequence = executed + 1; this.window.has(sequence); sequence++) {
      const slot = this.window.at(sequence);
      const { decision } = slot;
      const requests = decision && slot.batch(decision.digest);
      if (decision === undefined || requests === undefined) return;
      if (this.tick - slot.tick < OLD) return;
      const { view, digest } = decision;
      const commits = this.shownCommits(decision);
      const body = { kind: 'Decision', view, sequence, digest, requests, commits } as const;
      const proof = this.prove(StatementType.decision, view, sequence, decisionDigest(body));
      const message: Decision = { ...body, proof };
      this.answer(rank, message);
    }
  }

  /** The proof that a place is decided, as others can use it. */
  protected shownCommits({ commits }: DecisionCertificate): readonly Proof[] {
    return commits;
  }

  protected onFetchBatch(from: ProcessId, message: FetchBatch): void {
    const { sequence, digest, proof } = message;
    if (!this.window.has(sequence)) return;
    const requests = this.window.at(sequence).batch(digest);
    if (requests === undefined || requests.length === 0) return;
    if (!this.verify(from, StatementType.fetchBatch, 0, sequence, digest, proof)) {
      this.reject('bad proof');
      return;
    }
    const body = { kind: 'BatchData', sequence, digest, requests } as const;
    const answer: BatchData = {
      ...body,
      proof: this.prove(StatementType.batchData, 0, sequence, batchDataDigest(body)),
    };
    this.answer(this.rankOf(from), answer);
  }

  // ---- what comes in answer ----

  protected onBatchData(from: ProcessId, message: BatchData): void {
    const { sequence, digest, requests, proof } = message;
    if (!this.window.has(sequence)) return;
    const slot = this.window.at(sequence);
    if (slot.batch(digest) !== undefined) return;
    if (!this.verify(from, StatementType.batchData, 0, sequence, batchDataDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    if (!this.isBatchOf(digest, requests)) {
      this.reject('the batch is not that of its digest');
      return;
    }
    this.takeBatch(slot, digest, requests);
  }

  protected isBatchOf(digest: number, requests: readonly Request[]): boolean {
    if (requests.length === 0) return digest === 0;
    return batchDigest(requests) === digest && this.areAuthentic(requests);
  }

  /** A place is decided, in whatever view. */
  protected onDecision(from: ProcessId, message: Decision): void {
    const { view, sequence, digest, requests, commits, proof } = message;
    if (!this.window.has(sequence) || sequence <= this.lastExecuted) return;
    const slot = this.window.at(sequence);
    if (slot.decision !== undefined && slot.batch(slot.decision.digest) !== undefined) return;
    if (!this.verify(from, StatementType.decision, view, sequence, decisionDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    const isProved =
      this.isCertificate(commits, this.quorum.strong, StatementType.commit, view, sequence, digest) &&
      this.isBatchOf(digest, requests);
    if (!isProved) {
      this.reject('bad decision');
      return;
    }
    this.promiseDecided(slot);
    if (slot.decision === undefined) slot.decide({ view, digest, commits });
    slot.fill(digest, requests);
    this.executeReady();
  }

  protected override copyFrom(other: PbftStatus): void {
    super.copyFrom(other);
    this.allowance = other.allowance.slice();
  }

  protected encodeStatus(): Plain {
    return [...this.allowance];
  }
}
