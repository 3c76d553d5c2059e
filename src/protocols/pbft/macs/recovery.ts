/**
 * Proactive recovery (Castro and Liskov, TOCS 2002, §4): every so often each replica stops, starts again from its code, and
 * comes to be right again whatever it was before (its disk may be lost or damaged, but holds nothing that an intruder has
 * forged: what its journal says of a stable checkpoint, it believes); so more than f may fail over time, if no more than
 * f do between two recoveries.
 *
 * A watchdog lets one replica after another recover. It starts again from its disk, and then:
 *
 * 1. It chooses new keys (new-keys.ts), and asks how far the log is. Until it knows that nothing above H_M was agreed on
 *    it takes nothing in, and until a checkpoint at or above H_M is stable nothing above that: whoever had spoiled its
 *    log can not have filled it with places far ahead.
 * 2. It has a request ordered that says that it recovers. Everybody who executes that changes its keys as well, and takes
 *    view changes of the replica from before for void, also in new views; so what it said when it was faulty does not
 *    count any more. (The paper relies on time here: old keys are changed within a window of vulnerability. What is
 *    void here follows from the agreed order: every quorum has a correct member that has executed the request.)
 * 3. It checks its state against the digest that was certified, and fetches the parts that differ (transfer.ts).
 * 4. It is recovered when a checkpoint at or above H is stable: at least a window after the request was executed. The
 *    primary fills the places up to there with null requests when there is nothing else to order.
 *
 * A replica whose disk has lost what it promised recovers in the same way, and does not vote before it is recovered.
 * One whose promises are there goes on taking part, as in the paper. The request's number is an epoch of its keys, so
 * it never comes twice. The secure hardware of the paper (watchdog, counter, key for signatures) is the simulator's.
 */

import {
  makeCommand,
  type DiskImage,
  type DiskStatus,
  type OperationId,
  type Plain,
  type ProcessId,
} from '../../../kernel/index.js';
import { receivedDigest, type CheckpointState } from '../checkpoint.js';
import { NEVER } from '../core.js';
import { StatementType, type Request, type Sequence, type StableCertificate } from '../messages.js';
import { IDENTITY_BYTES, IDENTITY_FILE, type IdentityRecord, type Promised } from '../records.js';
import { recoverState, type Recovered, type Unusable } from '../recovery.js';
import type { Slot } from '../slot.js';
import {
  MacStatementType,
  type MacViewChange,
  type QueryStable,
  type RecoveryReply,
  type ReplyStable,
} from './messages.js';
import { OrderedRecoveries, RECOVERY_BYTES } from './ordered-recoveries.js';
import { RecoveryRound, recoveryPoint } from './recovery-round.js';
import { queryStableDigest, recoveryReplyDigest, replyStableDigest } from './wire.js';

export const WATCHDOG_TIMER = 'watchdog';

/**
 * Status ticks after which a recovery that has not ended begins anew; twice as many each time, since nothing says how long
 * one takes.
 */
const PATIENCE = 100;

export abstract class MacRecovery extends OrderedRecoveries {
  /** While it recovers. */
  protected round: RecoveryRound | undefined = undefined;
  /** Number of the latest recovery of this replica's own. */
  private latest = 0;
  private patience = PATIENCE;
  /** What the journal says of a recovery that was not over. */
  private unfinished: { readonly hasForgotten: boolean } | undefined = undefined;
  /** The watchdog has struck: it stops as soon as so many records of its journal are durable; -1: it has not. */
  private stopsAt = -1;
  /** The disk does not say whose it is, and is not to say so before it says that all else is lost. */
  private owesIdentity = false;
  /** A state from the disk that is not what it should be: what is right in it need not be fetched. */
  private suspect: Plain | undefined = undefined;

  // ---- the watchdog ----

  /** One replica after another, each once in the interval: the watchdog is a clock in hardware. */
  protected startWatchdog(): void {
    const period = this.settings.recoveryMicros;
    const due = this.watchdogPhase();
    const now = this.host.monotonicNow() % period;
    const wait = due > now ? due - now : due + period - now;
    this.host.setTimer(WATCHDOG_TIMER, wait, wait);
  }

  protected watchdogPhase(): number {
    const { recoveryMicros } = this.settings;
    return Math.floor(((this.me + 1) * recoveryMicros) / (this.members.length + 1));
  }

  override timerFired(name: string): void {
    if (name !== WATCHDOG_TIMER) super.timerFired(name);
    else if (this.me >= 0) this.recoverNow();
  }

