/**
 * Where a view begins, with MACs. At a checkpoint that f + 1 have: its state is right. It counts as stable when a quorum
 * is known to have that or a later one, and not before: whoever forgot what lies behind it, and were then the only correct
 * replica that has it, would wait in every later view for a checkpoint that nobody can choose. So a replica that cannot
 * tell from the view changes keeps its window where it is, fetches the state if it lacks it, says that it has it, and goes
 * on in the view once q have said so. (Castro's thesis, MIT-LCS-TR-817, chapter 3, lets the watermark move at once.) What
 * holds for each low watermark of a correct replica: q have said that they have the state there or a later one.
 */

import type { Choice, Sequence, StableCertificate } from '../messages.js';
import type { Promised } from '../records.js';
import { withoutProofs } from '../transfer.js';
import { MacClaims } from './claims.js';
import { isStableBy } from './decision.js';
import type { Checkpointed, MacNewView, MacViewChange } from './messages.js';

export abstract class MacViewStarts extends MacClaims {
  /** The message that began the present view. */
  protected begun: MacNewView | undefined = undefined;
  /** The choices of the present view lie above a beginning that is not known to be stable: they are taken when it is. */
  protected awaitsStart = false;

  /** Takes part in the view. */
  protected enterAt(message: MacNewView): void {
    const { view, checkpoint, choices } = message;
    this.begun = message;
    this.awaitsStart = false;
    this.takePart(view, withoutProofs(checkpoint), choices);
  }

  /** It was in this view before the start. */
  protected restoreAt(message: MacNewView): void {
    const { view, viewChanges, checkpoint, choices } = message;
    this.begun = message;
    const isStable = isStableBy(viewChanges, checkpoint, this.quorum);
    this.awaitsStart = !isStable && checkpoint.sequence > this.window.low;
    this.takeView(view, isStable ? withoutProofs(checkpoint) : this.stable, choices);
  }

  protected override takePromise(promise: Promised): void {
    super.takePromise(promise);
    const choices = promise.kind === 'stable' ? this.choicesAbove() : undefined;
    if (choices !== undefined) this.takeChoices(choices);
  }

  /** True when the checkpoint is stable, as far as this replica knows, or sees by these view changes. */
  protected isStart(checkpoint: Checkpointed, viewChanges: readonly MacViewChange[]): boolean {
    return checkpoint.sequence <= this.target.sequence || isStableBy(viewChanges, checkpoint, this.quorum);
  }

  protected override get viewStart(): Sequence {
    const { begun } = this;
    return this.isActive && begun?.view === this.view ? begun.checkpoint.sequence : 0;
  }

  /** Also the state with which the present view begins, before it is stable. */
  protected override get aim(): StableCertificate {
    const { begun } = this;
    const aim = super.aim;
    return begun !== undefined && this.viewStart > aim.sequence ? withoutProofs(begun.checkpoint) : aim;
  }

  protected override stabiliseFrom(start: StableCertificate): void {
    if (this.isStart(start, this.begun?.viewChanges ?? [])) super.stabiliseFrom(start);
    else this.awaitsStart = true;
  }

  protected override windowMoved(): void {
    const choices = this.choicesAbove();
    if (choices !== undefined) this.acceptChoices(choices);
    super.windowMoved();
  }

  /** The window has moved: what the view began with, and some of which may have been above it until now. */
  private choicesAbove(): readonly Choice[] | undefined {
    if (!this.awaitsStart || this.viewStart === 0) return undefined;
    this.awaitsStart = this.window.low < this.viewStart;
    return this.begun?.choices;
  }

  /** Above all that the view began with, also what its window has no room for yet. */
  protected override firstFreeSequence(): Sequence {
    const free = super.firstFreeSequence();
    if (this.viewStart === 0) return free;
    return Math.max(free, this.viewStart + (this.begun?.choices.length ?? 0) + 1);
  }

  protected override copyFrom(other: MacViewStarts): void {
    super.copyFrom(other);
    this.begun = other.begun;
    this.awaitsStart = other.awaitsStart;
  }
}
