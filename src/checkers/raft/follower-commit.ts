/** Followers commit what leaders have committed. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const FOLLOWER_COMMIT = raftSafety(
  'follower-commit',
  'A follower commits only what a leader has committed.',
  "When the commit index of a server that does not lead becomes i, some leader has committed up to i or beyond. (That the entries are the same is raft/state-machine-safety: a follower that takes the leader's commit index for its own unverified tail breaks one or the other.) Judged at every commit of a follower.",
  'Figure 2, rule 5 of AppendEntries',
);

export class FollowerCommit extends RaftChecker {
  override readonly info = FOLLOWER_COMMIT;

  onFollowerCommit(process: ProcessId, index: LogIndex): void {
    const { last } = this.ghost.committed;
    if (index <= last) return;
    this.violate(
      `${this.ghost.name(process)} committed up to index ${index}, but no leader has committed beyond index ${last}`,
    );
  }
}
