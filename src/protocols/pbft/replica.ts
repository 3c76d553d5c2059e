/**
 * The PBFT replica: start and recovery, dispatch of messages, timers and disk completions, copy and encoding.
 *
 * The layers below each add one thing: core (view, proofs, promises), execution, agreement, ordering, checkpoints,
 * view changes, state transfer, retransmission. Bugs of the zoo are subclasses that override one of their small
 * methods.
 */

import {
  assert,
  MEMBER_GENERATION,
  type DiskImage,
  type DiskStatus,
  type Host,
  type Message,
  type OperationId,
  type Outline,
  type Outlined,
  type Plain,
  type ProcessId,
  type Replica,
  type StateMachine,
} from '../../kernel/index.js';
import type {
  Choice,
  NewView,
  PbftMessage,
  PeerMessage,
  PrePrepare,
  Sequence,
  StableCertificate,
  View,
} from './messages.js';
import { isHandover, isInquiry } from './handover.js';
import { obligationsOf } from './new-view.js';
import { BATCH_TIMER } from './ordering.js';
import { outlineWindow } from './outline.js';
import type { Promised } from './records.js';
import { recover, type Recovered, type Unusable } from './recovery.js';
import type { PbftSettings } from './settings.js';
import type { Slot } from './slot.js';
import { PbftReconfiguration } from './reconfiguration.js';
import { STATUS_TIMER } from './status.js';
import { Validator } from './validate.js';
import { VIEW_TIMER } from './view-change.js';

/** Constructor shared by the replica and its subclasses. */
export type PbftReplicaClass = new (
  host: Host,
  members: readonly ProcessId[],
  service: StateMachine,
  settings: PbftSettings,
) => PbftReplica;

const REASONS: Readonly<Record<Unusable['kind'], string>> = {
  blank: 'the disk is blank',
  replaced: 'the disk is a new one, and this cluster takes no new replicas',
  damaged: 'the disk is damaged',
};

/** A promise that concerns one place. */
type PlacePromise = Exclude<
  Promised,
  {
    readonly kind:
      | 'configuration'
      | 'stable'
      | 'view-change'
      | 'new-view'
      | 'mac-view-change'
      | 'mac-new-view'
      | 'decided'
      | 'recovery';
  }
>;

function sequenceOf(promise: PlacePromise): Sequence {
  switch (promise.kind) {
    case 'accepted':
      return promise.message.sequence;
    case 'prepared':
      return promise.certificate.sequence;
    case 'batch':
    case 'held':
      return promise.sequence;
  }
}

/** True for what is said between those that lack the state with which they begin and those that have it. */
function isAboutState(message: Message): boolean {
  const kind = (message as Message | null)?.kind;
  return kind === 'FetchState' || kind === 'StateData';
}

/** Roles in the outline. */
const OUTSIDER = 0;
const BACKUP = 1;
const PRIMARY = 2;
const BETWEEN_VIEWS = 3;

export class PbftReplica extends PbftReconfiguration implements Replica, Outlined {
  /** True for one that takes no part: it is no member, or its disk has forgotten what it promised. */
  protected isNobody = false;
  protected validator = new Validator(this.members.length, this.settings);

  // ---- life ----

  start(disk: DiskImage): void {
    const found = this.recoverFrom(disk);
    const takesNew = this.settings.operator >= 0;
    if (found.kind !== 'usable' || (!takesNew && this.me < 0)) {
      this.isNobody = true;
      this.emit({ kind: 'recovered', term: 0, lastIndex: 0, trusted: false });
      const reason = found.kind === 'usable' ? 'this server is no replica' : REASONS[found.kind];
      this.emit({ kind: 'refused-to-run', reason });
      return;
    }
    this.takeBack(found);
    this.emit({ kind: 'recovered', term: this.view, lastIndex: this.index, trusted: this.isTrusted() });
    if (this.lastExecuted >= this.begunAfter) this.reportConfiguration();
    if (this.isActive) this.reportRole();
    this.startStatusTimer();
    this.checkOpenPlaces();
    if (this.isActive) this.watchProgress();
    else if (this.takesPart()) this.countViewChanges();
    this.settle();
  }

  /** Where one or two replicas are enough, nobody else's vote may be to come. */
  private checkOpenPlaces(): void {
    if (!this.isActive || !this.takesPart()) return;
    for (let sequence = this.window.low + 1; this.window.has(sequence); sequence++) {
      const slot = this.window.at(sequence);
      this.checkPrepared(slot);
      if (this.window.has(sequence)) this.checkCommitted(slot);
    }
  }

  /** True when all that was promised before the start is known. */
  protected isTrusted(): boolean {
    return true;
  }

  protected recoverFrom(disk: DiskImage): Recovered | Unusable {
    return recover(disk, this.settings.operator >= 0);
  }

  protected override membersChanged(): void {
    const most = Math.max(this.members.length, this.previous.members.length);
    this.validator = new Validator(most, this.settings);
  }

