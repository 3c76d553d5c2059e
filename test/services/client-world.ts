// A small world for clients: virtual time, their timers, and a server whose behaviour the test chooses.
// A value like the real one: it can be cloned at any moment and both copies run on.

import {
  Digest,
  okReply,
  RandomChoices,
  RequestReplyDriver,
  type Authenticator,
  type Choices,
  type ClientReply,
  type ClientRequest,
  type Command,
  type HistoryEvent,
  type Message,
  type Plain,
  type RandomStream,
} from '../../src/kernel/index.js';
import {
  ClientProcess,
  createService,
  onlyReads,
  Workload,
  type ClientProcessHost,
  type WorkloadConfig,
} from '../../src/services/index.js';
import { keysOf } from '../world/keys.js';

export const FIRST_CLIENT = 5;

export const DEFAULTS: WorkloadConfig = {
  clients: 1,
  mode: 'closed',
  ratePerSecond: 1_000,
  thinkMinMicros: 100,
  thinkMaxMicros: 300,
  keys: 3,
  keyDistribution: { kind: 'uniform' },
  mix: { get: 2, put: 2, delete: 1, cas: 2, append: 2 },
  reads: onlyReads('log'),
  attemptTimeoutMicros: 1_000,
  operationTimeoutMicros: 20_000,
  retry: {
    kind: 'backoff',
    baseMicros: 200,
    capMicros: 1_000,
    jitter: { numerator: 1, denominator: 2 },
    maxAttempts: 100,
    budgetPercent: 10_000,
    minimumPerSecond: 0,
  },
};

/** What stands behind the network. */
export abstract class Server {
  abstract handle(world: ClientWorld, client: number, to: number, command: Command): void;

  /** A request that {@link ClientWorld.arriveLater} held back has come. */
  arrive(_world: ClientWorld, _client: number, _to: number, _command: Command): void {
    throw new Error('this server holds nothing back');
  }

  clone(): Server {
    return this;
  }
}

export class SilentServer extends Server {
  override handle(): void {
    // never answers
  }
}

/** Executes at once, answers after a fixed while. */
export class PromptServer extends Server {
  constructor(
    readonly delayMicros: number,
    readonly service = createService('kv'),
  ) {
    super();
  }

  override handle(world: ClientWorld, client: number, to: number, command: Command): void {
    const result = this.service.apply(command, 0);
    world.reply(to, client, okReply(command.sequence, result), this.delayMicros);
  }

  override clone(): PromptServer {
    return new PromptServer(this.delayMicros, this.service.clone());
  }
}

/** Answers the n-th request with the n-th status, after 100 µs; with nothing where there is none. */
export class ScriptedServer extends Server {
  private next = 0;

  constructor(readonly script: readonly (ClientReply['status'] | 'expired' | undefined)[]) {
    super();
  }

  override handle(world: ClientWorld, client: number, to: number, { sequence }: Command): void {
    const status = this.script[this.next++];
    if (status === undefined) return;
    const result =
      status === 'expired' ? { error: 'session-expired' } : status === 'ok' ? { ok: true } : 'full';
    const known = status === 'expired' ? 'ok' : status;
    const reply: ClientReply = { kind: 'ClientReply', sequence, status: known, result, index: 0, hint: -1 };
    world.reply(to, client, reply, 100);
  }
}

/** The key-value service behind a network that loses, repeats and delays, both ways. */
export class LossyServer extends Server {
  constructor(
    private readonly stream: RandomStream,
    readonly service = createService('kv'),
  ) {
    super();
  }

  override handle(world: ClientWorld, client: number, to: number, command: Command): void {
    for (let copies = this.stream.integer(0, 2); copies > 0; copies--) {
      world.arriveLater(to, client, command, this.stream.integer(0, 3_000));
    }
  }

  override arrive(world: ClientWorld, client: number, to: number, command: Command): void {
    const result = this.service.apply(command, 0);
    for (let copies = this.stream.integer(0, 2); copies > 0; copies--) {
      world.reply(to, client, okReply(command.sequence, result), this.stream.integer(0, 3_000));
    }
  }

  override clone(): LossyServer {
    return new LossyServer(this.stream.clone(), this.service.clone());
  }
}

type WorldEvent =
  | { readonly kind: 'timer'; readonly client: number; readonly name: string }
  | { readonly kind: 'message'; readonly client: number; readonly from: number; readonly message: Message }
  | { readonly kind: 'request'; readonly client: number; readonly to: number; readonly command: Command };

interface Scheduled {
  readonly at: number;
  readonly order: number;
  readonly event: WorldEvent;
}

