/** One client process of a run: gives a {@link ClientProcess} its timers, network, chance and history. */

import {
  Family,
  type Choices,
  type ClientDriver,
  type Command,
  type HistoryEvent,
  type Message,
  type Micros,
  type ProcessId,
} from '../kernel/index.js';
import { ClientProcess, type ClientProcessHost, type Workload } from '../services/index.js';
import type { Engine } from './engine.js';
import { Timers } from './timers.js';

/** What all clients of a run share. */
export interface ClientErrand {
  readonly servers: readonly ProcessId[];
  readonly workload: Workload;
  readonly stopAtMicros: Micros;
}

export class ClientEndpoint implements ClientProcessHost {
  readonly servers: readonly ProcessId[];
  readonly choices: Choices;
  readonly timers: Timers;
  readonly client: ClientProcess;

  private constructor(
    readonly self: ProcessId,
    private readonly engine: Engine,
    private readonly errand: ClientErrand,
    private readonly driver: ClientDriver,
    timers: Timers | undefined,
    original: ClientProcess | undefined,
  ) {
    this.servers = errand.servers;
    this.choices = engine.choices;
    this.timers = timers ?? new Timers(self, engine.queue);
    this.client =
      original === undefined
        ? new ClientProcess(this, driver, errand.workload, errand.stopAtMicros)
        : original.clone(this, driver);
  }

  static create(self: ProcessId, engine: Engine, errand: ClientErrand, driver: ClientDriver): ClientEndpoint {
    return new ClientEndpoint(self, engine, errand, driver, undefined, undefined);
  }

  clone(engine: Engine): ClientEndpoint {
    const timers = this.timers.clone(engine.queue);
    return new ClientEndpoint(this.self, engine, this.errand, this.driver.clone(), timers, this.client);
  }

  deliver(from: ProcessId, message: Message): void {
    this.client.receive(from, message);
  }

  fireTimer(name: string): void {
    this.client.timerFired(name);
  }

  now(): Micros {
    return this.engine.now;
  }

  send(to: ProcessId, message: Message): void {
    this.engine.send(this.self, to, message);
  }

  setTimerAfter(name: string, micros: Micros): void {
    this.timers.set(name, this.engine.now + micros, this.engine.eventNumber);
  }

  cancelTimer(name: string): void {
    this.timers.cancel(name);
  }

  draw(name: string, min: number, max: number, sequence?: number): number {
    return this.choices.integer(Family.client, this.self, sequence ?? 'driver', name, min, max, min);
  }

  record(event: HistoryEvent, command: Command): void {
    this.engine.historyEvent(event, command);
  }
}
