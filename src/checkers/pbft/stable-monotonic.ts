/** Low watermark and execution only move forward. */

import type { ProcessId } from '../../kernel/index.js';
import type { Sequence, Status } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const STABLE_MONOTONIC = pbftSafety(
  'stable-monotonic',
  "A replica's low watermark never falls.",
  'Between its start and its end, the low watermark that a replica says in its STATUS is no lower than the one that it said before, and no lower than that of its durable stable checkpoint. (One that starts without what its disk had promised, and says so, begins anew.) Judged at every send.',
  '§4.3',
);

export const EXECUTED_MONOTONIC = pbftSafety(
  'executed-monotonic',
  'A replica executes batches one after another and takes none back.',
  'Between its start and its end, a replica executes sequence n + 1 right after sequence n, unless it takes over a state in between; the last executed sequence that it says in its STATUS never falls. Judged at every execution and every STATUS sent.',
  '§4.2, "executes the operation requested by m after … all requests with lower sequence numbers"',
);

export class StableMonotonic extends PbftChecker {
  override readonly info = STABLE_MONOTONIC;

  /** Before the ghost takes it in. */
  onStatus(process: ProcessId, { saidStable, disk, isTrusted }: ReplicaGhost, { stable }: Status): void {
    const least = Math.max(saidStable, isTrusted ? disk.stable : 0);
    if (stable >= least) return;
    this.violate(`the low watermark of ${this.ghost.name(process)} fell from ${least} to ${stable}`);
  }
}

export class ExecutedMonotonic extends PbftChecker {
  override readonly info = EXECUTED_MONOTONIC;

  /** Before the ghost takes it in. */
  onStatus(process: ProcessId, { saidExecuted }: ReplicaGhost, { executed }: Status): void {
    if (executed >= saidExecuted) return;
    this.violate(
      `${this.ghost.name(process)} had executed up to batch ${saidExecuted}, and now only up to ${executed}`,
    );
  }

  /** Before the ghost takes it in. */
  onExecuted(process: ProcessId, { executed }: ReplicaGhost, sequence: Sequence): void {
    if (executed === 0 || sequence === executed + 1) return;
    this.violate(`${this.ghost.name(process)} executed batch ${sequence} right after batch ${executed}`);
  }
}
