/**
 * The follower's side of replication: what it does with AppendEntries, and how it answers.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.3 (consistency check, conflict backtracking) and Figure 2.
 */

import type { ProcessId } from '../../kernel/index.js';
import { RaftExecution } from './execution.js';
import type { AppendEntries, AppendEntriesResponse, LogIndex, Term } from './messages.js';

export abstract class RaftFollowing extends RaftExecution {
  protected onAppendEntries(from: ProcessId, message: AppendEntries): void {
    if (message.term < this.currentTerm) {
      this.refuseAppend(from, message);
      return;
    }
    this.heardFromLeader(from);
    if (!this.matchesAt(message)) {
      this.refuseAppend(from, message);
      return;
    }
    this.storeEntries(message);
    const lastNew = message.prevLogIndex + message.entries.length;
    const committed = this.commitIndexFrom(message, lastNew);
    if (committed > this.commitIndex) this.commitTo(committed);
    this.acknowledge(from, message, lastNew);
  }

  /** The consistency check (§5.3). What has been compacted is committed, so it matches every leader's log. */
  protected matchesAt(message: AppendEntries): boolean {
    const { prevLogIndex, prevLogTerm } = message;
    return prevLogIndex < this.log.baseIndex || this.log.termAt(prevLogIndex) === prevLogTerm;
  }

  /**
   * Appends what is new; removes the log's tail only at a proven conflict of terms, since a message may
   * arrive late or twice and say less than what is already here (§5.3).
   */
  protected storeEntries(message: AppendEntries): void {
    let wrote = false;
    for (const entry of message.entries) {
      if (entry.index <= this.log.baseIndex) continue;
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

  /**
   * Acknowledges when everything up to `lastNew` is durable. A heartbeat is answered at once, for what is
   * durable already: a slow disk must not look like a lost follower.
   */
  protected acknowledge(to: ProcessId, message: AppendEntries, lastNew: LogIndex): void {
    const { durableIndex } = this;
    if (message.entries.length === 0 && durableIndex < lastNew) {
      this.sendWhenDurable(to, this.buildSuccess(message, durableIndex), 0);
    }
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
      hasLost: false,
      round: message.round,
      version: this.host.version,
      generation: this.generation,
    };
  }

  /**
   * The round to answer with; 0 to what is left of an earlier term. Each term has its own numbers, and the same
   * leader may lead again: his old number, answered in the new term, would confirm rounds that are yet to come.
   */
  protected roundOf(message: { readonly term: Term; readonly round: number }): number {
    return message.term === this.currentTerm ? message.round : 0;
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
      round: this.roundOf(message),
      version: this.host.version,
      generation: this.generation,
    };
    this.sendWhenDurable(to, response, 0);
  }
}
