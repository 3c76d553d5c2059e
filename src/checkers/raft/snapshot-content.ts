/** A snapshot is the state after what all have agreed on. */

import type { ProcessId } from '../../kernel/index.js';
import type { SnapshotHeader } from '../../protocols/raft/index.js';
import { RaftChecker, raftSafety } from './raft-checker.js';
import { sameMembership } from './quorum.js';

export const SNAPSHOT_CONTENT = raftSafety(
  'snapshot-content',
  'A snapshot holds the state, the term and the configuration of its index in the agreed order.',
  'When a snapshot of index i takes its place on a disk: its digest is the one that servers had after applying i, its term is that of the committed entry at i, and its configuration is the latest one committed at or below i. Judged when it is durable, as far as the agreed order at i is still remembered.',
  '§7, Figure 13',
);

export class SnapshotContent extends RaftChecker {
  override readonly info = SNAPSHOT_CONTENT;

  onPlaced(process: ProcessId, header: SnapshotHeader): void {
    const { committed, run } = this.ghost;
    const { index, term, digest } = header;
    if (run.order.knows(index) && run.order.digestAt(index) !== (digest | 0)) {
      this.violate(
        `the snapshot of ${this.ghost.name(process)} up to index ${index} is not the state that other servers had there`,
      );
    } else if (index >= committed.base && committed.termAt(index) !== term) {
      this.violate(
        `the snapshot of ${this.ghost.name(process)} says that index ${index} has term ${term}, but the committed entry ` +
          `there has term ${committed.termAt(index)}`,
      );
    } else this.judgeConfiguration(process, header);
  }

  private judgeConfiguration(process: ProcessId, header: SnapshotHeader): void {
    const agreed = this.ghost.agreedConfigurationAt(header.index);
    if (agreed === undefined) return;
    const { configurationIndex, configuration } = header;
    if (agreed.index === configurationIndex && sameMembership(agreed.configuration, configuration)) return;
    this.violate(
      `the snapshot of ${this.ghost.name(process)} up to index ${header.index} has the configuration of index ` +
        `${configurationIndex}, but the one in force there is that of index ${agreed.index}`,
    );
  }
}
