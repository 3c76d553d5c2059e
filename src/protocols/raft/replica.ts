/**
 * The Raft replica: start and recovery, dispatch of messages, timers and disk completions, copy and
 * encoding. The one place that applies the term rule (§5.1): a message of a later term makes a follower.
 *
 * Bugs of the zoo are subclasses that override one of the small methods of this class's layers.
 */

import type {
  DiskImage,
  DiskStatus,
  Host,
  Message,
  OperationId,
  Plain,
  ProcessId,
  Replica,
  StateMachine,
} from '../../kernel/index.js';
import { assert } from '../../kernel/index.js';
import { ELECTION_TIMER } from './core.js';
import type { RaftMessage } from './messages.js';
import { recover, type Recovered } from './recovery.js';
import { RaftReplication } from './replication.js';
import type { RaftSettings } from './settings.js';

/** Constructor shared by the replica and its subclasses. */
export type RaftReplicaClass = new (
  host: Host,
  members: readonly ProcessId[],
  service: StateMachine,
  settings: RaftSettings,
) => RaftReplica;

export class RaftReplica extends RaftReplication implements Replica {
  /** Records to keep of a damaged log, once the fact that it was damaged is durable; -1 when there is none. */
  private truncateTo = -1;

  // ---- life ----

  start(disk: DiskImage): void {
    const found = this.recoverFrom(disk);
    this.currentTerm = found.term;
    this.votedFor = found.votedFor;
    this.suspectIndex = found.suspectIndex;
    this.suspectTerm = found.suspectTerm;
    for (const { entry, position } of found.entries) this.log.append(entry, position);
    this.storage.restart(found.walKept, found.metaVersion);
    this.advanceDurableIndex();
    this.repairDisk(found);
    this.emit({
      kind: 'recovered',
      term: this.currentTerm,
      lastIndex: this.log.lastIndex,
      trusted: this.trustsDisk(),
    });
    this.resetElectionTimer();
  }

  protected recoverFrom(disk: DiskImage): Recovered {
    return recover(disk);
  }

  /**
   * A torn tail is cut at once. After rot, that something may be lost is made durable first, then the log is
   * cut: the other way round, a crash between the two would leave a short log that looks whole.
   */
  private repairDisk(found: Recovered): void {
    if (found.walDamaged) {
      this.truncateTo = found.walKept;
      this.persistTermAndVote();
      return;
    }
    if (found.mustRewriteMeta) this.persistTermAndVote();
    if (found.walKept < found.walRecords) this.storage.truncateWal(found.walKept);
  }

  private isRepairing(): boolean {
    return this.truncateTo >= 0;
  }

  private continueRepair(): void {
    if (this.storage.metaSynced < this.storage.metaWritten) return;
    this.storage.truncateWal(this.truncateTo);
    this.truncateTo = -1;
  }

  /**
   * Trusts its disk again once it holds durably what it may have lost (recovery.ts says why these two cases
   * do), and once that fact is durable itself.
   */
  private regainTrust(): void {
    if (this.trustVersion === 0) {
      const term = this.log.termAt(this.durableIndex);
      const hasLaterTerm = term > this.suspectTerm;
      const hasWholeTerm = term === this.suspectTerm && this.durableIndex >= this.suspectIndex;
      if (!hasLaterTerm && !hasWholeTerm) return;
      this.trustVersion = this.storage.metaWritten + 1;
      this.persistTermAndVote();
    }
    if (this.storage.metaSynced < this.trustVersion) return;
    this.trustVersion = 0;
    this.suspectIndex = 0;
    this.suspectTerm = 0;
    this.emit({ kind: 'trust-regained', term: this.currentTerm, lastIndex: this.log.lastIndex });
  }

  // ---- events ----

  receive(from: ProcessId, message: Message): void {
    if (this.isRepairing()) return;
    const raft = message as RaftMessage;
    switch (raft.kind) {
      case 'ClientRequest':
        this.onClientRequest(from, raft);
        return;
      case 'ClientReply':
        return;
      default:
        break;
    }
    if (raft.term > this.currentTerm) this.becomeFollower(raft.term, -1);
    switch (raft.kind) {
      case 'AppendEntries':
        this.onAppendEntries(from, raft);
        return;
      case 'AppendEntriesResponse':
        this.onAppendEntriesResponse(from, raft);
        return;
      case 'RequestVote':
        this.onRequestVote(from, raft);
        return;
      case 'RequestVoteResponse':
        this.onRequestVoteResponse(from, raft);
        return;
    }
  }

  timerFired(name: string): void {
    if (name === ELECTION_TIMER) this.electionTimedOut();
    else if (this.role === 'leader') this.heartbeatTimedOut();
  }

  diskCompleted(operation: OperationId, status: DiskStatus): void {
    this.storage.completed(operation, status);
    if (status !== 'ok') return;
    if (this.isRepairing()) {
      this.continueRepair();
      return;
    }
    this.advanceDurableIndex();
    if (!this.trustsDisk()) this.regainTrust();
    this.flushDeferred();
    this.countOwnVote();
    this.advanceCommitIndex();
  }

  // ---- state as a value ----

  clone(host: Host): Replica {
    const Class = this.constructor as RaftReplicaClass;
    const copy = new Class(host, this.members, this.service.clone(), this.settings);
    assert(copy instanceof RaftReplica, 'a clone is of the same class');
    copy.copyFrom(this);
    copy.truncateTo = this.truncateTo;
    return copy;
  }

  encode(): Plain {
    return {
      role: this.role,
      currentTerm: this.currentTerm,
      votedFor: this.votedFor,
      leader: this.leader,
      log: this.log.encode(),
      storage: this.storage.encode(),
      commitIndex: this.commitIndex,
      lastApplied: this.lastApplied,
      durableIndex: this.durableIndex,
      suspectIndex: this.suspectIndex,
      suspectTerm: this.suspectTerm,
      trustVersion: this.trustVersion,
      truncateTo: this.truncateTo,
      votes: this.votes,
      nextIndex: this.nextIndex,
      matchIndex: this.matchIndex,
      probing: this.probing,
      deferred: this.encodeDeferred(),
      service: this.service.snapshot(),
    };
  }
}
