/**
 * View changes (OSDI 1999, §4.4): when the primary is suspected, what a replica takes with it, and how the next
 * primary begins its view.
 *
 * A backup waits for one thing at a time: the request that it has known for longest, or the place that is next when
 * it knows of none. When that is not executed in time, it leaves the view; so a primary that orders everything but
 * one client's requests is suspected, too. The primary waits for the places that it has given, in the same way: with
 * what it lacks in the hands of one that has left the view alone, nobody else might ever leave (the paper has backups
 * wait only, and counts on a client that asks again). Time-outs double from view change to view change, up to a cap, until
 * something is executed again.
 */

import type { Micros, Plain, ProcessId } from '../../kernel/index.js';
import { PbftCheckpoints } from './checkpoints.js';
import {
  StatementType,
  type Choice,
  type NewView,
  type PreparedCertificate,
  type Sequence,
  type StableCertificate,
  type View,
  type ViewChange,
} from './messages.js';
import { obligationsOf, type Obligations } from './new-view.js';
import { EVERYBODY } from './outbox.js';
import type { PendingRequest } from './pending.js';
import { newViewBytes, newViewDigest, viewChangeBytes, viewChangeDigest } from './wire.js';

export const VIEW_TIMER = 'view-change';

export abstract class PbftViewChange extends PbftCheckpoints {
  /** The latest view change of each replica: that of its highest view. All are verified. */
  protected viewChanges: (ViewChange | undefined)[] = this.members.map(() => undefined);
  /** View changes in a row without anything executed. */
  protected attempts = 0;
  /** What the timer runs for: a request, or else a place; 0 and undefined: it does not run. */
  private awaitedRequest: PendingRequest | undefined = undefined;
  private awaitedSequence: Sequence = 0;
  /** The configuration has done all, and the timer runs for the next one. */
  private isAwaitingEnd = false;
  /** A quorum waits for the new view, and the timer runs for that. */
  protected isAwaitingNewView = false;

  /** The replica has entered a view: batches may be missing. */
  protected abstract viewEntered(): void;

  // ---- suspicion ----

  protected timeoutMicros(): Micros {
    const { viewChangeMicros, viewChangeMicrosMax } = this.settings;
    let timeout = viewChangeMicros;
    for (let i = 0; i < this.attempts && timeout < viewChangeMicrosMax; i++) timeout *= 2;
    return Math.min(timeout, viewChangeMicrosMax);
  }

  protected startTimer(): void {
    // A primary gives those who know of what it has proposed the time to leave first.
    const isOwn = this.isActive && this.isPrimary();
    const timeout = this.timeoutMicros() * (isOwn ? 2 : 1);
    this.host.setTimer(VIEW_TIMER, timeout, timeout);
  }

  /** Stops waiting for what has come, and waits for what is next. */
  protected override watchProgress(): void {
    if (!this.isActive || !this.takesPart()) return;
    if (this.lastExecuted >= this.lastBatch) {
      this.awaitEnd();
      return;
    }
    const isWaiting = this.awaitedRequest !== undefined || this.awaitedSequence > 0;
    if (isWaiting && !this.hasComeAbout()) return;
    if (isWaiting) this.attempts = 0;
    this.awaitNext(isWaiting);
  }

  /**
   * All that this configuration does is done, and requests wait for the next one. That begins when a quorum has come as
   * far; whoever lacks a place may have left the view alone, and nobody else know of a decision there after a restart.
   * So this is waited for like anything else: then all leave, and the new view has the place again.
   */
  private awaitEnd(): void {
    if (this.isAwaitingEnd) return;
    this.stopWaiting();
    this.isAwaitingEnd = true;
    this.startTimer();
  }

  private hasComeAbout(): boolean {
    return this.awaitedRequest?.isDone ?? this.awaitedSequence <= this.lastExecuted;
  }

  private awaitNext(wasWaiting: boolean): void {
    // A primary suspects itself of nothing that it has not begun: what it has no room for waits for its own places.
    this.awaitedRequest = this.isPrimary() ? undefined : this.pending.oldest();
    const isOpen = this.awaitedRequest === undefined && this.hasOpenPlace();
    this.awaitedSequence = isOpen ? this.lastExecuted + 1 : 0;
    if (this.awaitedRequest !== undefined || isOpen) this.startTimer();
    else if (wasWaiting) this.host.cancelTimer(VIEW_TIMER);
  }

