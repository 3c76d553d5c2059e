/**
 * What lies between clients and the servers that they ask: a name service that tells which servers there are, or a
 * load balancer that chooses one. Both know who is up from some while ago, and both may be wrong. What a client's
 * driver wants is a wish; where the message goes is decided here. Nothing is drawn: who is chosen follows from time,
 * from who was up, and from what was asked before.
 */

import type { Micros, ProcessId } from '../kernel/index.js';
import type { Discovery } from './workload-config.js';

/** No server at all: the message is not sent. */
export const NOWHERE: ProcessId = -1;

/** What a directory asks of the world. */
export interface ServerHealth {
  isUp(server: ProcessId): boolean;
}

/** Finds the server that a client's message goes to. */
export interface Directory {
  /** `wanted` is the server that the client's driver asks for. {@link NOWHERE} when no server is known. */
  route(client: ProcessId, wanted: ProcessId, now: Micros, health: ServerHealth): ProcessId;
  clone(): Directory;
}

/** Undefined where clients send to the server that they want. */
export function createDirectory(
  discovery: Discovery | undefined,
  servers: readonly ProcessId[],
): Directory | undefined {
  switch (discovery?.kind) {
    case 'name-service':
      return new NameService(servers, discovery.ttlMicros);
    case 'load-balancer':
      return new LoadBalancer(servers, discovery.checkMicros, discovery.pinMicros);
    default:
      return undefined;
  }
}

/** Who was up when somebody looked last. */
class View {
  constructor(
    readonly servers: readonly ProcessId[],
    readonly takenAt: Micros,
  ) {}

  static take(all: readonly ProcessId[], now: Micros, health: ServerHealth): View {
    return new View(
      all.filter((server) => health.isUp(server)),
      now,
    );
  }
}

/** Each client resolves the service's name by itself, and believes the answer for a while. */
export class NameService implements Directory {
  private readonly views = new Map<ProcessId, View>();

  constructor(
    private readonly all: readonly ProcessId[],
    private readonly ttlMicros: Micros,
  ) {}

  route(client: ProcessId, wanted: ProcessId, now: Micros, health: ServerHealth): ProcessId {
    let view = this.views.get(client);
    if (view === undefined || now - view.takenAt >= this.ttlMicros) {
      view = View.take(this.all, now, health);
      this.views.set(client, view);
    }
    const { servers } = view;
    if (servers.includes(wanted)) return wanted;
    return servers[this.all.indexOf(wanted) % servers.length] ?? NOWHERE;
  }

  clone(): NameService {
    const copy = new NameService(this.all, this.ttlMicros);
    for (const [client, view] of this.views) copy.views.set(client, view);
    return copy;
  }
}

/** Of one client's connection through the balancer. Immutable. */
interface Connection {
  readonly server: ProcessId;
  /** Whom its driver wanted when it was made. */
  readonly wanted: ProcessId;
  readonly madeAt: Micros;
}

/** One balancer for all clients. A connection goes to the server whose turn it is, and stays there. */
export class LoadBalancer implements Directory {
  private view: View | undefined = undefined;
  private turn = 0;
  private readonly connections = new Map<ProcessId, Connection>();

  constructor(
    private readonly all: readonly ProcessId[],
    private readonly checkMicros: Micros,
    private readonly pinMicros: Micros,
  ) {}

  route(client: ProcessId, wanted: ProcessId, now: Micros, health: ServerHealth): ProcessId {
    const { servers } = this.viewAt(now, health);
    const connection = this.connections.get(client);
    if (connection !== undefined && this.isKept(connection, wanted, now, servers)) return connection.server;
    const server = this.next(servers, connection?.server);
    if (server === NOWHERE) this.connections.delete(client);
    else this.connections.set(client, { server, wanted, madeAt: now });
    return server;
  }

  clone(): LoadBalancer {
    const copy = new LoadBalancer(this.all, this.checkMicros, this.pinMicros);
    copy.view = this.view;
    copy.turn = this.turn;
    for (const [client, connection] of this.connections) copy.connections.set(client, connection);
    return copy;
  }

  /** Until a check finds its server down, or the client wants another one and has been pinned for long enough. */
  private isKept(
    { server, wanted: before, madeAt }: Connection,
    wanted: ProcessId,
    now: Micros,
    healthy: readonly ProcessId[],
  ): boolean {
    if (!healthy.includes(server)) return false;
    return wanted === before || now - madeAt < this.pinMicros;
  }

  private viewAt(now: Micros, health: ServerHealth): View {
    const epoch = now - (now % this.checkMicros);
    if (this.view === undefined || this.view.takenAt < epoch) this.view = View.take(this.all, now, health);
    return this.view;
  }

  /** The server whose turn it is, another one than before if there is one. */
  private next(healthy: readonly ProcessId[], before: ProcessId | undefined): ProcessId {
    if (healthy.length === 0) return NOWHERE;
    let server = healthy[this.turn++ % healthy.length] as ProcessId;
    if (server === before) server = healthy[this.turn++ % healthy.length] as ProcessId;
    return server;
  }
}
