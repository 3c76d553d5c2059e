/**
 * View changes with MACs (Castro's thesis, MIT-LCS-TR-817, chapter 3; TOCS 2002, §5): nobody can show others what it was
 * told, so a view change says what its sender knows (P, Q and C), the others acknowledge that they have it from the
 * sender itself, and the new primary decides by how many say the same (decision.ts).
 *
 * - The primary takes a view change into S when q - 1 replicas other than its sender have it from the sender, itself
 *   among them. Of these at least q - f >= f + 1 are correct if the sender is faulty (which leaves f - 1 others); if the
 *   sender is correct, everybody can check its MAC. So every correct backup comes to believe whatever S has.
 * - A backup believes a view change that a new view names when the sender's MAC for it is good, or when f + 1 other
 *   replicas acknowledge it. (For n = 3f + 1 these are the paper's 2f - 1 acknowledgements beside the primary's own
 *   word, and f + 1.) A new view whose view changes are not all believed yet is kept until they are, or its
 *   primary makes a later one. One that a liar has made up is never believed, and stays until then.
 * - The timer runs from a quorum of view changes on, at the new primary as well: it may wait for acknowledgements.
 *
 * A faulty primary can make a new view whose MACs are good for some replicas only; the others wait for it in vain,
 * and follow what is decided by the claims of f + 1 (claims.ts) until f + 1 have left that view.
 */

import type { Plain, ProcessId, Proof } from '../../../kernel/index.js';
import { StatementType, type Sequence, type Status, type View } from '../messages.js';
import { EVERYBODY } from '../outbox.js';
import type { Promised } from '../records.js';
import { Acknowledgements } from './acknowledgements.js';
import { decideView, type Begin } from './decision.js';
import {
  MacStatementType,
  type Checkpointed,
  type MacNewView,
  type MacViewChange,
  type Tuple,
  type ViewChangeAck,
} from './messages.js';
import {
  macNewViewBytes,
  macNewViewDigest,
  macViewChangeBytes,
  macViewChangeDigest,
  viewChangeAckDigest,
} from './wire.js';
import { MacViewStarts } from './view-start.js';

export abstract class MacViewChanges extends MacViewStarts {
  /** The latest view change of each replica, from the replica itself. */
  protected said: (MacViewChange | undefined)[] = this.members.map(() => undefined);
  protected acknowledgements = new Acknowledgements(this.members.length);
  /** This replica's own latest view change. */
  protected ownViewChange: MacViewChange | undefined = undefined;
  /**
   * By primary: its latest new view that is right if its view changes are what their senders have said, while some are
   * not believed yet. One that is made up stands in the way of nobody else's.
   */
  private unbelieved: (MacNewView | undefined)[] = this.members.map(() => undefined);

  // ---- leaving a view ----

  protected override sayViewChange(): void {
    const message = this.makeMacViewChange();
    this.ownViewChange = message;
    this.said[this.me] = message;
    this.promise({ kind: 'mac-view-change', message }, macViewChangeBytes(message));
    this.sendWhenDurable(EVERYBODY, message);
    this.acknowledge();
  }

  private makeMacViewChange(): MacViewChange {
    const body = {
      kind: 'MacViewChange',
      view: this.view,
      stable: this.window.low,
      checkpoints: this.ownCheckpoints(),
      prepared: this.preparedTuples(),
      prePrepared: this.prePreparedTuples(),
      ...this.recoveryInForce(),
    } as const;
    return { ...body, proof: this.proveViewChange(body.view, body.stable, macViewChangeDigest(body)) };
  }

  /** The number of the latest recovery, where replicas recover. */
  protected recoveryInForce(): Pick<MacViewChange, 'recovery'> {
    return {};
  }

  /** True for a view change from before its sender's latest recovery: what it says may be wrong or forgotten. */
  protected isVoid(_message: MacViewChange): boolean {
    return false;
  }

  protected proveViewChange(view: View, stable: Sequence, digest: number): Proof {
    return this.prove(MacStatementType.viewChange, view, stable, digest);
  }

  /** C: also of those that are on the disk, and that it is about to tell of again after a start. */
  private ownCheckpoints(): Checkpointed[] {
    const { sequence: stable, digest } = this.stable;
    const later = new Map<Sequence, number>();
    for (const said of this.checkpoints[this.me] ?? []) later.set(said.sequence, said.digest);
    for (const own of this.ownStates) if (this.store.has(own.sequence)) later.set(own.sequence, own.digest);
    const own = [...later].filter(([sequence]) => sequence > stable).sort(([a], [b]) => a - b);
    // The highest, and no more than others take for well-formed: see addCheckpoint.
    const { window, checkpointInterval } = this.settings;
    const highest = own.slice((-2 * window) / checkpointInterval);
    return [{ sequence: stable, digest }, ...highest.map(([sequence, digest]) => ({ sequence, digest }))];
  }

