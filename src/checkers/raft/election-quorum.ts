/** Leaders are elected by quorums. */

import type { ProcessId } from '../../kernel/index.js';
import type { MemberId, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { isMajority } from './quorum.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const ELECTION_QUORUM = raftSafety(
  'election-quorum',
  'A server becomes leader only with the votes of a quorum of its configuration.',
  'When a server becomes leader of term t, more than half of the voters of the configuration that it acts by, and while that is joint more than half of the outgoing voters too, have voted for it in term t: others have sent it a grant of term t, it has its own vote of term t on disk. A grant counts once, however often it arrives, only in its own term, and only for the member that sent it, not for one that its process became later. Judged when a server becomes leader.',
  '§5.2 and §6',
);

export class ElectionQuorum extends RaftChecker {
  override readonly info = ELECTION_QUORUM;

  onElected(process: ProcessId, server: ServerGhost, term: Term): void {
    const { voters, outgoing } = server.configuration;
    this.judge(process, server, term, voters);
    if (outgoing.length > 0) this.judge(process, server, term, outgoing);
  }

  private judge(process: ProcessId, server: ServerGhost, term: Term, voters: readonly MemberId[]): void {
    let votes = 0;
    for (const member of voters) if (this.hasVoted(member, process, server, term)) votes++;
    if (isMajority(votes, voters)) return;
    this.violate(
      `${this.ghost.name(process)} became leader of term ${term} with only ${votes} of ${voters.length} votes`,
    );
  }

  private hasVoted(member: MemberId, candidate: ProcessId, server: ServerGhost, term: Term): boolean {
    if (member === server.member) return server.disk.metaTerm === term && server.disk.metaVote === candidate;
    return this.ghost.pledgesOf(member)?.votes.get(term) === candidate + 1;
  }
}
