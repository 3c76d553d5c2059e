/**
 * The part of a Raft replica that every role shares: term and vote, the log and its configurations, what is
 * durable, and the rule that nothing which binds leaves before what it rests on is durable.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.1 (terms), Figure 2 (persistent state); Ongaro's
 * dissertation §4.1 (a configuration takes effect when it is appended).
 */

import {
  assert,
  type Host,
  type Plain,
  type ProcessId,
  type ProtocolEvent,
  type StateMachine,
} from '../../kernel/index.js';
import { ConfigurationLog } from './configuration-log.js';
import {
  generationOf,
  initialConfiguration,
  isVoter,
  processOf,
  type Configuration,
  type MemberId,
} from './configuration.js';
import { RaftLog } from './log.js';
import type { Entry, LogIndex, PeerMessage, Term } from './messages.js';
import type { RaftSettings } from './settings.js';
import { RaftStorage } from './storage.js';
import { hashRaftMessage } from './wire.js';

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export const ELECTION_TIMER = 'election';
export const HEARTBEAT_TIMER = 'heartbeat';

/** A message held back until its ground is durable. */
interface Deferred {
  readonly to: ProcessId;
  readonly message: PeerMessage;
  /** The term in which it was written: what it says need not hold in a later one. */
  readonly term: Term;
  readonly needsWal: number;
  readonly needsMeta: number;
}

export abstract class RaftCore {
  /** Who this server is: from its disk. */
  protected me: MemberId = -1;
  protected role: Role = 'follower';
  /** Latest term seen. Invariant: only grows; durable before any message of it leaves. */
  protected currentTerm: Term = 0;
  /** Candidate that got this term's vote, or -1. Invariant: changes once a term, from -1. */
  protected votedFor = -1;
  /** The leader of the current term as far as known, or -1. */
  protected leader: ProcessId = -1;
  protected log = new RaftLog();
  protected configurations: ConfigurationLog;
  protected storage: RaftStorage;
  /** Highest index known to be committed. Invariant: only grows within an incarnation. */
  protected commitIndex: LogIndex = 0;
  /** Highest index applied to the service. Invariant: at most commitIndex. */
  protected lastApplied: LogIndex = 0;
  /**
   * Highest index up to which every entry is durable in the write-ahead log, or is before a beginning of it that
   * is. A snapshot alone does not count: were it lost, the log would not tell that anything is.
   */
  protected durableIndex: LogIndex = 0;
  /** Bounds of what a damaged disk may have lost; both 0 when it is trusted. See recovery.ts. */
  protected suspectIndex: LogIndex = 0;
  protected suspectTerm: Term = 0;
  /** The version of term and vote that says the disk is trusted again, while it is being written; else 0. */
  protected trustVersion = 0;
  private deferred: Deferred[] = [];

  constructor(
    protected readonly host: Host,
    /** The members at the cluster's first start. */
    protected readonly members: readonly ProcessId[],
    protected readonly service: StateMachine,
    protected readonly settings: RaftSettings,
  ) {
    this.storage = new RaftStorage(host);
    this.configurations = new ConfigurationLog(initialConfiguration(members));
  }

  /** The configuration that this server acts by: the latest in its log. */
  protected get configuration(): Configuration {
    return this.configurations.latest.configuration;
  }

  protected isConfigurationCommitted(): boolean {
    return this.configurations.latest.index <= this.commitIndex;
  }

  protected get generation(): number {
    return generationOf(this.me);
  }

  /** False for a message to an older identity of this process, or to a newer one. */
  protected isForMe(message: { readonly generation: number }): boolean {
    return message.generation === this.generation;
  }

  protected isVoterHere(): boolean {
    return isVoter(this.configuration, this.me);
  }

  /** False while the disk may have lost what was acknowledged. */
  protected trustsDisk(): boolean {
    return this.suspectTerm === 0;
  }

  protected emit(event: ProtocolEvent): void {
    this.host.emit(event);
  }

  protected reached(situation: string): void {
    this.host.emit({ kind: 'reached', situation });
  }

  // ---- persistence ----

  /** Writes term and vote to disk; they are durable when the storage's metaSynced reaches metaWritten. */
  protected persistTermAndVote(): void {
    const isTrusted = this.trustVersion > 0;
    this.storage.writeMeta({
      member: this.me,
      term: this.currentTerm,
      votedFor: this.votedFor,
      suspectIndex: isTrusted ? 0 : this.suspectIndex,
      suspectTerm: isTrusted ? 0 : this.suspectTerm,
    });
  }

