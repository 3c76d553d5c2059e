/**
 * A simulation as a value: the event loop over a world, its servers, clients and checkers.
 *
 * `step()` executes one event: pop, dispatch, checks. `enabled()` lists what could be executed next,
 * `fork()` copies everything. The random scheduler (`run`) is one user of these; explorers are others.
 * An *event* is one popped, non-cancelled entry that is dispatched to a process, client or disk; lost
 * messages and stale timers are not events.
 */

import {
  Digest,
  EventQueue,
  RandomChoices,
  RecordingChoices,
  assert,
  type Choices,
  type Command,
  type HistoryEvent,
  type Membership,
  type Message,
  type Micros,
  type ProcessId,
  type ProtocolEvent,
} from '../kernel/index.js';
import { Participants, judgeObjectives, reportMissed } from '../checkers/index.js';
import { Nemesis } from '../faults/index.js';
import { processCounts, type Scenario } from '../scenario/index.js';
import { Network, type Topology } from '../world/index.js';
import type { ClientEndpoint } from './client-endpoint.js';
import { assembleClients, assembleOperator, assembleServers } from './assembly.js';
import { Configurations } from './configurations.js';
import { Director, type Stage } from './director.js';
import { Control, EVENT_NAMES, EventKind } from './event-kinds.js';
import { eventLabel, handlerName } from './event-labels.js';
import { withGuard } from './guard.js';
import { builtInImplementation } from './implementation.js';
import { Observers, WatchedContext } from './observers.js';
import type { OperatorEndpoint } from './operator-endpoint.js';
import type { FoundViolation, Outcome, Recipe, Status } from './outcome.js';
import { Postman } from './postman.js';
import { prepareProgram, type Program } from './program.js';
import type { Recorder } from './recorder.js';
import type { Server } from './server.js';
import type { SimulateOptions } from './simulate-options.js';
import { Counters, latencyOf, measuredOf, metricsOf, summarise } from './statistics.js';

/** Something that could be executed next; see {@link Simulation.enabled}. */
export interface EnabledEvent {
  readonly slot: number;
  readonly timeMicros: Micros;
  readonly process: ProcessId;
  readonly description: string;
}

/** An audited run computes its checkers' ghosts anew every so many events. */
const AUDIT_INTERVAL = 256;

export class Simulation implements Stage {
  now: Micros = 0;
  eventNumber = 0;
  readonly queue: EventQueue;
  readonly choices: Choices;
  readonly network: Network;
  readonly servers: readonly Server[];
  readonly clients: readonly ClientEndpoint[];
  readonly operator: OperatorEndpoint | undefined;
  readonly processes: number;
  readonly isAudited: boolean;
  private readonly maxEvents: number;
  private readonly digest: Digest;
  private readonly nemesis: Nemesis;
  private readonly configurations: Configurations;
  private readonly participants: Participants;
  private readonly observers: Observers;
  private readonly counters: Counters;
  private readonly recorder: Recorder | undefined;
  private readonly postman: Postman;
  private status: Status | undefined = undefined;
  private hasEnded = false;
  private leader: ProcessId = -1;
  private leaderTerm = -1;