export interface SentRequest {
  readonly time: number;
  readonly client: number;
  readonly to: number;
  readonly command: Command;
}

class WorldHost implements ClientProcessHost {
  readonly servers = [0, 1, 2];
  readonly authenticator: Authenticator;

  constructor(
    private readonly world: ClientWorld,
    readonly self: number,
  ) {
    this.authenticator = keysOf(self);
  }

  get choices(): Choices {
    return this.world.choices;
  }

  now(): number {
    return this.world.now;
  }

  send(to: number, message: Message): void {
    const { command } = message as ClientRequest;
    this.world.requests.push({ time: this.world.now, client: this.self, to, command });
    this.world.server.handle(this.world, this.self, to, command);
  }

  draw(_name: string, min: number): number {
    return min;
  }

  setTimerAfter(name: string, micros: number): void {
    this.cancelTimer(name);
    this.world.schedule(micros, { kind: 'timer', client: this.self, name });
  }

  cancelTimer(name: string): void {
    this.world.unschedule(this.self, name);
  }

  record(event: HistoryEvent): void {
    this.world.history.push(event);
  }
}

export class ClientWorld {
  now = 0;
  readonly clients: ClientProcess[] = [];
  readonly requests: SentRequest[] = [];
  readonly history: HistoryEvent[] = [];
  private scheduled: Scheduled[] = [];
  private order = 0;
  private drivers: RequestReplyDriver[] = [];

  constructor(
    readonly config: WorkloadConfig,
    readonly server: Server,
    readonly stopAtMicros: number,
    readonly choices: Choices = new RandomChoices('clients', new Digest()),
  ) {
    const workload = new Workload(config);
    for (let i = 0; i < config.clients; i++) {
      const driver = new RequestReplyDriver();
      this.drivers.push(driver);
      const host = new WorldHost(this, FIRST_CLIENT + i);
      this.clients.push(new ClientProcess(host, driver, workload, stopAtMicros));
    }
  }

  /** The client of a world that has one. */
  get client(): ClientProcess {
    const [client] = this.clients;
    if (client === undefined) throw new Error('no client');
    return client;
  }

  start(): this {
    for (const client of this.clients) client.start();
    return this;
  }

  /** Runs every event up to and including this time. */
  runUntil(time: number): this {
    for (;;) {
      const next = this.scheduled.reduce<Scheduled | undefined>(earlier, undefined);
      if (next === undefined || next.at > time) break;
      this.scheduled = this.scheduled.filter((other) => other !== next);
      this.now = next.at;
      this.execute(next.event);
    }
    this.now = time;
    return this;
  }

  reply(from: number, client: number, message: Message, delayMicros: number): void {
    this.schedule(delayMicros, { kind: 'message', client, from, message });
  }

  arriveLater(to: number, client: number, command: Command, delayMicros: number): void {
    this.schedule(delayMicros, { kind: 'request', client, to, command });
  }

  schedule(delayMicros: number, event: WorldEvent): void {
    this.scheduled.push({ at: this.now + delayMicros, order: this.order++, event });
  }

  unschedule(client: number, name: string): void {
    this.scheduled = this.scheduled.filter(
      ({ event }) => event.kind !== 'timer' || event.client !== client || event.name !== name,
    );
  }

  clone(): ClientWorld {
    const choices = this.choices.clone(new Digest());
    const copy = new ClientWorld(this.config, this.server.clone(), this.stopAtMicros, choices);
    copy.now = this.now;
    copy.order = this.order;
    copy.scheduled = this.scheduled.slice();
    copy.requests.push(...this.requests);
    copy.history.push(...this.history);
    copy.drivers = this.drivers.map((driver) => driver.clone());
    this.clients.forEach((client, i) => {
      const host = new WorldHost(copy, FIRST_CLIENT + i);
      copy.clients[i] = client.clone(host, copy.drivers[i] as RequestReplyDriver);
    });
    return copy;
  }

  encode(): Plain {
    return this.clients.map((client) => client.encode());
  }

  private execute(event: WorldEvent): void {
    if (event.kind === 'request') {
      this.server.arrive(this, event.client, event.to, event.command);
      return;
    }
    const client = this.clients[event.client - FIRST_CLIENT] as ClientProcess;
    if (event.kind === 'timer') client.timerFired(event.name);
    else client.receive(event.from, event.message);
  }
}

function earlier(best: Scheduled | undefined, other: Scheduled): Scheduled {
  if (best === undefined || other.at < best.at) return other;
  return other.at === best.at && other.order < best.order ? other : best;
}
