/**
 * One server: a replica and the process, clocks, timers and disk that it lives on. This is the replica's
 * {@link Host}; it turns what the replica asks for into entries of the event queue.
 *
 * Up, down, paused, slow: a server that is up, not paused and without service time handles an event when
 * it arrives; otherwise work waits in the inbox.
 */

import {
  Family,
  MEMBER_GENERATION,
  assert,
  deepFreeze,
  type Authenticator,
  type DiskImage,
  type DiskStatus,
  type Host,
  type Membership,
  type Message,
  type Micros,
  type OperationId,
  type ProcessId,
  type ProtocolEvent,
  type Replica,
} from '../kernel/index.js';
import type { Clock, Disk } from '../world/index.js';
import type { Doorkeeper, Refusal } from './doorkeeper.js';
import type { Engine } from './engine.js';
import { EventKind } from './event-kinds.js';
import { Inbox, type Work } from './inbox.js';
import type { Program } from './program.js';
import { Timers } from './timers.js';

const isMessage = (work: Work): boolean => work.kind === EventKind.message;

export class Server implements Host {
  incarnation = 0;
  version: number;
  readonly authenticator: Authenticator;
  /** How often the disk was formatted anew: an old identity is never used again. */
  generation = 0;
  /** True from the format of a new identity until it votes and no older one does: till then the old disk is missing. */
  isReplacement = false;
  /** Lives in which it has halted by itself or refused to run. */
  failures = 0;
  private lastFailure = 0;
  isUp = false;
  isPaused = false;
  /** CPU time per event. */
  serviceMicros: Micros;
  replica: Replica | undefined = undefined;
  readonly timers: Timers;
  private readonly inbox: Inbox;
  /** True while a `work` entry for this incarnation is in the queue. */
  private isWorkQueued = false;

  constructor(
    /** Identity and address: the number that the replica goes by. */
    readonly self: ProcessId,
    /** Number of the process: another one for a twin. */
    readonly process: ProcessId,
    private readonly engine: Engine,
    private readonly program: Program,
    readonly disk: Disk,
    readonly clock: Clock,
    timers?: Timers,
    inbox?: Inbox,
    /** Undefined: everything is let in. */
    readonly door: Doorkeeper | undefined = program.createDoor?.(),
  ) {
    this.version = program.version;
    this.authenticator = engine.authentication.of(process);
    this.serviceMicros = program.process.serviceMicros;
    this.timers = timers ?? new Timers(process, engine.queue);
    this.inbox = inbox ?? new Inbox();
  }

  // ---- process ----

  start(disk: DiskImage): void {
    assert(!this.isUp, 'a running process is not started');
    this.isUp = true;
    this.incarnation++;
    this.door?.reset(this.engine.now);
    const { protocol, members, settings } = this.program;
    this.replica = protocol.createReplica(this, members, this.program.createService(), settings);
    rejectThenable(this.replica.start(disk));
  }

  /**
   * Formats a blank disk, as its operator does, for this identity. Nothing happens for a protocol that formats
   * none.
   */
  formatDisk(): void {
    assert(!this.isUp, 'the disk of a running process is not formatted');
    const { protocol, members, settings } = this.program;
    if (protocol.format === undefined) return;
    this.disk.format(protocol.format(this.self, this.generation, members, settings));
  }

  /** The old identity is gone for good; its successor's disk must be formatted. */
  takeNewIdentity(): void {
    this.generation++;
    this.isReplacement = true;
  }

  /** True when this server votes in the configuration, and in no part of it under an older identity. */
  hasReplaced({ voters, outgoing }: Membership): boolean {
    const member = this.self + MEMBER_GENERATION * this.generation;
    const isOlder = (other: number): boolean => other % MEMBER_GENERATION === this.self && other !== member;
    return voters.includes(member) && !voters.some(isOlder) && !outgoing.some(isOlder);
  }

  /** It halted by itself, or refused to run: counted once in each of its lives. */
  noteFailure(): void {
    if (this.lastFailure === this.incarnation) return;
    this.lastFailure = this.incarnation;
    this.failures++;
  }

  /** Power loss. */
  crash(): void {
    this.stopRunning();
    this.disk.crash();
  }

  /** The process ends but the machine stays up: what is in the page cache is still written. */
  stop(): void {
    this.stopRunning();
    this.disk.stop();
  }

  private stopRunning(): void {
    this.isUp = false;
    this.isPaused = false;
    this.isWorkQueued = false;
    this.replica = undefined;
    this.timers.cancelAll();
    this.inbox.clear();
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    if (this.isUp && this.inbox.size > 0) this.queueWork(this.engine.now);
  }

  // ---- the door ----

  /**
   * What becomes of a message that is not let in; undefined for one that is. Nobody is at a standing server's door:
   * what comes meanwhile is judged when the server goes on.
   */
  judgeAtDoor(from: ProcessId, message: Message): Refusal | undefined {
    return this.isPaused ? undefined : this.door?.judge(from, message, this.engine.now);
  }

  turnAway(from: ProcessId, refusal: Refusal): void {
    if (refusal.kind === 'shed') this.emit({ kind: 'rejected', reason: refusal.reason });
    else {
      const { purpose, reason } = refusal;
      this.emit({ kind: 'denied', process: from, purpose, reason });
    }
    if (refusal.reply !== undefined) this.engine.send(this.process, from, refusal.reply);
  }

  // ---- events ----

