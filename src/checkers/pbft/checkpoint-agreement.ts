/** Checkpoints of one sequence have one digest. */

import type { ProcessId } from '../../kernel/index.js';
import type { Sequence } from '../../protocols/pbft/index.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const CHECKPOINT_AGREEMENT = pbftSafety(
  'checkpoint-agreement',
  'All correct replicas have the same state at a checkpoint, and a stable certificate is of that state.',
  'Of the CHECKPOINTs of sequence n that replicas have sent, and of the stable certificates of n that they have sent or written to their disks, all have one digest. Judged whenever one is sent or durable, above what is behind all stable checkpoints.',
  '§4.3',
);

export class CheckpointAgreement extends PbftChecker {
  override readonly info = CHECKPOINT_AGREEMENT;

  /** A checkpoint or a certificate of one; before the ghost takes it in. */
  onCheckpoint(process: ProcessId, sequence: Sequence, digest: number): void {
    const known = this.ghost.checkpoints.find(sequence);
    if (known === undefined || known.digest === digest) return;
    this.violate(
      `to ${this.ghost.name(process)} the state after batch ${sequence} has digest ${digest}, to ` +
        `${this.ghost.name(known.firstBy)} it has ${known.digest}`,
    );
  }
}
