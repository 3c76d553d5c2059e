/** At most one leader per term. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const ELECTION_SAFETY = raftSafety(
  'election-safety',
  'At most one server leads in a term.',
  'Over all time and restarts: if a and b each became leader of term t, or sent AppendEntries of term t, then a = b. Nobody claims a term again that every server has left, in memory and on disk, and of which every entry is compacted. Judged when a server becomes leader and whenever AppendEntries is sent.',
  'Figure 3 and §5.2',
);

export class ElectionSafety extends RaftChecker {
  override readonly info = ELECTION_SAFETY;

  /** The server claims to lead this term, by its own word or by what it sends. */
  onClaim(process: ProcessId, term: Term): void {
    const { claims, leaders } = this.ghost;
    if (term < leaders.lowestTerm) {
      this.violate(`${this.ghost.name(process)} claims to lead term ${term}, which all servers have left`);
      return;
    }
    const leader = claims.get(term);
    if (leader === process) return;
    if (leader === -1) claims.set(term, process);
    else this.violate(`${this.ghost.name(process)} leads term ${term}, which ${this.ghost.name(leader)} led`);
  }
}
