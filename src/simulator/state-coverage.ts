/**
 * Watches the abstract state of the cluster while it runs. Of each server: its role, and how its term, its log and
 * what it knows to be agreed on stand to those of the others, in few classes. States that differ only in who is who
 * are one. A step is a state, the kind of event that ended it, and the next state. Only looks: the run, and its
 * digest, are what they are without it.
 *
 * The idea of coverage as feedback is AFL's (Zalewski); that of taking a distributed protocol's own abstract state
 * for it is close to Gulcan et al., "Model-Guided Fuzzing of Distributed Systems" (OOPSLA 2025), who take the states
 * of a formal model.
 */

import {
  blankOutline,
  finish32,
  hashString,
  mix32,
  type Outline,
  type Protocol,
  type Replica,
} from '../kernel/index.js';
import type { StateMap } from './state-map.js';

/** Of a server, as far as it matters here. */
export interface Seen {
  readonly isUp: boolean;
  readonly isPaused: boolean;
  readonly replica: Replica | undefined;
}

/** What a run is to find, and what it found. */
export interface Exploration {
  /** What earlier runs have reached; this one adds to it. */
  readonly map: StateMap;
  /** For each thing that was new: how many questions had been put to chance by then. Ascending. */
  readonly finds: number[];
}

const DOWN = 0x0d;

export class StateCoverage {
  private readonly outlines: Outline[];
  /** Of each server, everything in its outline: whether it has changed at all. */
  private readonly wholes: number[];
  /** Of each server, its state as the others make it out. */
  private readonly classes: number[];
  private readonly kinds = new Map<string, number>();
  private readonly best: Outline = blankOutline();
  private state = 0;

  constructor(
    private readonly servers: readonly Seen[],
    /** One that outlines its replicas. */
    private readonly protocol: Protocol,
    private readonly exploration: Exploration,
    /** How many questions were put to chance so far. */
    private readonly asked: () => number,
  ) {
    this.outlines = servers.map(() => blankOutline());
    this.wholes = servers.map(() => 0);
    this.classes = servers.map(() => 0);
  }

  /** An event of this kind (a message's, a timer, a disk operation) was handled by this server. */
  handled(server: number, kind: string): void {
    if (this.look(server)) this.step(server, this.kindHash(kind));
  }

  /** A fault struck, or ended: anybody may be another. */
  struck(): void {
    for (let server = 0; server < this.servers.length; server++) {
      if (this.look(server)) this.step(server, DOWN);
    }
  }

  /** True when the server's own part has changed. */
  private look(server: number): boolean {
    const { isUp, isPaused, replica } = this.servers[server] as Seen;
    let whole = DOWN;
    if (isUp && replica !== undefined) {
      const outline = this.outlines[server] as Outline;
      this.protocol.outline?.(replica, outline);
      whole = hashOutline(outline, isPaused);
    }
    if (whole === this.wholes[server]) return false;
    this.wholes[server] = whole;
    return true;
  }

  private step(server: number, kind: number): void {
    const { classes, exploration } = this;
    const before = classes[server] as number;
    this.findBest();
    const after = this.classOf(server);
    classes[server] = after;
    const state = this.abstractState();
    const { map, finds } = exploration;
    const isNewStep = map.add(finish32(mix32(mix32(before, kind), after)));
    const isNewState = map.add(finish32(mix32(this.state, state)));
    if (isNewState || isNewStep) finds.push(this.asked());
    this.state = state;
  }

  /** The latest term, the most up-to-date log, and the most that anybody knows to be agreed on. */
  private findBest(): void {
    const { best, outlines, wholes } = this;
    best.epoch = best.lastEpoch = best.last = best.agreed = 0;
    for (let i = 0; i < outlines.length; i++) {
      if (wholes[i] === DOWN) continue;
      const one = outlines[i] as Outline;
      if (one.epoch > best.epoch) best.epoch = one.epoch;
      if (one.agreed > best.agreed) best.agreed = one.agreed;
      if (one.lastEpoch > best.lastEpoch) {
        best.lastEpoch = one.lastEpoch;
        best.last = one.last;
      } else if (one.lastEpoch === best.lastEpoch && one.last > best.last) {
        best.last = one.last;
      }
    }
  }

  private classOf(server: number): number {
    if (this.wholes[server] === DOWN) return DOWN;
    const { best } = this;
    const one = this.outlines[server] as Outline;
    const own = one.role | (one.phase << 3) | (this.servers[server]?.isPaused === true ? 0x80 : 0);
    const log =
      gap(one.last - one.agreed) * 9 + gap(one.last - one.durable) * 3 + gap(best.agreed - one.agreed);
    const relation = rank(best.epoch - one.epoch) * 6 + logRelation(one, best);
    return finish32(mix32(mix32(own, relation), log * 2 + (one.executed < one.agreed ? 1 : 0)));
  }

  /** The sum over all servers: whoever is in which state, it is the same. */
  private abstractState(): number {
    const { outlines, wholes, best } = this;
    let sum = 0;
    for (let i = 0; i < outlines.length; i++) {
      const one = outlines[i] as Outline;
      const hash =
        wholes[i] === DOWN
          ? DOWN
          : (one.role & 3) |
            ((one.phase & 1) << 2) |
            (rank(best.epoch - one.epoch) << 3) |
            (logRelation(one, best) << 5);
      sum = (sum + finish32(hash + 1)) | 0;
    }
    return finish32(sum);
  }

  private kindHash(kind: string): number {
    let hash = this.kinds.get(kind);
    if (hash === undefined) this.kinds.set(kind, (hash = hashString(kind)));
    return hash;
  }
}

function hashOutline(one: Outline, isPaused: boolean): number {
  let hash = mix32(one.role | (one.phase << 3) | (isPaused ? 0x80 : 0), one.epoch);
  hash = mix32(mix32(hash, one.last), one.lastEpoch);
  return mix32(mix32(mix32(hash, one.agreed), one.executed), one.durable);
}

/** Behind by nothing, by one, by more. */
function rank(behind: number): number {
  return behind > 1 ? 2 : behind;
}

/** Nothing, a few, many. */
function gap(distance: number): number {
  return distance <= 0 ? 0 : distance < 4 ? 1 : 2;
}

/** To the most up-to-date log: as it is, a piece of it; or of an older epoch, and shorter, as long, or longer. */
function logRelation(one: Outline, best: Outline): number {
  if (one.lastEpoch === best.lastEpoch) return one.last === best.last ? 0 : 1;
  return one.last < best.last ? 2 : one.last === best.last ? 3 : 4;
}
