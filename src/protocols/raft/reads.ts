/**
 * Reads that do not go through the log, and what each means.
 *
 * - `read-index`, and `lease` without a valid lease: the leader notes its commit index, waits for a round that
 *   began later to be answered by a quorum, and answers from its state (dissertation §6.4). Before it has
 *   committed an entry of its own term it does not know what is committed, and the read waits for that too.
 * - `lease`: at once, while no other leader can have been elected (§6.4.1).
 * - `follower`: this server asks the leader for its read index, waits until it has applied that much.
 * - `session`: waits until this server has applied what the client has seen. `stale`: at once.
 *
 * A read that cannot be served by a query goes through the log.
 */

import {
  busyReply,
  notLeaderReply,
  okReply,
  type ClientRequest,
  type Command,
  type Micros,
  type Plain,
  type ProcessId,
  type ReadMode,
} from '../../kernel/index.js';
import type { LogIndex, ReadIndexRequest, ReadIndexResponse } from './messages.js';
import { RaftRounds } from './rounds.js';

/** A read that waits. Exactly one of `command` and `request` is there: a client's, or another server's question. */
interface WaitingRead {
  readonly from: ProcessId;
  readonly command: Command | undefined;
  readonly request: ReadIndexRequest | undefined;
  /** The round that must be answered; 0: none, only the index is waited for; -1: not begun. */
  round: number;
  /** What must have been applied; -1: not known yet. */
  index: LogIndex;
  /** Number of this server's question to the leader; 0: none. */
  question: number;
  readonly expires: Micros;
}

export abstract class RaftReads extends RaftRounds {
  protected waitingReads: WaitingRead[] = [];
  protected questions = 0;

  /** Serves a read in the way that it asks for; false when it has to be ordered. */
  protected serveRead(from: ProcessId, { command, minIndex }: ClientRequest, mode: ReadMode): boolean {
    if (mode === 'log' || this.service.query === undefined) return false;
    if (mode === 'stale') return this.answerRead(from, command);
    if (mode === 'session') {
      if (this.lastApplied >= minIndex) return this.answerRead(from, command);
      this.reached('raft/session-read-waited');
      this.holdRead(from, command, 0, minIndex, 0);
      return true;
    }
    if (this.role !== 'leader') {
      if (mode === 'follower') return this.askLeader(from, command);
      this.host.send(from, notLeaderReply(command.sequence, this.leader));
      return true;
    }
    if (mode === 'lease' && this.mayReadByLease()) return this.answerRead(from, command);
    if (this.holdRead(from, command, -1, -1, 0)) this.beginReads();
    return true;
  }

  /** A lease read needs a lease, and a leader that knows what is committed. */
  protected mayReadByLease(): boolean {
    const may = this.hasLease() && this.hasCommittedInTerm() && this.speaksLeases();
    if (may) this.reached('raft/lease-read-served');
    else this.reached(this.hasForfeitedLease ? 'raft/lease-revoked-by-transfer' : 'raft/lease-refused');
    return may;
  }

  /** False before every member understands leases. */
  protected abstract speaksLeases(): boolean;

  private answerRead(from: ProcessId, command: Command): true {
    const result = this.service.query?.(command);
    this.host.send(from, okReply(command.sequence, result ?? null, this.lastApplied));
    return true;
  }

  /** Keeps a read for later; false when too many wait, and whoever asked has been told so. */
  private holdRead(
    from: ProcessId,
    command: Command,
    round: number,
    index: LogIndex,
    question: number,
  ): boolean {
    this.dropExpiredReads();
    if (this.waitingReads.length >= this.settings.maxWaitingReads) {
      this.reached('raft/waiting-reads-quota-reached');
      this.emit({ kind: 'rejected', reason: 'waiting-reads' });
      this.host.send(from, busyReply(command.sequence, 'waiting-reads'));
      return false;
    }
    const expires = this.readDeadline();
    this.waitingReads.push({ from, command, request: undefined, round, index, question, expires });
    return true;
  }

  private readDeadline(): Micros {
    return this.host.monotonicNow() + 4 * this.settings.electionTimeoutMicrosMax;
  }

  /** Whoever asked has asked somebody else by now. */
  protected dropExpiredReads(): void {
    const now = this.host.monotonicNow();
    const first = this.waitingReads[0];
    if (first === undefined || first.expires > now) return;
    this.waitingReads = this.waitingReads.filter(({ expires }) => expires > now);
  }

  // ---- leader ----

