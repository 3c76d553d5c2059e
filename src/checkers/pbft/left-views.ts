/** A view that was left is left for good. */

import type { ProcessId } from '../../kernel/index.js';
import { VIEWS, type View } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const LEFT_VIEWS = pbftSafety(
  'left-views',
  'A replica takes no part in a view below one that it has gone to, not even after a restart.',
  'Let w be the highest view of a PRE-PREPARE, PREPARE, COMMIT or VIEW-CHANGE that a replica has ever sent. It sends no PRE-PREPARE, PREPARE, COMMIT or VIEW-CHANGE of a view below w, and of w itself no PRE-PREPARE, PREPARE or COMMIT before that view has begun with a NEW-VIEW, unless it is the first of a configuration. What it sent before it lost its memory does not count once it has completed a proactive recovery (TOCS 2002, §4), nor what it sent before it was faulty, since it may have lost its memory then: a quorum of those who know of that takes its earlier VIEW-CHANGEs for void, and it votes on nothing that it could have voted on before. Judged at every send.',
  '§4.4, "stops accepting messages (other than checkpoint, view-change, and new-view messages)"',
);

export class LeftViews extends PbftChecker {
  override readonly info = LEFT_VIEWS;

  /** Before the ghost takes it in. */
  onSent(process: ProcessId, replica: ReplicaGhost, kind: string, view: View): void {
    if (view >= replica.boundTo) return;
    this.violate(
      `${this.ghost.name(process)} sent a ${kind} of view ${view}, although it had gone to view ${replica.boundTo}`,
    );
  }

  /** A vote in the view that it has gone to: that has begun. */
  onVote(process: ProcessId, replica: ReplicaGhost, kind: string, view: View): void {
    this.onSent(process, replica, kind, view);
    if (view === replica.disk.configuration * VIEWS || (replica.disk.newView?.view ?? 0) >= view) return;
    this.violate(
      `${this.ghost.name(process)} sent a ${kind} of view ${view} before it had entered that view`,
    );
  }
}