  private constructor(
    readonly scenario: Scenario,
    readonly recipe: Recipe,
    private readonly program: Program,
    private readonly options: SimulateOptions,
    original: Simulation | undefined,
  ) {
    const { cluster } = scenario;
    this.processes = processCounts(scenario).processes;
    this.isAudited = options.audit === true;
    this.maxEvents = scenario.bounds.maxEvents;
    this.recorder = original === undefined ? options.recorder : undefined;
    this.digest = original?.digest.clone() ?? new Digest();
    this.queue = original?.queue.clone() ?? new EventQueue();
    this.choices = original?.choices.clone(this.digest) ?? this.createChoices();
    this.network =
      original?.network.clone(this.choices) ??
      Network.create(scenario.network, cluster.topology, this.processes, this.choices);
    this.observers = original?.observers.clone(this) ?? Observers.create(this, scenario, program, options);
    this.postman = new Postman(program.protocol, this.network, this.queue, this.observers, this.isAudited);
    this.servers = assembleServers(this, this.observers, scenario, program, original?.servers);
    this.clients = assembleClients(this, scenario, program, original?.clients);
    this.configurations =
      original?.configurations.clone() ?? new Configurations(program.members, cluster.nodes);
    const context = new WatchedContext(this, cluster.nodes);
    this.participants = original?.participants.clone(context) ?? new Participants(context);
    this.operator = assembleOperator(this, scenario, program, original?.operator);
    const director = new Director(this);
    this.nemesis =
      original?.nemesis.clone(director) ??
      new Nemesis(scenario.faults, director, scenario.bounds.healAtMicros);
    this.counters = original?.counters.clone() ?? new Counters();
    if (original !== undefined) this.copyProgress(original);
  }

  /** A simulation at its beginning. Throws UsageError when scenario and implementation do not fit. */
  static create(scenario: Scenario, recipe: Recipe, options: SimulateOptions = {}): Simulation {
    const implementation = options.implementation ?? builtInImplementation(scenario);
    const program = prepareProgram(scenario, implementation);
    const simulation = new Simulation(scenario, recipe, program, options, undefined);
    simulation.scheduleControl(0, Control.start, 0);
    return simulation;
  }

  /** An independent copy that goes on from here; it records nothing. */
  fork(): Simulation {
    return new Simulation(this.scenario, this.recipe, this.program, this.options, this);
  }

  // ---- running ----

  /** Runs to the end, the first violation, or the bound. */
  run(): Outcome {
    return withGuard(() => {
      while (this.status === undefined) this.executeNext();
      return this.outcome();
    });
  }

  /**
   * Executes one queue entry: the earliest, or the one in the given slot of {@link enabled}. False when the
   * run is over.
   */
  step(slot?: number): boolean {
    return withGuard(() => {
      if (this.status !== undefined) return false;
      if (slot === undefined) this.executeNext();
      else this.executeChosen(slot);
      return this.status === undefined;
    });
  }

  get isOver(): boolean {
    return this.status !== undefined;
  }

  /** What could be executed next, in the order in which the random scheduler would. */
  enabled(): EnabledEvent[] {
    const events: EnabledEvent[] = [];
    for (const { time, slot } of this.queue.ordered()) {
      const kind = this.queue.kinds[slot] as number;
      const process = this.queue.targets[slot] as number;
      const first = this.queue.first[slot] as number;
      const due = this.dueTime(slot, time);
      if (due === undefined) continue;
      const source = this.queue.sources[slot] as number;
      const description = this.label(kind, process, source, first, this.queue.payloads[slot]);
      events.push({ slot, timeMicros: due, process, description });
    }
    return events.sort((a, b) => a.timeMicros - b.timeMicros);
  }

  /** What the run has come to so far; final once {@link isOver}. */
  outcome(): Outcome {
    const violation = this.foundViolation();
    const coverage = this.observers.coverage();
    return {
      scenario: this.scenario.name,
      recipe: this.recipe,
      bug: this.program.bug,
      status: this.status ?? 'passed',
      violation,
      digest: this.digest.value(),
      events: this.eventNumber,
      timeMicros: this.now,
      statistics: summarise(
        this.counters,
        this.network.statistics,
        this.clients,
        this.operator?.operator.counters,
        this.observers.unjudged(),
        metricsOf(this.counters, this.observers.telemetry, this.now),
        judgeObjectives(
          this.scenario.expect.slo,
          measuredOf(this.observers.telemetry, latencyOf(this.clients)),
        ),
      ),
      ...(coverage === undefined ? {} : { coverage }),
    };
  }

  private executeNext(): void {
    if (this.queue.size === 0) {
      this.finish();
      return;
    }
    const slot = this.queue.pop();
    this.now = this.queue.poppedTime;
    this.execute(slot);
  }

