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
  RecordingChoices,
  RedrawnChoices,
  assert,
  type Authentication,
  type Choices,
  type Command,
  type HistoryEvent,
  type Message,
  type Micros,
  type ProcessId,
  type ProtocolEvent,
} from '../kernel/index.js';
import { judgeObjectives, reportMissed, type Measured } from '../checkers/index.js';
import { processCounts, type Scenario } from '../scenario/index.js';
import { Network } from '../world/index.js';
import { Agenda, type EnabledEvent } from './agenda.js';
import type { ClientEndpoint } from './client-endpoint.js';
import { assembleClients, assembleOperator, assembleServers, assembleTwins } from './assembly.js';
import { Crossroads, createKeys } from './crossroads.js';
import { Dispatcher } from './dispatcher.js';
import type { Engine } from './engine.js';
import { Control, EventKind } from './event-kinds.js';
import { handlerName } from './event-labels.js';
import { withGuard } from './guard.js';
import { builtInImplementation } from './implementation.js';
import { Observers, WatchedContext } from './observers.js';
import type { OperatorEndpoint } from './operator-endpoint.js';
import type { FoundViolation, Outcome, Recipe, Status } from './outcome.js';
import { Patience } from './patience.js';
import { Postman } from './postman.js';
import { prepareProgram, type Program } from './program.js';
import type { Recorder } from './recorder.js';
import { choicesOf, scenarioOf } from './recipe-choices.js';
import { RunFacts } from './run-facts.js';
import type { Server } from './server.js';
import type { SimulateOptions } from './simulate-options.js';
import { Stage } from './stage.js';
import { StateCoverage } from './state-coverage.js';
import { latencyOf, measuredOf, metricsOf, summarise, type Counters } from './statistics.js';

/** An audited run computes its checkers' ghosts anew every so many events. */
const AUDIT_INTERVAL = 256;

export class Simulation implements Engine {
  now: Micros = 0;
  eventNumber = 0;
  readonly queue: EventQueue;
  readonly choices: Choices;
  /** Undefined in a run without liars. */
  private readonly crossroads: Crossroads | undefined;
  readonly authentication: Authentication;
  readonly network: Network;
  readonly servers: readonly Server[];
  /** Second processes of servers. */
  readonly twins: readonly Server[];
  readonly clients: readonly ClientEndpoint[];
  readonly operator: OperatorEndpoint | undefined;
  readonly processes: number;
  private readonly firstTwin: ProcessId;
  readonly isAudited: boolean;
  private readonly maxEvents: number;
  private readonly digest: Digest;
  private readonly observers: Observers;
  private readonly counters: Counters;
  private readonly facts: RunFacts;
  private readonly stage: Stage;
  private readonly agenda: Agenda;
  private readonly dispatcher: Dispatcher;
  private readonly recorder: Recorder | undefined;
  private readonly postman: Postman;
  /** Looks at the cluster's abstract state, where somebody asks for that; forks are not looked at. */
  private readonly states: StateCoverage | undefined;
  /** Undefined where a run ends when it ends. */
  private readonly patience: Patience | undefined;
  private status: Status | undefined = undefined;
  private hasEnded = false;

