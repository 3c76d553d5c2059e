/**
 * Hands an entry of the queue to the process that it is for. What is really handled there is an *event*: it is
 * counted, enters the digest, and is named for keyed choices and for the recorder. Messages to a process that
 * is down and stale timers are none.
 */

import { assert, type Digest, type Message, type ProcessId } from '../kernel/index.js';
import type { Agenda } from './agenda.js';
import type { Crossroads } from './crossroads.js';
import type { Endpoint } from './endpoint.js';
import type { Engine } from './engine.js';
import { EVENT_NAMES, EventKind } from './event-kinds.js';
import type { Postman } from './postman.js';
import type { Recorder } from './recorder.js';
import type { Server } from './server.js';
import type { Counters } from './statistics.js';

export class Dispatcher {
  /** `endpoints`: the processes that follow the servers. */
  constructor(
    private readonly engine: Engine,
    private readonly servers: readonly Server[],
    private readonly endpoints: readonly Endpoint[],
    /** The processes after those: second ones of servers. */
    private readonly twins: readonly Server[],
    private readonly crossroads: Crossroads | undefined,
    private readonly postman: Postman,
    private readonly counters: Counters,
    private readonly digest: Digest,
    private readonly agenda: Agenda,
    private readonly recorder: Recorder | undefined,
  ) {}

  toProcess(target: ProcessId, slot: number): void {
    if (target < this.servers.length) this.toServer(this.servers[target] as Server, slot);
    else if (target < this.firstTwin) this.toEndpoint(target, slot);
    else this.toServer(this.twins[target - this.firstTwin] as Server, slot);
  }

  private get firstTwin(): ProcessId {
    return this.servers.length + this.endpoints.length;
  }

  private toServer(server: Server, slot: number): void {
    const { queue } = this.engine;
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
      const { source: from, second: hash, cause: before, payload: waiting } = work;
      if (work.isAtDoor && this.isTurnedAway(server, from, hash, before, waiting as Message)) return;
      this.handle(server, work.kind, work.source, work.first, work.second, work.cause, work.payload);
    } else if (
      server.door !== undefined &&
      kind === EventKind.message &&
      this.isTurnedAway(server, source, second, cause, payload as Message)
    ) {
      return;
    } else if (server.isImmediate) {
      this.handle(server, kind, source, first, second, cause, payload);
    } else {
      const isAtDoor = server.isPaused && kind === EventKind.message;
      server.defer({ kind, source, first, second, cause, payload, isAtDoor });
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
    this.begin(EventKind.message, server.process, source, hash, cause, message);
    const { crossroads } = this;
    if (crossroads === undefined || crossroads.isHeard(source, server.process, message))
      server.deliver(source, message);
    this.end();
  }

  /** True for a message that the server's doorkeeper does not let in, and which is done with. */
  private isTurnedAway(
    server: Server,
    source: ProcessId,
    hash: number,
    cause: number,
    message: Message,
  ): boolean {
    const refusal = server.judgeAtDoor(source, message);
    if (refusal === undefined) return false;
    this.postman.audit(message, hash);
    this.counters.messages++;
    this.begin(EventKind.message, server.process, source, hash, cause, message);
    server.turnAway(source, refusal);
    this.end();
    return true;
  }

  private fireTimer(server: Server, index: number, generation: number, cause: number): void {
    if (!server.timers.isDue(index, generation, this.engine.now)) return;
    this.counters.timers++;
    this.begin(EventKind.timer, server.process, server.process, index, cause, undefined);
    server.fireTimer(index);
    this.end();
  }

  private completeDisk(server: Server, operation: number, incarnation: number, cause: number): void {
    if (incarnation !== server.incarnation) return;
    this.counters.disk++;
    this.begin(EventKind.disk, server.process, server.process, operation, cause, undefined);
    server.completeDisk(operation);
    this.end();
  }

  private toEndpoint(target: ProcessId, slot: number): void {
    const { queue, now } = this.engine;
    const endpoint = this.endpoints[target - this.servers.length];
    assert(endpoint !== undefined, 'an event of a process that does not exist');
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
      if (!endpoint.timers.isDue(first, second, now)) return;
      this.counters.timers++;
      this.begin(EventKind.timer, target, source, first, cause, undefined);
      endpoint.fireTimer(endpoint.timers.nameOf(first));
    }
    this.end();
  }

  /** An event is executed from here on. `identity`: as {@link Agenda.label} takes it. */
  begin(
    kind: number,
    target: ProcessId,
    source: ProcessId,
    identity: number,
    cause: number,
    payload: unknown,
  ): void {
    const { engine, digest } = this;
    engine.eventNumber++;
    digest.mixInteger(engine.now);
    digest.mix((kind << 24) ^ (target << 12) ^ source);
    digest.mix(identity);
    if (engine.choices.keyed)
      engine.choices.context = this.agenda.label(kind, target, source, identity, payload);
    if (this.recorder !== undefined) this.record(kind, target, source, identity, cause, payload);
  }

  end(): void {
    if (this.recorder !== undefined) this.recorder.eventEnd(this.digest.value());
  }

  private record(
    kind: number,
    target: ProcessId,
    source: ProcessId,
    identity: number,
    cause: number,
    payload: unknown,
  ): void {
    this.recorder?.event({
      number: this.engine.eventNumber,
      time: this.engine.now,
      process: target,
      kind: EVENT_NAMES[kind] ?? 'control',
      label: this.agenda.label(kind, target, source, identity, payload),
      cause,
      hash: kind === EventKind.message ? identity : 0,
      payload,
    });
  }
}
