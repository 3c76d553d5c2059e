/** Throughput under attack: how many operations of correct clients are answered before, while and after somebody lies. */

import { MICROS_PER_SECOND, type Micros } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';

/** Operations answered ok in a second of virtual time, to one decimal; -1: there was no such time. */
export interface ThroughputUnderAttack {
  readonly before: number;
  readonly during: number;
  readonly after: number;
}

export class AttackThroughput {
  private before = 0;
  private during = 0;
  private after = 0;

  private constructor(
    /** When the first entry of the plan begins, and the last one ends, while clients ask for anything. */
    private readonly fromMicros: Micros,
    private readonly untilMicros: Micros,
    private readonly endMicros: Micros,
  ) {}

  /** Undefined for a run in which nobody lies. */
  static create({ faults, bounds }: Scenario): AttackThroughput | undefined {
    if (faults.byzantine.length === 0) return undefined;
    const end = bounds.stopClientsAtMicros;
    let from = end;
    let until = 0;
    for (const { when } of faults.byzantine) {
      from = Math.min(from, when.fromMicros);
      until = Math.max(until, Math.min(when.untilMicros ?? end, end));
    }
    return new AttackThroughput(from, until, end);
  }

  /** An operation was answered ok. */
  answered(now: Micros): void {
    if (now < this.fromMicros) this.before++;
    else if (now < this.untilMicros) this.during++;
    else if (now < this.endMicros) this.after++;
  }

  /** As of now; final at the end of the run. */
  measured(now: Micros): ThroughputUnderAttack {
    const until = Math.min(now, this.untilMicros);
    const end = Math.min(now, this.endMicros);
    return {
      before: rate(this.before, Math.min(now, this.fromMicros)),
      during: rate(this.during, until - this.fromMicros),
      after: rate(this.after, end - this.untilMicros),
    };
  }

  clone(): AttackThroughput {
    const copy = new AttackThroughput(this.fromMicros, this.untilMicros, this.endMicros);
    copy.before = this.before;
    copy.during = this.during;
    copy.after = this.after;
    return copy;
  }
}

function rate(count: number, micros: Micros): number {
  return micros <= 0 ? -1 : Math.round((count * 10 * MICROS_PER_SECOND) / micros) / 10;
}
