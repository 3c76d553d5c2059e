/** No two replicas execute different batches at one place. */

import type { ProcessId } from '../../kernel/index.js';
import type { Sequence, View } from '../../protocols/pbft/index.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import type { PlaceGhost } from './places.js';

export const AGREEMENT = pbftSafety(
  'agreement',
  'No two replicas decide on different batches at one sequence, in whatever views.',
  'Over all time: of the batches that replicas have executed at sequence n, or have sent a DECISION of, all have one digest. (What replicas then apply is compared by any/agreement.) Judged at every execution and every DECISION sent, above what is behind all stable checkpoints.',
  '§4.2, the invariant of committed-local; §4.4',
);

export class PbftAgreement extends PbftChecker {
  override readonly info = AGREEMENT;

  /** Also takes the decision in. */
  onDecided(process: ProcessId, place: PlaceGhost, view: View, sequence: Sequence, digest: number): void {
    if (!place.isDecided) {
      place.isDecided = true;
      place.decision = digest;
      place.decidedIn = view;
      place.decidedBy = process;
      return;
    }
    if (place.decision === digest) return;
    this.violate(
      `${this.ghost.name(process)} decided on digest ${digest} for ${this.place(view, sequence)}, but ` +
        `${this.ghost.name(place.decidedBy)} on digest ${place.decision} in view ${place.decidedIn}`,
    );
  }
}
