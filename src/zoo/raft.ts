/**
 * Published Raft bugs, one subclass each. Sources name the project and the issue or pull request in which
 * the mistake was described; the code here is our own re-creation of the mistake, not theirs.
 */

import type {
  Command,
  DiskImage,
  DiskStatus,
  Micros,
  OperationId,
  ProcessId,
  Result,
} from '../kernel/index.js';
import {
  RaftReplica,
  raftProtocol,
  type AppendEntries,
  type LogIndex,
  type RaftReplicaClass,
  type RequestVoteResponse,
} from '../protocols/raft/index.js';
import { KeyValueStore, SessionedService } from '../services/index.js';
import type { Bug } from './bug.js';

/** Term and vote live in memory only. */
class VoteNotPersisted extends RaftReplica {
  protected override persistTermAndVote(): void {
    // The mistake: nothing is written.
  }
}

/** The vote is written, but the reply does not wait for the disk. */
class VoteSentBeforeSync extends RaftReplica {
  protected override replyToVoteRequest(to: ProcessId, granted: boolean): void {
    this.host.send(to, {
      kind: 'RequestVoteResponse',
      term: this.currentTerm,
      granted,
      generation: this.generation,
    } as RequestVoteResponse);
  }
}

/** A grant of an earlier election counts in this one. */
class StaleVoteCounted extends RaftReplica {
  protected override isVoteOfThisElection(message: RequestVoteResponse): boolean {
    return this.role === 'candidate' && message.granted;
  }
}

/** Votes are a counter, not a set: a repeated grant counts again. */
class DuplicateVoteCounted extends RaftReplica {
  protected override hasVoted(): boolean {
    return false;
  }
}

/** The voter does not compare logs. */
class NoUpToDateCheck extends RaftReplica {
  protected override isCandidateUpToDate(): boolean {
    return true;
  }
}

/** Entries of earlier terms are committed by counting replicas (Figure 8). */
class OldTermCommit extends RaftReplica {
  protected override isCommittable(): boolean {
    return true;
  }
}

/**
 * The follower commits up to its own last index, whatever the message has shown to match. It shows where
 * heartbeats carry no entries: one that matches at an old place commits the tail that a deposed leader left.
 */
class CommitToOwnLastIndex extends RaftReplica {
  protected override commitIndexFrom(message: AppendEntries): LogIndex {
    return Math.min(message.leaderCommit, this.log.lastIndex);
  }
}

/** Every AppendEntries cuts the log after prevLogIndex, also a late or empty one. */
class TruncateOnEveryAppend extends RaftReplica {
  protected override storeEntries(message: AppendEntries): void {
    if (this.log.lastIndex > message.prevLogIndex) this.truncateLog(message.prevLogIndex + 1);
    super.storeEntries(message);
  }

  protected override mayTruncate(): boolean {
    return true;
  }
}

/** The follower acknowledges before its disk has synced. */
class AckBeforeSync extends RaftReplica {
  protected override acknowledge(to: ProcessId, message: AppendEntries, lastNew: LogIndex): void {
    this.host.send(to, this.buildSuccess(message, lastNew));
  }
}

/** The leader counts itself for what it has only in memory. */
class LeaderCountsUnsynced extends RaftReplica {
  protected override ownMatchIndex(): LogIndex {
    return this.log.lastIndex;
  }
}

/** The leader keeps an old acknowledgement for true, whatever the follower says of its disk. */
class ProgressNeverForgotten extends RaftReplica {
  protected override forgetProgress(): void {
    // The mistake: matchIndex stays, so what the follower lost is never sent again.
  }
}

/** A failed sync is tried again; the second one "succeeds", for the failed pages are no longer dirty. */
class RetryFailedSync extends RaftReplica {
  override diskCompleted(operation: OperationId, status: DiskStatus): void {
    super.diskCompleted(operation, status === 'failed' ? 'ok' : status);
  }
}

/** Rot in the middle of the log is taken for a torn tail: the log is cut there and the replica goes on voting. */
class RotTakenForTornTail extends RaftReplica {
  protected override recoverFrom(
    disk: Parameters<RaftReplica['start']>[0],
  ): ReturnType<RaftReplica['recoverFrom']> {
    const found = super.recoverFrom(disk);
    return found && { ...found, isDamaged: false, suspectIndex: 0, suspectTerm: 0 };
  }
}

/** A session table that can be lost while the data stays. */
class LosableSessions extends SessionedService {
  lose(): void {
    this.sessions.clear();
  }
}

/** What is read back from the log after a restart rebuilds the data, but not the session table. */
class SessionsLostOnRestart extends RaftReplica {
  private replayUntil = 0;

  override start(disk: DiskImage): void {
    super.start(disk);
    this.replayUntil = this.log.lastIndex;
  }

  protected override applyCommand(command: Command, timeMicros: Micros): Result {
    const result = super.applyCommand(command, timeMicros);
    if (this.replayUntil > 0 && this.lastApplied + 1 >= this.replayUntil) {
      this.replayUntil = 0;
      (this.service as LosableSessions).lose();
    }
    return result;
  }

  protected override copyFrom(other: SessionsLostOnRestart): void {
    super.copyFrom(other);
    this.replayUntil = other.replayUntil;
  }
}

function raftBug(Class: RaftReplicaClass, bug: Omit<Bug, 'protocol' | 'createProtocol'>): Bug {
  return {
    ...bug,
    protocol: 'raft',
    createProtocol: () => raftProtocol(Class),
  };
}