  /** Everything promised before the start holds again, and is written to a journal of its own. */
  private takeBack(found: Recovered): void {
    const { start, states, digests, damaged, journals, records } = found;
    this.memberId = this.host.self + MEMBER_GENERATION * found.generation;
    this.me = this.configuration.members.indexOf(this.memberId);
    const promised = this.takeConfigurations(found.promised);
    const current = journals[journals.length - 1] ?? 0;
    this.journal.restart(current, journals.slice(0, -1), records);
    this.store.restart(
      digests.map(({ sequence }) => sequence),
      damaged,
    );
    if (damaged.length > 0) this.reached('pbft/checkpoint-lost');
    if (start !== undefined) this.adoptState(start, false);
    for (const promise of promised) this.takePromise(promise);
    this.stableState = states.find(({ sequence }) => sequence === this.stable.sequence);
    this.ownStates = states.filter(({ sequence }) => sequence > this.stable.sequence);
    if (this.stable.sequence > this.target.sequence) this.target = this.stable;
    this.nextSequence = this.firstFreeSequence();
    this.beginJournal();
    for (const { sequence, digest } of digests) this.sayAgain(sequence, digest);
  }

  /** Takes the latest configuration that was promised; returns what was promised in it. */
  private takeConfigurations(promised: readonly Promised[]): readonly Promised[] {
    for (let i = promised.length - 1; i >= 0; i--) {
      const promise = promised[i] as Promised;
      if (promise.kind !== 'configuration') continue;
      this.restoreConfiguration(promise.links);
      return promised.slice(i + 1);
    }
    return promised;
  }

  protected takePromise(promise: Promised): void {
    switch (promise.kind) {
      case 'stable':
        if (promise.certificate.sequence <= this.stable.sequence) return;
        this.stable = promise.certificate;
        this.window.advance(promise.certificate.sequence);
        return;
      case 'view-change':
        this.view = promise.message.view;
        this.isActive = false;
        this.viewChange = promise.message;
        this.viewChanges[this.me] = promise.message;
        return;
      case 'new-view':
        this.takeNewView(promise.message);
        return;
      case 'mac-view-change':
      case 'mac-new-view':
      case 'recovery':
        this.host.halt('the disk is of a replica that proves by MACs');
        return;
      case 'decided':
        this.raiseReadFloor(promise.sequence);
        return;
      case 'configuration':
        return;
      default:
        this.takePlace(promise);
    }
  }

  private takeNewView(message: NewView): void {
    this.newView = message;
    this.takeView(message.view, obligationsOf(message.viewChanges).stable, message.choices);
  }

