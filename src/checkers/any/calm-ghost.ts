/** Ghost of calm.ts: transfers under way, late leaders, and how much servers say. */

import type { Micros, ProcessId } from '../../kernel/index.js';

/** What is counted and remembered for these checkers. */
export class CalmGhost {
  /** By server: when it started a transfer that is still under way; -1: none is. */
  readonly transferSince: Micros[];
  /** The transfer whose outcome is awaited: by whom, to whom, in which term, since when. -1: none is. */
  handoverBy: ProcessId = -1;
  handoverTo: ProcessId = -1;
  handoverTerm = 0;
  handoverSince: Micros = 0;
  /** The first server that became leader after H + P; -1: none has. */
  lateLeader: ProcessId = -1;
  lateLeaderAt: Micros = 0;
  /** Messages between correct servers in the running second, and in the one before; and the running second's beginning. */
  sent = 0;
  sentBefore = 0;
  second: Micros = 0;
  /** Operations that are open, and when one last ended. */
  open = 0;
  lastBusy: Micros = 0;

  constructor(readonly servers: number) {
    this.transferSince = new Array<Micros>(servers).fill(-1);
  }

  clone(): CalmGhost {
    const copy = Object.assign(new CalmGhost(this.servers), this);
    (copy as { transferSince: Micros[] }).transferSince = this.transferSince.slice();
    return copy;
  }
}
