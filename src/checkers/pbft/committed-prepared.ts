/** What is executed was prepared by enough replicas to survive every view change. */

import type { ProcessId } from '../../kernel/index.js';
import { sizeOf, type Sequence, type View } from '../../protocols/pbft/index.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import { Said, type PlaceGhost } from './places.js';

export const COMMITTED_PREPARED = pbftSafety(
  'committed-prepared',
  'A batch is executed only when enough correct replicas are prepared for it, durably.',
  'When a replica executes digest d at sequence n, decided in view v, then at least q - f correct replicas (f + 1 when n = 3f + 1) hold a durable prepared certificate for (v, n, d) or have sent a COMMIT of it; with MACs for (u, n, d) of any view u, since those by whose word it knows of a decision may have come to it in different views. Judged at every execution, above what is behind all stable checkpoints.',
  '§4.2, "if committed-local(m, v, n, i) is true for some non-faulty i then committed(m, v, n) is true"',
);

export class CommittedPrepared extends PbftChecker {
  override readonly info = COMMITTED_PREPARED;

  onExecuted(process: ProcessId, place: PlaceGhost, view: View, sequence: Sequence, digest: number): void {
    const prepared = this.ghost.heardOf(place.find(view, digest)?.by(Said.certified) ?? 0);
    if (this.ghost.isCorrectPart(prepared, view) || this.isPreparedElsewhere(place, digest)) return;
    this.violate(
      `${this.ghost.name(process)} executed ${this.place(view, sequence)} while ${sizeOf(prepared)} correct replicas were ` +
        `prepared for it; ${this.ghost.quorumOf(view).correct} are needed`,
    );
  }

  private isPreparedElsewhere(place: PlaceGhost, digest: number): boolean {
    if (this.ghost.proofs !== 'macs') return false;
    return this.ghost.isAgreedInSomeView(place, digest, (ballot) => ballot.by(Said.certified));
  }
}
