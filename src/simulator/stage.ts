/**
 * The stage of a run: its servers as machines that are formatted, started, stopped and broken, whoever does it:
 * the run itself, the nemesis, or the operator (through the machine room).
 */

import {
  Nemesis,
  processName,
  type ClockControl,
  type DiskControl,
  type LiarBudget,
  type LinkControl,
  type WorldControls,
} from '../faults/index.js';
import type { Choices, Micros, ProcessId } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import type { Topology } from '../world/index.js';
import type { Engine } from './engine.js';
import { EventKind } from './event-kinds.js';
import type { Observers } from './observers.js';
import type { RunFacts } from './run-facts.js';
import type { Server } from './server.js';

export class Stage implements WorldControls {
  readonly nemesis: Nemesis;

  constructor(
    readonly engine: Engine,
    private readonly scenario: Scenario,
    readonly network: LinkControl,
    private readonly all: readonly Server[],
    readonly facts: RunFacts,
    private readonly observers: Observers,
    /** Second processes of servers; nobody breaks or heals them. */
    private readonly twins: readonly Server[],
    readonly liars: LiarBudget | undefined,
    original: Stage | undefined,
  ) {
    this.nemesis =
      original?.nemesis.clone(this) ?? new Nemesis(scenario.faults, this, scenario.bounds.healAtMicros);
  }

  server(process: ProcessId): Server {
    return this.all[process] as Server;
  }

  startAll(): void {
    for (const { self } of this.all) {
      this.formatDisk(self);
      this.restart(self);
    }
    for (const twin of this.twins) this.startTwin(twin);
  }

  private startTwin(twin: Server): void {
    try {
      twin.formatDisk();
      twin.start(twin.disk.image());
    } catch (error) {
      this.threw(twin.self, error);
    }
  }

  /** Starts a process unless it is up or a fault holds it down. */
  superviseStart(process: ProcessId): void {
    if (!this.nemesis.holdsDown(process)) this.restart(process);
  }

  /** Ends a process cleanly, when it is up. */
  stop(process: ProcessId): void {
    const server = this.server(process);
    if (!server.isUp) return;
    server.stop();
    this.observers.crashed(process);
  }

  formatDisk(process: ProcessId): void {
    try {
      this.server(process).formatDisk();
    } catch (error) {
      this.threw(process, error);
    }
  }

  /** Ends all faults; returns the servers that stay broken for good, when the scenario wants some to. */
  heal(): ProcessId[] {
    if (this.scenario.bounds.heal === 'core') {
      const { participants } = this.facts;
      return this.nemesis.healCore((core) => participants.isCore((server) => core.has(server)));
    }
    this.nemesis.healAll();
    return [];
  }

  private threw(process: ProcessId, error: unknown): void {
    this.observers.threw(processName(process, this.servers), error);
  }

  // ---- what the nemesis may do ----

  get servers(): number {
    return this.all.length;
  }

  get processes(): number {
    return this.engine.processes;
  }

  get topology(): Topology {
    return this.scenario.cluster.topology;
  }

  get serviceMicros(): Micros {
    return this.scenario.process.serviceMicros;
  }

  get choices(): Choices {
    return this.engine.choices;
  }

  now(): Micros {
    return this.engine.now;
  }

  leader(): ProcessId {
    return this.facts.currentLeader();
  }

  voters(): number {
    const { voters, outgoing } = this.facts.membership();
    return outgoing.length === 0 ? voters.length : Math.min(voters.length, outgoing.length);
  }

  isUp(process: ProcessId): boolean {
    return this.server(process).isUp;
  }

  isPaused(process: ProcessId): boolean {
    return this.server(process).isPaused;
  }

  disk(process: ProcessId): DiskControl {
    return this.server(process).disk;
  }

  clock(process: ProcessId): ClockControl {
    return this.server(process).clock;
  }

  crash(process: ProcessId): void {
    const server = this.server(process);
    if (!server.isUp) return;
    this.facts.counters.crashes++;
    server.crash();
    this.observers.crashed(process);
  }

  restart(process: ProcessId): void {
    const server = this.server(process);
    if (server.isUp) return;
    if (server.incarnation > 0) this.facts.counters.restarts++;
    const image = server.disk.image();
    this.observers.starting(process, server.incarnation + 1, image);
    this.facts.participants.started(process);
    try {
      server.start(image);
    } catch (error) {
      this.threw(process, error);
    }
  }

  pause(process: ProcessId): void {
    this.server(process).pause();
  }

  resume(process: ProcessId): void {
    this.server(process).resume();
  }

  setServiceMicros(process: ProcessId, micros: Micros): void {
    this.server(process).serviceMicros = micros;
  }

  wipeDisk(process: ProcessId): void {
    this.server(process).disk.wipe();
    this.formatDisk(process);
  }

  jumpClock(process: ProcessId, byMicros: Micros): void {
    this.observers.clockJumped(process, byMicros);
    this.server(process).clockJumped(byMicros);
  }

  schedule(atMicros: Micros, token: number): void {
    const { queue, processes: world, eventNumber } = this.engine;
    queue.push(atMicros, EventKind.fault, world, world, token, 0, eventNumber, undefined);
  }

  note(text: string): void {
    this.engine.note(text);
  }
}
