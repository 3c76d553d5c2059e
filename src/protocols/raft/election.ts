/**
 * Leader election: randomised time-outs, pre-votes, votes, roles.
 *
 * Source: Ongaro and Ousterhout, extended version, §5.2 (election), §5.4.1 (up-to-date check), Figure 2
 * (RequestVote); Ongaro's dissertation §9.6 (pre-vote), §6.2 and §4.2.3 (a voter that hears from a leader does
 * not help to depose it), §3.10 (elections that the leader itself asks for). Only the `become…` methods
 * change the role.
 */

import { assert, type Micros, type ProcessId } from '../../kernel/index.js';
import { isQuorum, membersOf, memberOf, generationOf, isVoter, type MemberId } from './configuration.js';
import { ELECTION_TIMER, HEARTBEAT_TIMER, RaftCore } from './core.js';
import type { PreVote, PreVoteResponse, RequestVote, RequestVoteResponse, Term } from './messages.js';

export abstract class RaftElection extends RaftCore {
  /** Distinct members that granted (pre-)votes in this election; a set, so a repeated grant counts once. */
  protected votes: MemberId[] = [];
  /** When this server last heard from a leader, or started, on its own monotonic clock. */
  protected lastLeaderContact: Micros = 0;

  /** Called when the replica has just become leader; replication takes it from there. */
  protected abstract startLeading(): void;
  /** Called when it has just stopped being leader. */
  protected abstract stopLeading(): void;
  /** True while a quorum has lately confirmed this leader; only asked of leaders. */
  protected abstract isSupported(): boolean;

  protected resetElectionTimer(): void {
    const { electionTimeoutMicrosMin, electionTimeoutMicrosMax } = this.settings;
    this.host.setTimer(ELECTION_TIMER, electionTimeoutMicrosMin, electionTimeoutMicrosMax);
  }

  protected electionTimedOut(): void {
    assert(this.role !== 'leader', 'a leader has no election timer');
    this.resetElectionTimer();
    if (!this.mayCampaign()) return;
    if (this.settings.preVote) this.becomePreCandidate();
    else this.becomeCandidate(false);
  }

  /**
   * Only a voter stands for election, by its own configuration; or one that its own configuration removes, as
   * long as that is not known to be committed: it may be the only one whose log is long enough to be elected
   * (dissertation §4.2.2). Its own vote does not count then. A replica that may have forgotten what it promised
   * leaves elections to the others.
   */
  protected mayCampaign(): boolean {
    return this.trustsDisk() && (this.isVoterHere() || this.isLeavingOnly());
  }

