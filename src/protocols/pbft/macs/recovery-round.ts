/**
 * What a replica learns from the others in one recovery (Castro and Liskov, TOCS 2002, §4.3.2): how far the log can be
 * at most, and the place up to which the cluster must have come for its recovery to be over. Pure.
 */

import type { Plain } from '../../../kernel/index.js';
import type { Sequence } from '../messages.js';
import type { Quorum } from '../quorum.js';

/** An answer to a query: the least stable checkpoint and the highest prepared place that a replica has named. */
interface Extent {
  readonly stable: Sequence;
  readonly prepared: Sequence;
}

export class RecoveryRound {
  /** H_M: no correct replica has sent anything above it when it is found; 0: not known. */
  bound: Sequence = 0;
  /** H: the recovery is over when a checkpoint at or above it is stable; 0: not known. */
  point: Sequence = 0;
  /** Status ticks since it began. */
  ticks = 0;
  private extents: (Extent | undefined)[];
  /** By replica: the batch by which it had executed the recovery request. */
  private executions: (Sequence | undefined)[];

  constructor(
    readonly number: number,
    /** Nothing that was promised before is known. */
    readonly hasForgotten: boolean,
    private readonly replicas: number,
  ) {
    this.extents = new Array<Extent | undefined>(replicas).fill(undefined);
    this.executions = new Array<Sequence | undefined>(replicas).fill(undefined);
  }

  /** Takes an answer. Answers grow late and come in any order: c is the least, and p the highest of each. */
  takeExtent(rank: number, { stable, prepared }: Extent): void {
    const known = this.extents[rank];
    this.extents[rank] = {
      stable: Math.min(stable, known?.stable ?? stable),
      prepared: Math.max(prepared, known?.prepared ?? prepared),
    };
  }

  /**
   * H_M = L + c, for a stable checkpoint c of one replica such that q - 1 others name one at or below c, and f others
   * are prepared for c or more. The former makes it high enough: of these q replicas one is correct in each quorum, so
   * nothing above c + L has been agreed on. The latter bounds it: a correct replica had come to c. (The paper has 2f
   * others, for n = 3f + 1.) 0 while there is none; the highest, where there are several.
   */
  estimate({ strong, weak }: Quorum, window: number): Sequence {
    let best = -1;
    for (let rank = 0; rank < this.replicas; rank++) {
      const candidate = this.extents[rank]?.stable;
      if (candidate === undefined || candidate <= best) continue;
      let below = 0;
      let beyond = 0;
      for (let other = 0; other < this.replicas; other++) {
        const extent = this.extents[other];
        if (other === rank || extent === undefined) continue;
        if (extent.stable <= candidate) below++;
        if (extent.prepared >= candidate) beyond++;
      }
      if (below >= strong - 1 && beyond >= weak - 1) best = candidate;
    }
    return best < 0 ? 0 : best + window;
  }

  /** Keys have changed: what others said under the old ones, and nothing was found from yet, is to be said again. */
  forgetOthers(me: number): void {
    for (let rank = 0; rank < this.replicas; rank++) {
      if (rank === me) continue;
      if (this.bound === 0) this.extents[rank] = undefined;
      if (this.point === 0) this.executions[rank] = undefined;
    }
  }

  takeExecution(rank: number, sequence: Sequence): void {
    this.executions[rank] ??= sequence;
  }

  /**
   * The batch by which the recovery request was executed: of the answers of a quorum, that which f others do not exceed.
   * A correct replica says as much, and another one no more. Undefined while a quorum has not answered.
   */
  executedAt({ strong, weak }: Quorum): Sequence | undefined {
    const said = this.executions.filter((sequence): sequence is Sequence => sequence !== undefined);
    if (said.length < strong) return undefined;
    return said.sort((a, b) => b - a)[weak - 1];
  }

  clone(): RecoveryRound {
    const copy = new RecoveryRound(this.number, this.hasForgotten, this.replicas);
    copy.bound = this.bound;
    copy.point = this.point;
    copy.ticks = this.ticks;
    copy.extents = this.extents.slice();
    copy.executions = this.executions.slice();
    return copy;
  }

  encode(): Plain {
    return {
      number: this.number,
      hasForgotten: this.hasForgotten,
      bound: this.bound,
      point: this.point,
      ticks: this.ticks,
      extents: this.extents.map((extent) => (extent === undefined ? null : [extent.stable, extent.prepared])),
      executions: this.executions.map((sequence) => sequence ?? null),
    };
  }
}

/**
 * H: what a recovery request that was executed in this batch leads to; H_M is no more than a window beyond it. That of a
 * checkpoint, whatever a liar says of H_M.
 */
export function recoveryPoint(
  executedAt: Sequence,
  bound: Sequence,
  window: number,
  interval: number,
): Sequence {
  const up = (sequence: Sequence): Sequence => Math.ceil(sequence / interval) * interval;
  const checkpoint = up(executedAt);
  return Math.max(checkpoint + window, Math.min(up(bound), checkpoint + 2 * window));
}
