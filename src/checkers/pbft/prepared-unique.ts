/** One digest is prepared for a place of a view. */

import type { ProcessId } from '../../kernel/index.js';
import type { Sequence, View } from '../../protocols/pbft/index.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import { Said, type PlaceGhost } from './places.js';

/** Every replica. */
const ANYBODY = -1;

export const PREPARED_UNIQUE = pbftSafety(
  'prepared-unique',
  'In one view, no two replicas are prepared for different batches at one sequence.',
  'For each view v and sequence n, over all time: all replicas that hold a durable prepared certificate for (v, n), or have sent a COMMIT of it, do so with one digest. Judged when a certificate becomes durable and when a COMMIT is sent, above what is behind all stable checkpoints.',
  '§4.2, "the pre-prepare and prepare phases … guarantee that non-faulty replicas agree on a total order for the requests within a view"',
);

export class PreparedUnique extends PbftChecker {
  override readonly info = PREPARED_UNIQUE;

  onPrepared(process: ProcessId, place: PlaceGhost, view: View, sequence: Sequence, digest: number): void {
    const rival = place.rival(view, digest, Said.certified, ANYBODY);
    if (rival === undefined) return;
    this.violate(
      `${this.ghost.name(process)} is prepared for digest ${digest} as ${this.place(view, sequence)}, another replica ` +
        `for digest ${rival.digest}`,
    );
  }
}
