/**
 * Log replication, commitment and execution.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.3 (replication, conflict backtracking), §5.4.2
 * (only entries of the current term are committed by counting), §8 (no-op at the start of a term).
 * The leader sends without waiting for acknowledgements (pipelining) while a follower keeps up, and one
 * message at a time after a refusal (probing). It counts itself only for what is durable on its own disk.
 */

import type { ClientRequest, Command, ProcessId, Result } from '../../kernel/index.js';
import { notLeaderReply, okReply } from '../../kernel/index.js';
import { HEARTBEAT_TIMER } from './core.js';
import { RaftElection } from './election.js';
import type { AppendEntries, AppendEntriesResponse, Entry, LogIndex } from './messages.js';

export abstract class RaftReplication extends RaftElection {
  /** Leader: next index to send to each member, by position in `members`. */
  protected nextIndex: LogIndex[] = [];
  /**
   * Leader: highest index known to be durable on each member. Invariant: below nextIndex; shrinks only when
   * a disk has lost.
   */
  protected matchIndex: LogIndex[] = [];
  /** Leader: true after a refusal, until the next success: one message at a time. */
  protected probing: boolean[] = [];
  private scratch: LogIndex[] = [];
  /** The last AppendEntries built; followers that are equally far get the same immutable message. */
  private lastBuilt: AppendEntries | undefined = undefined;

  // ---- leader ----

  protected override startLeading(): void {
    const next = this.log.lastIndex + 1;
    this.nextIndex = this.members.map(() => next);
    this.matchIndex = this.members.map(() => 0);
    this.probing = this.members.map(() => false);
    this.propose(undefined);
    this.host.setTimer(HEARTBEAT_TIMER, this.settings.heartbeatMicros, this.settings.heartbeatMicros);
  }

  /** Appends an entry of the current term and sends it to everybody. */
  protected propose(command: Entry['command']): void {
    this.appendEntry(this.makeEntry(command));
    this.storage.syncWal();
    this.sendNewEntries();
  }

  protected onClientRequest(from: ProcessId, message: ClientRequest): void {
    if (this.role === 'leader') this.propose(message.command);
    else this.host.send(from, notLeaderReply(message.command.sequence, this.leader));
  }

  protected heartbeatTimedOut(): void {
    this.host.setTimer(HEARTBEAT_TIMER, this.settings.heartbeatMicros, this.settings.heartbeatMicros);
    for (let i = 0; i < this.members.length; i++) this.sendHeartbeat(i);
  }

  /** Says that the leader is alive, and brings what the member lacks. */
  private sendHeartbeat(position: number): void {
    if (this.settings.emptyHeartbeats) this.sendEmptyHeartbeat(position);
    else this.sendAppendEntries(position);
  }

  /**
   * A heartbeat without entries, at the place that is known to match, or else at the one that is tried now.
   * It does not show what was lost, so whatever is not yet acknowledged is sent again behind it.
   */
  private sendEmptyHeartbeat(position: number): void {
    const to = this.members[position] as ProcessId;
    const match = this.matchIndex[position] as LogIndex;
    if (to === this.host.self) return;
    if (match > 0 && this.probing[position] === false) this.nextIndex[position] = match + 1;
    const next = this.nextIndex[position] as LogIndex;
    this.sendWhenDurable(to, this.buildAppendEntries(next, 0), 0);
    if (next <= this.log.lastIndex) this.sendAppendEntries(position);
  }

  private sendNewEntries(): void {
    for (let i = 0; i < this.members.length; i++) if (this.probing[i] === false) this.sendAppendEntries(i);
  }

  /** Sends a member what it lacks, or an empty message as a heartbeat. */
  protected sendAppendEntries(position: number): void {
    const to = this.members[position] as ProcessId;
    if (to === this.host.self) return;
    const next = this.nextIndex[position] as LogIndex;
    const message = this.buildAppendEntries(next, this.settings.maxEntriesPerMessage);
    if (this.probing[position] === false) this.nextIndex[position] = next + message.entries.length;
    this.sendWhenDurable(to, message, 0);
  }

