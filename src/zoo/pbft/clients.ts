/** PBFT bugs in what clients are told, and what becomes of those who lag behind. */

import { PbftReplica } from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { pbftBug } from './pbft-bug.js';

/** Replicas that lack what was decided are left to the primary, and to the next stable checkpoint. */
class DecisionsNotForwarded extends PbftReplica {
  protected override sendDecisions(): void {
    // Nothing: as in the published protocol.
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
];
