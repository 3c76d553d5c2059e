/** Commit indexes only grow, and what a server has committed stays in its log. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const COMMIT_MONOTONIC = raftSafety(
  'commit-monotonic',
  'A commit index never goes back nor beyond the log, and a committed entry is never removed.',
  'Within an incarnation a commit index never decreases; it is at most the last index, and at least every applied index; a snapshot that is received only raises it. A server never truncates at or below its commit index, nor, over restarts, an entry at or below the highest commit index it ever had, as long as its log still has the committed entry there. Judged at every commit, application, installation and truncation.',
  'Figure 2 and §5.4.3',
);

export class CommitMonotonic extends RaftChecker {
  override readonly info = COMMIT_MONOTONIC;

  /** Before the ghost takes the commit in. */
  onCommit(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    if (index < server.commit) {
      this.violate(
        `the commit index of ${this.ghost.name(process)} went back from ${server.commit} to ${index}`,
      );
    } else if (index > server.memory.last) {
      this.violate(
        `${this.ghost.name(process)} committed index ${index}, but its log ends at index ${server.memory.last}`,
      );
    }
  }

  /** Before the ghost takes the snapshot in. */
  onInstalled(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    if (index > server.commit) return;
    this.violate(
      `${this.ghost.name(process)} installed a snapshot up to index ${index} with its commit index at ${server.commit}`,
    );
  }

  onApplied(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    if (index <= server.commit) return;
    this.violate(
      `${this.ghost.name(process)} applied index ${index} with its commit index at ${server.commit}`,
    );
  }

  /** Before the ghost takes the truncation in. */
  onTruncated(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    if (index > server.everCommitted) return;
    // An unsynced committed entry may have gone with the power, and an older one come back in its place.
    const isCommitted =
      index <= server.commit || server.memory.agreesWith(this.ghost.committed, index < 0 ? 0 : index);
    if (!isCommitted) return;
    this.violate(
      `${this.ghost.name(process)} removed its log from index ${index} on, although it had committed up to index ` +
        `${server.everCommitted}`,
    );
  }
}
