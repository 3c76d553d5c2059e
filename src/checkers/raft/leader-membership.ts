/** Only voters lead. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import { mayStand } from './electability.js';
import type { ServerGhost } from './server-ghost.js';
import { isVoterOf } from './quorum.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const LEADER_MEMBERSHIP = raftSafety(
  'leader-membership',
  'Only a voter stands for election, and a leader that is none any more goes on only until its removal is committed.',
  'When a server stands for election or becomes leader, it is a voter (of either half, while joint) of the configuration that it acts by; or of the one before that, as long as it does not know that its removal is committed: it may be the only one with a log long enough to be elected. A leader that is no voter of its configuration appends nothing once that configuration is committed. Judged at every candidacy, every election and every append of a leader.',
  "§6; Ongaro's dissertation, §4.2.2; here",
);

export class LeaderMembership extends RaftChecker {
  override readonly info = LEADER_MEMBERSHIP;

  onCandidate(process: ProcessId, server: ServerGhost, term: Term): void {
    if (mayStand(this.ghost, server)) return;
    this.violate(
      `${this.ghost.name(process)} stands for election in term ${term}, but is no voter of the configuration of index ` +
        `${server.configurationIndex}`,
    );
  }

  /** Before the ghost takes the append in. */
  onLeaderAppended(process: ProcessId, server: ServerGhost): void {
    if (server.configurationIndex > server.commit) return;
    if (isVoterOf(server.configuration, server.member)) return;
    this.violate(
      `${this.ghost.name(process)} goes on as leader of term ${server.term} after its removal at index ` +
        `${server.configurationIndex} was committed`,
    );
  }
}
