/** One client process of a run: gives a {@link ClientProcess} its chance and history. */

import {
  Family,
  type Authenticator,
  type ClientDriver,
  type Command,
  type HistoryEvent,
  type Message,
  type Micros,
  type ProcessId,
} from '../kernel/index.js';
import { ClientProcess, type ClientProcessHost, type ClientWorkload } from '../services/index.js';
import { Endpoint } from './endpoint.js';
import type { Engine } from './engine.js';

/** What all clients of a run share. */
export interface ClientErrand {
  readonly servers: readonly ProcessId[];
  readonly workload: ClientWorkload;
  readonly stopAtMicros: Micros;
}

export class ClientEndpoint extends Endpoint implements ClientProcessHost {
  readonly servers: readonly ProcessId[];
  readonly authenticator: Authenticator;
  readonly client: ClientProcess;

  private constructor(
    self: ProcessId,
    engine: Engine,
    private readonly errand: ClientErrand,
    private readonly driver: ClientDriver,
    original: ClientEndpoint | undefined,
  ) {
    super(self, engine, original);
    this.servers = errand.servers;
    this.authenticator = engine.authentication.of(self);
    this.client =
      original?.client.clone(this, driver) ??
      new ClientProcess(this, driver, errand.workload, errand.stopAtMicros);
  }

  static create(self: ProcessId, engine: Engine, errand: ClientErrand, driver: ClientDriver): ClientEndpoint {
    return new ClientEndpoint(self, engine, errand, driver, undefined);
  }

  clone(engine: Engine): ClientEndpoint {
    return new ClientEndpoint(this.self, engine, this.errand, this.driver.clone(), this);
  }

  override deliver(from: ProcessId, message: Message): void {
    this.client.receive(from, message);
  }

  override fireTimer(name: string): void {
    this.client.timerFired(name);
  }

  draw(name: string, min: number, max: number, sequence?: number): number {
    return this.choices.integer(Family.client, this.self, sequence ?? 'driver', name, min, max, min);
  }

  record(event: HistoryEvent, command: Command): void {
    this.engine.historyEvent(event, command);
  }
}
