/** What is executed before it is committed can be taken back, and nothing else is. */

import type { ProcessId } from '../../kernel/index.js';
import type { Reply, Sequence, View } from '../../protocols/pbft/index.js';
import type { ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftSafety } from './pbft-checker.js';

export const TENTATIVE_EXECUTION = pbftSafety(
  'tentative-execution',
  'At most the next batch is executed before it is committed, and it is taken back with its view.',
  'Between its start and its end, and between two states taken over: a replica executes tentatively only sequence n + 1, where n is the last that it has executed for good, and only one at a time, in its present view. While one is executed tentatively, the replica executes for good just that sequence with that digest, takes back nothing else, and reports no other view; so what is taken back is never what was executed for good. Its tentative replies leave only when its prepared certificate for that batch is durable, and its final ones only of what it has executed for good. Judged at every execution, taking back, report of a view, and REPLY.',
  '§5.1, tentative execution',
);

export class TentativeExecution extends PbftChecker {
  override readonly info = TENTATIVE_EXECUTION;

  /** Before the ghost takes it in, like all that follow. */
  onTentative(process: ProcessId, replica: ReplicaGhost, view: View, sequence: Sequence): void {
    const { executed, tentative } = replica;
    const who = this.ghost.name(process);
    const what = this.place(view, sequence);
    if (tentative !== undefined) {
      this.violate(
        `${who} executed ${what} tentatively on top of batch ${tentative.sequence}, which is not committed`,
      );
    } else if (executed > 0 && sequence !== executed + 1) {
      this.violate(`${who} executed ${what} tentatively right after batch ${executed}`);
    } else if (view !== replica.view) {
      this.violate(`${who} executed ${what} tentatively in view ${replica.view}`);
    }
  }

  onExecuted(process: ProcessId, { tentative }: ReplicaGhost, sequence: Sequence, digest: number): void {
    if (tentative === undefined || (tentative.sequence === sequence && tentative.digest === digest)) return;
    const { sequence: other, view } = tentative;
    this.violate(
      `${this.ghost.name(process)} executed batch ${sequence} for good without taking back what it had executed ` +
        `tentatively, ${this.place(view, other)}`,
    );
  }

  onRolledBack(process: ProcessId, { tentative }: ReplicaGhost, sequence: Sequence): void {
    if (tentative?.sequence === sequence) return;
    this.violate(
      `${this.ghost.name(process)} took back batch ${sequence}, which was not executed tentatively`,
    );
  }

  onView(process: ProcessId, { tentative }: ReplicaGhost, view: View): void {
    if (tentative === undefined || tentative.view === view) return;
    this.violate(
      `${this.ghost.name(process)} went to view ${view} with ${this.place(tentative.view, tentative.sequence)} ` +
        'executed tentatively',
    );
  }

  onReply(process: ProcessId, replica: ReplicaGhost, { isTentative, view, index }: Reply): void {
    // One that waited for the disk may leave when its batch was taken back with its view.
    const { disk, lastTentative: tentative } = replica;
    // One of a batch that is committed by now may leave late.
    const isOfThis = index > (this.ghost.run.order.appliedBy[process] ?? 0);
    if (!isOfThis) return;
    if (!isTentative) {
      this.violate(
        `${this.ghost.name(process)} sent a final REPLY of index ${index}, which it has not executed for good`,
      );
    }
    if (!isTentative || tentative?.view !== view) return;
    if (disk.hasPrepared(view, tentative.sequence, tentative.digest)) return;
    this.violate(
      `${this.ghost.name(process)} sent a tentative REPLY of ${this.place(view, tentative.sequence)} before its prepared ` +
        'certificate was durable',
    );
  }
}