  private executeChosen(slot: number): void {
    const chosen = this.queue.ordered().find((entry) => entry.slot === slot);
    assert(chosen !== undefined, 'no such enabled event');
    const due = this.dueTime(slot, chosen.time) ?? chosen.time;
    this.queue.removeSlot(slot);
    if (due > this.now) this.now = due;
    this.execute(slot);
  }

  /** When a queue entry will really be executed; undefined when it has gone stale. */
  private dueTime(slot: number, time: Micros): Micros | undefined {
    const kind = this.queue.kinds[slot] as number;
    const process = this.queue.targets[slot] as number;
    const second = this.queue.second[slot] as number;
    if (kind === EventKind.timer) {
      return this.timersOf(process)?.deadlineOf(this.queue.first[slot] as number, second);
    }
    return kind === EventKind.disk && this.servers[process]?.incarnation !== second ? undefined : time;
  }

  private execute(slot: number): void {
    const target = this.queue.targets[slot] as number;
    try {
      if (target < this.servers.length) this.toServer(target, slot);
      else if (target < this.processes) this.toEndpoint(target, slot);
      else this.toWorld(target, slot);
    } catch (error) {
      this.crashed(target, error);
    }
    // Outside the try: what a checker throws is not the fault of the code under test.
    if (this.hasEnded) this.finish();
    if (this.observers.sink.violation !== undefined) this.violated();
    else if (this.isAudited && this.eventNumber % AUDIT_INTERVAL === 0) this.observers.audit(this);
    if (this.eventNumber >= this.maxEvents) this.status ??= 'bound-reached';
  }

  // ---- dispatch ----

  private toServer(target: ProcessId, slot: number): void {
    const { queue } = this;
    const server = this.servers[target] as Server;
    const kind = queue.kinds[slot] as number;
    if (!server.isUp) {
      if (kind === EventKind.message) this.counters.undelivered++;
      return;
    }
    const source = queue.sources[slot] as number;
    const first = queue.first[slot] as number;
    const second = queue.second[slot] as number;
    const cause = queue.causes[slot] as number;
    const payload = queue.payloads[slot];
    if (kind === EventKind.work) {
      const work = second === server.incarnation ? server.nextWork() : undefined;
      if (work === undefined) return;
      this.handle(server, work.kind, work.source, work.first, work.second, work.cause, work.payload);
    } else if (server.isImmediate) {
      this.handle(server, kind, source, first, second, cause, payload);
    } else {
      server.defer({ kind, source, first, second, cause, payload });
    }
  }

  /** An event reaches its server now: when it came up, or when the busy or paused process got to it. */
  private handle(
    server: Server,
    kind: number,
    source: ProcessId,
    first: number,
    second: number,
    cause: number,
    payload: unknown,
  ): void {
    if (kind === EventKind.message) this.deliverMessage(server, source, second, cause, payload as Message);
    else if (kind === EventKind.timer) this.fireTimer(server, first, second, cause);
    else this.completeDisk(server, first, second, cause);
  }

  private deliverMessage(
    server: Server,
    source: ProcessId,
    hash: number,
    cause: number,
    message: Message,
  ): void {
    this.postman.audit(message, hash);
    this.counters.messages++;
    this.begin(EventKind.message, server.self, source, hash, cause, message);
    server.deliver(source, message);
    this.end();
  }

  private fireTimer(server: Server, index: number, generation: number, cause: number): void {
    if (!server.timers.isDue(index, generation, this.now)) return;
    this.counters.timers++;
    this.begin(EventKind.timer, server.self, server.self, index, cause, undefined);
    server.fireTimer(index);
    this.end();
  }

  private completeDisk(server: Server, operation: number, incarnation: number, cause: number): void {
    if (incarnation !== server.incarnation) return;
    this.counters.disk++;
    this.begin(EventKind.disk, server.self, server.self, operation, cause, undefined);
    server.completeDisk(operation);
    this.end();
  }