  private recoverNow(): void {
    this.startWatchdog();
    this.emit({ kind: 'proactive-recovery', phase: 'due', number: this.latest });
    // Nobody need wait for a primary that stops.
    if (this.isPrimary()) this.startViewChange(this.view + 1);
    this.promiseRecovery(this.latest, this.hasForgotten, false);
    // Later records rest on nothing that has left, and under load there is no end of them.
    this.stopsAt = this.journal.written;
    this.settle();
  }

  private get isStopping(): boolean {
    return this.stopsAt >= 0;
  }

  override diskCompleted(operation: OperationId, status: DiskStatus): void {
    super.diskCompleted(operation, status);
    this.writeIdentity();
    if (this.isStopping && this.journal.synced >= this.stopsAt) {
      this.host.halt('proactive recovery: it starts again from its code');
    }
  }

  // ---- start ----

  override start(disk: DiskImage): void {
    super.start(disk);
    if (!this.recovers || this.me < 0 || this.isNobody) return;
    this.startWatchdog();
    if (this.unfinished !== undefined) this.beginRecovery(this.unfinished.hasForgotten);
    else if (this.isPrimary()) this.propose();
    this.settle();
  }

  /** A disk that has lost promises will do: they are counted as forgotten. */
  protected override recoverFrom(disk: DiskImage): Recovered | Unusable {
    const found = super.recoverFrom(disk);
    if (!this.recovers || this.me < 0) return found;
    if (found.kind === 'usable') return this.withSoundState(found);
    if (found.kind === 'replaced') return found;
    this.owesIdentity = disk.read(IDENTITY_FILE)[0]?.intact !== true;
    return this.withSoundState(recoverState(disk));
  }

  /**
   * Who it is, it knows: the disk is lost, not exchanged. Until the journal says that all promises are forgotten a power
   * loss must leave a disk that is lost, and not one on which nothing was ever promised.
   */
  private writeIdentity(): void {
    if (!this.owesIdentity || this.journal.synced === 0) return;
    this.owesIdentity = false;
    const record: IdentityRecord = { replica: this.host.self, generation: 0 };
    this.host.writeAt(IDENTITY_FILE, 0, record, IDENTITY_BYTES);
    this.host.sync(IDENTITY_FILE);
  }

  /**
   * While it recovers it believes no state that was not certified: it begins at its stable checkpoint, when that is on
   * the disk and has the digest of its certificate. Else what is there is compared, part by part, with what comes.
   */
  private withSoundState(found: Recovered): Recovered {
    const { promised, states } = found;
    const recovery = promised.findLast((promise) => promise.kind === 'recovery');
    if (recovery === undefined || recovery.isOver) return found;
    const certificate = stableOf(promised);
    const checkpoint = states.find(({ sequence }) => sequence === certificate?.sequence);
    const stable = certificate?.sequence ?? 0;
    if (checkpoint !== undefined && isSound(checkpoint, certificate))
      return withLater({ ...found, start: checkpoint }, stable);
    this.suspect = (checkpoint ?? states[states.length - 1])?.state;
    if (checkpoint !== undefined)
      this.emit({ kind: 'note', text: 'its state is not what was certified: it fetches what differs' });
    return withLater({ ...found, start: undefined }, stable);
  }

  protected override takePromise(promise: Promised): void {
    if (promise.kind !== 'recovery') {
      super.takePromise(promise);
      return;
    }
    this.latest = promise.number;
    this.unfinished = promise.isOver ? undefined : { hasForgotten: promise.hasForgotten };
  }

  // ---- recovering ----

  /** Nothing that was promised is known: until it is recovered it says nothing that binds. */
  protected get hasForgotten(): boolean {
    return this.round?.hasForgotten ?? this.unfinished?.hasForgotten ?? false;
  }

  private beginRecovery(hasForgotten: boolean): void {
    const number = this.host.authenticator.keyEpoch + 1;
    this.latest = number;
    this.round = new RecoveryRound(number, hasForgotten, this.members.length);
    this.unfinished = undefined;
    this.ceiling = 0;
    if (hasForgotten) this.forgetVotes();
    this.promiseRecovery(number, hasForgotten, false);
    this.emit({ kind: 'proactive-recovery', phase: 'begun', number });
    this.refreshKeys(this.host.self, number);
    if (!this.isActive) this.sayViewChange();
    this.round.takeExtent(this.me, { stable: this.window.low, prepared: this.highestPrepared() });
    this.query();
  }

