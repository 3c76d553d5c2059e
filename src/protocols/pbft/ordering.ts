/**
 * Requests: what clients send, what backups pass on, and how the primary gives batches their places (OSDI 1999,
 * §4.2; batching: TOCS 2002, §5.2).
 *
 * A batch is proposed when it is full, or its first request has waited for long enough; at most so many batches are
 * under way, and never above the high watermark. A request that was executed is answered, not ordered again.
 */

import type { ProcessId } from '../../kernel/index.js';
import { PbftAgreement } from './agreement.js';
import { NULL_DIGEST, type PrePrepare, type Request, type Sequence } from './messages.js';
import type { Slot } from './slot.js';
import { batchDigest } from './wire.js';

export const BATCH_TIMER = 'batch';

export abstract class PbftOrdering extends PbftAgreement {
  /** The place that the primary gives next. */
  protected nextSequence: Sequence = 1;
  private isBatchTimerSet = false;

  /** There is something new to wait for, or less of it. */
  protected abstract watchProgress(): void;

  // ---- requests ----

  protected onRequest(from: ProcessId, message: Request): void {
    const { client, sequence } = message.command;
    if (this.executed.indexOf(client, sequence) > 0) {
      if (from === client && this.isAuthentic(message)) this.replyAgain(message.command);
      return;
    }
    if (this.pending.find(client, sequence) !== undefined) return;
    // Its client's proof holds for ever: whoever has it could have a correct primary order it again and again.
    if (this.executed.isPast(client, sequence)) {
      this.reject('a request of long ago');
      return;
    }
    if (!this.isAuthentic(message)) {
      this.reject('a request without its client');
      this.noteUnproved(from);
      return;
    }
    this.addRequest(from, message);
  }

  protected addRequest(from: ProcessId, message: Request): void {
    if (this.pending.size >= this.settings.maxPendingRequests) {
      this.reject('too many requests');
      return;
    }
    if (this.pending.add(message, this.tick) === undefined) return;
    if (this.settings.readOnly && (message.command.read ?? 'log') !== 'log')
      this.reached('pbft/read-ordered');
    if (this.isPrimary()) this.propose();
    else {
      if (this.isActive && from === message.command.client) this.passOn(message);
      this.watchProgress();
    }
  }

  /** A backup passes a client's request on to the primary. */
  protected passOn(message: Request): void {
    this.host.send(this.primaryProcess, message);
  }

  // ---- the primary ----

  protected batchTimedOut(): void {
    this.isBatchTimerSet = false;
    if (this.isPrimary()) this.proposeBatches(1);
  }

  /** Proposes full batches now, and a smaller one in a while. */
  protected propose(): void {
    const { batchSize, batchDelayMicros } = this.settings;
    if (this.change !== undefined) {
      this.proposeNulls();
      return;
    }
    this.proposeBatches(batchDelayMicros === 0 ? 1 : batchSize);
    if (this.pending.waiting === 0 || this.isBatchTimerSet || !this.mayPropose()) return;
    this.isBatchTimerSet = true;
    this.host.setTimer(BATCH_TIMER, batchDelayMicros, batchDelayMicros);
  }

  /** Proposes batches of at least so many requests. */
  private proposeBatches(least: number): void {
    while (this.pending.waiting >= least && this.pending.waiting > 0 && this.mayPropose()) {
      const requests = this.takeBatchToPropose();
      if (requests.length === 0) return;
      this.proposeBatch(requests);
    }
  }

  protected mayPropose(): boolean {
    // What is stable is under way no more, also where this primary still fetches the state: else it could propose
    // nothing at all, and would cost its view.
    const inflight = this.nextSequence - 1 - Math.max(this.lastExecuted, this.window.low, this.viewStart);
    const last = Math.min(this.window.high, this.lastBatch, this.ceiling);
    return inflight < this.settings.maxInflight && this.nextSequence <= last;
  }

  /** The configuration gives way: what is left of it is filled with null requests. */
  private proposeNulls(): void {
    while (this.mayPropose()) this.proposeNull();
  }

  protected proposeNull(): void {
    this.proposeAs(NULL_DIGEST, []);
  }

  private takeBatchToPropose(): Request[] {
    const requests: Request[] = [];
    while (requests.length < this.settings.batchSize) {
      const pending = this.pending.takeUnordered();
      if (pending === undefined) break;
      requests.push(pending.request);
    }
    return requests;
  }

  protected proposeBatch(requests: readonly Request[]): void {
    this.proposeAs(batchDigest(requests), requests);
  }

  private proposeAs(digest: number, requests: readonly Request[]): void {
    const { view } = this;
    const sequence = this.nextSequence++;
    const proof = this.makePrePrepareProof(view, sequence, digest);
    const message: PrePrepare = { kind: 'PrePrepare', view, sequence, digest, requests, proof };
    this.acceptPrePrepare(this.window.at(sequence), message);
  }

  protected override accepted(slot: Slot): void {
    const { requests } = slot;
    if (requests !== undefined) this.markOrdered(requests);
    this.watchProgress();
  }

  /** These have their place in the present view. */
  protected markOrdered(requests: readonly Request[]): void {
    for (let i = 0; i < requests.length; i++) {
      const { client, sequence } = (requests[i] as Request).command;
      const pending = this.pending.find(client, sequence);
      if (pending !== undefined) this.pending.ordered(pending);
    }
  }

  /** A new view is entered: the primary orders what has no place yet, a backup passes on what it knows. */
  protected beginOrdering(nextSequence: Sequence): void {
    this.nextSequence = nextSequence;
    this.pending.beginView();
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      const { requests } = this.window.at(sequence);
      if (requests !== undefined) this.markOrdered(requests);
    }
    if (this.isPrimary()) this.propose();
    else for (const { request } of this.pending.first(this.settings.batchSize)) this.passOn(request);
  }

  protected override afterExecution(): void {
    if (this.isPrimary()) this.propose();
    this.watchProgress();
  }

  /** Who took no part when its time was up has not heard of it. */
  protected override resetMembers(before: readonly ProcessId[]): void {
    super.resetMembers(before);
    this.isBatchTimerSet = false;
  }

  protected override copyFrom(other: PbftOrdering): void {
    super.copyFrom(other);
    this.nextSequence = other.nextSequence;
    this.isBatchTimerSet = other.isBatchTimerSet;
  }

  protected encodeOrdering(): readonly [number, boolean] {
    return [this.nextSequence, this.isBatchTimerSet];
  }
}
