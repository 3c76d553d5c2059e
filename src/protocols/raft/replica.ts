/**
 * The Raft replica: start and recovery, dispatch of messages, timers and disk completions, copy and
 * encoding. The one place that applies the term rule (§5.1): a message of a later term makes a follower.
 *
 * The layers below each add one thing: core (term, vote, log, disk), election, replication, rounds (support
 * and lease), reads, snapshots, versions, membership, admission. Bugs of the zoo are subclasses that override
 * one of their small methods.
 */

import type {
  DiskImage,
  DiskStatus,
  Host,
  Message,
  Micros,
  OperationId,
  Outline,
  Outlined,
  Plain,
  ProcessId,
  Replica,
  StateMachine,
} from '../../kernel/index.js';
import { assert } from '../../kernel/index.js';
import { RaftAdmission } from './admission.js';
import { ELECTION_TIMER, HEARTBEAT_TIMER } from './core.js';
import { TRANSFER_TIMER } from './membership.js';
import { isJoint } from './configuration.js';
import type { PeerMessage, RaftMessage } from './messages.js';
import { outlinePhase, outlineRole } from './outline.js';
import { INCOMING_FILE, SAVING_FILE, walSegmentOf } from './records.js';
import { recover, type Recovered } from './recovery.js';
import type { RaftSettings } from './settings.js';
import { SNAPSHOT_TIMER } from './snapshots.js';

/** Constructor shared by the replica and its subclasses. */
export type RaftReplicaClass = new (
  host: Host,
  members: readonly ProcessId[],
  service: StateMachine,
  settings: RaftSettings,
) => RaftReplica;

export class RaftReplica extends RaftAdmission implements Replica, Outlined {
  /** What is left to repair of a damaged log, once the fact that it was damaged is durable. */
  private repair: Recovered | undefined = undefined;
  /** True on a disk that belongs to nobody: then this server takes no part in anything. */
  private isNobody = false;

  // ---- life ----

  start(disk: DiskImage): void {
    const found = this.recoverFrom(disk);
    if (found === undefined) {
      this.isNobody = true;
      this.emit({ kind: 'recovered', term: 0, lastIndex: 0, trusted: false });
      this.emit({ kind: 'refused-to-run', reason: 'the disk is blank, or does not say whose it is' });
      return;
    }
    this.lastLeaderContact = this.host.monotonicNow();
    this.me = found.member;
    this.currentTerm = found.term;
    this.votedFor = found.votedFor;
    this.suspectIndex = found.suspectIndex;
    this.suspectTerm = found.suspectTerm;
    this.takeLog(found);
    this.repairDisk(found);
    this.emit({
      kind: 'recovered',
      term: this.currentTerm,
      lastIndex: this.log.lastIndex,
      trusted: this.trustsDisk(),
    });
    this.configurationChanged();
    this.resetElectionTimer();
    this.startSnapshotTimer();
  }

  protected recoverFrom(disk: DiskImage): Recovered | undefined {
    return recover(disk);
  }

  /** The log, and below it the state of the snapshot. */
  private takeLog(found: Recovered): void {
    const { log, storage, snapshots } = this;
    const { isVoid } = found.repair;
    // A void log rests on the record with which the repair begins it anew.
    log.reset(found.baseIndex, found.baseTerm, isVoid ? found.walRecords + 1 : 0);
    for (const { entry, position } of found.entries) log.append(entry, position);
    for (const { entry } of found.entries) {
      if (entry.system?.kind === 'configuration') {
        this.configurations.append(entry.index, entry.system.configuration);
      }
    }
    storage.restart(found.segments, found.nextSegment, found.walRecords, found.metaVersion);
    snapshots.incoming = found.incoming;
    if (found.snapshot !== undefined) {
      snapshots.current = found.snapshot;
      this.adoptState(found.snapshot, false);
    }
    if (!isVoid) this.durableIndex = this.commitIndex;
    this.advanceDurableIndex();
  }

