/**
 * Who is corrupted: from the beginning by the plan, later because of a role or because a disk has forgotten what was
 * promised on it. Never more servers than the failure model bears, but for those that a plan names beyond it.
 */

import type { ProcessId } from '../../kernel/index.js';
import { Healing } from './healing.js';
import type { DrawChoice } from './drawn.js';
import { leastLiars, namedServers, type Audience, type ByzantineFault, type Culprits } from './plan.js';

export class Corruption {
  /** By a role. */
  private readonly byRole = new Set<ProcessId>();
  /** By a disk that has forgotten what was promised: a recovery that does not know of it makes nothing right. */
  private readonly forgetful = new Set<ProcessId>();
  readonly healing = new Healing();
  /** How often each has been corrupted and was so no more. */
  private readonly healed = new Map<ProcessId, number>();

  private constructor(
    private readonly servers: number,
    /** Most servers that may be corrupted. */
    readonly most: number,
    /** Those of the beginning: servers in the order in which `random` takes them, and clients. */
    private readonly first: readonly ProcessId[],
    private readonly clients: ReadonlySet<ProcessId>,
    private readonly faulty: Set<ProcessId>,
  ) {}

  /** `borne`: how many the failure model bears. */
  static create(
    plan: readonly ByzantineFault[],
    servers: number,
    borne: number,
    draw: DrawChoice,
  ): Corruption {
    const first = namedServers(plan);
    const drawn = Math.max(0, ...plan.map(({ on }) => (on.kind === 'random' ? on.count : 0)));
    const others = Array.from({ length: servers }, (_, server) => server).filter(
      (each) => !first.includes(each),
    );
    while (first.length < drawn && others.length > 0) {
      const wanted = draw('liar', 0, servers - 1);
      const place = others.findIndex((server) => server >= wanted);
      first.push(...others.splice(place < 0 ? 0 : place, 1));
    }
    const clients = new Set<ProcessId>();
    for (const { on } of plan) {
      if (on.kind === 'clients') for (const client of on.clients) clients.add(client);
    }
    const most = Math.max(borne, leastLiars(plan));
    return new Corruption(servers, most, first, clients, new Set(first));
  }

  isFaulty(process: ProcessId): boolean {
    return this.faulty.has(process) || this.clients.has(process);
  }

  /** The servers that are, in ascending order. */
  liars(): ProcessId[] {
    return [...this.faulty].sort((a, b) => a - b);
  }

  /** `isDamaged`: of servers that are lost to the others in another way, and count as well. */
  mayCorrupt(server: ProcessId, isDamaged: (server: ProcessId) => boolean): boolean {
    if (this.faulty.has(server)) return true;
    let others = 0;
    for (let other = 0; other < this.servers; other++) {
      if (other !== server && (this.isSpent(other) || isDamaged(other))) others++;
    }
    return others < this.most;
  }

  corrupt(server: ProcessId): void {
    this.faulty.add(server);
    this.forgetful.add(server);
    this.healing.end(server);
  }

  /** True for one that counts among those that are borne: it is corrupted, or what it did may still be of effect. */
  isSpent(server: ProcessId): boolean {
    return this.faulty.has(server) || this.healing.has(server);
  }

  /** It starts again from its code. True when it was corrupted and is so no more. */
  heal(server: ProcessId): boolean {
    if (this.forgetful.has(server) || !this.faulty.delete(server)) return false;
    this.byRole.delete(server);
    this.healing.begin(server);
    this.healed.set(server, this.timesHealed(server) + 1);
    return true;
  }

  timesHealed(process: ProcessId): number {
    return this.healed.get(process) ?? 0;
  }

  /** Corrupts the holder of a role, when that is borne; true when it was not corrupted before. */
  corruptForRole(server: ProcessId, isDamaged: (server: ProcessId) => boolean): boolean {
    if (!this.mayCorrupt(server, isDamaged)) return false;
    this.byRole.add(server);
    const isNew = !this.faulty.has(server);
    this.faulty.add(server);
    this.healing.end(server);
    return isNew;
  }

  hasRole(process: ProcessId): boolean {
    return this.byRole.has(process);
  }

  /** Those of the beginning that an entry falls on; undefined for a role. */
  culpritsOf(on: Culprits): ReadonlySet<ProcessId> | undefined {
    switch (on.kind) {
      case 'nodes':
        return new Set(on.nodes);
      case 'clients':
        return new Set(on.clients);
      case 'random':
        return new Set(this.first.slice(0, on.count));
      default:
        return undefined;
    }
  }

  /** The receivers that are settled at the beginning; undefined where they follow from the message. */
  audienceOf(to: Audience, draw: DrawChoice): ReadonlySet<ProcessId> | undefined {
    switch (to.kind) {
      case 'nodes':
        return new Set(to.nodes);
      case 'half':
        return this.drawHonest(-1, draw);
      case 'random':
        return this.drawHonest(to.count, draw);
      default:
        return undefined;
    }
  }

  /** So many servers that are not corrupted; -1: half of them. */
  private drawHonest(count: number, draw: DrawChoice): ReadonlySet<ProcessId> {
    const honest = Array.from({ length: this.servers }, (_, server) => server).filter(
      (each) => !this.faulty.has(each),
    );
    const size = count < 0 ? Math.floor(honest.length / 2) : Math.min(count, honest.length);
    const drawn = new Set<ProcessId>();
    while (drawn.size < size) {
      const wanted = draw('listener', 0, this.servers - 1);
      const place = honest.findIndex((server) => server >= wanted);
      for (const server of honest.splice(place < 0 ? 0 : place, 1)) drawn.add(server);
    }
    return drawn;
  }

  clone(): Corruption {
    const copy = new Corruption(this.servers, this.most, this.first, this.clients, new Set(this.faulty));
    for (const process of this.byRole) copy.byRole.add(process);
    for (const process of this.forgetful) copy.forgetful.add(process);
    for (const [process, times] of this.healed) copy.healed.set(process, times);
    copy.healing.copyFrom(this.healing);
    return copy;
  }
}
