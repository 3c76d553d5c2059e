/** Replicas stay within their window. */

import type { ProcessId } from '../../kernel/index.js';
import type { MacViewChange, Sequence, View, ViewChange } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const WATERMARKS = pbftSafety(
  'watermarks',
  'A replica says nothing about batches above its high watermark.',
  "Let h be the sequence of a replica's durable stable checkpoint and L the window. It sends a PRE-PREPARE, PREPARE or COMMIT of sequence n only if n <= h + L. The certificates of a VIEW-CHANGE that it sends (with MACs: the elements of P) are of sequences in (c, c + L], where c is that of its stable checkpoint, in ascending order. (A vote that was on its way when h passed it may still be sent.) Judged at every send.",
  '§4.2 and §4.3, the watermarks h and H',
);

export class Watermarks extends PbftChecker {
  override readonly info = WATERMARKS;

  onVote(process: ProcessId, replica: ReplicaGhost, view: View, sequence: Sequence): void {
    const high = replica.disk.stable + this.ghost.window;
    if (sequence <= high) return;
    this.violate(
      `${this.ghost.name(process)} spoke of ${this.place(view, sequence)}, above its high watermark ${high}`,
    );
  }

  onViewChange(process: ProcessId, { view, stable, prepared }: ViewChange): void {
    this.judge(process, view, stable.sequence, prepared);
  }

  onMacViewChange(process: ProcessId, { view, stable, prepared }: MacViewChange): void {
    this.judge(process, view, stable, prepared);
  }

  private judge(
    process: ProcessId,
    view: View,
    stable: Sequence,
    prepared: readonly { readonly sequence: Sequence }[],
  ): void {
    let before = stable;
    for (let i = 0; i < prepared.length; i++) {
      const { sequence } = prepared[i] as (typeof prepared)[number];
      if (sequence <= before || sequence > stable + this.ghost.window) {
        this.violate(
          `${this.ghost.name(process)}, with a stable checkpoint at ${stable}, sent a VIEW-CHANGE for view ${view} ` +
            `with a certificate of batch ${sequence} after ${before}`,
        );
        return;
      }
      before = sequence;
    }
  }
}