  /** To a client or the operator. */
  private toEndpoint(target: ProcessId, slot: number): void {
    const { queue } = this;
    const endpoint = this.endpointOf(target);
    if (endpoint === undefined) return;
    const source = queue.sources[slot] as number;
    const first = queue.first[slot] as number;
    const second = queue.second[slot] as number;
    const cause = queue.causes[slot] as number;
    if (queue.kinds[slot] === EventKind.message) {
      const message = queue.payloads[slot] as Message;
      this.postman.audit(message, second);
      this.counters.messages++;
      this.begin(EventKind.message, target, source, second, cause, message);
      endpoint.deliver(source, message);
    } else {
      if (!endpoint.timers.isDue(first, second, this.now)) return;
      this.counters.timers++;
      this.begin(EventKind.timer, target, source, first, cause, undefined);
      endpoint.fireTimer(endpoint.timers.nameOf(first));
    }
    this.end();
  }

  private toWorld(world: ProcessId, slot: number): void {
    const { queue } = this;
    const kind = queue.kinds[slot] as number;
    const first = queue.first[slot] as number;
    const second = queue.second[slot] as number;
    this.begin(kind, world, world, first, queue.causes[slot] as number, undefined);
    if (kind === EventKind.fault) {
      this.counters.faults++;
      this.nemesis.wake(first);
    } else {
      this.control(first, second);
    }
    this.end();
  }

  private control(control: number, process: ProcessId): void {
    switch (control) {
      case Control.start:
        this.startAll();
        break;
      case Control.heal:
        this.operator?.operator.stop();
        this.observers.healed(this.heal());
        break;
      case Control.restart:
        this.superviseStart(process);
        break;
      case Control.end:
        this.hasEnded = true;
        break;
      default:
        assert(false, 'an unknown control');
    }
  }

  private startAll(): void {
    const { bounds } = this.scenario;
    this.scheduleControl(bounds.healAtMicros, Control.heal, 0);
    this.scheduleControl(bounds.endMicros, Control.end, 0);
    for (const server of this.servers) {
      this.formatDisk(server.self);
      this.startServer(server.self);
    }
    for (const endpoint of this.clients) endpoint.client.start();
    this.nemesis.start();
    this.operator?.operator.start();
  }

  /** Ends all faults; returns the servers that stay broken for good, when the scenario wants some to. */
  private heal(): ProcessId[] {
    if (this.scenario.bounds.heal === 'core') {
      return this.nemesis.healCore((core) => this.participants.isCore((server) => core.has(server)));
    }
    this.nemesis.healAll();
    return [];
  }

  private scheduleControl(at: Micros, control: number, process: ProcessId): void {
    const world = this.processes;
    this.queue.push(at, EventKind.control, world, world, control, process, this.eventNumber, undefined);
  }

  /** An event is executed: it is counted, enters the digest, and is named for keyed choices and traces. */
  private begin(
    kind: number,
    target: ProcessId,
    source: ProcessId,
    identity: number,
    cause: number,
    payload: unknown,
  ): void {
    this.eventNumber++;
    const { digest } = this;
    digest.mixInteger(this.now);
    digest.mix((kind << 24) ^ (target << 12) ^ source);
    digest.mix(identity);
    if (this.choices.keyed) this.choices.context = this.label(kind, target, source, identity, payload);
    if (this.recorder !== undefined) this.recordEvent(kind, target, source, identity, cause, payload);
  }

  private end(): void {
    if (this.recorder !== undefined) this.recorder.eventEnd(this.digest.value());
  }

  private finish(): void {
    this.observers.ended();
    if (this.options.checkers !== false) this.judgeObjectives();
    if (this.observers.sink.violation !== undefined) this.violated();
    this.status ??= 'passed';
  }