  private constructor(
    readonly scenario: Scenario,
    readonly recipe: Recipe,
    private readonly program: Program,
    private readonly options: SimulateOptions,
    original: Simulation | undefined,
  ) {
    const { cluster } = scenario;
    ({ processes: this.processes, firstTwin: this.firstTwin } = processCounts(scenario));
    this.isAudited = options.audit === true;
    this.maxEvents = scenario.bounds.maxEvents;
    this.recorder = original === undefined ? options.recorder : undefined;
    this.digest = original?.digest.clone() ?? new Digest();
    this.queue = original?.queue.clone() ?? new EventQueue();
    this.choices = original?.choices.clone(this.digest) ?? this.createChoices();
    this.crossroads = original?.crossroads?.clone(this) ?? Crossroads.create(this, scenario, program);
    this.authentication =
      original?.authentication.clone() ?? createKeys(program, recipe, scenario, this.crossroads);
    this.network =
      original?.network.clone(this.choices) ??
      Network.create(scenario.network, cluster.topology, this.processes, this.choices);
    this.observers = original?.observers.clone(this) ?? Observers.create(this, scenario, program, options);
    this.postman = new Postman(
      program.protocol,
      this.network,
      this.queue,
      this.observers,
      this.isAudited,
      this.crossroads !== undefined,
    );
    this.servers = assembleServers(this, this.observers, scenario, program, original?.servers);
    this.twins = assembleTwins(
      this,
      this.observers,
      scenario,
      program,
      this.crossroads?.twins?.addresses ?? [],
      original?.twins,
    );
    const context = new WatchedContext(this, cluster.nodes);
    const { telemetry } = this.observers;
    this.facts =
      original?.facts.clone(this.servers, telemetry, context) ??
      RunFacts.create(this.servers, telemetry, context, program.members);
    this.counters = this.facts.counters;
    this.stage = new Stage(
      this,
      scenario,
      this.network,
      this.servers,
      this.facts,
      this.observers,
      this.twins,
      this.crossroads?.adversary,
      original?.stage,
    );
    this.clients = assembleClients(this, scenario, program, original?.clients);
    this.patience = original === undefined ? Patience.create(scenario) : original.patience?.clone();
    this.operator = assembleOperator(this.stage, scenario, program, original?.operator);
    const endpoints = this.operator === undefined ? this.clients : [...this.clients, this.operator];
    this.agenda = new Agenda(this.queue, this.servers, endpoints, this.twins);
    this.dispatcher = new Dispatcher(
      this,
      this.servers,
      endpoints,
      this.twins,
      this.crossroads,
      this.postman,
      this.counters,
      this.digest,
      this.agenda,
      this.recorder,
    );
    this.states = original === undefined ? this.createStates() : undefined;
    if (original !== undefined) this.copyProgress(original);
  }

  /** A simulation at its beginning; of a swarm, what its seed draws. Throws UsageError when scenario and implementation do not fit. */
  static create(scenario: Scenario, recipe: Recipe, options: SimulateOptions = {}): Simulation {
    const drawn = scenarioOf(scenario, recipe);
    const implementation = options.implementation ?? builtInImplementation(drawn);
    const program = prepareProgram(drawn, implementation);
    const simulation = new Simulation(drawn, recipe, program, options, undefined);
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
    return this.agenda.enabled();
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
        judgeObjectives(this.scenario.expect.slo, this.measured()),
        this.crossroads?.throughput?.measured(this.now),
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
    const due = this.agenda.dueTime(slot, chosen.time) ?? chosen.time;
    this.queue.removeSlot(slot);
    if (due > this.now) this.now = due;
    this.execute(slot);
  }

  private execute(slot: number): void {
    const target = this.queue.targets[slot] as number;
    const kind = this.states === undefined ? '' : this.agenda.kindOf(slot);
    try {
      if (target < this.processes) this.dispatcher.toProcess(target, slot);
      else this.toWorld(target, slot);
      if (this.states !== undefined) this.lookAt(this.states, target, kind);
    } catch (error) {
      this.observers.threw(handlerName(target, this.servers.length, this.processes), error);
    }
    // Outside the try: what a checker throws is not the fault of the code under test.
    if (this.hasEnded) this.finish();
    if (this.observers.sink.violation !== undefined) this.violated();
    else if (this.isAudited && this.eventNumber % AUDIT_INTERVAL === 0) this.observers.audit(this);
    if (this.eventNumber >= this.maxEvents) this.status ??= 'bound-reached';
  }

  // ---- the run's own events ----

  private toWorld(world: ProcessId, slot: number): void {
    const { queue } = this;
    const kind = queue.kinds[slot] as number;
    const first = queue.first[slot] as number;
    const second = queue.second[slot] as number;
    this.dispatcher.begin(kind, world, world, first, queue.causes[slot] as number, undefined);
    if (kind === EventKind.fault) {
      this.counters.faults++;
      this.stage.nemesis.wake(first);
    } else {
      this.control(first, second);
    }
    this.dispatcher.end();
  }

  private control(control: number, process: ProcessId): void {
    switch (control) {
      case Control.start:
        this.startAll();
        break;
      case Control.heal:
        this.operator?.operator.stop();
        this.observers.healed(this.stage.heal());
        break;
      case Control.restart:
        this.stage.superviseStart(process);
        break;
      case Control.end:
        this.endOrGoOn();
        break;
      default:
        assert(false, 'an unknown control');
    }
  }

  private startAll(): void {
    const { bounds } = this.scenario;
    this.scheduleControl(bounds.healAtMicros, Control.heal, 0);
    this.scheduleControl(bounds.endMicros, Control.end, 0);
    this.crossroads?.adversary.start();
    this.stage.startAll();
    for (const endpoint of this.clients) endpoint.client.start();
    this.stage.nemesis.start();
    this.operator?.operator.start();
  }

