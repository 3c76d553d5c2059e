/**
 * The leader's side of replication: sending, flow control, and commitment.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.3 (replication, conflict backtracking), §5.4.2
 * (only entries of the current term are committed by counting), §8 (no-op at the start of a term); Ongaro's
 * dissertation §10.2.1 (the leader sends while its own write is under way). The leader sends without waiting
 * for acknowledgements (pipelining) while a follower keeps up and its window has room, and one message at a
 * time after a refusal (probing). It counts itself only for what is durable on its own disk.
 */

import type { Command, Micros, ProcessId } from '../../kernel/index.js';
import { membersOf, quorumValue, type MemberId, type ValueOf } from './configuration.js';
import { HEARTBEAT_TIMER } from './core.js';
import { RaftFollowing } from './following.js';
import type { AppendEntries, AppendEntriesResponse, Entry, LogIndex, SystemCommand } from './messages.js';
import { Progress } from './progress.js';
import { makeEntry } from './wire.js';

export abstract class RaftReplication extends RaftFollowing {
  /** Leader: what is known of each other member, and of members whose removal is not committed yet. */
  protected peers: Progress[] = [];
  /** Leader: the log's time and this server's clock when it was elected. */
  protected timeBase: Micros = 0;
  protected clockBase: Micros = 0;
  /** The last AppendEntries built; followers that are equally far get the same immutable message. */
  private lastBuilt: AppendEntries | undefined = undefined;

  /** The leader's latest round; see rounds.ts. */
  protected abstract currentRound(): number;
  protected abstract roundAnswered(peer: Progress, round: number): void;
  /** The follower lacks what has been compacted. */
  protected abstract sendSnapshot(peer: Progress): void;

  // ---- sending ----

  protected override startLeading(): void {
    this.peers = [];
    this.trackMembers();
    this.clockBase = this.host.monotonicNow();
    this.timeBase = this.log.lastEntry?.timeMicros ?? this.appliedTime;
    this.propose(undefined, undefined);
    this.host.setTimer(HEARTBEAT_TIMER, this.settings.heartbeatMicros, this.settings.heartbeatMicros);
  }

  protected override configurationChanged(): void {
    super.configurationChanged();
    if (this.role === 'leader') this.trackMembers();
  }

  /** Serves whoever is a member now; those that were go on until their removal is committed. */
  protected trackMembers(): void {
    for (const member of membersOf(this.configuration)) {
      if (member === this.me || this.peers.some((peer) => peer.member === member)) continue;
      const peer = new Progress(member, this.log.lastIndex + 1);
      peer.lastAnswer = this.host.monotonicNow();
      this.peers.push(peer);
    }
    this.peers.sort((a, b) => a.member - b.member);
  }

