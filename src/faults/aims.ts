/** Aimed faults that wait for their moment, and how many of them they still let pass. */

import type { Micros, Plain, ProtocolEvent } from '../kernel/index.js';
import { isMoment, type Aim } from './moments.js';

export interface Waiting {
  /** Place of the fault among the random ones of its plan. */
  readonly entry: number;
  readonly strike: number;
  readonly aim: Aim;
  /** Moments before this do not count: the strike before is still in force. */
  readonly from: Micros;
  /** Moments to come, the one that it strikes at included. */
  readonly left: number;
}

export class Aims {
  /** In the order in which they began to wait; replaced, never changed, so that copies share them. */
  constructor(private waiting: readonly Waiting[] = []) {}

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  wait(one: Waiting): void {
    this.waiting = [...this.waiting, one];
  }

  clear(): void {
    this.waiting = [];
  }

  /** Something was reported: those whose moment it is, and who wait no more. */
  hear(kind: ProtocolEvent['kind'], now: Micros): readonly Waiting[] {
    if (!this.waiting.some(({ aim, from }) => from <= now && isMoment(aim, kind))) return [];
    const due: Waiting[] = [];
    this.waiting = this.waiting.flatMap((one) => {
      if (one.from > now || !isMoment(one.aim, kind)) return [one];
      if (one.left > 1) return [{ ...one, left: one.left - 1 }];
      due.push(one);
      return [];
    });
    return due;
  }

  clone(): Aims {
    return new Aims(this.waiting);
  }

  encode(): Plain {
    return this.waiting.map(({ entry, strike, from, left }) => ({ entry, strike, from, left }));
  }
}
