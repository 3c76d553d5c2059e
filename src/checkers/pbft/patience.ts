/** Nobody runs ahead of the others through the views. */

import type { ProcessId } from '../../kernel/index.js';
import { configurationOf, type View } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const PATIENCE = pbftSafety(
  'patience',
  'A replica that waits for a view gives it up only when a quorum waits for it, or when others have gone further.',
  'When a replica that has sent a VIEW-CHANGE for v, and has not entered v or a later view since, sends one for w > v: at least q replicas have sent VIEW-CHANGEs for v or later views, or at least f + 1 others have sent ones for w or later views. (Faulty ones count as having done so.) Judged at every send.',
  '§4.5.2, "waits for 2f + 1 view-change messages for view v + 1" before it starts its timer; "if a replica receives a set of f + 1 valid view-change messages"',
);

export class Patience extends PbftChecker {
  override readonly info = PATIENCE;

  /** Before the ghost takes it in. */
  onViewChange(process: ProcessId, { leftFor, disk }: ReplicaGhost, view: View): void {
    if (view <= leftFor || leftFor === 0 || (disk.newView?.view ?? 0) >= leftFor) return;
    if (configurationOf(leftFor) !== configurationOf(view)) return;
    const quorum = this.ghost.quorumOf(view);
    if (this.goneTo(leftFor) >= quorum.strong || this.goneTo(view, process) > quorum.f) return;
    this.violate(
      `${this.ghost.name(process)} gave up waiting for view ${leftFor} and left for view ${view}, although only ` +
        `${this.goneTo(leftFor)} replicas had left for view ${leftFor}`,
    );
  }

  /** How many replicas, but for one, have left for this view or a later one, or may have. */
  private goneTo(view: View, except = -1): number {
    const { replicas } = this.ghost;
    let count = 0;
    for (let process = 0; process < replicas.length; process++) {
      if (process === except) continue;
      if (this.ghost.hasBeenFaulty(process) || (replicas[process] as ReplicaGhost).hasLeftFor(view)) count++;
    }
    return count;
  }
}