  /** Adds one entry to the log, in memory and (not yet synced) on disk. */
  protected appendEntry(entry: Entry): void {
    const { log } = this;
    log.append(entry, this.storage.appendEntry(entry, log.lastIndex, log.lastTerm));
    this.emit({ kind: 'appended', index: entry.index, term: entry.term, hash: entry.hash });
    if (entry.system?.kind === 'configuration') {
      this.configurations.append(entry.index, entry.system.configuration);
      this.configurationChanged();
    }
  }

  /** Removes the entry at `index` and all after it. */
  protected truncateLog(index: LogIndex): void {
    assert(this.mayTruncate(index), 'a committed entry is never removed');
    this.log.truncateFrom(index);
    if (this.durableIndex >= index) this.durableIndex = index - 1;
    this.emit({ kind: 'truncated', index });
    if (this.configurations.truncateFrom(index)) this.configurationChanged();
  }

  protected mayTruncate(index: LogIndex): boolean {
    return index > this.commitIndex;
  }

  /** The configuration in force is another one. */
  protected configurationChanged(): void {
    const { index, configuration } = this.configurations.latest;
    const { voters, outgoing, learners, joining, autoLeave } = configuration;
    const membership = { voters, outgoing, learners, joining, autoLeave };
    this.emit({ kind: 'configuration-changed', index, configuration: membership });
  }

  /** Moves durableIndex up to the last entry whose record is synced. */
  protected advanceDurableIndex(): void {
    const { log, storage } = this;
    if (log.basePosition > storage.walSynced) return;
    let index = Math.max(this.durableIndex, log.baseIndex);
    while (index < log.lastIndex && log.positionOf(index + 1) <= storage.walSynced) index++;
    this.durableIndex = index;
  }

  // ---- messages that bind ----

  protected sendTo(member: MemberId, message: PeerMessage): void {
    this.sendWhenDurable(processOf(member), message, 0);
  }

  /** Sends when the log record `needsWal` and the present term and vote are durable; at once if they are. */
  protected sendWhenDurable(to: ProcessId, message: PeerMessage, needsWal: number): void {
    const needsMeta = this.storage.metaWritten;
    if (this.isDurable(needsWal, needsMeta)) this.host.send(to, message);
    else this.deferred.push({ to, message, term: this.currentTerm, needsWal, needsMeta });
  }

  /**
   * Sends what has become durable. What was written in an earlier term is dropped: an acknowledgement may speak
   * of entries that a later leader has replaced since.
   */
  protected flushDeferred(): void {
    if (this.deferred.length === 0) return;
    const waiting = this.deferred;
    this.deferred = [];
    for (const item of waiting) {
      if (item.term !== this.currentTerm) continue;
      if (this.isDurable(item.needsWal, item.needsMeta)) this.host.send(item.to, item.message);
      else this.deferred.push(item);
    }
  }

  private isDurable(needsWal: number, needsMeta: number): boolean {
    return needsWal <= this.storage.walSynced && needsMeta <= this.storage.metaSynced;
  }

  /** Copies everything but host and members from another replica of the same class. */
  protected copyFrom(other: RaftCore): void {
    this.me = other.me;
    this.role = other.role;
    this.currentTerm = other.currentTerm;
    this.votedFor = other.votedFor;
    this.leader = other.leader;
    this.log = other.log.clone();
    this.configurations = other.configurations.clone();
    this.storage = other.storage.clone(this.host);
    this.commitIndex = other.commitIndex;
    this.lastApplied = other.lastApplied;
    this.durableIndex = other.durableIndex;
    this.suspectIndex = other.suspectIndex;
    this.suspectTerm = other.suspectTerm;
    this.trustVersion = other.trustVersion;
    this.deferred = other.deferred.slice();
  }

  protected encodeCore(): { readonly [key: string]: Plain } {
    return {
      me: this.me,
      role: this.role,
      currentTerm: this.currentTerm,
      votedFor: this.votedFor,
      leader: this.leader,
      baseIndex: this.log.baseIndex,
      baseTerm: this.log.baseTerm,
      basePosition: this.log.basePosition,
      log: this.log.encode(),
      configurations: this.configurations.encode(),
      storage: this.storage.encode(),
      commitIndex: this.commitIndex,
      lastApplied: this.lastApplied,
      durableIndex: this.durableIndex,
      suspectIndex: this.suspectIndex,
      suspectTerm: this.suspectTerm,
      trustVersion: this.trustVersion,
      deferred: this.deferred.map(({ to, message, term, needsWal, needsMeta }) => ({
        to,
        hash: hashRaftMessage(message),
        kind: message.kind,
        term,
        needsWal,
        needsMeta,
      })),
    };
  }
}
