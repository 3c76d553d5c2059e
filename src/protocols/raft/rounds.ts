/**
 * Rounds: how a leader knows that it is still followed. Each AppendEntries carries the number of the leader's
 * latest round, and each answer brings it back; when a quorum has answered a round, a quorum still followed
 * this leader when the round began. Three things rest on that: a leader that is no longer followed steps down,
 * the lease, and the reads that wait for a round (reads.ts).
 *
 * Source: Ongaro's dissertation §6.2 (stepping down), §6.4 (rounds), §6.4.1 (leases). Rounds are the leader's
 * own numbers, never a client's: an answer can only ever confirm what the leader itself has begun.
 */

import type { Micros, Plain } from '../../kernel/index.js';
import { HEARTBEAT_TIMER } from './core.js';
import { quorumValue, type MemberId, type ValueOf } from './configuration.js';
import type { Progress } from './progress.js';
import { RaftReplication } from './replication.js';

/** Rounds whose beginning is remembered; without check-quorum a leader may begin more than are answered. */
const REMEMBERED_ROUNDS = 256;

const MILLION = 1_000_000;

export abstract class RaftRounds extends RaftReplication {
  /** The latest round begun in this term as leader, and the latest that a quorum has answered. */
  protected round = 0;
  protected quorumRound = 0;
  /** When rounds began on this leader's clock ({@link leaseClock}): round r in place r mod REMEMBERED_ROUNDS. */
  private roundBegan: Micros[] = [];
  /** When the round began that a quorum has answered last. */
  protected supportedSince: Micros = 0;
  /** Rounds up to this one support no lease: the clock has jumped since they began. */
  private leaseAfterRound = 0;
  /** True once this leader has asked somebody to take over: he may be elected at any time from then on. */
  protected hasForfeitedLease = false;

  /** Waiting reads can go on: a quorum has answered this round. */
  protected abstract roundConfirmed(round: number): void;

  protected override startLeading(): void {
    this.round = 0;
    this.quorumRound = 0;
    this.roundBegan = [];
    this.leaseAfterRound = 0;
    this.hasForfeitedLease = false;
    this.supportedSince = this.leaseClock();
    this.markRound();
    super.startLeading();
  }

  protected override currentRound(): number {
    return this.round;
  }

  private markRound(): void {
    this.round++;
    this.roundBegan[this.round % REMEMBERED_ROUNDS] = this.leaseClock();
  }

  /** Begins a round and asks everybody at once, without entries. */
  protected beginRound(): void {
    this.markRound();
    this.sendRound();
    this.countRound();
  }

  protected heartbeatTimedOut(): void {
    const { heartbeatMicros } = this.settings;
    this.host.setTimer(HEARTBEAT_TIMER, heartbeatMicros, heartbeatMicros);
    if (this.mustStepDown()) {
      this.reached('raft/check-quorum-step-down');
      this.becomeFollower(this.currentTerm, -1);
      return;
    }
    this.markRound();
    this.sendHeartbeats();
    this.countRound();
  }

  /** A leader that no quorum has answered for an election time-out is none any more (§6.2). */
  protected mustStepDown(): boolean {
    return this.settings.checkQuorum && !this.isSupportedWithin(this.settings.electionTimeoutMicrosMax);
  }

  private isSupportedWithin(micros: Micros): boolean {
    return this.leaseClock() - this.supportedSince < micros;
  }

  protected override isSupported(): boolean {
    return this.isSupportedWithin(this.settings.electionTimeoutMicrosMin);
  }

  protected override roundAnswered(_peer: Progress, _round: number): void {
    this.countRound();
  }

  private readonly answeredRounds: ValueOf = { valueOf: (member) => this.answeredRoundOf(member) };

  private answeredRoundOf(member: MemberId): number {
    if (member === this.me) return this.round;
    const { peers } = this;
    for (let i = 0; i < peers.length; i++) {
      const peer = peers[i] as Progress;
      if (peer.member === member) return peer.round;
    }
    return 0;
  }

  /** The latest round that a quorum of voters has answered. */
  protected quorumOfRounds(): number {
    return quorumValue(this.configuration, this.answeredRounds);
  }

  private countRound(): void {
    const round = this.quorumOfRounds();
    if (round <= this.quorumRound) return;
    this.quorumRound = round;
    if (this.round - round < REMEMBERED_ROUNDS) {
      this.supportedSince = this.roundBegan[round % REMEMBERED_ROUNDS] as Micros;
    }
    this.roundConfirmed(round);
  }

  // ---- lease ----

  /**
   * How long after the beginning of a round no other leader can be elected, on this leader's clock. Followers
   * wait the shortest election time-out on theirs, which may be fast while this one is slow.
   */
  protected leaseMicros(): Micros {
    const { electionTimeoutMicrosMin, clockDriftPpm } = this.settings;
    return Math.floor((electionTimeoutMicrosMin * (MILLION - clockDriftPpm)) / (MILLION + clockDriftPpm));
  }

  /** True while no other leader can have been elected. Needs voters that stick to their leader. */
  protected hasLease(): boolean {
    if (!this.settings.checkQuorum || this.hasForfeitedLease) return false;
    if (this.quorumRound <= this.leaseAfterRound) return false;
    return this.leaseClock() - this.supportedSince < this.leaseMicros();
  }

  /**
   * The clock that rounds and leases are measured on: one that never jumps, and goes on while the process stands
   * still.
   */
  protected leaseClock(): Micros {
    return this.host.monotonicNow();
  }

  /** The wall clock has jumped. Leases do not rest on it; but whatever moved it may have moved more. */
  protected suspendLease(): void {
    this.leaseAfterRound = this.round;
  }

  protected encodeRounds(): { readonly [key: string]: Plain } {
    const { round, quorumRound, supportedSince, leaseAfterRound, hasForfeitedLease } = this;
    // When older ones began is never asked for again.
    const began: Micros[] = [];
    for (let r = Math.max(quorumRound, round - REMEMBERED_ROUNDS) + 1; r <= round; r++) {
      began.push(this.roundBegan[r % REMEMBERED_ROUNDS] ?? 0);
    }
    return { round, quorumRound, roundBegan: began, supportedSince, leaseAfterRound, hasForfeitedLease };
  }

  protected override copyFrom(other: RaftRounds): void {
    super.copyFrom(other);
    this.round = other.round;
    this.quorumRound = other.quorumRound;
    this.roundBegan = other.roundBegan.slice();
    this.supportedSince = other.supportedSince;
    this.leaseAfterRound = other.leaseAfterRound;
    this.hasForfeitedLease = other.hasForfeitedLease;
  }
}
