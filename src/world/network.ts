/**
 * The network: directed links between processes, each with its delay distribution, loss, duplication,
 * corruption, bandwidth and queue; blocks (partitions) and overrides laid over them by faults.
 *
 * Knows no protocol and no event queue: it says when copies of a message arrive, if any do. A block cuts
 * what is sent from then on; what is already on its way still arrives (packets in flight are not recalled).
 */

import {
  CORRUPTED,
  LOST,
  MICROS_PER_SECOND,
  Sampler,
  ratioThreshold,
  type Choices,
  type LinkProfile,
  type Micros,
  type ProcessId,
} from '../kernel/index.js';
import type { LinkConfig, Location, NetworkConfig, Topology } from './config.js';

/** What became of messages, counted over the whole run. */
export interface NetworkStatistics {
  sent: number;
  lost: number;
  corrupted: number;
  duplicated: number;
  /** Sent into a partition. */
  blocked: number;
  /** Refused by a full link queue. */
  overflowed: number;
}

/** One directed link. The profile is compiled once per configuration and shared between links. */
class Link {
  blocks = 0;
  /** When the link has sent what it holds; used only under a bandwidth limit. */
  freeAt: Micros = 0;
  lastArrival: Micros = 0;

  constructor(
    public profile: CompiledLink,
    /** Extra one-way delay from the topology. Invariant: does not change during a run. */
    readonly extraMicros: Micros,
  ) {}

  /** Takes on another behaviour; a queue that was measured at the old rate is emptied. */
  become(profile: CompiledLink): void {
    this.profile = profile;
    this.freeAt = 0;
  }

  clone(): Link {
    const copy = new Link(this.profile, this.extraMicros);
    copy.blocks = this.blocks;
    copy.freeAt = this.freeAt;
    copy.lastArrival = this.lastArrival;
    return copy;
  }
}

class CompiledLink implements LinkProfile {
  readonly delay: Sampler;
  readonly lossThreshold: number;
  readonly corruptThreshold: number;
  readonly duplicateThreshold: number;
  readonly bandwidthBytesPerSecond: number;
  readonly queueBytes: number;
  readonly ordered: boolean;

  constructor(config: LinkConfig) {
    this.delay = new Sampler(config.delay);
    this.lossThreshold = ratioThreshold(config.loss);
    this.corruptThreshold = ratioThreshold(config.corrupt);
    this.duplicateThreshold = ratioThreshold(config.duplicate);
    this.bandwidthBytesPerSecond = config.bandwidthBytesPerSecond;
    this.queueBytes = config.queueBytes;
    this.ordered = config.ordered;
  }
}

interface Block {
  readonly owner: string;
  readonly link: number;
}

interface Override {
  readonly owner: string;
  readonly link: number;
  readonly profile: CompiledLink;
}

export class Network {
  /** Result of {@link send}: when the first copy arrives, or -1 when none does. */
  firstArrival: Micros = -1;
  /** Result of {@link send}: when a duplicate arrives, or -1. */
  secondArrival: Micros = -1;
  readonly statistics: NetworkStatistics = {
    sent: 0,
    lost: 0,
    corrupted: 0,
    duplicated: 0,
    blocked: 0,
    overflowed: 0,
  };
  private blocks: Block[] = [];
  private overrides: Override[] = [];

  private constructor(
    private readonly processes: number,
    private readonly choices: Choices,
    private readonly base: readonly CompiledLink[],
    private readonly links: readonly Link[],
  ) {}

  static create(config: NetworkConfig, topology: Topology, processes: number, choices: Choices): Network {
    const common = new CompiledLink(config.link);
    const base: CompiledLink[] = new Array<CompiledLink>(processes * processes).fill(common);
    for (const override of config.overrides) {
      const compiled = new CompiledLink(override.link);
      for (const from of override.from) for (const to of override.to) base[from * processes + to] = compiled;
    }
    const links = base.map(
      (profile, i) => new Link(profile, extraDelay(topology, Math.floor(i / processes), i % processes)),
    );
    return new Network(processes, choices, base, links);
  }

