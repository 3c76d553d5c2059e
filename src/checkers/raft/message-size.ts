/** Messages keep to the bounds that the scenario sets: batches of entries, and pieces of snapshots. */

import type { ProcessId } from '../../kernel/index.js';
import type { AppendEntries, Entry, InstallSnapshot } from '../../protocols/raft/index.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const MESSAGE_SIZE = raftSafety(
  'message-size',
  'No message is longer than its settings allow: neither a batch of entries nor a piece of a snapshot.',
  'AppendEntries carries at most max-entries-per-message entries, and either at most one or entries of at most max-bytes-per-message bytes together. InstallSnapshot carries at most snapshot-chunk characters. Judged at every send, by the settings that the protocol has.',
  'Figure 13, for pieces of snapshots; etcd-io/raft, Config.MaxSizePerMsg, for batches, of which one entry is always allowed',
);

export class MessageSize extends RaftChecker {
  override readonly info = MESSAGE_SIZE;

  onEntries(process: ProcessId, { entries }: AppendEntries): void {
    if (entries.length === 0) return;
    const { maxEntriesPerMessage, maxBytesPerMessage } = this.ghost.limits;
    if (entries.length > maxEntriesPerMessage) {
      this.violate(
        `${this.ghost.name(process)} sent ${entries.length} entries in one message; at most ${maxEntriesPerMessage} may`,
      );
      return;
    }
    // One entry may be as long as it likes: most messages need no sum.
    if (entries.length <= 1) return;
    let bytes = 0;
    for (let i = 0; i < entries.length; i++) bytes += (entries[i] as Entry).bytes;
    if (bytes <= maxBytesPerMessage) return;
    this.violate(
      `${this.ghost.name(process)} sent ${entries.length} entries of ${bytes} bytes together in one message; at most ` +
        `${maxBytesPerMessage} bytes may`,
    );
  }

  onPiece(process: ProcessId, { text }: InstallSnapshot): void {
    const { snapshotChunk } = this.ghost.limits;
    if (text.length <= snapshotChunk) return;
    this.violate(
      `${this.ghost.name(process)} sent ${text.length} characters of a snapshot in one message; at most ${snapshotChunk} may`,
    );
  }
}