  private endOrGoOn(): void {
    const more = this.patience?.more(this.now);
    if (more === undefined) {
      this.hasEnded = true;
      return;
    }
    for (const { client } of this.clients) {
      if (more.askUntilMicros === undefined) client.stop();
      else client.goOn(more.askUntilMicros);
    }
    this.scheduleControl(more.endMicros, Control.end, 0);
  }

  private scheduleControl(at: Micros, control: number, process: ProcessId): void {
    const world = this.processes;
    this.queue.push(at, EventKind.control, world, world, control, process, this.eventNumber, undefined);
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
    reportMissed(judgeObjectives(slo, this.measured()), this.observers.sink);
  }

  private measured(): Measured {
    return measuredOf(this.observers.telemetry, latencyOf(this.clients));
  }

  private violated(): void {
    this.status ??= this.observers.isLiveness() ? 'stalled' : 'violated';
  }

  private foundViolation(): FoundViolation | undefined {
    const found = this.observers.sink.violation;
    if (found === undefined) return undefined;
    return { ...found, event: this.eventNumber, timeMicros: this.now };
  }

  // ---- engine: what processes do ----

  send(from: ProcessId, to: ProcessId, message: Message): void {
    assert(to >= 0 && to < this.processes, 'a message to a process that does not exist');
    const { crossroads, postman } = this;
    if (crossroads === undefined) postman.send(this.now, this.eventNumber, from, to, message, to);
    else crossroads.send(postman, from, to, message);
  }

  quorumOf(voters: number): number {
    return this.program.quorumOf(voters);
  }

  isServing(server: ProcessId): boolean {
    return this.servers[server]?.isUp === true;
  }

  get hasLiars(): boolean {
    return this.crossroads !== undefined;
  }

  isFaulty(process: ProcessId): boolean {
    return this.crossroads !== undefined && this.crossroads.isFaulty(process);
  }

  timesHealed(process: ProcessId): number {
    return this.crossroads === undefined ? 0 : this.crossroads.timesHealed(process);
  }

  isDamaged(server: ProcessId): boolean {
    return this.servers[server]?.disk.damaged() === true;
  }

  protocolEvent(process: ProcessId, event: ProtocolEvent): void {
    if (process >= this.firstTwin) return; // a twin
    this.crossroads?.adversary.heard(process, event);
    this.facts.learn(process, event);
    this.observers.protocolEvent(process, event);
    this.stage.nemesis.heard(process, event.kind);
    if (this.recorder !== undefined) this.recorder.protocolEvent(process, event);
  }

  historyEvent(event: HistoryEvent, command: Command): void {
    this.counters.history(event.kind);
    this.crossroads?.history(event);
    this.patience?.history(event);
    this.observers.history(event, command);
    if (this.recorder !== undefined) this.recorder.history(event);
  }

  halted(process: ProcessId, reason: string): void {
    this.counters.halts++;
    if (process >= this.firstTwin) return;
    (this.servers[process] as Server).noteFailure();
    this.note(`n${process + 1} halts: ${reason}`);
    this.crossroads?.adversary.halted(process);
    this.observers.crashed(process);
    const after = this.scenario.process.restartAfterHaltMicros;
    if (after > 0) this.scheduleControl(this.now + after, Control.restart, process);
  }

  undelivered(wasOverflow: boolean): void {
    this.counters.undelivered++;
    if (wasOverflow) this.counters.inboxOverflows++;
  }

  note(text: string): void {
    if (this.recorder !== undefined) this.recorder.note(text);
  }

  // ---- beginning, forking ----

  private createChoices(): Choices {
    const { options, digest, recipe } = this;
    const choices = options.choices?.(digest) ?? choicesOf(recipe, digest);
    const { recorder } = this;
    if (recorder === undefined) return choices;
    return new RecordingChoices(choices, (decision) => recorder.decision(decision));
  }

  private createStates(): StateCoverage | undefined {
    const { exploration } = this.options;
    const { protocol } = this.program;
    const { choices, servers } = this;
    const isSeen = protocol.outline !== undefined && choices instanceof RedrawnChoices;
    if (exploration === undefined || !isSeen) return undefined;
    return new StateCoverage(servers, protocol, exploration, () => choices.asked);
  }

  private lookAt(states: StateCoverage, target: ProcessId, kind: string): void {
    if (target < this.servers.length) states.handled(target, kind);
    else if (target >= this.processes) states.struck();
  }

  private copyProgress(original: Simulation): void {
    this.now = original.now;
    this.eventNumber = original.eventNumber;
    this.status = original.status;
    this.hasEnded = original.hasEnded;
  }
}
