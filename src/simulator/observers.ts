/**
 * Those who watch a run: the checkers, sorted by the hooks that they implement, so that an event costs
 * nothing for a checker that does not look at it. Also the tap of every disk.
 */

import { AssertionError } from '../kernel/index.js';
import type {
  Command,
  DiskImage,
  HistoryEvent,
  Message,
  Micros,
  ProcessId,
  ProtocolEvent,
} from '../kernel/index.js';
import {
  NO_CHECKERS,
  ViolationSink,
  createCheckers,
  type CheckerContext,
  Telemetry,
  CoverageObserver,
  type CheckerSet,
  type Unjudged,
  type Coverage,
  type CoverageContext,
  type Observer,
} from '../checkers/index.js';
import type { Scenario } from '../scenario/index.js';
import { wholeMix } from '../services/index.js';
import type { DiskTap, Network } from '../world/index.js';
import type { Program } from './program.js';
import type { Server } from './server.js';
import type { SimulateOptions } from './simulate-options.js';

/** What observers ask of the run. */
export interface Watched {
  readonly now: Micros;
  readonly servers: readonly Server[];
  readonly network: Network;
  readonly hasLiars: boolean;
  /** How many of so many voters are enough for the protocol to go on. */
  quorumOf(voters: number): number;
  /** True for a process that may do anything. */
  isFaulty(process: ProcessId): boolean;
  /** How often it could do anything, and then no more. */
  timesHealed(process: ProcessId): number;
}

export class WatchedContext implements CheckerContext, CoverageContext {
  constructor(
    private readonly watched: Watched,
    readonly servers: number,
  ) {}

  now(): Micros {
    return this.watched.now;
  }

  isUp(process: ProcessId): boolean {
    return this.watched.servers[process]?.isUp === true;
  }

  isPaused(process: ProcessId): boolean {
    return this.watched.servers[process]?.isPaused === true;
  }

  quorumOf(voters: number): number {
    return this.watched.quorumOf(voters);
  }

  isFaulty(process: ProcessId): boolean {
    return this.watched.isFaulty(process);
  }

  timesHealed(process: ProcessId): number {
    return this.watched.timesHealed(process);
  }

  isCut(from: ProcessId, to: ProcessId): boolean {
    return this.watched.network.isBlocked(from, to);
  }

  generation(process: ProcessId): number {
    return this.watched.servers[process]?.generation ?? 0;
  }

  durableRecords(process: ProcessId, file: string): readonly unknown[] {
    return this.watched.servers[process]?.disk.durableRecords(file) ?? [];
  }
}

type Hook<Name extends keyof Observer> = Observer & Required<Pick<Observer, Name>>;

export class Observers implements DiskTap {
  private readonly onSend: readonly Hook<'onSend'>[];
  private readonly onProtocolEvent: readonly Hook<'onProtocolEvent'>[];
  private readonly onRecord: readonly Hook<'onDurableRecord'>[];
  private readonly onCut: readonly Hook<'onDurableCut'>[];
  private readonly onLoss: readonly Hook<'onDurableLoss'>[];
  private readonly onCrash: readonly Hook<'onCrash'>[];
  private readonly onStart: readonly Hook<'onStart'>[];
  private readonly onHistory: readonly Hook<'onHistory'>[];
  private readonly onHealed: readonly Hook<'onHealed'>[];
  private readonly onEnd: readonly Hook<'onEnd'>[];

  private constructor(
    private readonly set: CheckerSet,
    private readonly servers: number,
    readonly sink: ViolationSink,
    private readonly coverageObserver: CoverageObserver | undefined,
    readonly telemetry: Telemetry,
    /** Undefined where nobody lies. What a liar says of itself concerns nobody but the telemetry. */
    private readonly watched: Watched | undefined,
  ) {
    const observers = coverageObserver === undefined ? set.observers : [...set.observers, coverageObserver];
    this.onSend = having(observers, 'onSend');
    this.onProtocolEvent = having(observers, 'onProtocolEvent');
    this.onRecord = having(observers, 'onDurableRecord');
    this.onCut = having(observers, 'onDurableCut');
    this.onLoss = having(observers, 'onDurableLoss');
    this.onCrash = having(observers, 'onCrash');
    this.onStart = having(observers, 'onStart');
    this.onHistory = having(observers, 'onHistory');
    this.onHealed = having(observers, 'onHealed');
    this.onEnd = having(observers, 'onEnd');
  }

