/** A vote is on disk before anybody hears of it. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const VOTE_DURABLE = raftSafety(
  'vote-durable',
  'Term and vote are durable before any message that rests on them leaves.',
  'When a server sends a grant of term t to c, its disk holds (t, c) or a later term; when it sends RequestVote of term t, (t, itself) or a later term; when it sends AppendEntries of term t, term t or a later one. A server that does not trust its disk sends neither grant nor RequestVote. Judged at every send.',
  'Figure 2, "updated on stable storage before responding to RPCs"',
);

export class VoteDurable extends RaftChecker {
  override readonly info = VOTE_DURABLE;

  onVote(process: ProcessId, server: ServerGhost, term: Term, candidate: ProcessId): void {
    if (!server.isTrusted) {
      this.violate(
        `${this.ghost.name(process)} voted for ${this.ghost.name(candidate)} in term ${term}, although its disk may have ` +
          'forgotten a vote or an entry',
      );
      return;
    }
    if (server.disk.metaTerm === term && server.disk.metaVote === candidate) return;
    if (server.durableTerm() > term) return;
    this.violate(
      `${this.ghost.name(process)} voted for ${this.ghost.name(candidate)} in term ${term} before the vote was durable`,
    );
  }

  onAppendEntries(process: ProcessId, server: ServerGhost, term: Term): void {
    if (server.disk.metaTerm >= term || server.durableTerm() >= term) return;
    this.violate(
      `${this.ghost.name(process)} sent AppendEntries of term ${term} before that term was durable`,
    );
  }
}
