/** One vote per term. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const VOTE_ONCE = raftSafety(
  'vote-once',
  'A server votes for at most one candidate in a term.',
  'Over all time and restarts: of the votes of term t that a server has sent (a grant to its candidate; a RequestVote, which is a vote for itself), all are for one candidate. A vote that was never sent may vanish in a crash; a process whose disk was formatted anew is another server. In a term that every server has left, in memory and on disk, none of them votes again. Judged at every send.',
  '§5.2 and Figure 2, RequestVote',
);

export class VoteOnce extends RaftChecker {
  override readonly info = VOTE_ONCE;

  /** Before the ghost takes the vote in. */
  onVote(process: ProcessId, server: ServerGhost, term: Term, candidate: ProcessId): void {
    if (term < this.ghost.leaders.lowestTerm && term < server.term) {
      this.violate(
        `${this.ghost.name(process)}, in term ${server.term}, voted for ${this.ghost.name(candidate)} in term ${term}, ` +
          'which all servers have left',
      );
      return;
    }
    const before = server.pledges.votes.get(term) - 1;
    if (before === -1 || before === candidate) return;
    this.violate(
      `${this.ghost.name(process)} voted for ${this.ghost.name(candidate)} in term ${term}, in which it had voted for ` +
        this.ghost.name(before),
    );
  }
}