  /**
   * A torn tail is cut at once. After rot, that something may be lost is made durable first, then the log is
   * cut: the other way round, a crash between the two would leave a short log that looks whole.
   */
  private repairDisk(found: Recovered): void {
    this.host.remove(SAVING_FILE);
    if (found.incoming !== undefined) this.host.truncate(INCOMING_FILE, 1 + found.incoming.pieces.length);
    if (found.isDamaged) {
      this.repair = found;
      this.persistTermAndVote();
      return;
    }
    if (found.mustRewriteMeta) this.persistTermAndVote();
    this.repairWal(found);
  }

  /**
   * What follows a removed segment goes to a new one, which cannot be durable before the removal is. In the
   * one before, it might reach the very position at which the removed one, come back after a crash, goes on.
   */
  private repairWal({ repair, baseIndex, baseTerm, segments }: Recovered): void {
    const { log, storage } = this;
    for (const file of repair.remove) this.host.remove(file);
    const last = segments[segments.length - 1]?.number ?? Infinity;
    const hasRemovedSegment = repair.remove.some((file) => walSegmentOf(file) > last);
    if (repair.isVoid) {
      const position = storage.startSegment(baseIndex, baseTerm, true);
      assert(position === log.basePosition, 'a void log begins anew with the next record');
    } else {
      if (repair.cut !== undefined) storage.truncateWal(repair.cut.records);
      if (hasRemovedSegment) storage.startSegment(log.lastIndex, log.lastTerm, false);
      else if (repair.cut === undefined) return;
    }
    storage.syncWal();
  }

  private isRepairing(): boolean {
    return this.repair !== undefined;
  }

  private continueRepair(): void {
    if (this.repair === undefined || this.storage.metaSynced < this.storage.metaWritten) return;
    this.repairWal(this.repair);
    this.repair = undefined;
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
    if (this.isNobody || this.isRepairing()) return;
    const raft = message as RaftMessage;
    switch (raft.kind) {
      case 'ClientRequest':
        this.onClientRequest(from, raft);
        return;
      case 'AdminRequest':
        this.onAdminRequest(from, raft);
        return;
      case 'ClientReply':
      case 'AdminReply':
        return;
      default:
        this.receiveFromPeer(from, raft);
    }
  }

  private receiveFromPeer(from: ProcessId, message: PeerMessage): void {
    if (!this.isMeant(message)) return;
    if (this.carriesTerm(message) && message.term > this.currentTerm) {
      this.noteLaterTerm(from, message);
      this.becomeFollower(message.term, -1);
    }
    switch (message.kind) {
      case 'AppendEntries':
        this.onAppendEntries(from, message);
        if (this.waitingReads.length > 0) this.dropExpiredReads();
        return;
      case 'AppendEntriesResponse':
        this.onAppendEntriesResponse(from, message);
        if (this.transferTo >= 0) this.continueTransfer();
        return;
      case 'PreVote':
        this.onPreVote(from, message);
        return;
      case 'PreVoteResponse':
        this.onPreVoteResponse(from, message);
        return;
      case 'RequestVote':
        this.onRequestVote(from, message);
        return;
      case 'RequestVoteResponse':
        this.onRequestVoteResponse(from, message);
        return;
      case 'InstallSnapshot':
        this.onInstallSnapshot(from, message);
        return;
      case 'InstallSnapshotResponse':
        this.onInstallSnapshotResponse(from, message);
        return;
      case 'TimeoutNow':
        this.onTimeoutNow(message);
        return;
      case 'ReadIndexRequest':
        this.onReadIndexRequest(from, message);
        return;
      case 'ReadIndexResponse':
        this.onReadIndexResponse(message);
        return;
    }
  }

  /** False for what was meant for whoever had this process's disk before, and for what must not disturb. */
  private isMeant(message: PeerMessage): boolean {
    switch (message.kind) {
      case 'RequestVote':
        return this.isForMe(message) && !this.isDisruptive(message);
      case 'AppendEntries':
      case 'InstallSnapshot':
      case 'PreVote':
      case 'TimeoutNow':
      case 'ReadIndexResponse':
        return this.isForMe(message);
      default:
        return true;
    }
  }

