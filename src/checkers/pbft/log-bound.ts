/** What a replica keeps is bounded by its window. */

import type { ProcessId } from '../../kernel/index.js';
import type { JournalBase, Promised, Sequence } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const LOG_BOUND = pbftSafety(
  'log-bound',
  'A replica accepts nothing outside its window, and keeps no more than that.',
  "Let h be the sequence of a replica's durable stable checkpoint and L the window. When a pre-prepare, a prepared certificate or a batch of sequence n becomes durable in a journal, then n <= h + L; and when it is written by itself, not with the beginning of a journal, h < n. So a journal holds promises of at most L sequences. Judged when a record becomes durable; one behind a lost record (a sync that failed kept part of what was written), or of an older journal than one whose beginning is durable, counts for nothing, since recovery does not read it.",
  '§4.2, "between a low water mark h and a high water mark H", and §4.3',
);

export class LogBound extends PbftChecker {
  override readonly info = LOG_BOUND;

  /** Before the ghost takes it in. */
  onRecord(process: ProcessId, { disk }: ReplicaGhost, content: Promised | JournalBase): void {
    if (content.kind === 'base') {
      let { stable } = disk;
      for (const promised of content.promised) {
        if (promised.kind === 'stable') stable = Math.max(stable, promised.certificate.sequence);
        this.judge(process, stable, sequenceOf(promised), false);
      }
    } else this.judge(process, disk.stable, sequenceOf(content), true);
  }

  private judge(process: ProcessId, stable: Sequence, sequence: Sequence, isNew: boolean): void {
    if (sequence === 0) return;
    const high = stable + this.ghost.window;
    if (sequence <= high && (sequence > stable || !isNew)) return;
    this.violate(
      `${this.ghost.name(process)} wrote down a promise of batch ${sequence}, outside its window from ${stable + 1} to ${high}`,
    );
  }
}

/** 0: of no place. */
function sequenceOf(promised: Promised): Sequence {
  switch (promised.kind) {
    case 'accepted':
      return promised.message.sequence;
    case 'prepared':
      return promised.certificate.sequence;
    case 'batch':
    case 'held':
      return promised.sequence;
    default:
      return 0;
  }
}