  private buildAppendEntries(next: LogIndex, limit: number): AppendEntries {
    const prevLogIndex = next - 1;
    const last = this.lastBuilt;
    const count = Math.min(this.log.lastIndex - prevLogIndex, limit);
    if (
      last !== undefined &&
      last.prevLogIndex === prevLogIndex &&
      last.entries.length === count &&
      last.leaderCommit === this.commitIndex &&
      last.term === this.currentTerm
    ) {
      return last;
    }
    const message: AppendEntries = {
      kind: 'AppendEntries',
      term: this.currentTerm,
      prevLogIndex,
      prevLogTerm: this.log.termAt(prevLogIndex),
      entries: this.log.slice(next, count),
      leaderCommit: this.commitIndex,
    };
    this.lastBuilt = message;
    return message;
  }

  protected onAppendEntriesResponse(from: ProcessId, message: AppendEntriesResponse): void {
    if (this.role !== 'leader' || message.term !== this.currentTerm) return;
    const position = this.members.indexOf(from);
    if (position < 0) return;
    if (message.success) this.recordProgress(position, message.matchIndex, message.hasLost);
    else this.backtrack(position, message);
  }

  /** `isWorthless`: the follower has the entries but may have promised otherwise in a term that it forgot. */
  private recordProgress(position: number, matchIndex: LogIndex, isWorthless: boolean): void {
    let advanced = this.probing[position] === true;
    this.probing[position] = false;
    if ((this.nextIndex[position] as LogIndex) <= matchIndex) {
      this.nextIndex[position] = matchIndex + 1;
      advanced = true;
    }
    if (!isWorthless && matchIndex > (this.matchIndex[position] as LogIndex)) {
      this.matchIndex[position] = matchIndex;
      advanced = true;
      this.advanceCommitIndex();
    }
    // A follower that lags is brought up as fast as it acknowledges, not one message per heartbeat.
    if (advanced && (this.nextIndex[position] as LogIndex) <= this.log.lastIndex)
      this.sendAppendEntries(position);
  }

  /** A refusal: skip back over whole terms from both sides' knowledge, then probe (§5.3). */
  private backtrack(position: number, message: AppendEntriesResponse): void {
    if (message.hasLost) this.forgetProgress(position, message.matchIndex);
    const match = this.matchIndex[position] as LogIndex;
    const next = this.nextIndex[position] as LogIndex;
    const isStale =
      this.probing[position] === true ? message.prevLogIndex !== next - 1 : message.prevLogIndex <= match;
    if (isStale) return;
    const candidate = this.log.lastIndexNotAbove(message.matchIndex, message.conflictTerm);
    const back = Math.max(match, Math.min(candidate, message.prevLogIndex - 1)) + 1;
    this.nextIndex[position] = back;
    this.probing[position] = true;
    // Without a step back, sending again at once would be a storm; the next heartbeat probes.
    if (back < next) this.sendAppendEntries(position);
  }

  /** The follower no longer has what it acknowledged. Knowing less of it is always safe. */
  protected forgetProgress(position: number, index: LogIndex): void {
    if (index < (this.matchIndex[position] as LogIndex)) this.matchIndex[position] = index;
  }

  /** Commits what a majority holds durably, if it is of the current term (§5.3, §5.4.2). */
  protected advanceCommitIndex(): void {
    if (this.role !== 'leader') return;
    this.matchIndex[this.members.indexOf(this.host.self)] = this.ownMatchIndex();
    const index = this.majorityMatchIndex();
    if (index > this.commitIndex && this.isCommittable(index)) {
      this.commitTo(index);
    }
  }

  /** The leader counts itself only for what is on its own disk. */
  protected ownMatchIndex(): LogIndex {
    return this.durableIndex;
  }

  /** §5.4.2, Figure 8: an entry of an earlier term is never committed by counting replicas. */
  protected isCommittable(index: LogIndex): boolean {
    return this.log.termAt(index) === this.currentTerm;
  }

  /** The highest index that a majority has: the quorum-th largest matchIndex. */
  protected majorityMatchIndex(): LogIndex {
    const { scratch, matchIndex } = this;
    for (let i = 0; i < matchIndex.length; i++) {
      const value = matchIndex[i] as LogIndex;
      let j = i;
      while (j > 0 && (scratch[j - 1] as LogIndex) < value) {
        scratch[j] = scratch[j - 1] as LogIndex;
        j--;
      }
      scratch[j] = value;
    }
    return scratch[this.quorum() - 1] ?? 0;
  }