  private judgeObjectives(): void {
    const { slo } = this.scenario.expect;
    if (slo === undefined) return;
    const measured = measuredOf(this.observers.telemetry, latencyOf(this.clients));
    reportMissed(judgeObjectives(slo, measured), this.observers.sink);
  }

  private violated(): void {
    this.status ??= this.observers.isLiveness() ? 'stalled' : 'violated';
  }

  /** An exception in code under test is a found bug, not an accident of the simulator. */
  private crashed(process: ProcessId, error: unknown): void {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const name = handlerName(process, this.servers.length, this.processes);
    this.observers.sink.report('any/no-crash', `${name} threw ${text}`);
  }

  private foundViolation(): FoundViolation | undefined {
    const found = this.observers.sink.violation;
    if (found === undefined) return undefined;
    return { ...found, event: this.eventNumber, timeMicros: this.now };
  }

  // ---- engine: what processes do ----

  send(from: ProcessId, to: ProcessId, message: Message): void {
    assert(to >= 0 && to < this.processes, 'a message to a process that does not exist');
    this.postman.send(this.now, this.eventNumber, from, to, message);
  }

  protocolEvent(process: ProcessId, event: ProtocolEvent): void {
    this.learn(process, event);
    this.observers.protocolEvent(process, event);
    if (this.recorder !== undefined) this.recorder.protocolEvent(process, event);
  }

  /** What the run itself goes by: who leads, who takes part, whose disk is whole, what is counted. */
  private learn(process: ProcessId, event: ProtocolEvent): void {
    const server = this.servers[process] as Server;
    switch (event.kind) {
      // The frequent ones first: this is a chain of comparisons.
      case 'applied':
        this.participants.applied(process, event.index);
        break;
      case 'appended':
        this.observers.telemetry.appended(process, event.index);
        break;
      case 'committed':
        this.observers.telemetry.committed(process, event.index);
        break;
      case 'became-leader':
        this.noteLeader(process, event.term);
        this.observers.telemetry.onElection(process, event);
        break;
      case 'became-pre-candidate':
      case 'became-candidate':
      case 'became-follower':
        this.observers.telemetry.onElection(process, event);
        break;
      case 'trust-regained':
        this.participants.reported(process, event);
        if (!server.isReplacement) server.disk.markRepaired();
        break;
      case 'recovered':
        this.participants.reported(process, event);
        if (event.trusted && !server.isReplacement) server.disk.markRepaired();
        break;
      case 'configuration-changed':
        this.configurations.report(process, event.configuration);
        this.participants.reported(process, event);
        this.noteReplacements(event.configuration);
        this.counters.protocolEvent(event);
        break;
      case 'refused-to-run':
        this.participants.reported(process, event);
        server.noteFailure();
        break;
      case 'snapshot-installed':
        this.participants.installed(process, event.index);
        this.observers.telemetry.snapshotInstalled(process, event.index, event.received);
        this.counters.protocolEvent(event);
        break;
      case 'rejected':
      case 'snapshot-failed':
      case 'version-activated':
      case 'transfer-ended':
        this.counters.protocolEvent(event);
        break;
      default:
        break;
    }
  }

  /** A disk counts as missing until its successor votes in its stead. */
  private noteReplacements(configuration: Membership): void {
    for (const server of this.servers) {
      if (!server.isReplacement || !server.hasReplaced(configuration)) continue;
      server.isReplacement = false;
      server.disk.markRepaired();
    }
  }

  private noteLeader(process: ProcessId, term: number): void {
    this.counters.leaderChanges++;
    if (term < this.leaderTerm) return;
    this.leader = process;
    this.leaderTerm = term;
  }

  historyEvent(event: HistoryEvent, command: Command): void {
    this.counters.history(event.kind);
    this.observers.history(event, command);
    if (this.recorder !== undefined) this.recorder.history(event);
  }

