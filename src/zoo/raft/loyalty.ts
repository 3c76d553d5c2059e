/** Raft bugs in what keeps a leader in office and lets it go: pre-votes, loyal voters, stepping down. */

import type { ProcessId } from '../../kernel/index.js';
import { RaftReplica, type PeerMessage, type PreVote } from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

/** A pre-vote of an old term is dropped, so that whoever is behind never learns of it. */
class OldPreVoteDropped extends RaftReplica {
  protected override onPreVote(from: ProcessId, message: PreVote): void {
    if (message.term > this.currentTerm) super.onPreVote(from, message);
  }
}

/** The term that comes with a refused pre-vote is not taken over. */
class RefusalTeachesNoTerm extends RaftReplica {
  protected override carriesTerm(message: PeerMessage): boolean {
    return message.kind !== 'PreVoteResponse' && super.carriesTerm(message);
  }
}

/** A leader stays in office whoever answers. */
class LeaderNeverStepsDown extends RaftReplica {
  protected override mustStepDown(): boolean {
    return false;
  }
}

/** Nobody asks first, and everybody listens to whoever has the later term. */
class RejoiningServerDisrupts extends RaftReplica {
  protected override becomePreCandidate(): void {
    this.becomeCandidate(false);
  }

  protected override isDisruptive(): boolean {
    return false;
  }
}

export const LOYALTY_BUGS: readonly Bug[] = [
  raftBug(OldPreVoteDropped, {
    id: 'R14-old-pre-vote-dropped',
    title: 'A pre-vote of an old term gets no answer, and whoever is behind never learns the present term.',
    source: 'etcd issue 8243',
    invariants: ['any/progress', 'any/convergence', 'any/membership-settles'],
    scenario: 'raft/all-of-it',
  }),
  raftBug(RefusalTeachesNoTerm, {
    id: 'R16-refusal-teaches-no-term',
    title:
      'A candidate does not learn the present term from a refused pre-vote, and asks for an old one for ever.',
    source: 'openraft issue 1796 and pull request 1800',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'raft/all-of-it',
  }),
  raftBug(LeaderNeverStepsDown, {
    id: 'R19-leader-never-steps-down',
    title: 'A leader that reaches no quorum stays, and keeps the one server loyal that could be elected.',
    source: "openraft issue 2080; Cloudflare's outage of 2 November 2020",
    invariants: ['any/progress'],
    scenario: 'raft/removed-servers',
  }),
  raftBug(RejoiningServerDisrupts, {
    id: 'R20-rejoining-server-disrupts',
    title:
      'A server that was removed or cut off raises its term meanwhile, and deposes the leader when it comes back.',
    source: 'hashicorp/raft issue 524 and pull requests 476 and 526',
    invariants: ['any/stable-leader'],
    scenario: 'raft/removed-servers',
  }),
];