  protected peerOf(process: ProcessId, generation: number): Progress | undefined {
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i] as Progress;
      if (peer.process === process && peer.generation === generation) return peer;
    }
    return undefined;
  }

  /** Appends an entry of the current term and sends it to everybody. */
  protected propose(command: Command | undefined, system: SystemCommand | undefined, version = 1): void {
    const index = this.log.lastIndex + 1;
    this.appendEntry(makeEntry(index, this.currentTerm, this.logTime(), command, system, version));
    this.storage.syncWal();
    this.sendNewEntries();
  }

  /** The log's own time: it goes on from where the leaders before left it, with this leader's clock. */
  private logTime(): Micros {
    return this.timeBase + this.host.monotonicNow() - this.clockBase;
  }

  /**
   * Says that the leader is alive, and brings what the member lacks; nothing of it while a probe is not answered:
   * an empty message asks the same.
   */
  protected sendHeartbeats(): void {
    for (const peer of this.peers) this.sendHeartbeat(peer);
  }

  protected sendHeartbeat(peer: Progress): void {
    if (peer.state === 'snapshot' || this.lacksCompacted(peer)) {
      this.sendAppend(peer, this.heartbeatPlace(peer), 0);
      this.sendSnapshot(peer);
    } else if (this.settings.emptyHeartbeats) this.sendEmptyHeartbeat(peer);
    else if (!this.sendEntries(peer)) this.sendAppend(peer, peer.next, 0);
  }

  /** Asks everybody whether he still follows. */
  protected sendRound(): void {
    for (const peer of this.peers) this.sendAppend(peer, this.heartbeatPlace(peer), 0);
  }

  /**
   * Where an empty message asks whether the logs match. Behind the snapshot that is being sent: a follower that
   * has installed it says so even if his answer to the last piece was lost.
   */
  private heartbeatPlace({ state, next, snapshot }: Progress): LogIndex {
    if (state !== 'snapshot') return next;
    return snapshot === undefined ? 1 : snapshot.header.index + 1;
  }

  /**
   * A heartbeat without entries, at the place that is known to match, or else at the one that is tried now.
   * It does not show what was lost, so whatever is not yet acknowledged is sent again behind it.
   */
  private sendEmptyHeartbeat(peer: Progress): void {
    if (peer.match > 0 && peer.state === 'replicate') {
      peer.next = peer.match + 1;
      peer.inflights.clear();
    }
    const { next } = peer;
    this.sendAppend(peer, next, 0);
    if (next <= this.log.lastIndex) this.sendEntries(peer);
  }

  private sendNewEntries(): void {
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) this.sendEntries(peers[i] as Progress);
  }

  /** Sends a member what it lacks, or an empty message; false when it may not be sent anything now. */
  protected sendEntries(peer: Progress): boolean {
    if (!this.maySend(peer)) return false;
    if (this.lacksCompacted(peer)) {
      this.sendSnapshot(peer);
      return true;
    }
    const { entries } = this.sendAppend(peer, peer.next, this.settings.maxEntriesPerMessage);
    const last = entries[entries.length - 1];
    if (peer.state === 'probe') peer.isWaiting = true;
    else if (last !== undefined) {
      peer.inflights.add(last.index, sizeOf(entries));
      peer.next = last.index + 1;
    }
    return true;
  }

  /**
   * True when what it needs next has been compacted. That holds also while its window is full: when all of that
   * was lost, a heartbeat from before the log's beginning would find nothing wrong for ever.
   */
  protected lacksCompacted(peer: Progress): boolean {
    return peer.next <= this.log.baseIndex;
  }

  /** Flow control: one message while probing, a full window while replicating, nothing beside a snapshot. */
  protected maySend(peer: Progress): boolean {
    switch (peer.state) {
      case 'probe':
        return !peer.isWaiting;
      case 'snapshot':
        return false;
      case 'replicate': {
        const { inflights } = peer;
        const { maxInflightMessages, maxInflightBytes } = this.settings;
        const hasRoom = inflights.count < maxInflightMessages && inflights.bytes < maxInflightBytes;
        if (!hasRoom) this.reached('raft/inflight-window-full');
        return hasRoom;
      }
    }
  }

  protected sendAppend(peer: Progress, next: LogIndex, limit: number): AppendEntries {
    // What has been compacted is committed and matches everywhere: the beginning of the log will do.
    const message = this.buildAppendEntries(next <= this.log.baseIndex ? 1 : next, limit, peer.generation);
    this.sendTo(peer.member, message);
    return message;
  }

  private buildAppendEntries(next: LogIndex, limit: number, generation: number): AppendEntries {
    const prevLogIndex = next - 1;
    const last = this.lastBuilt;
    const round = this.currentRound();
    const count = Math.min(this.log.lastIndex - prevLogIndex, limit);
    if (
      last !== undefined &&
      last.prevLogIndex === prevLogIndex &&
      (last.entries.length === count || (count > 0 && last.entries.length > 0 && this.wasBuiltFull(last))) &&
      last.leaderCommit === this.commitIndex &&
      last.round === round &&
      last.generation === generation &&
      last.term === this.currentTerm
    ) {
      return last;
    }
    const message: AppendEntries = {
      kind: 'AppendEntries',
      term: this.currentTerm,
      prevLogIndex,
      prevLogTerm: prevLogIndex === 0 ? 0 : this.log.termAt(prevLogIndex),
      entries: count <= 0 ? NO_ENTRIES : this.log.slice(next, count, this.settings.maxBytesPerMessage),
      leaderCommit: this.commitIndex,
      round,
      generation,
    };
    this.lastBuilt = message;
    return message;
  }

  /** True when the message was cut short by its size, so that as much would be built again. */
  private wasBuiltFull(message: AppendEntries): boolean {
    const end = message.prevLogIndex + message.entries.length;
    if (end >= this.log.lastIndex || message.entries.length >= this.settings.maxEntriesPerMessage)
      return false;
    return sizeOf(message.entries) + this.log.entryAt(end + 1).bytes > this.settings.maxBytesPerMessage;
  }

  protected onAppendEntriesResponse(from: ProcessId, message: AppendEntriesResponse): void {
    if (this.role !== 'leader' || message.term !== this.currentTerm) return;
    const peer = this.peerOf(from, message.generation);
    if (peer === undefined) return;
    this.heardFromPeer(peer, message.round);
    peer.version = message.version;
    if (message.success) this.recordProgress(peer, message.matchIndex);
    else this.backtrack(peer, message);
  }

  protected heardFromPeer(peer: Progress, round: number): void {
    peer.answered(this.host.monotonicNow(), this.settings.electionTimeoutMicrosMax);
    if (round <= peer.round) return;
    peer.round = round;
    this.roundAnswered(peer, round);
  }

  protected recordProgress(peer: Progress, matchIndex: LogIndex): void {
    let advanced = peer.reached(matchIndex);
    if (peer.state === 'probe') {
      peer.becomeReplicate();
      advanced = true;
    } else if (peer.state === 'replicate') peer.inflights.freeTo(matchIndex);
    else if (peer.match >= this.log.baseIndex) peer.becomeProbe(peer.match + 1);
    if (advanced) this.advanceCommitIndex();
    // A follower that lags is brought up as fast as it acknowledges, not one message per heartbeat.
    if (advanced && this.role === 'leader' && peer.next <= this.log.lastIndex) this.sendEntries(peer);
  }

  /** A refusal: skip back over whole terms from both sides' knowledge, then probe (§5.3). */
  private backtrack(peer: Progress, message: AppendEntriesResponse): void {
    if (message.hasLost) this.forgetProgress(peer, message.matchIndex);
    if (peer.state === 'snapshot') return;
    const { match, next } = peer;
    const isStale =
      peer.state === 'probe' ? message.prevLogIndex !== next - 1 : message.prevLogIndex <= match;
    if (isStale) return;
    const candidate = this.log.lastIndexNotAbove(message.matchIndex, message.conflictTerm);
    const back = Math.max(match, Math.min(candidate, message.prevLogIndex - 1)) + 1;
    peer.becomeProbe(back);
    // Without a step back, sending again at once would be a storm; the next heartbeat probes.
    if (back < next) this.sendEntries(peer);
    else peer.isWaiting = true;
  }

  /** The follower no longer has what it acknowledged. Knowing less of it is always safe. */
  protected forgetProgress(peer: Progress, index: LogIndex): void {
    if (index < peer.match) peer.match = index;
  }

  // ---- commitment ----

  /** For quorumValue: what each member is known to have durably. */
  protected readonly matches: ValueOf = { valueOf: (member) => this.matchOf(member) };

  private matchOf(member: MemberId): LogIndex {
    if (member === this.me) return this.ownMatchIndex();
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i] as Progress;
      if (peer.member === member) return peer.match;
    }
    return 0;
  }

  /** Commits what a quorum holds durably, if it is of the current term (§5.3, §5.4.2). */
  protected advanceCommitIndex(): void {
    if (this.role !== 'leader') return;
    const index = this.quorumMatchIndex();
    if (index > this.commitIndex && this.isCommittable(index)) this.commitTo(index);
  }

  /** The leader counts itself only for what is on its own disk. */
  protected ownMatchIndex(): LogIndex {
    return this.durableIndex;
  }

  /** The highest index that a quorum has: of the voters only, and of both halves while joint (§4.3). */
  protected quorumMatchIndex(): LogIndex {
    return quorumValue(this.configuration, this.matches);
  }

  /** §5.4.2, Figure 8: an entry of an earlier term is never committed by counting replicas. */
  protected isCommittable(index: LogIndex): boolean {
    return this.log.termAt(index) === this.currentTerm;
  }

  /** True when this leader has committed an entry of its own term: before, it may not know what is committed. */
  protected hasCommittedInTerm(): boolean {
    return this.log.termAt(this.commitIndex) === this.currentTerm;
  }

  protected override copyFrom(other: RaftReplication): void {
    super.copyFrom(other);
    this.peers = other.peers.map((peer) => peer.clone());
    this.timeBase = other.timeBase;
    this.clockBase = other.clockBase;
    this.lastBuilt = other.lastBuilt;
  }
}

const NO_ENTRIES: readonly Entry[] = [];

function sizeOf(entries: readonly Entry[]): number {
  let bytes = 0;
  for (let i = 0; i < entries.length; i++) bytes += (entries[i] as Entry).bytes;
  return bytes;
}
