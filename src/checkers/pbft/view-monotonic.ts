/** Views only grow. */

import type { ProcessId } from '../../kernel/index.js';
import type { View } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const VIEW_MONOTONIC = pbftSafety(
  'view-monotonic',
  "A replica's view never goes back.",
  'Between its start and its end, a replica reports only views that are no lower than the one before; after a restart, none below the highest view that it has bound itself to by a PRE-PREPARE, PREPARE, COMMIT, VIEW-CHANGE or NEW-VIEW sent before, since it was faulty or lost its memory last: what it has said until then it need not know. Judged at every report of a view.',
  '§4.4',
);

export class ViewMonotonic extends PbftChecker {
  override readonly info = VIEW_MONOTONIC;

  /** Before the ghost takes it in. */
  onView(process: ProcessId, replica: ReplicaGhost, view: View): void {
    if (view >= replica.view) return;
    this.violate(`${this.ghost.name(process)} went from view ${replica.view} back to view ${view}`);
  }

  onRecovered(process: ProcessId, replica: ReplicaGhost, view: View): void {
    if (view >= replica.boundTo) return;
    this.violate(
      `${this.ghost.name(process)} started in view ${view}, although it had bound itself to view ${replica.boundTo}`,
    );
  }
}
