/** Raft bugs in replication and commitment: what a follower stores, what a leader counts, who gets stuck. */

import type { ProcessId } from '../../kernel/index.js';
import {
  RaftReplica,
  type AppendEntries,
  type AppendEntriesResponse,
  type LogIndex,
  type Progress,
  type RaftReplicaClass,
} from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

/** Entries of earlier terms are committed by counting replicas (Figure 8). */
class OldTermCommit extends RaftReplica {
  protected override isCommittable(): boolean {
    return true;
  }
}

/** Nothing is committed while the next entry is of an earlier term, however much lies behind it. */
class CommitStopsAtOldTerm extends RaftReplica {
  protected override isCommittable(index: LogIndex): boolean {
    return super.isCommittable(index) && super.isCommittable(this.commitIndex + 1);
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

/** A conflicting entry is replaced where it is, and what came after it stays behind the new one. */
class StaleTailKept extends RaftReplica {
  protected override storeEntries(message: AppendEntries): void {
    const next = message.prevLogIndex + message.entries.length + 1;
    const tail = this.log.has(next) ? this.log.slice(next, Infinity, Infinity) : [];
    super.storeEntries(message);
    for (const entry of tail) if (entry.index === this.log.lastIndex + 1) this.appendEntry(entry);
    if (tail.length > 0) this.storage.syncWal();
  }
}

/** A follower that does not match throws away everything that it does not know to be committed. */
class RollBackToCommitted extends RaftReplica {
  protected override matchesAt(message: AppendEntries): boolean {
    const matches = super.matchesAt(message);
    if (!matches && this.log.lastIndex > this.commitIndex) this.truncateLog(this.commitIndex + 1);
    return matches;
  }
}

/** What has been compacted is taken for a conflict. */
class CompactedTakenForConflict extends RaftReplica {
  protected override storeEntries(message: AppendEntries): void {
    const compacted = message.entries.find(({ index }) => index < this.log.baseIndex);
    if (compacted !== undefined) this.truncateLog(compacted.index);
    super.storeEntries(message);
  }
}

/** The follower acknowledges its whole log, whatever the message has shown to match. */
class WholeLogAcknowledged extends RaftReplica {
  protected override acknowledge(to: ProcessId, message: AppendEntries): void {
    super.acknowledge(to, message, this.log.lastIndex);
  }
}

/** The leader keeps an old acknowledgement for true, whatever the follower says of its disk. */
class ProgressNeverForgotten extends RaftReplica {
  protected override forgetProgress(): void {
    // The mistake: matchIndex stays, so what the follower lost is never sent again.
  }
}

/** A refusal at a place that the follower has acknowledged since is taken for the loss of its log. */
class LateRefusalIsFatal extends RaftReplica {
  protected override onAppendEntriesResponse(from: ProcessId, message: AppendEntriesResponse): void {
    const peer = this.peerOf(from, message.generation);
    const isOurs = this.role === 'leader' && message.term === this.currentTerm && !message.hasLost;
    if (isOurs && !message.success && message.prevLogIndex <= (peer?.match ?? -1)) {
      throw new Error(`the log of ${from} went back behind ${message.prevLogIndex}`);
    }
    super.onAppendEntriesResponse(from, message);
  }
}

/** Who leads again goes on from what it knew of the others when it led last. */
class ProgressSurvivesLeadership extends RaftReplica {
  private remembered: Progress[] = [];

  protected override stopLeading(): void {
    this.remembered = this.peers;
    super.stopLeading();
  }

  protected override trackMembers(): void {
    if (this.peers.length === 0) this.peers = this.remembered;
    super.trackMembers();
  }

  protected override copyFrom(other: ProgressSurvivesLeadership): void {
    super.copyFrom(other);
    this.remembered = other.remembered.map((peer) => peer.clone());
  }
}

/** A probe is never repeated, and only an answer that brings something new ends the probing. */
class LostProbeNeverRepeated extends RaftReplica {
  protected override sendHeartbeat(peer: Progress): void {
    if (peer.state === 'probe' && peer.isWaiting) this.sendAppend(peer, peer.match + 1, 0);
    else super.sendHeartbeat(peer);
  }

  protected override recordProgress(peer: Progress, matchIndex: LogIndex): void {
    if (peer.state === 'probe' && peer.isWaiting && matchIndex <= peer.match) return;
    super.recordProgress(peer, matchIndex);
  }
}

/** A heartbeat to a follower whose window is full shows nothing of what is on the way, so a loss stays unseen. */
class FullWindowNeverChecked extends RaftReplica {
  protected override sendHeartbeat(peer: Progress): void {
    if (peer.state === 'replicate' && !this.maySend(peer)) this.sendAppend(peer, peer.match + 1, 0);
    else super.sendHeartbeat(peer);
  }
}

/** With a full window nobody looks whether what the follower needs next is still there. */
class CompactedBehindFullWindow extends RaftReplica {
  protected override lacksCompacted(peer: Progress): boolean {
    return super.lacksCompacted(peer) && this.maySend(peer);
  }
}

/** A batch is bounded by how many entries it has, however large they are. */
class BatchBytesUnbounded extends RaftReplica {
  constructor(...[host, members, service, settings]: ConstructorParameters<RaftReplicaClass>) {
    super(host, members, service, { ...settings, maxBytesPerMessage: Infinity });
  }
}

export const REPLICATION_BUGS: readonly Bug[] = [
  raftBug(OldTermCommit, {
    id: 'R23-old-term-commit',
    title: 'Entries of an earlier term are committed by counting replicas.',
    source: 'logcabin issue 44; PySyncObj issue 169; async-raft issue 108; Figure 8 of the paper',
    invariants: ['raft/commit-current-term', 'raft/leader-completeness'],
    scenario: 'raft/all-of-it',
  }),
  raftBug(CommitStopsAtOldTerm, {
    id: 'R24-commit-stops-at-old-term',
    title:
      'The leader looks no further than the first entry of an earlier term, so nothing is ever committed.',
    source: 'raftos pull request 30',
    invariants: ['any/progress'],
    scenario: 'raft/leader-partition',
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
  raftBug(StaleTailKept, {
    id: 'R29-stale-tail-kept',
    title: 'A conflicting entry is replaced in place, and the stale tail behind it stays.',
    source: 'mofa issue 1150',
    invariants: ['raft/log-contiguous', 'raft/log-matching'],
    scenario: 'raft/late-messages',
  }),
  raftBug(RollBackToCommitted, {
    id: 'R30-roll-back-to-committed',
    title: 'On any mismatch a follower removes all that it does not know to be committed.',
    source: 'nebula pull request 2483',
    invariants: ['raft/truncate-on-conflict'],
    scenario: 'raft/lossy-network',
  }),
  raftBug(CompactedTakenForConflict, {
    id: 'R31-compacted-taken-for-conflict',
    title: 'A late message with entries that have been compacted is taken for a conflict.',
    source: 'openraft issue 511; RedisLabs/raft issue 49',
    invariants: ['any/no-crash'],
    scenario: 'raft/snapshot-to-laggard',
  }),
  raftBug(WholeLogAcknowledged, {
    id: 'R34-whole-log-acknowledged',
    title: 'A follower acknowledges its whole log, not only what the message has shown to match.',
    source: 'CCF pull request 6016; c5 issue 263',
    invariants: ['raft/ack-durable', 'raft/commit-durable-quorum'],
    scenario: 'raft/empty-heartbeats',
  }),
  raftBug(LateRefusalIsFatal, {
    id: 'R42-late-refusal-is-fatal',
    title:
      'A refusal that comes late is taken for a follower whose log went back, and the leader dies of it.',
    source: 'openraft pull request 1501',
    invariants: ['any/no-crash'],
    scenario: 'raft/lossy-network',
  }),
  raftBug(ProgressSurvivesLeadership, {
    id: 'R61-progress-survives-leadership',
    title: 'A server that leads again goes on from what it knew of the others when it led last.',
    source: 'scylla pull request 29092',
    invariants: ['raft/ack-durable', 'raft/commit-monotonic', 'raft/commit-durable-quorum'],
    scenario: 'raft/transfer-under-load',
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
  raftBug(LostProbeNeverRepeated, {
    id: 'R43-lost-probe-never-repeated',
    title: 'A follower whose probe got lost stays in that state; heartbeats do not bring it back.',
    source: 'etcd-io/raft, the situation of testdata/heartbeat_resp_recovers_from_probing.txt',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'raft/lossy-network',
  }),
  raftBug(FullWindowNeverChecked, {
    id: 'R93-full-window-never-checked',
    title: 'When all of a full window is lost, the follower never gets anything again.',
    source: 'etcd issue 14633; etcd-io/raft, the situation of testdata/replicate_pause.txt',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'raft/small-windows',
  }),
  raftBug(CompactedBehindFullWindow, {
    id: 'R93b-compacted-behind-full-window',
    title: "A follower whose lost window begins before the leader's log does is never sent a snapshot.",
    source: "Faultline's own Raft, found by raft/small-windows; a stall of the kind of etcd issue 14633",
    invariants: ['any/convergence', 'any/progress'],
    scenario: 'raft/small-windows',
  }),
  raftBug(BatchBytesUnbounded, {
    id: 'R100-batch-bytes-unbounded',
    title:
      'A batch is bounded by the number of its entries only, and large ones make it as large as they like.',
    source: 'openraft pull request 1815; RedisLabs/raft issue 53; Jille/raft-grpc-transport pull request 9',
    invariants: ['raft/message-size'],
    scenario: 'raft/snapshots-by-bytes',
    harmless: 'Messages become larger than they may be, and all of them are understood.',
  }),
];