  /** True when something was pre-prepared that is not executed, or is due for another reason. */
  protected hasOpenPlace(): boolean {
    const from = Math.max(this.lastExecuted, this.window.low) + 1;
    for (let sequence = from; sequence <= this.window.high; sequence++) {
      if (this.window.at(sequence).view >= 0) return true;
    }
    return false;
  }

  protected stopWaiting(): void {
    this.awaitedRequest = undefined;
    this.awaitedSequence = 0;
    this.isAwaitingEnd = false;
    this.isAwaitingNewView = false;
    this.host.cancelTimer(VIEW_TIMER);
  }

  protected viewTimedOut(): void {
    if (this.isActive ? this.waitsInView() : this.isAwaitingNewView) this.startViewChange(this.view + 1);
  }

  private waitsInView(): boolean {
    return this.awaitedRequest !== undefined || this.awaitedSequence > 0 || this.isAwaitingEnd;
  }

  // ---- leaving a view ----

  protected startViewChange(view: View): void {
    const wasPrimary = this.isPrimary();
    this.stopWaiting();
    this.attempts++;
    this.view = view;
    this.isActive = false;
    this.withdrawVotes();
    this.sayViewChange();
    this.emit({ kind: 'term-changed', term: view });
    if (wasPrimary) this.emit({ kind: 'became-follower', term: view });
    this.countViewChanges();
  }

  /** Tells the others what this replica takes with it from the views that it has left. */
  protected sayViewChange(): void {
    const message = this.makeViewChange();
    this.viewChange = message;
    this.viewChanges[this.me] = message;
    this.promise({ kind: 'view-change', message }, viewChangeBytes(message));
    this.sendWhenDurable(EVERYBODY, message);
  }

  private makeViewChange(): ViewChange {
    const body = {
      kind: 'ViewChange',
      view: this.view,
      stable: this.stable,
      prepared: this.preparedPlaces(),
    } as const;
    const { sequence } = this.stable;
    const proof = this.prove(StatementType.viewChange, this.view, sequence, viewChangeDigest(body));
    return { ...body, proof };
  }

