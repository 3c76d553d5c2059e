/** Leaders only append, and only leaders create entries. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const LEADER_APPEND_ONLY = raftSafety(
  'leader-append-only',
  'A leader never removes or overwrites entries, and only the leader of a term creates entries of that term.',
  'While a server leads: it truncates nothing, and appends only at its last index + 1, in its own term. An entry (i, t) appended by any other server was created before, at index i, by the leader of t. Judged at every append and truncation.',
  'Figure 3 and §5.3',
);

export class LeaderAppendOnly extends RaftChecker {
  override readonly info = LEADER_APPEND_ONLY;

  /** Before the ghost takes the append in. */
  onAppended(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term): void {
    if (server.isLeader) {
      if (index !== server.memory.last + 1) this.overwrote(process, server, index);
      else if (term !== server.term) {
        this.violate(
          `${this.ghost.name(process)}, leader of term ${server.term}, appended an entry of term ${term}`,
        );
      }
      return;
    }
    if (this.ghost.leaders.hasCreated(term, index)) return;
    this.violate(
      `${this.ghost.name(process)} appended an entry of term ${term} at index ${index}, which no leader of that term ` +
        'has created',
    );
  }

  onTruncated(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    if (!server.isLeader) return;
    this.violate(
      `${this.ghost.name(process)}, leader of term ${server.term}, removed its entries from index ${index} on`,
    );
  }

  private overwrote(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.violate(
      `${this.ghost.name(process)}, leader of term ${server.term}, wrote index ${index} with its log at index ` +
        `${server.memory.last}`,
    );
  }
}
