/** Raft bugs in elections: who may vote, which votes count, who may stand. */

import type { ProcessId } from '../../kernel/index.js';
import {
  RaftReplica,
  isVoter,
  type PreVote,
  type RequestVote,
  type RequestVoteResponse,
} from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

/** A grant of an earlier election counts in this one. */
class StaleVoteCounted extends RaftReplica {
  protected override isVoteOfThisElection(message: RequestVoteResponse): boolean {
    return this.role === 'candidate' && message.granted;
  }
}

/** Votes are a counter, not a set: a repeated grant counts again. */
class DuplicateVoteCounted extends RaftReplica {
  protected override hasVoted(): boolean {
    return false;
  }

  protected override hasVoteQuorum(): boolean {
    return this.votes.length * 2 > this.configuration.voters.length;
  }
}

/** Whoever has not voted in a term may vote in it, also when its leader is known. */
class VoteDespiteKnownLeader extends RaftReplica {
  protected override mayVoteFor(candidate: ProcessId): boolean {
    if (this.role === 'leader' || this.role === 'candidate' || !this.trustsDisk()) return false;
    return this.votedFor === -1 || this.votedFor === candidate;
  }
}

/** The voter does not compare logs. */
class NoUpToDateCheck extends RaftReplica {
  protected override isCandidateUpToDate(): boolean {
    return true;
  }
}

/** The longer log wins, whatever the term of its last entry. */
class LongerLogWins extends RaftReplica {
  protected override isCandidateUpToDate({ lastLogIndex, lastLogTerm }: PreVote | RequestVote): boolean {
    const { lastIndex, lastTerm } = this.log;
    return lastLogIndex > lastIndex || (lastLogIndex === lastIndex && lastLogTerm >= lastTerm);
  }
}

/** Both the last term and the last index must be at least the voter's: not an order, so nobody may win. */
class ElementwiseUpToDate extends RaftReplica {
  protected override isCandidateUpToDate({ lastLogIndex, lastLogTerm }: PreVote | RequestVote): boolean {
    return lastLogTerm >= this.log.lastTerm && lastLogIndex >= this.log.lastIndex;
  }
}

/** Those who said in advance that they would vote are counted as having voted. */
class PreVotesKept extends RaftReplica {
  protected override becomeCandidate(isTransfer: boolean): void {
    const kept = this.votes.filter((member) => member !== this.me);
    super.becomeCandidate(isTransfer);
    this.votes.push(...kept);
  }
}

/** Stands for election only by its own configuration, also when it alone has the entry that removes it. */
class LeavingServerNeverStands extends RaftReplica {
  protected override mayCampaign(): boolean {
    return this.trustsDisk() && isVoter(this.configuration, this.me);
  }
}

export const ELECTION_BUGS: readonly Bug[] = [
  raftBug(StaleVoteCounted, {
    id: 'R04-stale-vote-counted',
    title: "A grant from an earlier election is counted in the candidate's present one.",
    source: 'xraft issue 33',
    invariants: ['raft/election-quorum', 'raft/election-safety'],
    scenario: 'raft/late-messages',
  }),
  raftBug(DuplicateVoteCounted, {
    id: 'R05-duplicate-vote-counted',
    title: 'A repeated grant from one voter counts twice.',
    source: 'butaneprotocol/oracles pull request 18',
    invariants: ['raft/election-quorum', 'raft/election-safety'],
    scenario: 'raft/duplicate-storm',
  }),
  raftBug(NoUpToDateCheck, {
    id: 'R08-no-up-to-date-check',
    title: "A voter does not compare the candidate's log with its own.",
    source: 'jgroups-raft issue 14',
    invariants: ['raft/leader-completeness'],
    scenario: 'raft/plain-elections',
  }),
  raftBug(LongerLogWins, {
    id: 'R09b-longer-log-wins',
    title: 'Voters compare the lengths of logs before the terms of their last entries.',
    source: 'the opposite mistake of openraft commit a48a3282; the rule is §5.4.1',
    invariants: ['raft/leader-completeness'],
    scenario: 'raft/plain-elections',
  }),
  raftBug(ElementwiseUpToDate, {
    id: 'R09-elementwise-up-to-date',
    title:
      'A candidate needs both a last term and a last index at least as high as the voter: nobody may win.',
    source: 'openraft commit a48a3282',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'raft/all-of-it',
  }),
  raftBug(VoteDespiteKnownLeader, {
    id: 'R11-vote-despite-known-leader',
    title: 'A follower votes for somebody else in a term of which it knows the leader already.',
    source: 'CCF issue 3808 and pull request 3810',
    invariants: ['raft/vote-after-leader'],
    scenario: 'raft/late-candidates',
    harmless: 'Whoever made the leader has voted, so that no second majority is left in that term.',
  }),
  raftBug(PreVotesKept, {
    id: 'R17-pre-votes-kept',
    title: 'Grants of the pre-vote are not forgotten and count as votes.',
    source: 'raft-rs pull request 83',
    invariants: ['raft/election-quorum', 'raft/election-safety'],
    scenario: 'raft/crash-restart-storm',
  }),
  raftBug(LeavingServerNeverStands, {
    id: 'R71b-leaving-server-never-stands',
    title:
      'A server whose removal is in its log, but not committed, leaves elections to those who cannot win.',
    source:
      "Faultline's own Raft, found by raft/removed-servers; the rule is in Ongaro's dissertation §4.2.2",
    invariants: ['any/progress'],
    scenario: 'raft/learner-storm',
  }),
];