  // ---- follower ----

  protected onAppendEntries(from: ProcessId, message: AppendEntries): void {
    if (message.term < this.currentTerm) {
      this.refuseAppend(from, message);
      return;
    }
    if (this.role !== 'follower' || this.leader !== from) this.becomeFollower(message.term, from);
    this.resetElectionTimer();
    if (this.log.termAt(message.prevLogIndex) !== message.prevLogTerm) {
      this.refuseAppend(from, message);
      return;
    }
    this.storeEntries(message);
    const lastNew = message.prevLogIndex + message.entries.length;
    const committed = this.commitIndexFrom(message, lastNew);
    if (committed > this.commitIndex) this.commitTo(committed);
    this.acknowledge(from, message, lastNew);
  }

  /**
   * Appends what is new; removes the log's tail only at a proven conflict of terms, since a message may
   * arrive late or twice and say less than what is already here (§5.3).
   */
  protected storeEntries(message: AppendEntries): void {
    let wrote = false;
    for (const entry of message.entries) {
      const present = this.log.termAt(entry.index);
      if (present === entry.term) continue;
      if (present !== -1) this.truncateLog(entry.index);
      this.appendEntry(entry);
      wrote = true;
    }
    if (wrote) this.storage.syncWal();
  }

  /** Never beyond what this message has shown to match the leader's log (Figure 2, rule 5 of AppendEntries). */
  protected commitIndexFrom(message: AppendEntries, lastNew: LogIndex): LogIndex {
    return Math.min(message.leaderCommit, lastNew);
  }

  /** Acknowledges when everything up to `lastNew` is durable. */
  protected acknowledge(to: ProcessId, message: AppendEntries, lastNew: LogIndex): void {
    this.sendWhenDurable(to, this.buildSuccess(message, lastNew), this.log.positionOf(lastNew));
  }

  protected buildSuccess(message: AppendEntries, matchIndex: LogIndex): AppendEntriesResponse {
    return {
      kind: 'AppendEntriesResponse',
      term: this.currentTerm,
      success: true,
      matchIndex,
      conflictTerm: 0,
      prevLogIndex: message.prevLogIndex,
      hasLost: this.hasForgottenTerm(),
    };
  }

  private refuseAppend(to: ProcessId, message: AppendEntries): void {
    const hint = this.log.lastIndexNotAbove(message.prevLogIndex - 1, message.prevLogTerm);
    const response: AppendEntriesResponse = {
      kind: 'AppendEntriesResponse',
      term: this.currentTerm,
      success: false,
      matchIndex: hint,
      conflictTerm: this.log.termAt(hint),
      prevLogIndex: message.prevLogIndex,
      hasLost: !this.trustsDisk(),
    };
    this.sendWhenDurable(to, response, 0);
  }

  // ---- execution ----

  protected commitTo(index: LogIndex): void {
    this.commitIndex = index;
    this.emit({ kind: 'committed', index, term: this.log.termAt(index) });
    while (this.lastApplied < this.commitIndex) this.applyNext();
  }

  private applyNext(): void {
    const entry = this.log.entryAt(this.lastApplied + 1);
    const result = entry.command === undefined ? null : this.applyCommand(entry.command);
    this.lastApplied = entry.index;
    this.emit({
      kind: 'applied',
      index: entry.index,
      term: entry.term,
      hash: entry.hash,
      digest: this.service.digest(),
      command: entry.command,
    });
    const divergence = this.service.takeDivergence?.();
    if (divergence !== undefined)
      this.emit({ kind: 'shadow-diverged', index: entry.index, text: divergence });
    if (entry.command !== undefined && this.role === 'leader') {
      this.host.send(entry.command.client, okReply(entry.command.sequence, result, entry.index));
    }
  }

  protected applyCommand(command: Command): Result {
    return this.service.apply(command, 0);
  }

  protected override copyFrom(other: RaftReplication): void {
    super.copyFrom(other);
    this.votes = other.votes.slice();
    this.nextIndex = other.nextIndex.slice();
    this.matchIndex = other.matchIndex.slice();
    this.probing = other.probing.slice();
    this.scratch = other.scratch.slice();
    this.lastBuilt = other.lastBuilt;
  }
}
