/**
 * The part of a Raft replica that every role shares: term and vote, the log, what is durable, and the
 * rule that nothing which binds leaves before what it rests on is durable.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.1 (terms), Figure 2 (persistent state).
 */

import {
  assert,
  type Host,
  type Plain,
  type ProcessId,
  type ProtocolEvent,
  type StateMachine,
} from '../../kernel/index.js';
import { RaftLog } from './log.js';
import {
  hashRaftMessage,
  makeEntry,
  type Entry,
  type LogIndex,
  type RaftMessage,
  type Term,
} from './messages.js';
import { NEVER } from './recovery.js';
import type { RaftSettings } from './settings.js';
import { RaftStorage } from './storage.js';

export type Role = 'follower' | 'candidate' | 'leader';

export const ELECTION_TIMER = 'election';
export const HEARTBEAT_TIMER = 'heartbeat';

/** A message held back until its ground is durable. */
interface Deferred {
  readonly to: ProcessId;
  readonly message: RaftMessage & { readonly term: Term };
  readonly needsWal: number;
  readonly needsMeta: number;
}

export abstract class RaftCore {
  protected role: Role = 'follower';
  /** Latest term seen. Invariant: only grows; durable before any message of it leaves. */
  protected currentTerm: Term = 0;
  /** Candidate that got this term's vote, or -1. Invariant: changes once a term, from -1. */
  protected votedFor = -1;
  /** The leader of the current term as far as known, or -1. */
  protected leader: ProcessId = -1;
  protected log = new RaftLog();
  protected storage: RaftStorage;
  /** Highest index known to be committed. Invariant: only grows within an incarnation. */
  protected commitIndex: LogIndex = 0;
  /** Highest index applied to the service. Invariant: at most commitIndex. */
  protected lastApplied: LogIndex = 0;
  /** Highest index up to which every entry is durable here. */
  protected durableIndex: LogIndex = 0;
  /** Bounds of what a damaged disk may have lost; both 0 when it is trusted. See recovery.ts. */
  protected suspectIndex: LogIndex = 0;
  protected suspectTerm: Term = 0;
  /** The version of term and vote that says the disk is trusted again, while it is being written; else 0. */
  protected trustVersion = 0;
  private deferred: Deferred[] = [];

  constructor(
    protected readonly host: Host,
    protected readonly members: readonly ProcessId[],
    protected readonly service: StateMachine,
    protected readonly settings: RaftSettings,
  ) {
    this.storage = new RaftStorage(host);
  }

  /** More than half of the members (§5.2). */
  protected quorum(): number {
    return (this.members.length >> 1) + 1;
  }

  /** False while the disk may have lost what was acknowledged. */
  protected trustsDisk(): boolean {
    return this.suspectTerm === 0;
  }

  /** True when even the term was forgotten: then no acknowledgement may count either, for any term. */
  protected hasForgottenTerm(): boolean {
    return this.suspectTerm === NEVER;
  }

  protected emit(event: ProtocolEvent): void {
    this.host.emit(event);
  }

  // ---- persistence ----

  /** Writes term and vote to disk; they are durable when the storage's metaSynced reaches metaWritten. */
  protected persistTermAndVote(): void {
    const isTrusted = this.trustVersion > 0;
    this.storage.writeMeta(
      this.currentTerm,
      this.votedFor,
      isTrusted ? 0 : this.suspectIndex,
      isTrusted ? 0 : this.suspectTerm,
    );
  }

  /** Adds one entry to the log, in memory and (not yet synced) on disk. */
  protected appendEntry(entry: Entry): void {
    this.log.append(entry, this.storage.appendEntry(entry));
    this.emit({ kind: 'appended', index: entry.index, term: entry.term, hash: entry.hash });
  }

  protected makeEntry(command: Entry['command']): Entry {
    return makeEntry(this.log.lastIndex + 1, this.currentTerm, command);
  }

  /** Removes the entry at `index` and all after it. */
  protected truncateLog(index: LogIndex): void {
    assert(this.mayTruncate(index), 'a committed entry is never removed');
    this.log.truncateFrom(index);
    if (this.durableIndex >= index) this.durableIndex = index - 1;
    this.emit({ kind: 'truncated', index });
  }

  protected mayTruncate(index: LogIndex): boolean {
    return index > this.commitIndex;
  }

  /** Moves durableIndex up to the last entry whose record is synced. */
  protected advanceDurableIndex(): void {
    const { log, storage } = this;
    let index = this.durableIndex;
    while (index < log.lastIndex && log.positionOf(index + 1) <= storage.walSynced) index++;
    this.durableIndex = index;
  }

  // ---- messages that bind ----

  /** Sends when the log record `needsWal` and the present term and vote are durable; at once if they are. */
  protected sendWhenDurable(
    to: ProcessId,
    message: RaftMessage & { readonly term: Term },
    needsWal: number,
  ): void {
    const needsMeta = this.storage.metaWritten;
    if (this.isDurable(needsWal, needsMeta)) this.host.send(to, message);
    else this.deferred.push({ to, message, needsWal, needsMeta });
  }

  /**
   * Sends what has become durable. A message of an earlier term is dropped: an acknowledgement may speak of
   * entries that a later leader has replaced since.
   */
  protected flushDeferred(): void {
    if (this.deferred.length === 0) return;
    const waiting = this.deferred;
    this.deferred = [];
    for (const item of waiting) {
      if (item.message.term !== this.currentTerm) continue;
      if (this.isDurable(item.needsWal, item.needsMeta)) this.host.send(item.to, item.message);
      else this.deferred.push(item);
    }
  }

  private isDurable(needsWal: number, needsMeta: number): boolean {
    return needsWal <= this.storage.walSynced && needsMeta <= this.storage.metaSynced;
  }

  protected sendToOthers(send: (to: ProcessId) => void): void {
    for (const member of this.members) if (member !== this.host.self) send(member);
  }

  /** Copies everything but host and members from another replica of the same class. */
  protected copyFrom(other: RaftCore): void {
    this.role = other.role;
    this.currentTerm = other.currentTerm;
    this.votedFor = other.votedFor;
    this.leader = other.leader;
    this.log = other.log.clone();
    this.storage = other.storage.clone(this.host);
    this.commitIndex = other.commitIndex;
    this.lastApplied = other.lastApplied;
    this.durableIndex = other.durableIndex;
    this.suspectIndex = other.suspectIndex;
    this.suspectTerm = other.suspectTerm;
    this.trustVersion = other.trustVersion;
    this.deferred = other.deferred.slice();
  }

  protected encodeDeferred(): Plain {
    return this.deferred.map(({ to, message, needsWal, needsMeta }) => ({
      to,
      hash: hashRaftMessage(message),
      kind: message.kind,
      needsWal,
      needsMeta,
    }));
  }
}
