/** What binds is durable before it is said. */

import type { ProcessId } from '../../kernel/index.js';
import type {
  Checkpoint,
  MacNewView,
  MacViewChange,
  NewView,
  Sequence,
  View,
  ViewChange,
} from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';
import { Said, type SaidKind } from './places.js';

export const PROMISE_DURABLE = pbftSafety(
  'promise-durable',
  'Whatever a replica says that binds it is on its disk before it is sent.',
  'When a replica sends a PRE-PREPARE or PREPARE of (v, n, d), its disk holds that it accepted d at n in v (by itself or in the NEW-VIEW of v); when it sends a COMMIT, the prepared certificate; when it sends a VIEW-CHANGE or a NEW-VIEW, that message; when it sends a CHECKPOINT, that state under its name. A promise of a later view, or a stable checkpoint at n or above, will do. Damage at rest that the running replica cannot know of does not count. Judged at every send.',
  '§2: a replica that forgets what it said is a faulty one, so one that crashes and comes back must not',
);

export class PromiseDurable extends PbftChecker {
  override readonly info = PROMISE_DURABLE;

  onSaid(
    process: ProcessId,
    { disk }: ReplicaGhost,
    kind: SaidKind,
    view: View,
    sequence: Sequence,
    digest: number,
  ): void {
    const isDurable =
      kind === Said.commit
        ? disk.hasPrepared(view, sequence, digest)
        : disk.hasAccepted(view, sequence, digest);
    if (isDurable) return;
    const what = kind === Said.commit ? 'a COMMIT' : kind === Said.prepare ? 'a PREPARE' : 'a PRE-PREPARE';
    this.violate(
      `${this.ghost.name(process)} sent ${what} of ${this.place(view, sequence)} before what it says was durable`,
    );
  }

  onViewChange(process: ProcessId, { disk }: ReplicaGhost, message: ViewChange | MacViewChange): void {
    if (disk.hasViewChange(message)) return;
    this.violate(
      `${this.ghost.name(process)} sent a VIEW-CHANGE for view ${message.view} before it was durable`,
    );
  }

  onNewView(process: ProcessId, { disk }: ReplicaGhost, message: NewView | MacNewView): void {
    if (disk.hasNewView(message)) return;
    this.violate(
      `${this.ghost.name(process)} sent the NEW-VIEW of view ${message.view} before it was durable`,
    );
  }

  onCheckpoint(
    process: ProcessId,
    { disk, isDamaged }: ReplicaGhost,
    { sequence, digest }: Checkpoint,
  ): void {
    // It may have rotted since it was durable, before it had its name.
    if (isDamaged || disk.hasCheckpoint(sequence, digest)) return;
    this.violate(
      `${this.ghost.name(process)} sent a CHECKPOINT of batch ${sequence} before that state was durable`,
    );
  }
}