  /** Decides the fate of one message and leaves it in firstArrival and secondArrival. */
  send(now: Micros, from: ProcessId, to: ProcessId, kind: string, hash: number, bytes: number): void {
    const link = this.links[from * this.processes + to] as Link;
    const { profile } = link;
    this.firstArrival = -1;
    this.secondArrival = -1;
    this.statistics.sent++;
    if (link.blocks > 0) {
      this.statistics.blocked++;
      return;
    }
    let departure = now;
    if (profile.bandwidthBytesPerSecond > 0) {
      departure = transmit(link, now, bytes);
      if (departure < 0) {
        this.statistics.overflowed++;
        return;
      }
    }
    const choices = this.choices;
    choices.message(profile, from, to, kind, hash);
    if (choices.firstDelay < 0) {
      if (choices.firstDelay === LOST) this.statistics.lost++;
      else if (choices.firstDelay === CORRUPTED) this.statistics.corrupted++;
      return;
    }
    departure += link.extraMicros;
    this.firstArrival = departure + choices.firstDelay;
    if (profile.ordered) this.keepOrder(link);
    if (choices.secondDelay >= 0 && !profile.ordered) {
      this.secondArrival = departure + choices.secondDelay;
      this.statistics.duplicated++;
    }
  }

  isBlocked(from: ProcessId, to: ProcessId): boolean {
    return (this.links[from * this.processes + to] as Link).blocks > 0;
  }

  /** Blocks a directed link on behalf of `owner`; blocks of several owners add up. */
  block(owner: string, from: ProcessId, to: ProcessId): void {
    if (from === to) return;
    const link = from * this.processes + to;
    if (this.blocks.some((block) => block.owner === owner && block.link === link)) return;
    this.blocks.push({ owner, link });
    (this.links[link] as Link).blocks++;
  }

  unblock(owner: string): void {
    for (const block of this.blocks) if (block.owner === owner) (this.links[block.link] as Link).blocks--;
    this.blocks = this.blocks.filter((block) => block.owner !== owner);
  }

  /** Replaces a directed link's behaviour on behalf of `owner`; the latest override wins. */
  override(owner: string, from: ProcessId, to: ProcessId, config: LinkConfig): void {
    const link = from * this.processes + to;
    const profile = new CompiledLink(config);
    this.overrides.push({ owner, link, profile });
    (this.links[link] as Link).become(profile);
  }

  restore(owner: string): void {
    const touched = this.overrides.filter((override) => override.owner === owner);
    this.overrides = this.overrides.filter((override) => override.owner !== owner);
    for (const { link } of touched) this.reinstate(link);
  }

  healAll(): void {
    for (const block of this.blocks) (this.links[block.link] as Link).blocks = 0;
    const touched = this.overrides;
    this.blocks = [];
    this.overrides = [];
    for (const { link } of touched) this.reinstate(link);
  }

  clone(choices: Choices): Network {
    const copy = new Network(
      this.processes,
      choices,
      this.base,
      this.links.map((link) => link.clone()),
    );
    Object.assign(copy.statistics, this.statistics);
    copy.blocks = this.blocks.slice();
    copy.overrides = this.overrides.slice();
    return copy;
  }

  private reinstate(link: number): void {
    let profile = this.base[link] as CompiledLink;
    for (const override of this.overrides) if (override.link === link) profile = override.profile;
    (this.links[link] as Link).become(profile);
  }

  private keepOrder(link: Link): void {
    if (this.firstArrival < link.lastArrival) this.firstArrival = link.lastArrival;
    link.lastArrival = this.firstArrival;
  }
}

/** Puts a message on a link of limited bandwidth: when its last byte has left, or -1 when the queue is full. */
function transmit(link: Link, now: Micros, bytes: number): Micros {
  const { bandwidthBytesPerSecond, queueBytes } = link.profile;
  const start = link.freeAt > now ? link.freeAt : now;
  const queued = Math.floor(((start - now) * bandwidthBytesPerSecond) / MICROS_PER_SECOND);
  if (queued + bytes > queueBytes) return -1;
  link.freeAt = start + Math.ceil((bytes * MICROS_PER_SECOND) / bandwidthBytesPerSecond);
  return link.freeAt;
}

/** Extra one-way delay between two places: the sum of what the topology says of their regions, zones and racks. */
function extraDelay(topology: Topology, from: ProcessId, to: ProcessId): Micros {
  const a = topology.locations[from];
  const b = topology.locations[to];
  if (a === undefined || b === undefined) return 0;
  let micros = 0;
  for (const delay of topology.delays) {
    const there = isIn(a, delay.from) && isIn(b, delay.to);
    const back = isIn(a, delay.to) && isIn(b, delay.from);
    if (there || back) micros += delay.extraMicros;
  }
  return micros;
}

function isIn(location: Location, name: string): boolean {
  return location.region === name || location.zone === name || location.rack === name;
}
