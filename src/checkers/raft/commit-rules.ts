/** Which event concerns which property of commitment: of entries, and of what was acknowledged because of them. */

import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { ClientReply, ProcessId } from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import { AckDurable } from './ack-durable.js';
import { AcknowledgedDurable } from './acknowledged-durable.js';
import { CommitCurrentTerm } from './commit-current-term.js';
import { CommitDurableQuorum } from './commit-durable-quorum.js';
import { CommitMonotonic } from './commit-monotonic.js';
import { FollowerCommit } from './follower-commit.js';
import { LeaderCompleteness } from './leader-completeness.js';
import { ReadIndex } from './read-index.js';
import { StateMachineSafety } from './state-machine-safety.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';

export class CommitRules {
  private readonly ackDurable: AckDurable;
  private readonly acknowledgedDurable: AcknowledgedDurable;
  private readonly commitMonotonic: CommitMonotonic;
  private readonly commitCurrentTerm: CommitCurrentTerm;
  private readonly commitDurableQuorum: CommitDurableQuorum;
  private readonly followerCommit: FollowerCommit;
  private readonly leaderCompleteness: LeaderCompleteness;
  private readonly stateMachineSafety: StateMachineSafety;
  private readonly readIndex: ReadIndex;

  constructor(
    private readonly ghost: RaftGhost,
    sink: ViolationSink,
  ) {
    this.ackDurable = new AckDurable(ghost, sink);
    this.acknowledgedDurable = new AcknowledgedDurable(ghost, sink);
    this.commitMonotonic = new CommitMonotonic(ghost, sink);
    this.commitCurrentTerm = new CommitCurrentTerm(ghost, sink);
    this.commitDurableQuorum = new CommitDurableQuorum(ghost, sink);
    this.followerCommit = new FollowerCommit(ghost, sink);
    this.leaderCompleteness = new LeaderCompleteness(ghost, sink);
    this.stateMachineSafety = new StateMachineSafety(ghost, sink);
    this.readIndex = new ReadIndex(ghost, sink);
  }

  /** A follower says that it has the log up to here. */
  onAcknowledged(
    from: ProcessId,
    server: ServerGhost,
    to: ProcessId,
    term: Term,
    matchIndex: LogIndex,
  ): void {
    this.ackDurable.onAcknowledge(from, server, to, term, matchIndex);
    this.ghost.acknowledged(server, term, matchIndex);
    this.ghost.follows(server, to, term);
  }

  onReply(from: ProcessId, to: ProcessId, { status, sequence, index }: ClientReply): void {
    if (status !== 'ok') return;
    this.acknowledgedDurable.onReply(from, to, sequence);
    this.readIndex.onReply(from, to, sequence, index);
  }

  onElected(process: ProcessId, server: ServerGhost, term: Term): void {
    this.leaderCompleteness.onElected(process, server, term);
  }

  onCommitted(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.commitMonotonic.onCommit(process, server, index);
    // Beyond the log there is nothing to compare; it has been reported.
    if (index <= server.memory.last) {
      this.stateMachineSafety.onCommit(process, server, index);
      if (server.isLeader) this.onLeaderCommit(process, server, index);
      else this.followerCommit.onFollowerCommit(process, index);
    }
    this.ghost.commitIs(server, index);
  }

  private onLeaderCommit(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.commitCurrentTerm.onLeaderCommit(process, server, index);
    this.commitDurableQuorum.onLeaderCommit(process, server, index);
    this.leaderCompleteness.onLeaderCommit(process, server, index);
    this.ghost.committedByLeader(server, index);
  }

  onApplied(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.commitMonotonic.onApplied(process, server, index);
  }

  onTruncated(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.commitMonotonic.onTruncated(process, server, index);
  }

  onInstalled(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term): void {
    this.commitMonotonic.onInstalled(process, server, index);
    this.stateMachineSafety.onInstalled(process, index, term);
    this.ghost.installed(server, index, term);
  }

  /** Who holds what on a disk that counts may have become less. */
  onHoldersChanged(): void {
    this.acknowledgedDurable.onChange();
  }
}
