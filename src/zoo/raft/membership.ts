/** Raft bugs in membership changes and leadership transfer. */

import type { ProcessId } from '../../kernel/index.js';
import {
  RaftReplica,
  isVoter,
  membersOf,
  quorumValue,
  type Configuration,
  type LogIndex,
} from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

/** Learners count towards the quorum that commits. */
class LearnersCounted extends RaftReplica {
  protected override quorumMatchIndex(): LogIndex {
    const { configuration } = this;
    const voters = membersOf({ ...configuration, outgoing: [] });
    return quorumValue({ ...configuration, voters }, this.matches);
  }
}

/** A leader that is not a voter counts itself all the same. */
class NonVoterCountsItself extends RaftReplica {
  protected override quorumMatchIndex(): LogIndex {
    const { configuration, me } = this;
    if (isVoter(configuration, me)) return super.quorumMatchIndex();
    return quorumValue({ ...configuration, voters: [...configuration.voters, me] }, this.matches);
  }
}

/** In a joint configuration only the new half is asked. */
class OneHalfCommits extends RaftReplica {
  protected override quorumMatchIndex(): LogIndex {
    return quorumValue({ ...this.configuration, outgoing: [] }, this.matches);
  }
}

/** A new leader changes the configuration before it has committed anything of its own term. */
class ChangeBeforeOwnCommit extends RaftReplica {
  protected override mayChangeConfiguration(): boolean {
    return this.isConfigurationCommitted();
  }
}

/** A configuration takes effect when it is applied. */
class ActiveAtApply extends RaftReplica {
  protected override get configuration(): Configuration {
    return this.configurations.at(this.lastApplied).configuration;
  }
}

/** A server that does not know yet that it has become a voter does not vote. */
class LearnerRefusesToVote extends RaftReplica {
  protected override mayVoteFor(candidate: ProcessId): boolean {
    return this.isVoterHere() && super.mayVoteFor(candidate);
  }
}

/** A transfer that does not succeed is never given up, and meanwhile no write is taken. */
class TransferNeverGivenUp extends RaftReplica {
  protected override transferTimedOut(): void {
    // The mistake: the message to the target may be lost.
  }
}

export const MEMBERSHIP_BUGS: readonly Bug[] = [
  raftBug(LearnersCounted, {
    id: 'R39-learners-counted',
    title: 'Learners count towards the quorum that commits.',
    source: "RedisLabs/raft pull request 13; the rule is in Ongaro's dissertation §4.2.1",
    invariants: ['raft/commit-durable-quorum'],
    scenario: 'raft/learner-storm',
  }),
  raftBug(NonVoterCountsItself, {
    id: 'R39b-non-voter-counts-itself',
    title: 'A leader that is removing itself counts its own log towards the quorum.',
    source: 'RedisLabs/raft pull request 13; openraft pull request 364',
    invariants: ['raft/commit-durable-quorum'],
    scenario: 'raft/removed-servers',
  }),
  raftBug(OneHalfCommits, {
    id: 'R39c-one-half-commits',
    title: 'In a joint configuration a majority of one half is enough to commit.',
    source: 'openraft commit 6c0ccaf3',
    invariants: ['raft/commit-durable-quorum'],
    scenario: 'raft/joint-by-hand',
  }),
  raftBug(ChangeBeforeOwnCommit, {
    id: 'R64-change-before-own-commit',
    title: 'A new leader changes the configuration before it has committed an entry of its own term.',
    source: 'Ongaro on raft-dev, July 2015; copycat issue 23; braft issue 182',
    invariants: ['raft/configuration-step', 'raft/leader-completeness', 'raft/election-safety'],
    scenario: 'raft/two-removals',
  }),
  raftBug(ActiveAtApply, {
    id: 'R65-active-at-apply',
    title: 'A configuration takes effect when it is applied, not when it is appended.',
    source: 'etcd issues 7280 and 12133; etcd-io/raft issue 456',
    invariants: ['raft/commit-durable-quorum', 'raft/election-quorum', 'raft/election-safety'],
    scenario: 'raft/reconfiguration-in-incident',
  }),
  raftBug(LearnerRefusesToVote, {
    id: 'R66-learner-refuses-to-vote',
    title: 'A server that has not heard of its promotion refuses to vote, and nobody can be elected.',
    source: 'etcd pull request 10998; raft-rs issues 57 and 58',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'raft/joint-by-hand',
  }),
  raftBug(TransferNeverGivenUp, {
    id: 'R87b-transfer-never-given-up',
    title: 'A transfer whose message got lost is never given up, and the leader turns every write away.',
    source: 'openraft issue 2088; go-dqlite issue 271',
    invariants: ['any/progress'],
    scenario: 'raft/region-failover',
  }),
];