  /** It has accepted things since it forgot; started anew, it is taken to have voted for them. */
  private forgetVotes(): void {
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      const { prepares, commits } = this.window.at(sequence);
      prepares.clear();
      commits.clear();
    }
  }

  protected override forgetOldWords(): void {
    super.forgetOldWords();
    this.round?.forgetOthers(this.me);
  }

  private promiseRecovery(number: number, hasForgotten: boolean, isOver: boolean): void {
    this.promise({ kind: 'recovery', number, hasForgotten, isOver }, RECOVERY_BYTES);
  }

  /** Once a tick, while it recovers. */
  private watchRecovery(): void {
    const { round } = this;
    if (round === undefined) return;
    round.ticks++;
    // A new view may have moved the window as well.
    this.raiseCeiling();
    this.endRecovery();
    if (this.round === undefined) return;
    if (round.ticks > this.patience) {
      this.patience *= 2;
      this.beginRecovery(round.hasForgotten);
    } else if (round.bound === 0) this.query();
    else if (round.point === 0) this.askForOrder(round);
  }

  private query(): void {
    const { round } = this;
    if (round === undefined) return;
    const body = { kind: 'QueryStable', recovery: round.number } as const;
    const proof = this.prove(MacStatementType.queryStable, 0, round.number, queryStableDigest(body));
    const message: QueryStable = { ...body, proof };
    this.sendToAll(message);
  }

  protected onReplyStable(from: ProcessId, message: ReplyStable): void {
    const { recovery, proof } = message;
    const { round } = this;
    if (round?.number !== recovery || round.bound > 0) return;
    if (!this.verify(from, MacStatementType.replyStable, 0, recovery, replyStableDigest(message), proof)) {
      this.reject('bad proof');
      return;
    }
    round.takeExtent(this.rankOf(from), message);
    round.bound = round.estimate(this.quorum, this.settings.window);
    if (round.bound === 0) return;
    this.raiseCeiling();
    this.askForOrder(round);
  }

  /** What may be taken in: nothing while H_M is not known, and then up to it until the window has come there. */
  private raiseCeiling(): void {
    const { round } = this;
    const isFree = round === undefined || (round.bound > 0 && this.window.low >= round.bound);
    const ceiling = isFree ? NEVER : round.bound;
    if (ceiling <= this.ceiling) return;
    this.ceiling = ceiling;
    const { begun, view } = this;
    // Before what came early: its primary may have proposed something else for a place that its view began with.
    if (this.isActive && begun?.view === view) this.acceptChoices(begun.choices);
    this.replayEarly();
    if (this.isPrimary()) this.propose();
    this.countViewChanges();
  }

  /** A primary's choices rest on a quorum's view changes, so they are no further ahead than they may be. */
  protected override decideAndBegin(): void {
    if (this.round?.bound !== 0) super.decideAndBegin();
  }

  // ---- the recovery request ----

  private askForOrder({ number, bound }: RecoveryRound): void {
    const { self, authenticator } = this.host;
    const input = { do: 'recover', bound } as const;
    const command = makeCommand(self, number, input);
    const statement = this.stated(StatementType.request, 0, number, command.hash);
    statement.configuration = 0;
    const request: Request = { kind: 'Request', command, proof: authenticator.sign(statement) };
    for (const process of this.members) if (process !== self) this.host.send(process, request);
    if (this.takesPart()) this.onRequest(self, request);
  }

  protected override takeOwnExecution(number: number): void {
    const { round } = this;
    if (round?.number !== number) return;
    round.takeExecution(this.me, this.lastExecuted);
    this.findPoint(round);
  }

  protected onRecoveryReply(from: ProcessId, message: RecoveryReply): void {
    const { recovery, executed, proof } = message;
    const { round } = this;
    if (round?.number !== recovery || round.point > 0) return;
    const digest = recoveryReplyDigest(message);
    if (!this.verify(from, MacStatementType.recoveryReply, 0, recovery, digest, proof)) {
      this.reject('bad proof');
      return;
    }
    round.takeExecution(this.rankOf(from), executed);
    this.findPoint(round);
  }

  private findPoint(round: RecoveryRound): void {
    const executedAt = round.executedAt(this.quorum);
    if (executedAt === undefined) return;
    const { window, checkpointInterval } = this.settings;
    round.point = recoveryPoint(executedAt, round.bound, window, checkpointInterval);
    this.endRecovery();
  }

  // ---- the end ----

  private endRecovery(): void {
    const { round } = this;
    // What the watchdog has begun is another recovery: that this one is over would undo it.
    if (this.isStopping) return;
    if (round === undefined || round.point === 0 || !this.isRecovered(round)) return;
    this.round = undefined;
    this.patience = PATIENCE;
    this.suspect = undefined;
    this.promiseRecovery(round.number, false, true);
    this.emit({ kind: 'proactive-recovery', phase: 'completed', number: round.number });
    if (round.hasForgotten) this.trustAgain();
    this.raiseCeiling();
  }

  protected isRecovered({ point }: RecoveryRound): boolean {
    return this.window.low >= point && this.lastExecuted >= point;
  }

  /** It votes again: on nothing at or below the stable checkpoint, so on nothing that it could have voted on before. */
  private trustAgain(): void {
    this.reached('pbft/recovered-from-damage');
    this.emit({ kind: 'trust-regained', term: this.view, lastIndex: this.index });
    this.reportRole();
    for (let sequence = this.window.low + 1; sequence <= this.window.high; sequence++) {
      // One of the votes may have been the last that a checkpoint was waiting for.
      if (!this.window.has(sequence)) continue;
      const slot = this.window.at(sequence);
      if (slot.view < 0) continue;
      if (this.primaryOf(slot.view) !== this.me) this.prepare(slot);
      this.checkPrepared(slot);
    }
    this.beginOrdering(this.firstFreeSequence());
    this.watchProgress();
    // So many may have left that it would have joined them.
    this.joinViewChange();
  }

  protected override windowMoved(): void {
    super.windowMoved();
    if (this.round === undefined) return;
    this.raiseCeiling();
    this.endRecovery();
  }

  protected override statusTimedOut(): void {
    super.statusTimedOut();
    this.watchRecovery();
  }

  // ---- without memory ----

  protected override takesPart(): boolean {
    return !this.hasForgotten && super.takesPart();
  }

  protected override isTrusted(): boolean {
    return !this.hasForgotten;
  }

  protected override saysStatus(): boolean {
    return this.me >= 0 && (this.hasForgotten || super.saysStatus());
  }

  protected override prepare(slot: Slot): void {
    if (!this.hasForgotten) super.prepare(slot);
  }

  protected override isPrepared(slot: Slot): boolean {
    return !this.hasForgotten && super.isPrepared(slot);
  }

  protected override startViewChange(view: number): void {
    if (!this.hasForgotten) super.startViewChange(view);
  }

  protected override recoveryInForce(): Pick<MacViewChange, 'recovery'> {
    return this.recovers ? { recovery: this.latest } : {};
  }

  protected override stateToCompare(): Plain {
    return this.suspect ?? super.stateToCompare();
  }

  protected override promisesOfViews(promised: Promised[]): number {
    const bytes = super.promisesOfViews(promised);
    const { latest: number, hasForgotten } = this;
    // A watchdog that strikes for the first time has no number yet: what it has promised counts all the same.
    const isOver = this.round === undefined && this.unfinished === undefined && !this.isStopping;
    if (number === 0 && isOver) return bytes;
    promised.push({ kind: 'recovery', number, hasForgotten, isOver });
    return bytes + RECOVERY_BYTES;
  }

  // ---- state as a value ----

  protected override copyFrom(other: MacRecovery): void {
    super.copyFrom(other);
    this.round = other.round?.clone();
    this.latest = other.latest;
    this.patience = other.patience;
    this.unfinished = other.unfinished;
    this.stopsAt = other.stopsAt;
    this.owesIdentity = other.owesIdentity;
    this.suspect = other.suspect;
  }

  protected encodeRecovery(): Plain {
    const { round, latest, patience, unfinished, stopsAt, owesIdentity } = this;
    const { recoveries, executedAt, fillTo, dueTo, suspect } = this;
    return {
      round: round?.encode() ?? null,
      latest,
      patience,
      unfinished: unfinished?.hasForgotten ?? null,
      stopsAt,
      owesIdentity,
      recoveries,
      executedAt,
      fillTo,
      dueTo,
      hasSuspect: suspect !== undefined,
    };
  }
}

