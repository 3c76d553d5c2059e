/** The machines as the operator handles them: processes stopped, upgraded and started, disks formatted. */

import type { Machines } from '../faults/index.js';
import type { Membership, ProcessId } from '../kernel/index.js';
import type { Server } from './server.js';
import type { Stage } from './stage.js';

export class MachineRoom implements Machines {
  constructor(
    private readonly stage: Stage,
    readonly versions: Machines['versions'],
  ) {}

  get servers(): number {
    return this.stage.servers;
  }

  leader(): ProcessId {
    return this.stage.leader();
  }

  membership(): Membership {
    return this.stage.facts.membership();
  }

  isUp(server: ProcessId): boolean {
    return this.server(server).isUp;
  }

  version(server: ProcessId): number {
    return this.server(server).version;
  }

  generation(server: ProcessId): number {
    return this.server(server).generation;
  }

  isBlank(server: ProcessId): boolean {
    return this.server(server).disk.isBlank();
  }

  stop(server: ProcessId): void {
    this.stage.stop(server);
  }

  start(server: ProcessId): void {
    this.stage.superviseStart(server);
  }

  setVersion(server: ProcessId, version: number): void {
    this.server(server).version = version;
  }

  formatDisk(server: ProcessId): void {
    this.server(server).takeNewIdentity();
    this.stage.formatDisk(server);
  }

  failures(server: ProcessId): number {
    return this.server(server).failures;
  }

  operationsOk(): number {
    return this.stage.facts.counters.operationsOk;
  }

  note(text: string): void {
    this.stage.note(text);
  }

  private server(process: ProcessId): Server {
    return this.stage.server(process);
  }
}
