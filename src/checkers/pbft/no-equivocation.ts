/** A correct replica says one thing. */

import type { ProcessId } from '../../kernel/index.js';
import type { Sequence, View } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import { Said, type PlaceGhost, type SaidKind } from './places.js';

export const NO_EQUIVOCATION = pbftSafety(
  'no-equivocation',
  'A replica never says two different things about the same view and sequence, not even across restarts.',
  'Over all time: of the PRE-PREPAREs (in a NEW-VIEW or not), the PREPAREs and the COMMITs that a replica has sent for (v, n), those of one kind have one digest; of the VIEW-CHANGEs and of the NEW-VIEWs that it has sent for v, all of one kind have one content (of VIEW-CHANGEs, those with the number of one recovery: a quorum of those who know of a later one takes earlier ones for void, TOCS 2002, §4); only the primary of v sends PRE-PREPAREs and NEW-VIEWs of v as its own, and it sends no PREPARE in v. Judged at every send, above what is behind all stable checkpoints.',
  '§4.2 and §4.4',
);

const NAMES = ['PRE-PREPARE', 'PREPARE', 'COMMIT'] as const;

export class NoEquivocation extends PbftChecker {
  override readonly info = NO_EQUIVOCATION;

  /** Before the ghost takes it in. */
  onSaid(
    process: ProcessId,
    place: PlaceGhost,
    kind: Exclude<SaidKind, 3>,
    view: View,
    sequence: Sequence,
    digest: number,
  ): void {
    const isPrimary = this.ghost.primaryOf(view) === process;
    if (kind !== Said.commit && isPrimary !== (kind === Said.prePrepare)) {
      this.violate(
        `${this.ghost.name(process)}, ${isPrimary ? 'the' : 'not the'} primary, sent a ${NAMES[kind]} of ${this.place(view, sequence)}`,
      );
      return;
    }
    const rival = place.rival(view, digest, kind, 1 << process);
    if (rival === undefined) return;
    this.violate(
      `${this.ghost.name(process)} sent a ${NAMES[kind]} with digest ${digest} of ${this.place(view, sequence)}, of which it ` +
        `had sent digest ${rival.digest}`,
    );
  }

  onViewChange(process: ProcessId, replica: ReplicaGhost, view: View, digest: number): void {
    if (replica.leftFor !== view || replica.leftDigest === digest) return;
    this.violate(`${this.ghost.name(process)} sent two different VIEW-CHANGEs for view ${view}`);
  }

  onNewView(process: ProcessId, replica: ReplicaGhost, view: View, digest: number): void {
    if (this.ghost.primaryOf(view) !== process) {
      this.violate(`${this.ghost.name(process)}, not the primary, began view ${view}`);
    } else if (replica.begun === view && replica.begunDigest !== digest) {
      this.violate(`${this.ghost.name(process)} sent two different NEW-VIEWs for view ${view}`);
    }
  }
}