  halted(process: ProcessId, reason: string): void {
    this.counters.halts++;
    (this.servers[process] as Server).noteFailure();
    this.note(`n${process + 1} halts: ${reason}`);
    this.observers.crashed(process);
    const after = this.scenario.process.restartAfterHaltMicros;
    if (after > 0) this.scheduleControl(this.now + after, Control.restart, process);
  }

  undelivered(wasOverflow: boolean): void {
    this.counters.undelivered++;
    if (wasOverflow) this.counters.inboxOverflows++;
  }

  // ---- stage: what the director does ----

  get topology(): Topology {
    return this.scenario.cluster.topology;
  }

  get configuredServiceMicros(): Micros {
    return this.scenario.process.serviceMicros;
  }

  /** The server that last became leader, or -1 when it is down. */
  currentLeader(): ProcessId {
    return this.leader >= 0 && this.servers[this.leader]?.isUp === true ? this.leader : -1;
  }

  membership(): Membership {
    return this.configurations.of(this.currentLeader());
  }

  operationsOk(): number {
    return this.counters.operationsOk;
  }

  stopServer(process: ProcessId): void {
    (this.servers[process] as Server).stop();
    this.observers.crashed(process);
  }

  superviseStart(process: ProcessId): void {
    if (!(this.servers[process] as Server).isUp && !this.nemesis.holdsDown(process))
      this.startServer(process);
  }

  crashServer(process: ProcessId): void {
    this.counters.crashes++;
    (this.servers[process] as Server).crash();
    this.observers.crashed(process);
  }

  formatDisk(process: ProcessId): void {
    try {
      (this.servers[process] as Server).formatDisk();
    } catch (error) {
      this.crashed(process, error);
    }
  }

  startServer(process: ProcessId): void {
    const server = this.servers[process] as Server;
    if (server.incarnation > 0) this.counters.restarts++;
    const image = server.disk.image();
    this.observers.starting(process, server.incarnation + 1, image);
    this.participants.started(process);
    try {
      server.start(image);
    } catch (error) {
      this.crashed(process, error);
    }
  }

  jumpClock(process: ProcessId, byMicros: Micros): void {
    this.observers.clockJumped(process, byMicros);
    (this.servers[process] as Server).clockJumped(byMicros);
  }

  note(text: string): void {
    if (this.recorder !== undefined) this.recorder.note(text);
  }

  // ---- recording, forking ----

  private label(
    kind: number,
    target: ProcessId,
    source: ProcessId,
    identity: number,
    payload: unknown,
  ): string {
    return eventLabel(kind, target, source, identity, payload, this.timersOf(target));
  }

  private recordEvent(
    kind: number,
    target: ProcessId,
    source: ProcessId,
    identity: number,
    cause: number,
    payload: unknown,
  ): void {
    this.recorder?.event({
      number: this.eventNumber,
      time: this.now,
      process: target,
      kind: EVENT_NAMES[kind] ?? 'control',
      label: this.label(kind, target, source, identity, payload),
      cause,
      hash: kind === EventKind.message ? identity : 0,
      payload,
    });
  }

  private endpointOf(process: ProcessId): ClientEndpoint | OperatorEndpoint | undefined {
    return (
      this.clients[process - this.servers.length] ??
      (process === this.operator?.self ? this.operator : undefined)
    );
  }

  private timersOf(process: ProcessId): Server['timers'] | undefined {
    return this.servers[process]?.timers ?? this.endpointOf(process)?.timers;
  }

  private createChoices(): Choices {
    const { options, digest, recipe } = this;
    const choices = options.choices?.(digest) ?? new RandomChoices(recipe.seed, digest);
    const { recorder } = this;
    if (recorder === undefined) return choices;
    return new RecordingChoices(choices, (decision) => recorder.decision(decision));
  }

  private copyProgress(original: Simulation): void {
    this.now = original.now;
    this.eventNumber = original.eventNumber;
    this.status = original.status;
    this.hasEnded = original.hasEnded;
    this.leader = original.leader;
    this.leaderTerm = original.leaderTerm;
  }
}