  /** P: the latest prepared certificate of every place above the stable checkpoint. */
  protected preparedPlaces(): PreparedCertificate[] {
    const prepared: PreparedCertificate[] = [];
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      const { certificate } = this.window.at(sequence);
      if (certificate !== undefined) prepared.push(certificate);
    }
    return prepared;
  }

  // ---- others' view changes ----

  protected onViewChange(from: ProcessId, message: ViewChange): void {
    const rank = this.rankOf(from);
    const known = this.viewChanges[rank];
    if (message.view < this.view || (message.view === this.view && this.isActive)) return;
    if (known !== undefined && known.view >= message.view) return;
    if (message.proof.signer !== from || !this.isValidViewChange(message)) {
      this.reject('bad view change');
      return;
    }
    this.viewChanges[rank] = message;
    this.joinViewChange();
    this.countViewChanges();
  }

  /** True when its sender, and all that it rests on, are proved. */
  protected isValidViewChange(message: ViewChange): boolean {
    const { view, stable, prepared, proof } = message;
    if (this.rankOf(proof.signer) < 0 || !this.configuration.hasView(view)) return false;
    const digest = viewChangeDigest(message);
    if (!this.verify(proof.signer, StatementType.viewChange, view, stable.sequence, digest, proof))
      return false;
    if (!this.isStable(stable)) return false;
    for (let i = 0; i < prepared.length; i++) {
      if (!this.isPreparedCertificate(prepared[i] as PreparedCertificate)) return false;
    }
    return true;
  }

  /** True for the primary's pre-prepare with the matching prepares of q - 1 backups. */
  protected isPreparedCertificate(certificate: PreparedCertificate): boolean {
    const { view, sequence, digest, prePrepare, prepares } = certificate;
    if (!this.configuration.hasView(view)) return false;
    const primary = this.members[this.primaryOf(view)] as ProcessId;
    if (!this.verify(primary, StatementType.prePrepare, view, sequence, digest, prePrepare)) return false;
    for (let i = 0; i < prepares.length; i++) if (prepares[i]?.signer === primary) return false;
    return this.isCertificate(
      prepares,
      this.quorum.strong - 1,
      StatementType.prepare,
      view,
      sequence,
      digest,
    );
  }

  /** One correct replica among f + 1 has left its view: joins them in the lowest of their views (§4.5.2). */
  protected joinViewChange(): void {
    let ahead = 0;
    let lowest: View = 0;
    for (let rank = 0; rank < this.members.length; rank++) {
      const view = this.viewLeftFor(rank);
      if (view <= this.view || rank === this.me) continue;
      ahead++;
      if (lowest === 0 || view < lowest) lowest = view;
    }
    if (ahead >= this.quorum.weak) this.startViewChange(lowest);
  }

  /** The view of the replica's latest view change; 0: none is known. */
  protected viewLeftFor(rank: number): View {
    return this.viewChanges[rank]?.view ?? 0;
  }

  /**
   * A quorum for the view that this replica waits for lets its primary begin. Everybody else waits for that, from when
   * a quorum has left for this view or a later one: whoever has gone further will not come back to be counted.
   */
  protected countViewChanges(): void {
    if (this.isActive) return;
    const agreeing = this.agreeingViewChanges();
    const isPrimary = this.primaryOf(this.view) === this.me;
    if (isPrimary && agreeing.length >= this.quorum.strong) {
      this.beginView(agreeing.slice(0, this.quorum.strong));
    } else if (!this.isAwaitingNewView && this.hasQuorumLeft()) {
      this.isAwaitingNewView = true;
      this.startTimer();
    }
  }

  protected hasQuorumLeft(): boolean {
    let gone = 0;
    for (let rank = 0; rank < this.members.length; rank++) if (this.viewLeftFor(rank) >= this.view) gone++;
    return gone >= this.quorum.strong;
  }

  private agreeingViewChanges(): ViewChange[] {
    const agreeing: ViewChange[] = [];
    for (const message of this.viewChanges) if (message?.view === this.view) agreeing.push(message);
    return agreeing;
  }

  // ---- the new view ----

  /** The new primary says what its view rests on. */
  protected beginView(viewChanges: readonly ViewChange[]): void {
    const { view } = this;
    const obligations = obligationsOf(viewChanges);
    const choices = obligations.places.map(({ sequence, digest }) => ({
      sequence,
      digest,
      proof: this.prove(StatementType.prePrepare, view, sequence, digest),
    }));
    const body = { kind: 'NewView', view, viewChanges, choices } as const;
    const proof = this.prove(StatementType.newView, view, 0, newViewDigest(body));
    const message: NewView = { ...body, proof };
    this.promise({ kind: 'new-view', message }, newViewBytes(message));
    this.sendWhenDurable(EVERYBODY, message);
    this.enterView(message, obligations);
  }

  protected onNewView(message: NewView): void {
    const { view } = message;
    if (view < this.view || (view === this.view && this.isActive)) return;
    const obligations = this.verifiedObligations(message);
    if (obligations === undefined) {
      this.reject('bad new view');
      return;
    }
    this.promise({ kind: 'new-view', message }, newViewBytes(message));
    this.enterView(message, obligations);
  }

  /** What the new view rests on, when all of it is proved and it says just what follows; else undefined. */
  protected verifiedObligations(message: NewView): Obligations | undefined {
    const { view, viewChanges, choices, proof } = message;
    const primary = this.members[this.primaryOf(view)] as ProcessId;
    if (!this.configuration.hasView(view)) return undefined;
    if (!this.verify(primary, StatementType.newView, view, 0, newViewDigest(message), proof))
      return undefined;
    if (!this.areQuorum(viewChanges, view)) return undefined;
    const obligations = obligationsOf(viewChanges);
    const { places } = obligations;
    if (places.length !== choices.length) return undefined;
    for (let i = 0; i < choices.length; i++) {
      const { sequence, digest, proof: chosen } = choices[i] as Choice;
      if (sequence !== places[i]?.sequence || digest !== places[i]?.digest) return undefined;
      if (!this.verify(primary, StatementType.prePrepare, view, sequence, digest, chosen)) return undefined;
    }
    return obligations;
  }

  /** True for valid view changes of a quorum of distinct replicas, all to this view. */
  protected areQuorum(viewChanges: readonly ViewChange[], view: View): boolean {
    if (viewChanges.length < this.quorum.strong) return false;
    let senders = 0;
    for (const message of viewChanges) {
      const rank = this.rankOf(message.proof.signer);
      if (rank < 0 || message.view !== view || (senders & (1 << rank)) !== 0) return false;
      senders |= 1 << rank;
      // What came from the sender itself is verified.
      if (this.viewChanges[rank] !== message && !this.isValidViewChange(message)) return false;
    }
    return true;
  }

  /** Takes part in the view from now on. */
  protected enterView(message: NewView, { stable }: Obligations): void {
    this.newView = message;
    this.takePart(message.view, stable, message.choices);
  }

  /** The view begins at this checkpoint, with these pre-prepares. */
  protected takePart(view: View, stable: StableCertificate, choices: readonly Choice[]): void {
    this.stopWaiting();
    if (view > this.view) this.withdrawVotes();
    if (this.primaryOf(view) !== this.me) this.withdrawViewChange();
    this.view = view;
    this.isActive = true;
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      this.window.at(sequence).beginView();
    }
    if (stable.sequence > this.window.low) this.stabiliseFrom(stable);
    this.acceptChoices(choices);
    this.reportRole();
    const last = choices[choices.length - 1]?.sequence ?? 0;
    this.beginOrdering(Math.max(last, stable.sequence, this.window.low, this.lastExecuted) + 1);
    this.replayEarly();
    this.watchProgress();
    this.viewEntered();
  }

  /**
   * What was not said yet of why this replica left for the view is not said any more. A journal that is begun from now on
   * has the view itself instead, and its certificates; and whoever waits for the view gets the new view. (Its primary's
   * word is in that, and leaves before it.)
   */
  private withdrawViewChange(): void {
    this.outbox.drop(({ kind }) => kind === 'ViewChange' || kind === 'MacViewChange');
  }

  /** The view begins at a stable checkpoint above this replica's own. */
  protected stabiliseFrom(stable: StableCertificate): void {
    if (stable.sequence > this.target.sequence) this.target = stable;
    this.stabilise(stable);
  }

  /** Those that are accepted are so for good. */
  protected acceptChoices(choices: readonly Choice[]): void {
    const isBackup = this.primaryOf(this.view) !== this.me;
    for (const { sequence, digest, proof } of choices) {
      if (!this.window.has(sequence) || (isBackup && sequence > this.ceiling)) continue;
      const slot = this.window.at(sequence);
      if (slot.view >= 0) continue;
      slot.accept(this.view, digest, proof, undefined);
      slot.tick = this.tick;
      if (isBackup) this.prepare(slot);
      this.checkPrepared(slot);
    }
  }

  protected reportRole(): void {
    const { view, index } = this;
    if (this.isPrimary()) this.emit({ kind: 'became-leader', term: view, lastIndex: index });
    else this.emit({ kind: 'became-follower', term: view });
  }

  protected override resetMembers(before: readonly ProcessId[]): void {
    super.resetMembers(before);
    this.viewChanges = this.members.map(() => undefined);
    this.attempts = 0;
    this.stopWaiting();
  }

  protected override copyFrom(other: PbftViewChange): void {
    super.copyFrom(other);
    this.viewChanges = other.viewChanges.slice();
    this.attempts = other.attempts;
    const awaited = other.awaitedRequest?.request.command;
    this.awaitedRequest = awaited && this.pending.find(awaited.client, awaited.sequence);
    this.awaitedSequence = other.awaitedSequence;
    this.isAwaitingEnd = other.isAwaitingEnd;
    this.isAwaitingNewView = other.isAwaitingNewView;
  }

  protected encodeViewChange(): { readonly [key: string]: Plain } {
    const awaited = this.awaitedRequest?.request.command;
    return {
      viewChanges: this.viewChanges.map((message) =>
        message === undefined ? null : viewChangeDigest(message),
      ),
      attempts: this.attempts,
      awaitedRequest: awaited === undefined ? null : [awaited.client, awaited.sequence],
      awaitedSequence: this.awaitedSequence,
      isAwaitingEnd: this.isAwaitingEnd,
      isAwaitingNewView: this.isAwaitingNewView,
    };
  }
}
