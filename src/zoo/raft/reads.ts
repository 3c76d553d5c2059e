/** Raft bugs in reads that do not go through the log. */

import type { Micros, ProcessId } from '../../kernel/index.js';
import { RaftReplica, type Progress } from '../../protocols/raft/index.js';
import type { Bug } from '../bug.js';
import { raftBug } from './raft-bug.js';

type Request = Parameters<RaftReplica['serveRead']>[1];
type Mode = Parameters<RaftReplica['serveRead']>[2];

/** A new leader serves reads before it knows what is committed. */
class ReadBeforeOwnCommit extends RaftReplica {
  protected override mayBeginReads(): boolean {
    return true;
  }
}

/** Leases are measured on the wall clock. */
class LeaseOnWallClock extends RaftReplica {
  protected override leaseClock(): Micros {
    return this.host.wallNow();
  }

  protected override suspendLease(): void {
    // Part of the mistake: nobody looks whether the clock has jumped.
  }
}

/** Whoever believes to be leader has the lease, however long nobody has answered. */
class LeaseWithoutCheckQuorum extends RaftReplica {
  protected override mustStepDown(): boolean {
    return false;
  }

  protected override hasLease(): boolean {
    return !this.hasForfeitedLease;
  }
}

/** The lease stays although somebody has been asked to take over. */
class LeaseKeptInTransfer extends RaftReplica {
  protected override forfeitLease(): void {
    // The mistake: the target may be elected at any time from now on.
  }
}

/** Any answer confirms the latest round, also one to an earlier message. */
class AnyAnswerConfirms extends RaftReplica {
  protected override heardFromPeer(peer: Progress): void {
    super.heardFromPeer(peer, this.round);
  }
}

/** The number of a round is given back whatever term it was begun in. */
class RoundOfAnotherTerm extends RaftReplica {
  protected override roundOf({ round }: { readonly round: number }): number {
    return round;
  }
}

/** The leader does not wait for its rounds to be answered. */
class RoundNotAwaited extends RaftReplica {
  protected override quorumOfRounds(): number {
    return this.round;
  }
}

/** A session read is answered from what there is, whatever the client has seen. */
class SessionReadDoesNotWait extends RaftReplica {
  protected override serveRead(from: ProcessId, request: Request, mode: Mode): boolean {
    return super.serveRead(from, { ...request, minIndex: 0 }, mode);
  }
}

/** A follower answers without asking the leader. */
class FollowerReadNotAsked extends RaftReplica {
  protected override serveRead(from: ProcessId, request: Request, mode: Mode): boolean {
    return super.serveRead(from, request, mode === 'follower' ? 'stale' : mode);
  }
}

export const READ_BUGS: readonly Bug[] = [
  raftBug(ReadBeforeOwnCommit, {
    id: 'R79-read-before-own-commit',
    title: 'A new leader serves reads before it has committed an entry of its own term.',
    source: 'etcd issue 7331; tikv pull request 6340 and issue 9239; redisraft issues 18 and 19',
    invariants: ['raft/read-index', 'any/read-freshness', 'any/linearizability'],
    scenario: 'raft/read-index',
  }),
  raftBug(LeaseOnWallClock, {
    id: 'R81-lease-on-wall-clock',
    title: 'A lease is measured on the wall clock, which jumps.',
    source: 'tikv issues 964 and 1127; yugabyte-db issue 16',
    invariants: ['raft/read-index', 'any/read-freshness', 'any/linearizability'],
    scenario: 'raft/lease-reads',
  }),
  raftBug(LeaseWithoutCheckQuorum, {
    id: 'R83-lease-without-check-quorum',
    title: 'Lease reads are served by a leader that never asks whether it is still followed.',
    source: 'raft-rs issue 140 and pull request 141',
    invariants: ['raft/read-index', 'any/read-freshness', 'any/linearizability'],
    scenario: 'raft/lease-reads',
  }),
  raftBug(LeaseKeptInTransfer, {
    id: 'R85-lease-kept-in-transfer',
    title: 'A leader serves lease reads after it has asked somebody to take over.',
    source:
      'the rule is in etcd-io/raft, testdata/forget_leader_read_only_lease_based.txt: no lease, no loyalty',
    invariants: ['raft/read-index', 'any/read-freshness', 'any/linearizability'],
    scenario: 'raft/transfer-under-load',
  }),
  raftBug(AnyAnswerConfirms, {
    id: 'R97-any-answer-confirms',
    title: 'An answer to an earlier message confirms a read that began after it.',
    source: 'dgraph pull request 2469',
    invariants: ['raft/read-index', 'any/read-freshness', 'any/linearizability'],
    scenario: 'raft/lease-reads',
  }),
  raftBug(RoundNotAwaited, {
    id: 'R97b-round-not-awaited',
    title: 'A leader answers reads without asking anybody whether it still leads.',
    source: 'redisraft issue 19',
    invariants: ['raft/read-index', 'any/read-freshness', 'any/linearizability'],
    scenario: 'raft/read-index',
  }),
  raftBug(RoundOfAnotherTerm, {
    id: 'R97c-round-of-another-term',
    title: 'An answer to a message of an earlier term brings its round into the present one.',
    source:
      "Faultline's own Raft; answers that confirm another read than theirs are etcd issue 20418 and antfly pull request 599",
    invariants: ['raft/round-answered', 'raft/read-index', 'any/read-freshness'],
    scenario: 'raft/lease-reads',
  }),
  raftBug(SessionReadDoesNotWait, {
    id: 'R98-session-read-does-not-wait',
    title: 'A session read does not wait for what the client has already seen.',
    source: 'the rule is in Terry et al., Session Guarantees for Weakly Consistent Replicated Data (1994)',
    invariants: ['any/session-reads'],
    scenario: 'raft/reads-under-lag',
  }),
  raftBug(FollowerReadNotAsked, {
    id: 'R99-follower-read-not-asked',
    title: 'A follower answers a read without asking the leader how far it must have applied.',
    source: "the rule is in Ongaro's dissertation §6.4",
    invariants: ['raft/read-index', 'any/read-freshness', 'any/linearizability'],
    scenario: 'raft/reads-under-lag',
  }),
];
