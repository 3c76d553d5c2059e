/** Raft bugs around the disk: what is promised before it is durable, and what is believed after a restart. */

import type { DiskImage, DiskStatus, OperationId, ProcessId } from '../../kernel/index.js';
import {
  META_FILE,
  RaftReplica,
  formatRaft,
  recover,
  type AppendEntries,
  type LogIndex,
  type Recovered,
  type RequestVoteResponse,
} from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

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

/** Whichever write has become durable, all that were begun count as durable with it. */
class AnyCompletionConfirmsAll extends RaftReplica {
  override diskCompleted(operation: OperationId, status: DiskStatus): void {
    const { storage } = this;
    if (status === 'ok') {
      storage.walSynced = storage.walWritten;
      storage.metaSynced = storage.metaWritten;
    }
    super.diskCompleted(operation, status);
  }
}

/** A failed sync is tried again; the second one "succeeds", for the failed pages are no longer dirty. */
class RetryFailedSync extends RaftReplica {
  override diskCompleted(operation: OperationId, status: DiskStatus): void {
    super.diskCompleted(operation, status === 'failed' ? 'ok' : status);
  }
}

/** A torn tail, which every power failure may leave, is taken for corruption: the server refuses to start. */
class TornTailIsFatal extends RaftReplica {
  override start(disk: DiskImage): void {
    super.start(disk);
    if (recover(disk)?.repair.cut !== undefined) this.host.halt('the log is damaged');
  }
}

/** Rot in the middle of the log is taken for a torn tail: the log is cut there and the replica goes on voting. */
class RotTakenForTornTail extends RaftReplica {
  protected override recoverFrom(disk: DiskImage): Recovered | undefined {
    const found = super.recoverFrom(disk);
    return found && { ...found, isDamaged: false, suspectIndex: 0, suspectTerm: 0 };
  }
}

/** A server whose disk is blank starts as if it were new, under its old name. */
class BlankDiskTakenForNew extends RaftReplica {
  protected override recoverFrom(disk: DiskImage): Recovered | undefined {
    const fresh = formatRaft(this.host.self, 0).map(({ record }) => ({
      intact: true,
      record,
      blankSectors: 0,
    }));
    return recover({
      files: () => disk.files(),
      read: (file) => (file === META_FILE && disk.read(file).length === 0 ? fresh : disk.read(file)),
    });
  }
}

export const PERSISTENCE_BUGS: readonly Bug[] = [
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
  raftBug(AnyCompletionConfirmsAll, {
    id: 'R36-any-completion-confirms-all',
    title: 'The completion of an earlier write confirms later ones that are still on their way to the disk.',
    source:
      'rabbitmq/ra pull request 516; cockroach issue 124440; etcd-io/raft, testdata/async_storage_writes_append_aba_race.txt',
    invariants: ['raft/ack-durable', 'raft/vote-durable', 'raft/commit-durable-quorum'],
    scenario: 'raft/slow-disk-leader',
  }),
  raftBug(RetryFailedSync, {
    id: 'R45-retry-failed-sync',
    title: 'A failed sync is tried again and believed.',
    source: 'rostam issue 94; the behaviour of fsync after an error is known as fsyncgate (2018)',
    invariants: ['raft/ack-durable', 'raft/vote-durable', 'raft/commit-durable-quorum'],
    scenario: 'raft/disk-faults',
  }),
  raftBug(TornTailIsFatal, {
    id: 'R47-torn-tail-is-fatal',
    title: 'A record that a power failure has torn keeps the server from ever starting again.',
    source: 'etcd issue 5230',
    invariants: ['any/convergence', 'any/progress'],
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
  raftBug(BlankDiskTakenForNew, {
    id: 'R49-blank-disk-taken-for-new',
    title:
      'A server that has lost its disk comes back under its old name and votes as if it had promised nothing.',
    source: 'rethinkdb issue 5289; etcd issue 10166; nats-server pull request 5939',
    invariants: ['raft/recovered-state', 'raft/vote-once', 'raft/leader-completeness'],
    scenario: 'raft/lost-disk-of-leader',
  }),
];
