/** Who follows a leader votes for nobody else in its term. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const VOTE_AFTER_LEADER = raftSafety(
  'vote-after-leader',
  'A server that has accepted the leader of a term votes for nobody else in that term.',
  'Within an incarnation: once a server has sent the leader l of term t a successful AppendEntriesResponse, or has said that it installed a snapshot of his, every grant of term t that it sends is to l, but for the answer to a repeated request for a vote that it gave before: that says nothing new. Judged at every grant.',
  '§5.2',
);

export class VoteAfterLeader extends RaftChecker {
  override readonly info = VOTE_AFTER_LEADER;

  onVote(process: ProcessId, server: ServerGhost, term: Term, candidate: ProcessId): void {
    if (server.followedTerm !== term || server.followed === candidate || candidate === process) return;
    if (server.pledges.votes.get(term) - 1 === candidate) return;
    this.violate(
      `${this.ghost.name(process)} voted for ${this.ghost.name(candidate)} in term ${term}, in which it follows ` +
        this.ghost.name(server.followed),
    );
  }
}
