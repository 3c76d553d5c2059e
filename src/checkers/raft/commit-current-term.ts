/** A leader commits by counting only in its own term. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const COMMIT_CURRENT_TERM = raftSafety(
  'commit-current-term',
  'A leader moves its commit index only to an entry of its own term.',
  'When the commit index of a leader of term t becomes i, its entry at i has term t (entries before it are committed with it). Judged at every commit of a leader.',
  '§5.4.2 and Figure 8',
);

export class CommitCurrentTerm extends RaftChecker {
  override readonly info = COMMIT_CURRENT_TERM;

  onLeaderCommit(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    const term = server.memory.termAt(index);
    if (term === server.term) return;
    this.violate(
      `${this.ghost.name(process)}, leader of term ${server.term}, committed up to index ${index}, an entry of term ${term}`,
    );
  }
}
