/** Which event concerns which property of snapshots and of the compaction that rests on them. */

import { INCOMING_FILE, type InstallSnapshot, type LogIndex } from '../../protocols/raft/index.js';
import type { ProcessId } from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import { SnapshotBeforeCompaction } from './snapshot-before-compaction.js';
import { SnapshotChunks } from './snapshot-chunks.js';
import { SnapshotContent } from './snapshot-content.js';
import { forgetCommitted } from './forgetting.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';

export class SnapshotRules {
  private readonly snapshotBeforeCompaction: SnapshotBeforeCompaction;
  private readonly snapshotContent: SnapshotContent;
  private readonly snapshotChunks: SnapshotChunks;

  constructor(
    private readonly ghost: RaftGhost,
    sink: ViolationSink,
  ) {
    this.snapshotBeforeCompaction = new SnapshotBeforeCompaction(ghost, sink);
    this.snapshotContent = new SnapshotContent(ghost, sink);
    this.snapshotChunks = new SnapshotChunks(ghost, sink);
  }

  onInstallSnapshot(from: ProcessId, server: ServerGhost, message: InstallSnapshot): void {
    this.snapshotChunks.onSend(from, server, message);
  }

  onReceived(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.snapshotChunks.onInstalled(process, server, index);
  }

  onCompacted(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.snapshotBeforeCompaction.onCompacted(process, server, index);
    server.memory.dropBelow(index);
    forgetCommitted(this.ghost);
  }

  onDurableRecord(
    process: ProcessId,
    server: ServerGhost,
    file: string,
    slot: number,
    record: unknown,
  ): void {
    const { disk } = server;
    const before = disk.snapshot;
    disk.snapshotRecord(file, slot, record, this.ghost.committed);
    if (file === INCOMING_FILE) this.snapshotChunks.onPiece(process, server);
    if (disk.snapshot !== undefined && disk.snapshot !== before) {
      this.snapshotContent.onPlaced(process, disk.snapshot);
    }
  }

  /** A file of the log is gone. */
  onLogRemoved(process: ProcessId, server: ServerGhost): void {
    this.snapshotBeforeCompaction.onRemoved(process, server);
  }
}
