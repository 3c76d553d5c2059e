/** Logs that share an entry share everything before it. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const LOG_MATCHING = raftSafety(
  'log-matching',
  'Two logs that have an entry of the same index and term are equal up to that index.',
  'An entry is appended at the last index + 1 (no holes; what is replaced is truncated first). If the entry (i, t) is appended to two logs, the 64-bit hashes of both prefixes up to i are equal. Judged at every append, against the log of the leader of t.',
  'Figure 3 and §5.3',
);

export class LogMatching extends RaftChecker {
  override readonly info = LOG_MATCHING;

  /** Before the ghost takes the append in. */
  onAppending(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    const { last } = server.memory;
    if (index === last + 1) return;
    this.violate(
      `${this.ghost.name(process)} put an entry at index ${index} into a log that ends at index ${last}`,
    );
  }

  /** After the ghost has taken it in. */
  onAppended(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term): void {
    const leader = this.ghost.leaders.of(term);
    if (leader === undefined || !leader.created(index)) return;
    const { memory } = server;
    if (leader.createdWithPrefix(index, memory.lowAt(index), memory.highAt(index))) return;
    this.violate(
      `${this.ghost.name(process)} and ${this.ghost.name(leader.leader)} have an entry of term ${term} at index ${index}, ` +
        'but different logs up to it',
    );
  }
}
