/** PBFT bugs in what clients are told, and what becomes of those who lag behind. */

import type { Proof } from '../../kernel/index.js';
import { PbftReplica, type DecisionCertificate } from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { NothingIsARepetition, behind } from '../services/sessions.js';
import { pbftBug } from './pbft-bug.js';

/** Replicas that lack what was decided are left to the primary, and to the next stable checkpoint. */
class DecisionsNotForwarded extends PbftReplica {
  protected override sendDecisions(): void {
    // Nothing: as in the published protocol.
  }
}

/** A decision that is passed on lacks a commit of its certificate, so that nobody may believe it. */
class DecisionsWithoutProof extends PbftReplica {
  protected override shownCommits(decision: DecisionCertificate): readonly Proof[] {
    return super.shownCommits(decision).slice(1);
  }
}

export const CLIENT_BUGS: readonly Bug[] = [
  pbftBug(DecisionsNotForwarded, {
    id: 'P01-decisions-not-forwarded',
    title:
      'With read-only requests on, operations wait for a quorum of replies, and nobody sends decisions to a replica that the primary starves.',
    source: 'Berger, Reiser and Bessani, SRDS 2021, arXiv 2107.11144',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'pbft/starved-replica',
  }),
  pbftBug(DecisionsWithoutProof, {
    id: 'P30-decisions-without-proof',
    title: 'What was decided is passed on without the proof of it, and those who lag refuse it for ever.',
    source: 'FISCO BCOS, FIB-127: a committed proposal comes back from the log without its signatures',
    invariants: ['pbft/certificates', 'any/progress', 'any/convergence'],
    scenario: 'pbft/starved-replica',
  }),
  // Exactly once is the service's here, and what a liar proposes again is a repetition for it as well.
  {
    id: 'P17-replayed-request-runs-again',
    protocol: 'pbft',
    title: 'A primary proposes a request again that was executed, and it is executed a second time.',
    source: 'BFT-SMaRt commit 7e4de7f6',
    invariants: ['any/duplicate-effect', 'any/exactly-once'],
    scenario: 'pbft/mangled-batches',
    createService: behind(NothingIsARepetition),
  },
];
