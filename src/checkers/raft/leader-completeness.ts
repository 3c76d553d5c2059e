/** What is committed is in the logs of all later leaders. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const LEADER_COMPLETENESS = raftSafety(
  'leader-completeness',
  'Whatever is committed in a term is in the log of every leader of a later term.',
  'Let c(i) be the lowest term whose leader committed index i. When a server becomes leader of term t, its log equals the committed log up to the last i with c(i) < t. When a leader of term s commits i, the log of every leader already elected in a term above s had, when elected, that log up to i. Judged at every election and every commit of a leader.',
  'Figure 3 and §5.4.3',
);

export class LeaderCompleteness extends RaftChecker {
  override readonly info = LEADER_COMPLETENESS;

  onElected(process: ProcessId, server: ServerGhost, term: Term): void {
    const { committed } = this.ghost;
    const last = lastCommittedBefore(this.ghost, term);
    if (last === 0 || server.memory.agreesWith(committed, last)) return;
    const missing = firstMissing(server, this.ghost, last);
    this.violate(
      `${this.ghost.name(process)} became leader of term ${term} without the entry at index ${missing}, which was ` +
        `committed in term ${this.ghost.committedIn.get(missing)}`,
    );
  }

  /** A leader commits: leaders of later terms may be in office already. */
  onLeaderCommit(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    const { leaders } = this.ghost;
    if (server.term >= leaders.highestTerm) return;
    const { memory } = server;
    const low = memory.lowAt(index);
    const high = memory.highAt(index);
    for (let term = server.term + 1; term <= leaders.highestTerm; term++) {
      const later = leaders.of(term);
      if (later === undefined) continue;
      if (index <= later.electedLast && leaders.matches(term, index, low, high)) continue;
      this.violate(
        `${this.ghost.name(process)}, leader of term ${server.term}, committed index ${index}, which is not in the log ` +
          `that ${this.ghost.name(later.leader)} had when it became leader of term ${term}`,
      );
      return;
    }
  }
}

/** The last index that leaders of terms below `term` have committed. */
function lastCommittedBefore(ghost: RaftGhost, term: Term): LogIndex {
  let index = ghost.committed.last;
  while (index > 0 && ghost.committedIn.get(index) >= term) index--;
  return index;
}

function firstMissing(server: ServerGhost, ghost: RaftGhost, last: LogIndex): LogIndex {
  let index = last;
  while (index > ghost.committed.base + 1 && !server.memory.agreesWith(ghost.committed, index - 1)) index--;
  return index;
}
