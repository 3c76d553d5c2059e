/** Nothing is forgotten before a snapshot covers it. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const SNAPSHOT_BEFORE_COMPACTION = raftSafety(
  'snapshot-before-compaction',
  'A server forgets entries only when a snapshot that covers them is durable.',
  'When a server compacts its log up to i, the snapshot in place on its disk is of i or later. When a file of its write-ahead log is gone for good, what is left begins no later than the snapshot ends, so that the two together are the whole log; on a disk that lost its snapshot to damage, and while what is left is no part of that log any more, this is not judged. Judged at every compaction and removal.',
  '§7; order of writes: Figure 2',
);

export class SnapshotBeforeCompaction extends RaftChecker {
  override readonly info = SNAPSHOT_BEFORE_COMPACTION;

  onCompacted(process: ProcessId, { disk }: ServerGhost, index: LogIndex): void {
    if (disk.snapshotIndex >= index) return;
    this.violate(
      `${this.ghost.name(process)} compacted its log up to index ${index}, but its durable snapshot covers only index ` +
        `${disk.snapshotIndex}`,
    );
  }

  /** After the ghost has taken the removal in. */
  onRemoved(process: ProcessId, server: ServerGhost): void {
    const { disk, memory } = server;
    // What is left is void, when the log has begun anew after a snapshot: its files go one by one.
    if (!memory.agreesWith(disk.wal, disk.wal.last)) return;
    if (disk.wal.base <= disk.snapshotIndex || !server.isTrusted || server.isDamaged) return;
    this.violate(
      `${this.ghost.name(process)} removed a part of its log that begins only after index ${disk.wal.base} now, but its ` +
        `durable snapshot covers only index ${disk.snapshotIndex}`,
    );
  }
}
