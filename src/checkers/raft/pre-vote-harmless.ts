/** Asking whether one could win an election changes nothing. */

import type { ProcessId } from '../../kernel/index.js';
import type { MetaRecord, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const PRE_VOTE_HARMLESS = raftSafety(
  'pre-vote-harmless',
  "A pre-vote changes neither anybody's term nor anybody's vote.",
  'A server asks for pre-votes of the term after its own, and stays in its own. A server follows in a term only if somebody has stood for election in that term, or in a later one: terms do not come from pre-votes. A disk holds a vote of term t of a server for itself only if that server has stood in t. Judged at every change of role and every durable vote.',
  "Ongaro's dissertation, §9.6; here",
);

export class PreVoteHarmless extends RaftChecker {
  override readonly info = PRE_VOTE_HARMLESS;

  onPreCandidate(process: ProcessId, server: ServerGhost, term: Term): void {
    if (term === server.term + 1) return;
    this.violate(
      `${this.ghost.name(process)} asked for pre-votes of term ${term}, but is in term ${server.term}`,
    );
  }

  onFollower(process: ProcessId, term: Term): void {
    const { highestCandidacy } = this.ghost;
    if (term <= highestCandidacy) return;
    this.violate(
      `${this.ghost.name(process)} follows in term ${term}, but nobody has stood for election beyond term ` +
        `${highestCandidacy}`,
    );
  }

  onDurableVote(process: ProcessId, server: ServerGhost, { votedFor, term }: MetaRecord): void {
    if (votedFor !== process || term <= server.candidacy) return;
    this.violate(
      `${this.ghost.name(process)} wrote a vote for itself in term ${term}, in which it has not stood for election`,
    );
  }
}
