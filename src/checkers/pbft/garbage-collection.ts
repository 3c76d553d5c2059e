/** Only what a stable checkpoint covers is forgotten. */

import type { ProcessId } from '../../kernel/index.js';
import { journalOf, type JournalBase } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const GARBAGE_COLLECTION = pbftSafety(
  'garbage-collection',
  'Nothing above the stable checkpoint is forgotten.',
  'When the beginning of a new journal is durable, it has, for every sequence above its stable checkpoint, the prepared certificate of a view no lower than the one that was durable before, and the pre-prepare accepted in its view if one was durable; and the view that was left for or entered. A journal is removed only when the beginning of a later one is durable. Judged when a beginning, or a removal, becomes durable.',
  '§4.3, "discards all pre-prepare, prepare, and commit messages with sequence number less than or equal to n"',
);

export class GarbageCollection extends PbftChecker {
  override readonly info = GARBAGE_COLLECTION;

  /** Before the ghost takes it in. */
  onBase(process: ProcessId, { disk }: ReplicaGhost, base: JournalBase): void {
    const missing = disk.missingFrom(base);
    if (missing === 0) return;
    const what = missing < 0 ? 'the view that it had gone to' : `what it had promised of batch ${missing}`;
    this.violate(`${this.ghost.name(process)} began a new journal without ${what}`);
  }

  onRemoved(process: ProcessId, { journal }: ReplicaGhost, file: string): void {
    if (journalOf(file) < journal) return;
    this.violate(
      `${this.ghost.name(process)} removed ${file} before the beginning of a later one was durable`,
    );
  }
}
