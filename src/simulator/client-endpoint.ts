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
import {
  ClientProcess,
  NOWHERE,
  type ClientProcessHost,
  type ClientWorkload,
  type Directory,
  type ServerHealth,
} from '../services/index.js';
import { Endpoint } from './endpoint.js';
import type { Engine } from './engine.js';

/** What all clients of a cohort share. */
export interface ClientErrand {
  readonly servers: readonly ProcessId[];
  /** Name of the cohort. */
  readonly cohort: string;
  readonly workload: ClientWorkload;
  readonly stopAtMicros: Micros;
  /** What clients are; undefined: the correct class. */
  readonly Client: typeof ClientProcess | undefined;
}

export class ClientEndpoint extends Endpoint implements ClientProcessHost, ServerHealth {
  readonly servers: readonly ProcessId[];
  readonly authenticator: Authenticator;
  readonly ignoresHints: boolean;
  readonly client: ClientProcess;

  private constructor(
    self: ProcessId,
    engine: Engine,
    private readonly errand: ClientErrand,
    private readonly driver: ClientDriver,
    /** Finds the servers that it asks; undefined: it knows them. */
    readonly directory: Directory | undefined,
    original: ClientEndpoint | undefined,
  ) {
    super(self, engine, original);
    this.servers = errand.servers;
    this.authenticator = engine.authentication.of(self);
    this.ignoresHints = errand.workload.config.discovery?.kind === 'round-robin';
    const { Client = ClientProcess } = errand;
    this.client =
      original?.client.clone(this, driver) ?? new Client(this, driver, errand.workload, errand.stopAtMicros);
  }

  static create(
    self: ProcessId,
    engine: Engine,
    errand: ClientErrand,
    driver: ClientDriver,
    directory: Directory | undefined,
  ): ClientEndpoint {
    return new ClientEndpoint(self, engine, errand, driver, directory, undefined);
  }

  /** `directory`: the copy of its own. */
  clone(engine: Engine, directory: Directory | undefined): ClientEndpoint {
    return new ClientEndpoint(this.self, engine, this.errand, this.driver.clone(), directory, this);
  }

  /** Name of its cohort. */
  get cohort(): string {
    return this.errand.cohort;
  }

  override send(to: ProcessId, message: Message): void {
    if (this.directory === undefined) {
      this.engine.send(this.self, to, message);
      return;
    }
    const server = this.directory.route(this.self, to, this.engine.now, this);
    if (server === NOWHERE) this.client.counters.unresolved++;
    else this.engine.send(this.self, server, message);
  }

  isUp(server: ProcessId): boolean {
    return this.engine.isServing(server);
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
