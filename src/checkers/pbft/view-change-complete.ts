/** With MACs nothing but a view change itself tells what its sender knows: so it must tell all of it. */

import type { ProcessId } from '../../kernel/index.js';
import {
  HELD_PER_PRIMARY,
  type MacViewChange,
  type Sequence,
  type Tuple,
} from '../../protocols/pbft/index.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import { Said, type Ballot } from './places.js';

export const VIEW_CHANGE_COMPLETE = pbftSafety(
  'view-change-complete',
  'With MACs, a view change tells all that its sender was prepared for and has pre-prepared, and nothing else.',
  'When a replica sends a VIEW-CHANGE with P and Q, then for each sequence above its stable checkpoint: if it was ever prepared there in an earlier view than the one it leaves for (by a durable certificate or a COMMIT), P has the digest of the highest such view, and that view; every element of P, above what is behind a stable checkpoint on its disk by then, is one that it was prepared for; and of each digest for which it has sent a PRE-PREPARE or PREPARE in view u, Q has that digest with a view of at least u (but for those that give way to later ones of the same primary). (A replica may be prepared, leave the view and learn of a stable checkpoint before any of it is durable: then the certificate never comes to its disk, since the journal begins anew without what is behind the checkpoint, and binds nobody.) Judged at every send, above what is behind all stable checkpoints.',
  'thesis (MIT-LCS-TR-817), chapter 3: the computation of P and Q',
);

export class ViewChangeComplete extends PbftChecker {
  override readonly info = VIEW_CHANGE_COMPLETE;

  onViewChange(process: ProcessId, message: MacViewChange): void {
    const { places, window } = this.ghost;
    const last = Math.min(places.highest, message.stable + window);
    for (let sequence = Math.max(places.floor, message.stable) + 1; sequence <= last; sequence++) {
      this.judge(process, message, sequence);
    }
  }

  private judge(process: ProcessId, message: MacViewChange, sequence: Sequence): void {
    const place = this.ghost.places.at(sequence);
    const said = message.prepared.find((tuple) => tuple.sequence === sequence);
    const bit = 1 << process;
    let prepared: Ballot | undefined;
    for (let i = 0; i < (place?.count ?? 0); i++) {
      const ballot = place?.ballots[i] as Ballot;
      // What it waits for on the way to the disk is sent late: by then it may be prepared in the view that it left for.
      if (ballot.view >= message.view) continue;
      const isLatest = prepared === undefined || ballot.view > prepared.view;
      if ((ballot.by(Said.certified) & bit) !== 0 && isLatest) prepared = ballot;
      if (((ballot.by(Said.prePrepare) | ballot.by(Said.prepare)) & bit) !== 0) {
        this.judgePrePrepared(process, message, sequence, ballot);
      }
    }
    if (said?.view === prepared?.view && said?.digest === prepared?.digest) return;
    const isBehind = sequence <= (this.ghost.replica(process)?.disk.stable ?? 0);
    if (isBehind && said !== undefined && said.view > (prepared?.view ?? -1)) return;
    this.violate(
      `${this.ghost.name(process)} left for view ${message.view} with ${tupleText(said)} at batch ${sequence}, where it ` +
        `was last prepared for ${tupleText(prepared)}`,
    );
  }

  private judgePrePrepared(
    process: ProcessId,
    { view, prePrepared }: MacViewChange,
    sequence: Sequence,
    ballot: Ballot,
  ): void {
    if (ballot.view >= view) return;
    const here = prePrepared.filter((tuple) => tuple.sequence === sequence);
    if (here.some((tuple) => tuple.digest === ballot.digest && tuple.view >= ballot.view)) return;
    const primary = this.ghost.primaryOf(ballot.view);
    const later = here.filter(
      (tuple) => this.ghost.primaryOf(tuple.view) === primary && tuple.view > ballot.view,
    );
    if (later.length >= HELD_PER_PRIMARY) return;
    this.violate(
      `${this.ghost.name(process)} left for view ${view} without a word of digest ${ballot.digest}, which it had ` +
        `pre-prepared as ${this.place(ballot.view, sequence)}`,
    );
  }
}

function tupleText(tuple: Pick<Tuple, 'view' | 'digest'> | undefined): string {
  return tuple === undefined ? 'nothing' : `digest ${tuple.digest} of view ${tuple.view}`;
}