  /** True when the entry that takes its vote away is not known to be committed. */
  private isLeavingOnly(): boolean {
    const { latest, previous } = this.configurations;
    if (latest.index <= this.commitIndex || previous === undefined) return false;
    return isVoter(previous.configuration, this.me);
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
      this.stopLeading();
    }
    if (changed) this.emit({ kind: 'became-follower', term });
  }

  /** Asks who would vote for it; neither its own term nor anybody else's changes for that (§9.6). */
  protected becomePreCandidate(): void {
    assert(this.role !== 'leader', 'a leader does not stand for election');
    this.role = 'pre-candidate';
    this.leader = -1;
    this.votes = [];
    this.emit({ kind: 'became-pre-candidate', term: this.currentTerm + 1 });
    this.requestPreVotes();
    this.countPreVote(this.me);
  }

  protected becomeCandidate(isTransfer: boolean): void {
    assert(this.role !== 'leader', 'a leader does not stand for election');
    this.role = 'candidate';
    this.leader = -1;
    this.votes = [];
    this.adoptTerm(this.currentTerm + 1, this.host.self);
    this.emit({ kind: 'became-candidate', term: this.currentTerm });
    this.requestVotes(isTransfer);
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

  /** A message of the current leader came. */
  protected heardFromLeader(leader: ProcessId): void {
    if (this.role !== 'follower' || this.leader !== leader) this.becomeFollower(this.currentTerm, leader);
    this.lastLeaderContact = this.host.monotonicNow();
    this.resetElectionTimer();
  }

  // ---- candidate ----

  protected requestPreVotes(): void {
    const { lastIndex, lastTerm } = this.log;
    this.sendToOtherVoters((generation) => ({
      kind: 'PreVote',
      term: this.currentTerm + 1,
      lastLogIndex: lastIndex,
      lastLogTerm: lastTerm,
      generation,
    }));
  }

  protected requestVotes(isTransfer: boolean): void {
    const { lastIndex, lastTerm } = this.log;
    this.sendToOtherVoters((generation) => ({
      kind: 'RequestVote',
      term: this.currentTerm,
      lastLogIndex: lastIndex,
      lastLogTerm: lastTerm,
      isTransfer,
      generation,
    }));
  }

  /** One message for all of a generation, which is nearly always everybody. */
  private sendToOtherVoters(build: (generation: number) => PreVote | RequestVote): void {
    const { configuration } = this;
    let message: PreVote | RequestVote | undefined;
    for (const member of membersOf(configuration)) {
      if (member === this.me || !isVoter(configuration, member)) continue;
      const generation = generationOf(member);
      if (message?.generation !== generation) message = build(generation);
      this.sendTo(member, message);
    }
  }

  protected onPreVoteResponse(from: ProcessId, message: PreVoteResponse): void {
    if (this.role !== 'pre-candidate' || !message.granted) return;
    if (message.term !== this.currentTerm + 1) return;
    this.countPreVote(memberOf(from, message.generation));
  }

  private countPreVote(voter: MemberId): void {
    if (!this.hasVoted(voter)) this.votes.push(voter);
    if (this.hasVoteQuorum()) this.becomeCandidate(false);
  }

  /** The candidate's own vote counts like any other: when it is durable. */
  protected countOwnVote(): void {
    if (this.role !== 'candidate' || this.storage.metaSynced < this.storage.metaWritten) return;
    this.countVote(this.me);
  }

  protected onRequestVoteResponse(from: ProcessId, message: RequestVoteResponse): void {
    if (!this.isVoteOfThisElection(message)) return;
    this.countVote(memberOf(from, message.generation));
  }

  protected isVoteOfThisElection(message: RequestVoteResponse): boolean {
    return this.role === 'candidate' && message.granted && message.term === this.currentTerm;
  }

  protected countVote(voter: MemberId): void {
    if (!this.hasVoted(voter)) this.votes.push(voter);
    if (this.hasVoteQuorum()) this.becomeLeader();
  }

  protected hasVoted(voter: MemberId): boolean {
    return this.votes.includes(voter);
  }

  /** A majority of the voters of its configuration: of both halves while it is joint. */
  protected hasVoteQuorum(): boolean {
    return isQuorum(this.configuration, (member) => this.votes.includes(member));
  }

  // ---- voter ----

  /** True while this server believes in a leader: it heard from one, or leads with support. */
  protected isLoyal(): boolean {
    if (this.role === 'leader') return this.isSupported();
    return this.host.monotonicNow() - this.lastLeaderContact < this.settings.electionTimeoutMicrosMin;
  }

  /** True when the vote request must not even be looked at: it would depose a leader that is well. */
  protected isDisruptive(message: RequestVote): boolean {
    return this.settings.checkQuorum && !message.isTransfer && this.isLoyal();
  }

  protected onPreVote(from: ProcessId, message: PreVote): void {
    const granted =
      message.term > this.currentTerm &&
      this.trustsDisk() &&
      !this.isLoyal() &&
      this.isCandidateUpToDate(message);
    // A refusal tells the responder's term: one that is behind would else ask for ever.
    const term = granted ? message.term : this.currentTerm;
    const { generation } = this;
    this.sendWhenDurable(from, { kind: 'PreVoteResponse', term, granted, generation }, 0);
  }

  protected onRequestVote(from: ProcessId, message: RequestVote): void {
    const granted =
      message.term === this.currentTerm && this.mayVoteFor(from) && this.isCandidateUpToDate(message);
    if (granted) this.grantVote(from);
    this.replyToVoteRequest(from, granted);
  }

  /** One vote a term (§5.2), none once its leader is known, none from a replica that may have forgotten one. */
  protected mayVoteFor(candidate: ProcessId): boolean {
    if (this.role === 'leader' || this.role === 'candidate' || !this.trustsDisk()) return false;
    const isFree = this.votedFor === -1 && this.leader === -1;
    return isFree || this.votedFor === candidate;
  }

  /** §5.4.1: the voter refuses when its own log is more up-to-date. */
  protected isCandidateUpToDate(message: PreVote | RequestVote): boolean {
    return this.log.isUpToDate(message.lastLogTerm, message.lastLogIndex);
  }

  protected grantVote(candidate: ProcessId): void {
    if (this.votedFor !== candidate) {
      this.votedFor = candidate;
      this.persistTermAndVote();
    }
    if (this.role === 'pre-candidate') this.becomeFollower(this.currentTerm, -1);
    this.resetElectionTimer();
  }

  protected replyToVoteRequest(to: ProcessId, granted: boolean): void {
    const { currentTerm: term, generation } = this;
    this.sendWhenDurable(to, { kind: 'RequestVoteResponse', term, granted, generation }, 0);
  }

  protected override copyFrom(other: RaftElection): void {
    super.copyFrom(other);
    this.votes = other.votes.slice();
    this.lastLeaderContact = other.lastLeaderContact;
  }
}
