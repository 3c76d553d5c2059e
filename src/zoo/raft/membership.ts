/** Raft bugs in membership changes and leadership transfer. */

import type { ProcessId } from '../../kernel/index.js';
import {
  RaftReplica,
  isVoter,
  membersOf,
  quorumValue,
  type Configuration,
  type LogIndex,
  type RequestVote,
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

/** A server that has been removed stands for election all the same. */
class RemovedServerStands extends RaftReplica {
  protected override mayCampaign(): boolean {
    return this.trustsDisk();
  }
}

/** The second step of a joint change applies the difference once more, to what the first step has made. */
class DifferenceAppliedTwice extends RaftReplica {
  protected override afterJoint(configuration: Configuration): Configuration {
    const { voters, outgoing } = configuration;
    const next = super.afterJoint(configuration);
    return { ...next, voters: [...new Set([...voters, ...outgoing])].sort((a, b) => a - b), learners: [] };
  }
}

/** Whatever changes, who was a learner loses the mark that says so. */
class LearnerMarkLost extends RaftReplica {
  protected override proposeConfiguration(configuration: Configuration): void {
    const { learners } = this.configuration;
    const unmarked = configuration.learners.filter((member) => learners.includes(member));
    super.proposeConfiguration({
      ...configuration,
      voters: [...configuration.voters, ...unmarked].sort((a, b) => a - b),
      learners: configuration.learners.filter((member) => !unmarked.includes(member)),
      joining: configuration.joining.filter((member) => !unmarked.includes(member)),
    });
  }
}

/** A leader changes the configuration whenever it is asked to, whether or not the last change is committed. */
class ChangeUponChange extends RaftReplica {
  protected override isConfigurationCommitted(): boolean {
    return true;
  }
}

/** Who is asked to take over asks first whether he would be elected; and whoever follows the leader says no. */
class PreVoteInTransfer extends RaftReplica {
  protected override becomeCandidate(isTransfer: boolean): void {
    if (isTransfer && this.settings.preVote) this.becomePreCandidate();
    else super.becomeCandidate(isTransfer);
  }
}

/** Voters are loyal to the leader also when it is he that asked for the election. */
class LoyalAgainstTransfer extends RaftReplica {
  protected override isDisruptive(message: RequestVote): boolean {
    return super.isDisruptive({ ...message, isTransfer: false });
  }
}

/** The target is asked to take over at once, whatever it lacks. */
class TransferToWhoLags extends RaftReplica {
  protected override isReadyToTakeOver(): boolean {
    return true;
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
  raftBug(RemovedServerStands, {
    id: 'R71-removed-server-stands',
    title: 'A server that has been removed stands for election, and may become leader.',
    source: 'logcabin issue 205',
    invariants: ['raft/leader-membership'],
    scenario: 'raft/reconfiguration-in-incident',
  }),
  raftBug(DifferenceAppliedTwice, {
    id: 'R74-difference-applied-twice',
    title: 'The second step of a joint change does not lead to the incoming voters.',
    source: 'openraft, joint-consensus.md, on versions before 3 April 2025',
    invariants: ['raft/configuration-step'],
    scenario: 'raft/reconfiguration-in-incident',
  }),
  raftBug(LearnerMarkLost, {
    id: 'R75-learner-mark-lost',
    title: 'A change of something else makes voters of those who were learners.',
    source: 'etcd issues 19557 and 21694',
    invariants: ['raft/configuration-step'],
    scenario: 'raft/learner-storm',
  }),
  raftBug(ChangeUponChange, {
    id: 'R78-change-upon-change',
    title: 'A leader that may be cut off appends one change after the other, and says that they are done.',
    source: 'redisraft issues 17, 28 and 44 (Jepsen, 2020)',
    invariants: ['raft/configuration-step', 'raft/configuration-intersection'],
    scenario: 'raft/single-server-changes',
  }),
  raftBug(PreVoteInTransfer, {
    id: 'R86-pre-vote-in-transfer',
    title:
      'The target of a transfer asks for pre-votes, and all are still loyal to the leader that hands over.',
    source: 'canonical/raft issue 203 and pull request 205',
    invariants: ['any/transfer-succeeds'],
    scenario: 'raft/transfer-in-calm',
  }),
  raftBug(LoyalAgainstTransfer, {
    id: 'R86b-loyal-against-transfer',
    title: 'Voters refuse the target of a transfer, since they have just heard from the leader.',
    source: 'braft pull request 262',
    invariants: ['any/transfer-succeeds'],
    scenario: 'raft/transfer-in-calm',
  }),
  raftBug(TransferToWhoLags, {
    id: 'R87-transfer-to-who-lags',
    title:
      'The target of a transfer is told to stand before it has what the others have, and is not elected.',
    source: 'redpanda issue 2606; hashicorp/raft pull request 487',
    invariants: ['any/transfer-succeeds'],
    scenario: 'raft/transfer-in-calm',
  }),
  raftBug(TransferNeverGivenUp, {
    id: 'R87b-transfer-never-given-up',
    title: 'A transfer whose message got lost is never given up, and the leader turns every write away.',
    source: 'openraft issue 2088; go-dqlite issue 271',
    invariants: ['any/transfer-ends', 'any/progress'],
    scenario: 'raft/transfer-under-load',
  }),
];
