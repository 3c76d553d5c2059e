/** Ghost: which rounds a leader has asked whom about, in the latest term in which it led. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';

export class SentRounds {
  /** -1: it has never led. */
  term: Term = -1;
  /** By server: the highest round sent to it in that term; 0: none. */
  private readonly highest: number[];

  constructor(servers: number) {
    this.highest = new Array<number>(servers).fill(0);
  }

  highestTo(to: ProcessId): number {
    return this.highest[to] ?? 0;
  }

  /** Call after judging it. */
  sent(to: ProcessId, term: Term, round: number): void {
    if (term !== this.term) {
      this.term = term;
      this.highest.fill(0);
    }
    this.highest[to] = round;
  }

  clone(): SentRounds {
    const copy = new SentRounds(this.highest.length);
    copy.term = this.term;
    for (let to = 0; to < this.highest.length; to++) copy.highest[to] = this.highest[to] as number;
    return copy;
  }
}