  static create(
    watched: Watched,
    scenario: Scenario,
    { protocol: { name }, settings }: Program,
    options: SimulateOptions,
  ): Observers {
    const sink = new ViolationSink(new Set(options.ignoredInvariants));
    const context = new WatchedContext(watched, scenario.cluster.nodes);
    const { healAtMicros, patienceMicros } = scenario.bounds;
    const { progressWithinMicros, stableLeader, transfersSucceed } = scenario.expect;
    const liveness =
      progressWithinMicros === undefined
        ? undefined
        : { healAtMicros, progressWithinMicros, patienceMicros, stableLeader, transfersSucceed };
    const protocol = options.checkers === false ? NO_CHECKERS : name;
    const { name: service, settings: serviceSettings, sessions } = scenario.service;
    const set = createCheckers(protocol, context, sink, {
      liveness,
      service,
      serviceSettings,
      mix: wholeMix(scenario.workload),
      authority: watched.hasLiars ? undefined : scenario.authority,
      settings,
      sessionWindow: sessions.window,
      members: scenario.cluster.members,
      extra: options.extraCheckers,
    });
    const coverage = options.coverage === true ? CoverageObserver.create(name, context) : undefined;
    const liars = watched.hasLiars ? watched : undefined;
    return new Observers(set, scenario.cluster.nodes, sink, coverage, new Telemetry(context), liars);
  }

  clone(watched: Watched): Observers {
    const sink = this.sink.clone();
    const context = new WatchedContext(watched, this.servers);
    const coverage = this.coverageObserver?.clone(context);
    const set = this.set.clone(context, sink);
    const liars = watched.hasLiars ? watched : undefined;
    return new Observers(set, this.servers, sink, coverage, this.telemetry.clone(context), liars);
  }

  private isFaulty(process: ProcessId): boolean {
    return this.watched !== undefined && this.watched.isFaulty(process);
  }

  sent(from: ProcessId, to: ProcessId, message: Message): void {
    const { onSend } = this;
    this.telemetry.onSend(to, message);
    for (let i = 0; i < onSend.length; i++) onSend[i]?.onSend(from, to, message);
  }

  protocolEvent(process: ProcessId, event: ProtocolEvent): void {
    if (this.isFaulty(process)) return;
    const { onProtocolEvent } = this;
    for (let i = 0; i < onProtocolEvent.length; i++) onProtocolEvent[i]?.onProtocolEvent(process, event);
  }

  onDurableRecord(process: ProcessId, file: string, slot: number, record: unknown): void {
    if (this.isFaulty(process)) return;
    const { onRecord } = this;
    for (let i = 0; i < onRecord.length; i++) onRecord[i]?.onDurableRecord(process, file, slot, record);
  }

  onDurableCut(process: ProcessId, file: string, count: number): void {
    if (this.isFaulty(process)) return;
    for (const observer of this.onCut) observer.onDurableCut(process, file, count);
  }

  onDurableLoss(process: ProcessId, file: string): void {
    if (this.isFaulty(process)) return;
    for (const observer of this.onLoss) observer.onDurableLoss(process, file);
  }

  crashed(process: ProcessId): void {
    this.telemetry.onCrash(process);
    for (const observer of this.onCrash) observer.onCrash(process);
  }

  starting(process: ProcessId, incarnation: number, disk: DiskImage): void {
    this.telemetry.onStart(process);
    for (const observer of this.onStart) observer.onStart(process, incarnation, disk);
  }

  clockJumped(process: ProcessId, byMicros: Micros): void {
    this.coverageObserver?.onClockJump(process, byMicros);
  }

  history(event: HistoryEvent, command: Command): void {
    if (this.isFaulty(event.client)) return;
    for (const observer of this.onHistory) observer.onHistory(event, command);
  }

  healed(outside: readonly ProcessId[]): void {
    for (const observer of this.onHealed) observer.onHealed(outside);
  }

  ended(): void {
    this.telemetry.onEnd();
    for (const observer of this.onEnd) observer.onEnd();
  }

  /** An exception in code under test is a found bug, not an accident of the simulator. */
  threw(handler: string, error: unknown): void {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.sink.report('any/no-crash', `${handler} threw ${text}`);
  }

  /** True when the violation found is one of liveness. */
  isLiveness(): boolean {
    return this.sink.violation !== undefined && this.set.kindOf(this.sink.violation.invariant) === 'liveness';
  }

  /** Computes the checkers' ghosts again from disks and encodings; throws when they differ from what they kept. */
  audit(watched: Watched): void {
    const difference = this.set.audit((server) => watched.servers[server]?.replica?.encode());
    if (difference !== undefined) throw new AssertionError(`a checker's ghost has gone wrong: ${difference}`);
  }

  /** The situations reached so far; undefined when nobody asked. */
  coverage(): Coverage | undefined {
    return this.coverageObserver?.coverage();
  }

  unjudged(): Unjudged {
    return this.set.unjudged();
  }
}

function having<Name extends keyof Observer>(observers: readonly Observer[], name: Name): Hook<Name>[] {
  return observers.filter((observer): observer is Hook<Name> => observer[name] !== undefined);
}