  /** It was in this view, which had begun at that checkpoint with these pre-prepares. */
  protected takeView(view: View, stable: StableCertificate, choices: readonly Choice[]): void {
    this.view = view;
    this.isActive = true;
    if (stable.sequence > this.stable.sequence) {
      this.stable = stable;
      this.window.advance(stable.sequence);
    }
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      this.window.at(sequence).beginView();
    }
    this.takeChoices(choices);
  }

  /** Those of the view that it is in, as far as the window goes. */
  protected takeChoices(choices: readonly Choice[]): void {
    for (const { sequence, digest, proof } of choices) {
      if (!this.window.has(sequence)) continue;
      const slot = this.window.at(sequence);
      if (slot.view >= 0) continue;
      slot.accept(this.view, digest, proof, undefined);
      this.voteAgain(slot);
    }
  }

  /** What was promised of one place; of no use when that is behind the stable checkpoint. */
  private takePlace(promise: PlacePromise): void {
    const sequence = sequenceOf(promise);
    if (!this.window.has(sequence)) return;
    const slot = this.window.at(sequence);
    switch (promise.kind) {
      case 'accepted':
        this.acceptAgain(slot, promise.message);
        return;
      case 'prepared':
        slot.holdCertificate(promise.certificate);
        this.raiseReadFloor(sequence);
        this.commitAgain(slot);
        return;
      case 'batch':
        slot.fill(promise.digest, promise.requests);
        return;
      case 'held':
        slot.held.note(promise.view, promise.digest, promise.requests);
    }
  }

  private acceptAgain(slot: Slot, { view, digest, proof, requests }: PrePrepare): void {
    if (view === this.view && slot.view < 0) {
      slot.accept(view, digest, proof, requests);
      this.voteAgain(slot);
    } else {
      slot.fill(digest, requests);
      if (view < this.view) slot.held.note(view, digest, requests);
    }
  }

  /** A vote that was promised is cast again: it says the same. */
  private voteAgain(slot: Slot): void {
    if (this.primaryOf(slot.view) !== this.me && !slot.prepares.has(this.me)) {
      const { proof } = this.makePrepare(slot.view, slot.sequence, slot.digest);
      slot.prepares.add(this.me, slot.digest, proof, true);
    }
    this.commitAgain(slot);
  }

  private commitAgain(slot: Slot): void {
    const { certificate } = slot;
    if (certificate === undefined || slot.view < 0 || certificate.view !== slot.view || slot.isPrepared)
      return;
    slot.becomePrepared(certificate);
    for (const proof of certificate.prepares) {
      const rank = this.rankOf(proof.signer);
      if (!slot.prepares.has(rank)) slot.prepares.add(rank, slot.digest, proof, true);
    }
    const { proof } = this.makeCommit(slot.view, slot.sequence, slot.digest);
    if (!slot.commits.has(this.me)) slot.commits.add(this.me, slot.digest, proof, true);
  }

  protected override firstFreeSequence(): Sequence {
    let last = Math.max(this.window.low, this.lastExecuted);
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      if (this.window.at(sequence).view >= 0 && sequence > last) last = sequence;
    }
    return last + 1;
  }

  // ---- events ----

  receive(from: ProcessId, message: Message): void {
    if (this.isNobody) return;
    if (this.settings.operator >= 0 && this.receiveConfiguration(from, message)) {
      this.settle();
      return;
    }
    if (!this.validator.accepts(message)) {
      this.reject('malformed');
      return;
    }
    const pbft = message as PbftMessage;
    switch (pbft.kind) {
      case 'Request':
        this.onRequest(from, pbft);
        break;
      case 'ReadRequest':
        this.onReadRequest(from, pbft);
        break;
      case 'Reply':
      case 'ReadReply':
        break;
      default:
        this.receiveFromPeer(from, pbft);
    }
    this.settle();
  }

  /** True for what concerns configurations, and for all that a replica that does not take part has no use for. */
  private receiveConfiguration(from: ProcessId, message: Message): boolean {
    if (isInquiry(message)) this.onInquiry(from, message);
    else if (isHandover(message)) this.onHandover(message);
    else return !this.takesPart() && !isAboutState(message);
    return true;
  }

  protected receiveFromPeer(from: ProcessId, message: PeerMessage): void {
    const rank = this.rankOf(from);
    const isFormer = rank < 0 && message.kind === 'StateData' && this.isFormerHolder(from);
    if ((rank < 0 && !isFormer) || rank === this.me) {
      this.reject('sender is no other replica');
      return;
    }
    // A new view proves itself, whoever passes it on. All else counts only from whom it is.
    if (message.proof.signer !== from && message.kind !== 'NewView') {
      this.reject('in the name of another');
      return;
    }
    switch (message.kind) {
      case 'PrePrepare':
      case 'Prepare':
      case 'Commit':
        this.onPhaseMessage(from, message);
        return;
      case 'NewView':
        this.onNewView(message);
        return;
      case 'Checkpoint':
        this.onCheckpoint(from, message);
        return;
      case 'ViewChange':
        this.onViewChange(from, message);
        return;
      case 'Status':
        this.onStatus(from, message);
        return;
      case 'Decision':
        this.onDecision(from, message);
        return;
      case 'FetchBatch':
        this.onFetchBatch(from, message);
        return;
      case 'BatchData':
        this.onBatchData(from, message);
        return;
      case 'FetchState':
        this.onFetchState(from, message);
        return;
      case 'StateData':
        this.onStateData(from, message);
        return;
      case 'MacViewChange':
      case 'ViewChangeAck':
      case 'MacNewView':
      case 'NewKey':
      case 'QueryStable':
      case 'ReplyStable':
      case 'RecoveryReply':
        this.reject('malformed');
    }
  }

  timerFired(name: string): void {
    if (this.isNobody || (name !== STATUS_TIMER && !this.takesPart())) return;
    switch (name) {
      case VIEW_TIMER:
        this.viewTimedOut();
        break;
      case BATCH_TIMER:
        this.batchTimedOut();
        break;
      case STATUS_TIMER:
        this.statusTimedOut();
        break;
    }
    this.settle();
  }

  diskCompleted(operation: OperationId, status: DiskStatus): void {
    if (this.isNobody) return;
    if (!this.journal.completed(operation, status)) {
      const placed = this.store.completed(operation, status);
      if (placed !== undefined) this.checkpointPlaced(placed);
    } else this.removeGarbage();
    if (status === 'ok') this.settle();
  }

  // ---- state as a value ----

  clone(host: Host): Replica {
    const Class = this.constructor as PbftReplicaClass;
    const copy = new Class(host, this.initialMembers, this.service.clone(), this.settings);
    assert(copy instanceof PbftReplica, 'a clone is of the same class');
    copy.copyFrom(this);
    copy.isNobody = this.isNobody;
    return copy;
  }

  outline(into: Outline): void {
    const isPart = !this.isNobody && this.takesPart();
    into.role = !isPart ? OUTSIDER : !this.isActive ? BETWEEN_VIEWS : this.isPrimary() ? PRIMARY : BACKUP;
    into.epoch = this.view;
    into.executed = this.lastExecuted;
    into.phase = (this.change === undefined ? 0 : 1) + (this.lastExecuted < this.window.low ? 2 : 0);
    outlineWindow(this.window, into);
  }

  encode(): Plain {
    return {
      ...this.encodeCore(),
      isNobody: this.isNobody,
      state: this.plainState(),
      pending: this.pending.encode(),
      reads: this.encodeReads(),
      tentative: this.encodeTentative(),
      early: this.encodeEarly(),
      ordering: this.encodeOrdering(),
      ...this.encodeCheckpoints(),
      ...this.encodeViewChange(),
      transfer: this.encodeTransfer(),
      status: this.encodeStatus(),
      reconfiguration: this.encodeReconfiguration(),
    };
  }
}