  /** A pre-vote's term is one that nobody is in yet, and so is that of its grant (§9.6). */
  protected carriesTerm(message: PeerMessage): boolean {
    return message.kind !== 'PreVote' && !(message.kind === 'PreVoteResponse' && message.granted);
  }

  timerFired(name: string): void {
    if (this.isNobody) return;
    switch (name) {
      case ELECTION_TIMER:
        this.electionTimedOut();
        return;
      case HEARTBEAT_TIMER:
        if (this.role === 'leader') this.leaderTick();
        return;
      case SNAPSHOT_TIMER:
        this.snapshotTimedOut();
        return;
      case TRANSFER_TIMER:
        this.transferTimedOut();
        return;
    }
  }

  private leaderTick(): void {
    this.heartbeatTimedOut();
    if (this.role !== 'leader') return;
    this.watchLearners();
    this.announceVersions();
    this.activateIfPossible();
    this.dropExpiredReads();
  }

  protected override stopLeading(): void {
    this.peers = [];
    this.uncommittedBytes = 0;
    this.endTransfer('stepped-down');
    this.abandonReads();
  }

  protected override afterCommit(): void {
    if (this.role === 'leader') {
      this.recountUncommitted();
      this.settleConfiguration();
      this.beginReads();
    }
    this.answerWaitingReads();
    this.dropOvertakenSnapshot();
    this.saveSnapshotIfDue();
  }

  diskCompleted(operation: OperationId, status: DiskStatus): void {
    if (this.isNobody) return;
    if (!this.storage.completed(operation, status)) this.snapshotStepCompleted(operation, status);
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

  private snapshotStepCompleted(operation: OperationId, status: DiskStatus): void {
    const placed = this.snapshots.completed(operation, status);
    if (placed === undefined) return;
    this.snapshotPlaced(placed.snapshot, placed.isReceived);
    this.answerWaitingReads();
  }

  clockJumped(_byMicros: Micros): void {
    if (this.role === 'leader') this.suspendLease();
  }

  // ---- state as a value ----

  clone(host: Host): Replica {
    const Class = this.constructor as RaftReplicaClass;
    const copy = new Class(host, this.members, this.service.clone(), this.settings);
    assert(copy instanceof RaftReplica, 'a clone is of the same class');
    copy.copyFrom(this);
    copy.repair = this.repair;
    copy.isNobody = this.isNobody;
    return copy;
  }

  outline(into: Outline): void {
    const { log, snapshots } = this;
    into.role = outlineRole(this.role, this.votedFor);
    into.epoch = this.currentTerm;
    into.last = log.lastIndex;
    into.lastEpoch = log.lastTerm;
    into.agreed = this.commitIndex;
    into.executed = this.lastApplied;
    into.durable = this.durableIndex;
    into.phase = outlinePhase({
      isJoint: isJoint(this.configuration),
      isConfigurationOpen: !this.isConfigurationCommitted(),
      isSnapshotOpen: snapshots.isBusy || snapshots.incoming !== undefined,
      distrustsDisk: !this.trustsDisk(),
    });
  }

  encode(): Plain {
    return {
      ...this.encodeCore(),
      isNobody: this.isNobody,
      isRepairing: this.isRepairing(),
      votes: this.votes,
      lastLeaderContact: this.lastLeaderContact,
      peers: this.peers.map((peer) => peer.encode()),
      timeBase: this.timeBase,
      clockBase: this.clockBase,
      appliedTime: this.appliedTime,
      systemDigest: this.systemDigest,
      ...this.encodeRounds(),
      waitingReads: this.encodeReads(),
      questions: this.questions,
      snapshots: this.snapshots.encode(),
      bytesApplied: this.bytesApplied,
      savedIndex: this.savedIndex,
      installFor: this.installFor === undefined ? null : { ...this.installFor },
      activeVersion: this.activeVersion,
      announced: [...this.announcedVersions()],
      proposedIndex: this.proposedIndex,
      transferTo: this.transferTo,
      transferTerm: this.transferTerm,
      hasToldTarget: this.hasToldTarget,
      uncommittedBytes: this.uncommittedBytes,
      service: this.service.snapshot(),
    };
  }
}
