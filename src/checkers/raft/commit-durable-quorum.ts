/** What a leader commits is on the disks of a quorum. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, MemberId } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { isMajority } from './quorum.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const COMMIT_DURABLE_QUORUM = raftSafety(
  'commit-durable-quorum',
  'A leader commits only what a quorum of its configuration has on disk.',
  "When a leader of term t commits i, more than half of the voters of the configuration that it acts by, and while that is joint more than half of the outgoing voters too, either have the leader's log up to i durably now, or acknowledged i to the leader of t (and then had it durably at that moment, by raft/ack-durable; a disk may have been damaged since). Learners do not count, nor does a process for the member that its disk was formatted for before. The leader itself counts if it is a voter, and by its disk alone. Judged at every commit of a leader.",
  '§5.3 and §5.4.2; durability: Figure 2; configurations: §6',
);

export class CommitDurableQuorum extends RaftChecker {
  override readonly info = COMMIT_DURABLE_QUORUM;

  onLeaderCommit(process: ProcessId, leader: ServerGhost, index: LogIndex): void {
    const { voters, outgoing } = leader.configuration;
    this.judge(process, leader, index, voters);
    if (outgoing.length > 0) this.judge(process, leader, index, outgoing);
  }

  private judge(process: ProcessId, leader: ServerGhost, index: LogIndex, voters: readonly MemberId[]): void {
    let holders = 0;
    for (let i = 0; i < voters.length; i++) {
      if (this.isHolder(voters[i] as MemberId, leader, index)) holders++;
    }
    if (isMajority(holders, voters)) return;
    this.violate(
      `${this.ghost.name(process)}, leader of term ${leader.term}, committed index ${index}, which only ${holders} of ` +
        `${voters.length} voters had on disk`,
    );
  }

  private isHolder(member: MemberId, leader: ServerGhost, index: LogIndex): boolean {
    const server = this.ghost.serverOf(member);
    if (server !== undefined && server.durable.agreesWith(leader.memory, index)) return true;
    if (server === leader) return false;
    const pledges = this.ghost.pledgesOf(member);
    return pledges !== undefined && pledges.acknowledged.get(leader.term) >= index;
  }
}
