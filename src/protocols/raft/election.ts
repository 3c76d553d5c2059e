/**
 * Leader election: randomised time-outs, votes, roles.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.2 (election), §5.4.1 (up-to-date check), Figure 2
 * (RequestVote). Pre-vote, check-quorum and membership are left to later layers. Only the `become…`
 * methods change the role.
 */

import { assert, type ProcessId } from '../../kernel/index.js';
import { ELECTION_TIMER, HEARTBEAT_TIMER, RaftCore } from './core.js';
import type { RequestVote, RequestVoteResponse, Term } from './messages.js';

export abstract class RaftElection extends RaftCore {
  /** Distinct members that granted their vote in this election; a set, so a repeated grant counts once. */
  protected votes: ProcessId[] = [];

  /** Called when the replica has just become leader; replication takes it from there. */
  protected abstract startLeading(): void;

  protected resetElectionTimer(): void {
    const { electionTimeoutMicrosMin, electionTimeoutMicrosMax } = this.settings;
    this.host.setTimer(ELECTION_TIMER, electionTimeoutMicrosMin, electionTimeoutMicrosMax);
  }

  protected electionTimedOut(): void {
    assert(this.role !== 'leader', 'a leader has no election timer');
    this.resetElectionTimer();
    if (this.mayCampaign()) this.becomeCandidate();
  }

  /** A replica that may have forgotten what it promised leaves elections to the others. */
  protected mayCampaign(): boolean {
    return this.trustsDisk();
  }

  // ---- roles ----

  /** Follows in `term`, which is the current one or a later one. */
  protected becomeFollower(term: Term, leader: ProcessId): void {
    assert(term >= this.currentTerm, 'terms only grow');
    const wasLeader = this.role === 'leader';
    const changed = this.role !== 'follower' || term !== this.currentTerm;
    this.role = 'follower';
    this.votes = [];
    if (term > this.currentTerm) this.adoptTerm(term, -1);
    this.leader = leader;
    if (wasLeader) {
      this.host.cancelTimer(HEARTBEAT_TIMER);
      this.resetElectionTimer();
    }
    if (changed) this.emit({ kind: 'became-follower', term });
  }

  protected becomeCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not stand for election');
    this.role = 'candidate';
    this.leader = -1;
    this.votes = [];
    this.adoptTerm(this.currentTerm + 1, this.host.self);
    this.emit({ kind: 'became-candidate', term: this.currentTerm });
    this.requestVotes();
    this.countOwnVote();
  }

  protected becomeLeader(): void {
    assert(this.role === 'candidate', 'only a candidate becomes leader');
    assert(this.votedFor === this.host.self, 'a leader voted for itself');
    this.role = 'leader';
    this.leader = this.host.self;
    this.host.cancelTimer(ELECTION_TIMER);
    this.emit({ kind: 'became-leader', term: this.currentTerm, lastIndex: this.log.lastIndex });
    this.startLeading();
  }

  private adoptTerm(term: Term, votedFor: ProcessId): void {
    this.currentTerm = term;
    this.votedFor = votedFor;
    this.persistTermAndVote();
    this.emit({ kind: 'term-changed', term });
  }

  // ---- candidate ----

  protected requestVotes(): void {
    const message: RequestVote = {
      kind: 'RequestVote',
      term: this.currentTerm,
      lastLogIndex: this.log.lastIndex,
      lastLogTerm: this.log.lastTerm,
    };
    this.sendToOthers((member) => this.sendWhenDurable(member, message, 0));
  }

  /** The candidate's own vote counts like any other: when it is durable. */
  protected countOwnVote(): void {
    if (this.role !== 'candidate' || this.storage.metaSynced < this.storage.metaWritten) return;
    this.countVote(this.host.self);
  }

  protected onRequestVoteResponse(from: ProcessId, message: RequestVoteResponse): void {
    if (!this.isVoteOfThisElection(message)) return;
    this.countVote(from);
  }

  protected isVoteOfThisElection(message: RequestVoteResponse): boolean {
    return this.role === 'candidate' && message.granted && message.term === this.currentTerm;
  }

  protected countVote(voter: ProcessId): void {
    if (!this.hasVoted(voter)) this.votes.push(voter);
    if (this.votes.length >= this.quorum()) this.becomeLeader();
  }

  protected hasVoted(voter: ProcessId): boolean {
    return this.votes.includes(voter);
  }

  // ---- voter ----

  protected onRequestVote(from: ProcessId, message: RequestVote): void {
    const granted =
      message.term === this.currentTerm && this.mayVoteFor(from) && this.isCandidateUpToDate(message);
    if (granted) this.grantVote(from);
    this.replyToVoteRequest(from, granted);
  }

  /** One vote a term (§5.2), none once its leader is known, none from a replica that may have forgotten one. */
  protected mayVoteFor(candidate: ProcessId): boolean {
    if (this.role !== 'follower' || !this.trustsDisk()) return false;
    const isFree = this.votedFor === -1 && this.leader === -1;
    return isFree || this.votedFor === candidate;
  }

  /** §5.4.1: the voter refuses when its own log is more up-to-date. */
  protected isCandidateUpToDate(message: RequestVote): boolean {
    return this.log.isUpToDate(message.lastLogTerm, message.lastLogIndex);
  }

  protected grantVote(candidate: ProcessId): void {
    if (this.votedFor !== candidate) {
      this.votedFor = candidate;
      this.persistTermAndVote();
    }
    this.resetElectionTimer();
  }

  protected replyToVoteRequest(to: ProcessId, granted: boolean): void {
    this.sendWhenDurable(to, { kind: 'RequestVoteResponse', term: this.currentTerm, granted }, 0);
  }
}