export const RAFT_BUGS: readonly Bug[] = [
  raftBug(VoteNotPersisted, {
    id: 'R01-vote-not-persisted',
    title: 'Term and vote are not written to disk; a restarted replica votes again in the same term.',
    source: 'PySyncObj pull request 202',
    invariants: ['raft/vote-durable', 'raft/vote-once', 'raft/election-safety'],
    scenario: 'raft/crash-restart-storm',
  }),
  raftBug(VoteSentBeforeSync, {
    id: 'R02-vote-sent-before-sync',
    title: 'The reply to a vote request does not wait for the disk.',
    source: "the rule is in etcd-io/raft's doc.go: persist before sending",
    invariants: ['raft/vote-durable', 'raft/vote-once'],
    scenario: 'raft/crash-restart-storm',
  }),
  raftBug(StaleVoteCounted, {
    id: 'R04-stale-vote-counted',
    title: "A grant from an earlier election is counted in the candidate's present one.",
    source: 'xraft issue 33',
    invariants: ['raft/election-quorum', 'raft/election-safety'],
    scenario: 'raft/late-messages',
  }),
  raftBug(DuplicateVoteCounted, {
    id: 'R05-duplicate-vote-counted',
    title: 'A repeated grant from one voter counts twice.',
    source: 'butaneprotocol/oracles pull request 18',
    invariants: ['raft/election-quorum', 'raft/election-safety'],
    scenario: 'raft/duplicate-storm',
  }),
  raftBug(NoUpToDateCheck, {
    id: 'R08-no-up-to-date-check',
    title: "A voter does not compare the candidate's log with its own.",
    source: 'jgroups-raft issue 14',
    invariants: ['raft/leader-completeness'],
    scenario: 'raft/leader-partition',
  }),
  raftBug(OldTermCommit, {
    id: 'R23-old-term-commit',
    title: 'Entries of an earlier term are committed by counting replicas.',
    source: 'logcabin issue 44; PySyncObj issue 169; async-raft issue 108; Figure 8 of the paper',
    invariants: ['raft/commit-current-term', 'raft/leader-completeness'],
    scenario: 'raft/all-of-it',
  }),
  raftBug(CommitToOwnLastIndex, {
    id: 'R25-commit-to-own-last-index',
    title: 'A follower commits up to its own last index instead of the last one that is known to match.',
    source: 'copycat issue 265; scylla issue 9965; rabbitmq/ra pull request 508',
    invariants: ['raft/follower-commit', 'raft/state-machine-safety', 'any/agreement'],
    scenario: 'raft/empty-heartbeats',
  }),
  raftBug(TruncateOnEveryAppend, {
    id: 'R28-truncate-on-every-append',
    title: 'Every AppendEntries cuts the log after prevLogIndex, also a late or empty one.',
    source: 'willemt/raft issue 37',
    invariants: ['raft/truncate-on-conflict', 'raft/commit-monotonic'],
    scenario: 'raft/lossy-network',
  }),
  raftBug(ProgressNeverForgotten, {
    id: 'R41-progress-never-forgotten',
    title:
      'A follower whose disk lost acknowledged entries is refused for ever: the leader never steps back.',
    source:
      "Faultline's own Raft, found by raft/disk-faults; a livelock of the kind of CCF pull requests 2835 and 3723",
    invariants: ['any/convergence', 'any/progress'],
    scenario: 'raft/disk-faults',
  }),
  raftBug(AckBeforeSync, {
    id: 'R44-ack-before-sync',
    title: 'A follower acknowledges entries before its disk has synced them.',
    source: 'Jepsen, NATS 2.12.1',
    invariants: ['raft/ack-durable', 'raft/acknowledged-durable'],
    scenario: 'raft/crash-restart-storm',
  }),
  raftBug(LeaderCountsUnsynced, {
    id: 'R44b-leader-counts-unsynced',
    title: 'The leader counts itself towards a quorum for entries that its own disk has not synced.',
    source:
      "Ongaro's dissertation §10.2.1 says when this is safe; the mistake is to count before the write is done",
    invariants: ['raft/commit-durable-quorum'],
    scenario: 'raft/slow-disk-leader',
  }),
  raftBug(RetryFailedSync, {
    id: 'R45-retry-failed-sync',
    title: 'A failed sync is tried again and believed.',
    source: 'rostam issue 94; the behaviour of fsync after an error is known as fsyncgate (2018)',
    invariants: ['raft/ack-durable', 'raft/vote-durable'],
    scenario: 'raft/disk-faults',
  }),
  raftBug(RotTakenForTornTail, {
    id: 'R48-rot-taken-for-torn-tail',
    title:
      'A rotten record in the middle of the log is cut off like a torn tail, and the replica goes on voting.',
    source: 'Jepsen, NATS 2.12.1',
    invariants: ['raft/recovered-state', 'raft/leader-completeness'],
    scenario: 'raft/disk-faults',
  }),
  {
    ...raftBug(SessionsLostOnRestart, {
      id: 'R63-sessions-lost-on-restart',
      title: 'The session table is not rebuilt after a restart, and a retry is executed a second time.',
      source: "the rule is in Ongaro's dissertation §6.3: sessions are part of the replicated state",
      invariants: ['any/state-digest', 'any/duplicate-effect', 'any/exactly-once'],
      scenario: 'raft/rolling-restarts',
    }),
    createService: () => new LosableSessions(new KeyValueStore()),
  },
];