  /** P. */
  protected preparedTuples(): Tuple[] {
    return this.preparedPlaces().map(({ view, sequence, digest }) => ({ view, sequence, digest }));
  }

  /** Q. */
  protected prePreparedTuples(): Tuple[] {
    const tuples: Tuple[] = [];
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      const { view, digest, held } = this.window.at(sequence);
      const here = held.entries
        .filter((entry) => view < 0 || entry.digest !== digest)
        .map((entry) => ({ view: entry.view, sequence, digest: entry.digest }));
      if (view >= 0) here.push({ view, sequence, digest });
      tuples.push(...here.sort((a, b) => a.digest - b.digest));
    }
    return tuples;
  }

  // ---- others' view changes ----

  protected onMacViewChange(from: ProcessId, message: MacViewChange): void {
    const rank = this.rankOf(from);
    const { view } = message;
    if (view < this.view || (view === this.view && this.isActive)) return;
    if (!this.isNews(this.said[rank], message)) return;
    if (this.isVoid(message) || !this.isFromItsSender(message)) {
      this.reject('bad view change');
      return;
    }
    this.said[rank] = message;
    this.noteLeft(rank, view);
    this.joinViewChange();
    if (!this.isActive && view === this.view) this.acknowledge();
    this.countViewChanges();
  }

  /** The replica has left for this view. */
  protected noteLeft(_rank: number, _view: View): void {
    // It counts with others.
  }

  protected forgetNewViews(): void {
    this.unbelieved.fill(undefined);
  }

  private isNews(known: MacViewChange | undefined, { view, recovery = 0 }: MacViewChange): boolean {
    if (known === undefined || known.view < view) return true;
    return known.view === view && (known.recovery ?? 0) < recovery;
  }

  /** False for one whose sender may not have recovered so often: it would be void by no recovery to come. */
  protected isOfKnownRecovery({ proof }: MacViewChange): boolean {
    return this.rankOf(proof.signer) >= 0;
  }

  private isFromItsSender(message: MacViewChange): boolean {
    const { view, stable, proof } = message;
    const digest = macViewChangeDigest(message);
    return (
      this.isOfKnownRecovery(message) &&
      this.verify(proof.signer, MacStatementType.viewChange, view, stable, digest, proof)
    );
  }

  protected override viewLeftFor(rank: number): View {
    return this.said[rank]?.view ?? 0;
  }

  // ---- acknowledgements ----

  /** Says which view changes this replica has for the view that it waits for. */
  private acknowledge(): void {
    const { view, acknowledgements } = this;
    for (let rank = 0; rank < this.said.length; rank++) {
      const message = this.said[rank];
      if (rank === this.me || message?.view !== view) continue;
      acknowledgements.add(this.me, view, rank, macViewChangeDigest(message));
    }
    if (acknowledgements.has(this.me, view)) this.sendToAll(this.makeAck(view));
  }

  private makeAck(view: View): ViewChangeAck {
    const body = { kind: 'ViewChangeAck', view, acks: this.acknowledgements.of(this.me, view) } as const;
    const proof = this.prove(MacStatementType.viewChangeAck, view, 0, viewChangeAckDigest(body));
    return { ...body, proof };
  }

  protected onViewChangeAck(from: ProcessId, message: ViewChangeAck): void {
    const { view, proof } = message;
    if (view < this.view || (view === this.view && this.isActive)) return;
    if (!this.verify(from, MacStatementType.viewChangeAck, view, 0, viewChangeAckDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    this.acknowledgements.take(this.rankOf(from), view, message.acks);
    this.countViewChanges();
    this.believeNewViews();
  }

  // ---- the new view ----

  protected override countViewChanges(): void {
    if (this.isActive) return;
    if (!this.hasQuorumLeft()) return;
    if (!this.isAwaitingNewView) {
      this.isAwaitingNewView = true;
      this.startTimer();
    }
    if (this.primaryOf(this.view) === this.me) this.decideAndBegin();
  }

  /** S: the view changes that every correct replica will come to believe. */
  protected acknowledged(): MacViewChange[] {
    return this.said.filter(
      (message, rank): message is MacViewChange =>
        message?.view === this.view && (rank === this.me || this.isAcknowledged(rank, message)),
    );
  }

  protected isAcknowledged(rank: number, message: MacViewChange): boolean {
    const count = this.acknowledgements.count(message.view, rank, macViewChangeDigest(message));
    return count >= this.quorum.strong - 1;
  }

  protected decideAndBegin(): void {
    const viewChanges = this.acknowledged();
    if (viewChanges.length < this.quorum.strong) return;
    const begin = this.decide(viewChanges);
    // What this replica knows to be stable is so for others, too: their view changes will tell.
    if (begin === undefined || begin.checkpoint.sequence < this.window.low) return;
    if (this.canKeep(viewChanges, begin)) this.beginMacView(viewChanges, begin);
  }

  /**
   * True when this replica's window has all that it would propose: it must tell of that when it leaves the view. Who is
   * too far behind leaves the view to the next primary.
   */
  private canKeep(viewChanges: readonly MacViewChange[], { checkpoint, choices }: Begin): boolean {
    const last = checkpoint.sequence + choices.length;
    return last <= this.window.high || this.isStart(checkpoint, viewChanges);
  }

  protected decide(viewChanges: readonly MacViewChange[]): Begin | undefined {
    return decideView(viewChanges, this.quorum, this.settings.window);
  }

  private beginMacView(viewChanges: readonly MacViewChange[], { checkpoint, choices }: Begin): void {
    const { view } = this;
    const body = {
      kind: 'MacNewView',
      view,
      viewChanges,
      checkpoint,
      choices: choices.map(({ sequence, digest }) => ({
        sequence,
        digest,
        proof: this.prove(StatementType.prePrepare, view, sequence, digest),
      })),
    } as const;
    const proof = this.prove(MacStatementType.newView, view, 0, macNewViewDigest(body));
    const message: MacNewView = { ...body, proof };
    this.promise({ kind: 'mac-new-view', message }, macNewViewBytes(message));
    this.sendWhenDurable(EVERYBODY, message);
    this.enterMacView(message);
  }

  protected onMacNewView(message: MacNewView): void {
    const { view } = message;
    if (view < this.view || (view === this.view && this.isActive)) return;
    const primary = this.primaryOf(view);
    const known = this.unbelieved[primary];
    if (known !== undefined && known.view >= view) {
      if (known.view === view) this.mergeProofs(known, message);
      return;
    }
    if (!this.isRight(message)) {
      this.reject('bad new view');
      return;
    }
    this.unbelieved[primary] = message;
    this.believeNewViews();
  }

  /**
   * No proof covers those of the view changes: a liar that passes a new view on may have spoiled them, while the primary
   * sends them as they are.
   */
  private mergeProofs(known: MacNewView, message: MacNewView): void {
    if (macNewViewDigest(known) !== macNewViewDigest(message)) return;
    let isBetter = false;
    const viewChanges = known.viewChanges.map((viewChange, i) => {
      const other = message.viewChanges[i] as MacViewChange;
      if (this.isFromItsSender(viewChange) || !this.isFromItsSender(other)) return viewChange;
      isBetter = true;
      return other;
    });
    if (!isBetter) return;
    this.unbelieved[this.primaryOf(known.view)] = { ...known, viewChanges };
    this.believeNewViews();
  }

  /** True when it is its primary's, and says what follows from its view changes, if those are what was said. */
  protected isRight(message: MacNewView): boolean {
    const { view, viewChanges, checkpoint, choices, proof } = message;
    const primary = this.members[this.primaryOf(view)] as ProcessId;
    const digest = macNewViewDigest(message);
    if (!this.verify(primary, MacStatementType.newView, view, 0, digest, proof)) return false;
    if (!this.areQuorumFor(viewChanges, view)) return false;
    const begin = this.decide(viewChanges);
    if (begin === undefined || begin.choices.length !== choices.length) return false;
    if (begin.checkpoint.sequence !== checkpoint.sequence || begin.checkpoint.digest !== checkpoint.digest)
      return false;
    return choices.every(({ sequence, digest: chosen, proof: prePrepare }, i) => {
      const due = begin.choices[i] as Checkpointed;
      if (sequence !== due.sequence || chosen !== due.digest) return false;
      return this.verify(primary, StatementType.prePrepare, view, sequence, chosen, prePrepare);
    });
  }

  /** True for view changes of a quorum of distinct replicas, all to this view. */
  protected areQuorumFor(viewChanges: readonly MacViewChange[], view: View): boolean {
    let senders = 0;
    for (const message of viewChanges) {
      const rank = this.rankOf(message.proof.signer);
      if (rank < 0 || message.view !== view || (senders & (1 << rank)) !== 0) return false;
      senders |= 1 << rank;
    }
    return viewChanges.length >= this.quorum.strong;
  }

  /** Enters the view that a new view begins, once all of its view changes are believed. */
  protected believeNewViews(): void {
    for (let primary = 0; primary < this.unbelieved.length; primary++) this.believeNewView(primary);
  }

  private believeNewView(primary: number): void {
    const message = this.unbelieved[primary];
    if (message === undefined) return;
    const { view } = message;
    if (view < this.view || (view === this.view && this.isActive)) this.unbelieved[primary] = undefined;
    else if (message.viewChanges.every((viewChange) => this.isBelieved(viewChange))) {
      this.promise({ kind: 'mac-new-view', message }, macNewViewBytes(message));
      this.enterMacView(message);
    }
  }

  protected isBelieved(message: MacViewChange): boolean {
    if (this.isVoid(message)) return false;
    const rank = this.rankOf(message.proof.signer);
    const digest = macViewChangeDigest(message);
    if (rank === this.me) return this.ownViewChange !== undefined && this.isOwn(message, digest);
    if (this.isFromItsSender(message)) return true;
    return this.acknowledgements.count(message.view, rank, digest) >= this.quorum.weak;
  }

  /** Nobody has this replica say what it has not said. */
  private isOwn({ view }: MacViewChange, digest: number): boolean {
    const { ownViewChange } = this;
    return ownViewChange?.view === view && macViewChangeDigest(ownViewChange) === digest;
  }

  private enterMacView(message: MacNewView): void {
    this.unbelieved[this.primaryOf(message.view)] = undefined;
    this.acknowledgeAll(message);
    this.enterAt(message);
  }

  /**
   * Others may wait for this replica's word of what the view rests on. Where it believes that by the words of f + 1, the
   * first of the correct ones among them has seen it for itself.
   */
  private acknowledgeAll({ view, viewChanges }: MacNewView): void {
    for (const viewChange of viewChanges) {
      const rank = this.rankOf(viewChange.proof.signer);
      if (rank !== this.me) this.acknowledgements.add(this.me, view, rank, macViewChangeDigest(viewChange));
    }
  }

  // ---- retransmission ----

  protected override viewChangesHere(): number {
    let mask = 0;
    for (let rank = 0; rank < this.said.length; rank++) {
      if (this.said[rank]?.view === this.view) mask |= 1 << rank;
    }
    return mask;
  }

  protected override helpWithView(rank: number, status: Status): void {
    const { view, isActive, viewChanges } = status;
    if (view > this.view || (view === this.view && isActive)) return;
    if (this.isActive) {
      const { begun } = this;
      if (begun !== undefined && (this.isPrimary() || this.isAsked(rank, status))) this.answer(rank, begun);
    } else {
      const { ownViewChange } = this;
      const isMissing = view < this.view || (viewChanges & (1 << this.me)) === 0;
      if (isMissing && ownViewChange?.view === this.view) this.answer(rank, ownViewChange);
    }
    if (this.acknowledgements.has(this.me, this.view)) this.answer(rank, this.makeAck(this.view));
  }

  // ---- what is promised ----

  protected override promisesOfViews(promised: Promised[]): number {
    let bytes = 0;
    const { begun, ownViewChange } = this;
    if (begun !== undefined) {
      promised.push({ kind: 'mac-new-view', message: begun });
      bytes += macNewViewBytes(begun);
    }
    if (ownViewChange !== undefined && !this.isActive) {
      promised.push({ kind: 'mac-view-change', message: ownViewChange });
      bytes += macViewChangeBytes(ownViewChange);
    }
    return bytes;
  }

  protected override takePromise(promise: Promised): void {
    if (promise.kind === 'mac-view-change') {
      this.view = promise.message.view;
      this.isActive = false;
      this.ownViewChange = promise.message;
      this.said[this.me] = promise.message;
    } else if (promise.kind === 'mac-new-view') {
      this.acknowledgeAll(promise.message);
      this.restoreAt(promise.message);
    } else super.takePromise(promise);
  }

  // ---- state as a value ----

  protected override copyFrom(other: MacViewChanges): void {
    super.copyFrom(other);
    this.said = other.said.slice();
    this.acknowledgements = other.acknowledgements.clone();
    this.ownViewChange = other.ownViewChange;
    this.unbelieved = other.unbelieved.slice();
  }

  protected encodeMacViewChanges(): Plain {
    return {
      said: this.said.map((message) => (message === undefined ? null : macViewChangeDigest(message))),
      acknowledgements: this.acknowledgements.encode(),
      ownViewChange: this.ownViewChange?.view ?? 0,
      begun: this.begun === undefined ? 0 : macNewViewDigest(this.begun),
      unbelieved: this.unbelieved.map((message) => (message === undefined ? 0 : macNewViewDigest(message))),
      awaitsStart: this.awaitsStart,
    };
  }
}
