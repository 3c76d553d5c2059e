/** The stage hands: what the nemesis may do to this run's world, and what the run does to it by itself. */

import type { Choices, Membership, Micros, ProcessId } from '../kernel/index.js';
import type { ClockControl, DiskControl, LinkControl, WorldControls } from '../faults/index.js';
import type { Topology } from '../world/index.js';
import { EventKind } from './event-kinds.js';
import type { Engine } from './engine.js';
import type { Server } from './server.js';

/** What the director needs of the simulation beyond the engine. */
export interface Stage extends Engine {
  readonly servers: readonly Server[];
  readonly processes: number;
  readonly topology: Topology;
  readonly network: LinkControl;
  readonly configuredServiceMicros: Micros;
  currentLeader(): ProcessId;
  crashServer(process: ProcessId): void;
  formatDisk(process: ProcessId): void;
  /** Ends a process cleanly. */
  stopServer(process: ProcessId): void;
  /** Starts a process unless it is up or a fault holds it down. */
  superviseStart(process: ProcessId): void;
  /** The configuration in force, as the leader sees it. */
  membership(): Membership;
  operationsOk(): number;
  startServer(process: ProcessId): void;
  jumpClock(process: ProcessId, byMicros: Micros): void;
  note(text: string): void;
}

export class Director implements WorldControls {
  constructor(private readonly stage: Stage) {}

  get servers(): number {
    return this.stage.servers.length;
  }

  get processes(): number {
    return this.stage.processes;
  }

  get topology(): Topology {
    return this.stage.topology;
  }

  get serviceMicros(): Micros {
    return this.stage.configuredServiceMicros;
  }

  get choices(): Choices {
    return this.stage.choices;
  }

  get network(): LinkControl {
    return this.stage.network;
  }

  now(): Micros {
    return this.stage.now;
  }

  leader(): ProcessId {
    return this.stage.currentLeader();
  }

  voters(): number {
    const { voters, outgoing } = this.stage.membership();
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
    if (this.server(process).isUp) this.stage.crashServer(process);
  }

  restart(process: ProcessId): void {
    if (!this.server(process).isUp) this.stage.startServer(process);
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
    this.stage.formatDisk(process);
  }

  jumpClock(process: ProcessId, byMicros: Micros): void {
    this.stage.jumpClock(process, byMicros);
  }

  schedule(atMicros: Micros, token: number): void {
    const { stage } = this;
    const world = stage.processes;
    stage.queue.push(atMicros, EventKind.fault, world, world, token, 0, stage.eventNumber, undefined);
  }

  note(text: string): void {
    this.stage.note(text);
  }

  private server(process: ProcessId): Server {
    return this.stage.servers[process] as Server;
  }
}