/** The latest stable checkpoint that was promised. */
function stableOf(promised: readonly Promised[]): StableCertificate | undefined {
  let latest: StableCertificate | undefined;
  for (const promise of promised) {
    if (promise.kind !== 'stable') continue;
    if (latest === undefined || promise.certificate.sequence > latest.sequence) latest = promise.certificate;
  }
  return latest;
}

/** True for a state whose content, and not only its record, is what was certified. */
function isSound({ state, digest }: CheckpointState, certificate: StableCertificate | undefined): boolean {
  return certificate?.digest === digest && receivedDigest(state) === digest;
}

/**
 * Without the state of its stable checkpoint, unless it begins there, and without those above whose content is not what
 * they say. The others stay: it has told of them, and is asked for them.
 */
function withLater(found: Recovered, stable: Sequence): Recovered {
  const { start, states, digests, damaged } = found;
  const kept = states.filter(
    ({ sequence, state, digest }) =>
      sequence === start?.sequence || (sequence > stable && receivedDigest(state) === digest),
  );
  const isLost = (sequence: Sequence): boolean =>
    sequence >= stable && !kept.some((state) => state.sequence === sequence);
  return {
    ...found,
    states: kept,
    digests: digests.filter(({ sequence }) => !isLost(sequence)),
    damaged: [...damaged, ...digests.map(({ sequence }) => sequence).filter(isLost)],
  };
}