  /**
   * Gives reads that wait for a round their read index and their round. Rounds serve many: while one that reads
   * wait for is under way, the reads that come in the meantime wait for the next.
   */
  protected beginReads(): void {
    if (this.role !== 'leader' || this.waitingReads.length === 0) return;
    if (!this.mayBeginReads()) {
      this.reached('raft/read-waited-for-own-commit');
      return;
    }
    let waits = false;
    for (const read of this.waitingReads) {
      if (read.round > this.quorumRound) return;
      if (read.round === -1) waits = true;
    }
    if (!waits) return;
    for (const read of this.waitingReads) {
      if (read.round !== -1) continue;
      read.round = this.round + 1;
      read.index = this.readIndex();
    }
    this.beginRound();
  }

  /** Before this leader has committed an entry of its term it does not know what is committed (§6.4, step 1). */
  protected mayBeginReads(): boolean {
    return this.hasCommittedInTerm();
  }

  protected readIndex(): LogIndex {
    return this.commitIndex;
  }

  protected override roundConfirmed(round: number): void {
    if (this.waitingReads.length === 0) return;
    for (const read of this.waitingReads) if (read.round > 0 && read.round <= round) read.round = 0;
    this.answerWaitingReads();
    this.beginReads();
  }

  /** Another server wants to know up to where it must have applied. */
  protected onReadIndexRequest(from: ProcessId, request: ReadIndexRequest): void {
    if (this.role !== 'leader' || this.waitingReads.length >= this.settings.maxWaitingReads) {
      this.answerQuestion(from, request, -1);
      return;
    }
    const expires = this.readDeadline();
    this.waitingReads.push({ from, command: undefined, request, round: -1, index: -1, question: 0, expires });
    this.beginReads();
  }

  private answerQuestion(to: ProcessId, request: ReadIndexRequest, readIndex: LogIndex): void {
    const { incarnation, id, generation } = request;
    const term = this.currentTerm;
    this.sendWhenDurable(to, { kind: 'ReadIndexResponse', term, incarnation, id, readIndex, generation }, 0);
  }

  // ---- any server ----

  private askLeader(from: ProcessId, command: Command): true {
    if (this.leader < 0) {
      this.host.send(from, notLeaderReply(command.sequence, -1));
      return true;
    }
    const id = ++this.questions;
    if (!this.holdRead(from, command, 0, -1, id)) return true;
    const { incarnation } = this.host;
    const { currentTerm: term, generation } = this;
    this.sendWhenDurable(this.leader, { kind: 'ReadIndexRequest', term, incarnation, id, generation }, 0);
    return true;
  }

  protected onReadIndexResponse(message: ReadIndexResponse): void {
    if (message.incarnation !== this.host.incarnation) return;
    const place = this.waitingReads.findIndex(({ question }) => question === message.id);
    const read = this.waitingReads[place];
    if (read === undefined) return;
    if (message.readIndex < 0) {
      this.waitingReads.splice(place, 1);
      if (read.command !== undefined)
        this.host.send(read.from, notLeaderReply(read.command.sequence, this.leader));
      return;
    }
    read.index = message.readIndex;
    read.question = 0;
    this.answerWaitingReads();
  }

  /** Answers every read that waits for nothing any more. */
  protected answerWaitingReads(): void {
    if (this.waitingReads.length === 0) return;
    const waiting = this.waitingReads;
    this.waitingReads = [];
    for (const read of waiting) {
      if (read.round !== 0 || read.index < 0 || read.index > this.lastApplied) this.waitingReads.push(read);
      else if (read.request !== undefined) this.answerQuestion(read.from, read.request, read.index);
      else if (read.command !== undefined) this.answerRead(read.from, read.command);
    }
  }

  /** No longer leader, or another one: reads that rested on this leader are asked for again elsewhere. */
  protected abandonReads(): void {
    const waiting = this.waitingReads;
    this.waitingReads = [];
    for (const read of waiting) {
      if (read.command === undefined) continue;
      if (read.round === 0 && read.index >= 0) this.waitingReads.push(read);
      else this.host.send(read.from, notLeaderReply(read.command.sequence, this.leader));
    }
  }

  protected encodeReads(): Plain[] {
    return this.waitingReads.map(({ from, command, request, round, index, question, expires }) => {
      const asked = request === undefined ? [] : [request.incarnation, request.id, request.generation];
      return [from, command?.sequence ?? 0, command?.hash ?? 0, ...asked, round, index, question, expires];
    });
  }

  protected override copyFrom(other: RaftReads): void {
    super.copyFrom(other);
    this.waitingReads = other.waitingReads.map((read) => ({ ...read }));
    this.questions = other.questions;
  }
}
