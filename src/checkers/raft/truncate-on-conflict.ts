/** A follower removes entries only where they differ from its leader's. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const TRUNCATE_ON_CONFLICT = raftSafety(
  'truncate-on-conflict',
  "A follower removes entries only from where its log differs from its leader's.",
  'When a follower of term t truncates its log from index i on, its prefix up to i is not a prefix of the log of the leader of t: a late or repeated message that says less than what is here removes nothing. (Nothing is judged where all that have a snapshot have it behind them, for good.) Judged at every truncation.',
  '§5.3, and Figure 2, rule 3 of AppendEntries',
);

export class TruncateOnConflict extends RaftChecker {
  override readonly info = TRUNCATE_ON_CONFLICT;

  /** Before the ghost takes the truncation in. */
  onTruncated(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    const { memory, term } = server;
    if (server.isLeader || index <= memory.base || index > memory.last) return;
    const { leaders } = this.ghost;
    // What is forgotten matches everything: one that was cut off for long may have other entries there.
    if (leaders.hasForgotten(index)) return;
    if (!leaders.matches(term, index, memory.lowAt(index), memory.highAt(index))) return;
    this.violate(
      `${this.ghost.name(process)} removed its log from index ${index} on, where it equals that of the leader of term ` +
        `${term}`,
    );
  }
}
