/** Which event concerns which property of terms, votes and elections. */

import type { MetaRecord, Term } from '../../protocols/raft/index.js';
import type { ProcessId } from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import { ElectionQuorum } from './election-quorum.js';
import { ElectionSafety } from './election-safety.js';
import { LeaderMembership } from './leader-membership.js';
import { PreVoteHarmless } from './pre-vote-harmless.js';
import { TermMonotonic } from './term-monotonic.js';
import { VoteAfterLeader } from './vote-after-leader.js';
import { VoteDurable } from './vote-durable.js';
import { VoteOnce } from './vote-once.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';

export class ElectionRules {
  private readonly termMonotonic: TermMonotonic;
  private readonly electionSafety: ElectionSafety;
  private readonly electionQuorum: ElectionQuorum;
  private readonly voteOnce: VoteOnce;
  private readonly voteDurable: VoteDurable;
  private readonly voteAfterLeader: VoteAfterLeader;
  private readonly preVoteHarmless: PreVoteHarmless;
  private readonly leaderMembership: LeaderMembership;

  constructor(
    private readonly ghost: RaftGhost,
    sink: ViolationSink,
  ) {
    this.termMonotonic = new TermMonotonic(ghost, sink);
    this.electionSafety = new ElectionSafety(ghost, sink);
    this.electionQuorum = new ElectionQuorum(ghost, sink);
    this.voteOnce = new VoteOnce(ghost, sink);
    this.voteDurable = new VoteDurable(ghost, sink);
    this.voteAfterLeader = new VoteAfterLeader(ghost, sink);
    this.preVoteHarmless = new PreVoteHarmless(ghost, sink);
    this.leaderMembership = new LeaderMembership(ghost, sink);
  }

  /** A message in which nothing but its term binds the sender. */
  onTermSent(from: ProcessId, server: ServerGhost, term: Term): void {
    this.termMonotonic.onSend(from, server, term);
  }

  onLeaderSent(from: ProcessId, server: ServerGhost, term: Term): void {
    this.termMonotonic.onSend(from, server, term);
    this.electionSafety.onClaim(from, term);
    this.voteDurable.onAppendEntries(from, server, term);
  }

  onVoteSent(from: ProcessId, server: ServerGhost, term: Term, candidate: ProcessId): void {
    this.termMonotonic.onSend(from, server, term);
    this.voteOnce.onVote(from, server, term, candidate);
    this.voteAfterLeader.onVote(from, server, term, candidate);
    this.voteDurable.onVote(from, server, term, candidate);
    this.ghost.voted(server, term, candidate);
  }

  onTerm(process: ProcessId, server: ServerGhost, term: Term): void {
    this.termMonotonic.onTerm(process, server, term);
    this.ghost.termIs(server, term);
  }

  onFollower(process: ProcessId, server: ServerGhost, term: Term): void {
    this.preVoteHarmless.onFollower(process, term);
    this.onTerm(process, server, term);
    server.isLeader = false;
  }

  onPreCandidate(process: ProcessId, server: ServerGhost, term: Term): void {
    this.preVoteHarmless.onPreCandidate(process, server, term);
    this.leaderMembership.onCandidate(process, server, term);
  }

  onCandidate(process: ProcessId, server: ServerGhost, term: Term): void {
    this.onTerm(process, server, term);
    this.leaderMembership.onCandidate(process, server, term);
    this.ghost.stoodForElection(server, term);
    server.isLeader = false;
  }

  onElected(process: ProcessId, server: ServerGhost, term: Term): void {
    this.termMonotonic.onTerm(process, server, term);
    this.electionSafety.onClaim(process, term);
    this.electionQuorum.onElected(process, server, term);
    this.leaderMembership.onCandidate(process, server, term);
  }

  onAppended(process: ProcessId, server: ServerGhost): void {
    if (server.isLeader) this.leaderMembership.onLeaderAppended(process, server);
  }

  onRecovered(process: ProcessId, server: ServerGhost, term: Term): void {
    this.termMonotonic.onRecovered(process, server, term);
  }

  onDurableVote(process: ProcessId, server: ServerGhost, record: MetaRecord): void {
    this.preVoteHarmless.onDurableVote(process, server, record);
  }
}
