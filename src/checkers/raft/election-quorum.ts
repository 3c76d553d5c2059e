/** Leaders are elected by majorities. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import type { RaftGhost, ServerGhost } from './ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const ELECTION_QUORUM = raftSafety(
  'election-quorum',
  'A server becomes leader only with the votes of a majority.',
  'When a server becomes leader of term t, more than half of the servers have voted for it in term t: others have sent it a grant of term t, it has its own vote of term t on disk. A grant counts once, however often it arrives, and only in its own term. Judged when a server becomes leader.',
  '§5.2',
);

export class ElectionQuorum extends RaftChecker {
  override readonly info = ELECTION_QUORUM;

  onElected(process: ProcessId, server: ServerGhost, term: Term): void {
    const votes = countVotes(this.ghost, process, server, term);
    if (votes >= this.ghost.quorum) return;
    this.violate(
      `${this.ghost.name(process)} became leader of term ${term} with only ${votes} of ${this.ghost.servers.length} votes`,
    );
  }
}

function countVotes(ghost: RaftGhost, candidate: ProcessId, server: ServerGhost, term: Term): number {
  let votes = 0;
  for (let voter = 0; voter < ghost.servers.length; voter++) {
    const other = ghost.servers[voter] as ServerGhost;
    if (other === server) {
      if (server.metaTerm === term && server.metaVote === candidate) votes++;
    } else if (other.votes.get(term) === candidate + 1) votes++;
  }
  return votes;
}
