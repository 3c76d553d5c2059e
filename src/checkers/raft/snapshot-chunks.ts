/** A snapshot that comes over the network is put together from its pieces in order, and counts when it is whole. */

import type { ProcessId } from '../../kernel/index.js';
import type { InstallSnapshot, LogIndex } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const SNAPSHOT_CHUNKS = raftSafety(
  'snapshot-chunks',
  'Pieces of a snapshot are of something committed, are stored in order without gap or overlap, and only a whole one is installed.',
  'A piece that is sent lies within the length that it states, and its snapshot is of an index that its sender has committed. The pieces that a receiver stores durably begin where the piece before ended. When a server installs a received snapshot of index i, the snapshot in place on its disk is whole and of index i. Judged at every send, every durable piece and every installation.',
  '§7, Figure 13',
);

export class SnapshotChunks extends RaftChecker {
  override readonly info = SNAPSHOT_CHUNKS;

  onSend(process: ProcessId, server: ServerGhost, message: InstallSnapshot): void {
    const { offset, text, size, header } = message;
    if (offset < 0 || offset + text.length > size) {
      this.violate(
        `${this.ghost.name(process)} sent characters ${offset} to ${offset + text.length} of a snapshot of ${size}`,
      );
    } else if (header.index > server.commit) {
      this.violate(
        `${this.ghost.name(process)} sent a snapshot up to index ${header.index} with its commit index at ${server.commit}`,
      );
    }
  }

  /** After the ghost has taken a record of the incoming file in. */
  onPiece(process: ProcessId, { disk }: ServerGhost): void {
    if (!disk.incomingIsBroken) return;
    this.violate(
      `${this.ghost.name(process)} stored a piece of a snapshot that does not begin where the one before ended`,
    );
  }

  onInstalled(process: ProcessId, { disk }: ServerGhost, index: LogIndex): void {
    if (disk.snapshotIndex === index) return;
    this.violate(
      `${this.ghost.name(process)} installed a snapshot up to index ${index}, but the whole one on its disk is of index ` +
        `${disk.snapshotIndex}`,
    );
  }
}