  /** True when an event can be handled the moment it arrives. */
  get isImmediate(): boolean {
    return !this.isPaused && this.serviceMicros === 0 && this.inbox.size === 0;
  }

  /** Puts work off until the process gets to it. */
  defer(work: Work): void {
    if (isMessage(work)) {
      if (!this.inbox.addMessage(work, this.program.process.inboxLimit)) {
        this.engine.undelivered(true);
        return;
      }
    } else this.inbox.add(work);
    if (!this.isPaused && !this.isWorkQueued) this.queueWork(this.engine.now + this.serviceMicros);
  }

  /** The next piece of work, when a `work` entry comes up; undefined when there is none to do. */
  nextWork(): Work | undefined {
    this.isWorkQueued = false;
    if (!this.isUp || this.isPaused) return undefined;
    const work = this.inbox.take(isMessage);
    if (this.inbox.size > 0) this.queueWork(this.engine.now + this.serviceMicros);
    return work;
  }

  private queueWork(at: Micros): void {
    if (this.isWorkQueued) return;
    this.isWorkQueued = true;
    this.engine.queue.push(
      at,
      EventKind.work,
      this.process,
      this.process,
      0,
      this.incarnation,
      this.engine.eventNumber,
      undefined,
    );
  }

  deliver(from: ProcessId, message: Message): void {
    rejectThenable((this.replica as Replica).receive(from, message));
  }

  fireTimer(index: number): void {
    rejectThenable((this.replica as Replica).timerFired(this.timers.nameOf(index)));
  }

  completeDisk(operation: OperationId): void {
    const status: DiskStatus = this.disk.complete(operation);
    const replica = this.replica as Replica;
    if (replica.diskCompleted !== undefined) rejectThenable(replica.diskCompleted(operation, status));
  }

  clockJumped(byMicros: Micros): void {
    this.clock.jump(byMicros);
    if (this.isUp && this.replica?.clockJumped !== undefined)
      rejectThenable(this.replica.clockJumped(byMicros));
  }

  // ---- host ----

  send(to: ProcessId, message: Message): void {
    if (!this.isUp) return;
    if (this.door !== undefined) this.door.sent(to, message);
    this.engine.send(this.process, to, message);
  }

  setTimer(name: string, minMicros: Micros, maxMicros: Micros): void {
    if (!this.isUp) return;
    assert(minMicros >= 0 && maxMicros >= minMicros, 'a timer needs 0 <= min <= max');
    const { engine } = this;
    const local = engine.choices.timer(this.process, this.incarnation, name, minMicros, maxMicros);
    this.timers.set(name, engine.now + this.clock.toTrueDelay(local), engine.eventNumber);
  }

  cancelTimer(name: string): void {
    this.timers.cancel(name);
  }

  append(file: string, record: unknown, bytes: number): OperationId {
    if (this.engine.isAudited) deepFreeze(record);
    return this.isUp ? this.disk.append(file, record, bytes) : -1;
  }

  writeAt(file: string, slot: number, record: unknown, bytes: number): OperationId {
    if (this.engine.isAudited) deepFreeze(record);
    return this.isUp ? this.disk.writeAt(file, slot, record, bytes) : -1;
  }

  truncate(file: string, count: number): OperationId {
    return this.isUp ? this.disk.truncate(file, count) : -1;
  }

  rename(from: string, to: string): OperationId {
    return this.isUp ? this.disk.rename(from, to) : -1;
  }

  remove(file: string): OperationId {
    return this.isUp ? this.disk.remove(file) : -1;
  }

  sync(file: string): OperationId {
    return this.isUp ? this.disk.sync(file) : -1;
  }

  syncDirectory(): OperationId {
    return this.isUp ? this.disk.syncDirectory() : -1;
  }

  monotonicNow(): Micros {
    return this.clock.monotonicNow(this.engine.now);
  }

  wallNow(): Micros {
    return this.clock.wallNow(this.engine.now);
  }

  draw(name: string, min: number, max: number): number {
    return this.engine.choices.integer(Family.replica, this.process, this.incarnation, name, min, max, min);
  }

  emit(event: ProtocolEvent): void {
    if (this.isUp) this.engine.protocolEvent(this.process, event);
  }

  halt(reason: string): void {
    if (!this.isUp) return;
    this.stop();
    this.engine.halted(this.process, reason);
  }

  // ---- fork ----

  clone(engine: Engine, disk: Disk): Server {
    const copy = new Server(
      this.self,
      this.process,
      engine,
      this.program,
      disk,
      this.clock.clone(),
      this.timers.clone(engine.queue),
      this.inbox.clone(),
      this.door?.clone(),
    );
    copy.incarnation = this.incarnation;
    copy.version = this.version;
    copy.generation = this.generation;
    copy.isReplacement = this.isReplacement;
    copy.failures = this.failures;
    copy.lastFailure = this.lastFailure;
    copy.isUp = this.isUp;
    copy.isPaused = this.isPaused;
    copy.serviceMicros = this.serviceMicros;
    copy.isWorkQueued = this.isWorkQueued;
    copy.replica = this.replica?.clone(copy);
    return copy;
  }
}

/** Replicas are synchronous: a promise would run outside virtual time. */
function rejectThenable(returned: unknown): void {
  if (returned === undefined || returned === null) return;
  const isThenable =
    typeof returned === 'object' && typeof (returned as { then?: unknown }).then === 'function';
  assert(!isThenable, 'a replica returned a promise: replicas are synchronous');
}
