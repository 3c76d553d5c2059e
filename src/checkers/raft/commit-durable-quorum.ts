/** What a leader commits is on a majority of disks. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex } from '../../protocols/raft/index.js';
import type { RaftGhost, ServerGhost } from './ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const COMMIT_DURABLE_QUORUM = raftSafety(
  'commit-durable-quorum',
  'A leader commits only what a majority of servers has on disk.',
  "When a leader of term t commits i, more than half of the servers either have the leader's log up to i durably now, or acknowledged i to the leader of t (and then had it durably at that moment, by raft/ack-durable; a disk may have been damaged since). The leader itself counts by its disk alone. Judged at every commit of a leader.",
  '§5.3 and §5.4.2; durability: Figure 2',
);

export class CommitDurableQuorum extends RaftChecker {
  override readonly info = COMMIT_DURABLE_QUORUM;

  onLeaderCommit(process: ProcessId, leader: ServerGhost, index: LogIndex): void {
    const holders = countHolders(this.ghost, leader, index);
    if (holders >= this.ghost.quorum) return;
    this.violate(
      `${this.ghost.name(process)}, leader of term ${leader.term}, committed index ${index}, which only ${holders} of ` +
        `${this.ghost.servers.length} servers had on disk`,
    );
  }
}

function countHolders(ghost: RaftGhost, leader: ServerGhost, index: LogIndex): number {
  const { servers } = ghost;
  let holders = 0;
  for (let i = 0; i < servers.length; i++) {
    const server = servers[i] as ServerGhost;
    if (server.durable.agreesWith(leader.memory, index)) holders++;
    else if (server !== leader && server.acknowledged.get(leader.term) >= index) holders++;
  }
  return holders;
}
