/** Which event concerns which property of views and view changes. */

import type { ProcessId } from '../../kernel/index.js';
import {
  macNewViewDigest,
  macViewChangeDigest,
  newViewDigest,
  viewChangeDigest,
  type JournalBase,
  type MacNewView,
  type MacViewChange,
  type NewView,
  type View,
  type ViewChange,
} from '../../protocols/pbft/index.js';
import type { LivenessTerms } from '../any/index.js';
import type { ViolationSink } from '../checker.js';
import { Certificates } from './certificates.js';
import { MembersSpeak } from './configuration-rules.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';
import { LeftViews } from './left-views.js';
import { DistrustHasCause, ForgetfulSilent } from './trust.js';
import { NoEquivocation } from './no-equivocation.js';
import { Patience } from './patience.js';
import { Said } from './places.js';
import { PromiseDurable } from './promise-durable.js';
import { ViewChangeComplete } from './view-change-complete.js';
import { ViewChangePreservation } from './view-change-preservation.js';
import { CalmViews, ViewSynchronisation } from './view-liveness.js';
import { ViewMonotonic } from './view-monotonic.js';
import { Watermarks } from './watermarks.js';

export class ViewRules {
  private readonly viewMonotonic: ViewMonotonic;
  private readonly leftViews: LeftViews;
  private readonly forgetfulSilent: ForgetfulSilent;
  private readonly distrustHasCause: DistrustHasCause;
  private readonly membersSpeak: MembersSpeak;
  private readonly noEquivocation: NoEquivocation;
  private readonly patience: Patience;
  private readonly promiseDurable: PromiseDurable;
  private readonly certificates: Certificates;
  private readonly watermarks: Watermarks;
  private readonly preservation: ViewChangePreservation;
  private readonly complete: ViewChangeComplete;
  private readonly synchronisation: ViewSynchronisation | undefined;
  private readonly calm: CalmViews | undefined;
  /** When views have to have settled. */
  private readonly dueAt: number;

  constructor(
    private readonly ghost: PbftGhost,
    sink: ViolationSink,
    liveness: LivenessTerms | undefined,
  ) {
    this.viewMonotonic = new ViewMonotonic(ghost, sink);
    this.leftViews = new LeftViews(ghost, sink);
    this.forgetfulSilent = new ForgetfulSilent(ghost, sink);
    this.distrustHasCause = new DistrustHasCause(ghost, sink);
    this.membersSpeak = new MembersSpeak(ghost, sink);
    this.noEquivocation = new NoEquivocation(ghost, sink);
    this.patience = new Patience(ghost, sink);
    this.promiseDurable = new PromiseDurable(ghost, sink);
    this.certificates = new Certificates(ghost, sink);
    this.watermarks = new Watermarks(ghost, sink);
    this.preservation = new ViewChangePreservation(ghost, sink);
    this.complete = new ViewChangeComplete(ghost, sink);
    this.synchronisation =
      liveness === undefined ? undefined : new ViewSynchronisation(ghost, sink, liveness);
    this.calm = liveness?.stableLeader === true ? new CalmViews(ghost, sink) : undefined;
    this.dueAt = liveness === undefined ? Infinity : liveness.healAtMicros + liveness.progressWithinMicros;
  }

  onView(process: ProcessId, replica: ReplicaGhost, view: View): void {
    this.viewMonotonic.onView(process, replica, view);
    replica.view = view;
  }

  onRecovered(process: ProcessId, replica: ReplicaGhost, view: View, isTrusted: boolean): void {
    replica.isTrusted = isTrusted;
    if (!isTrusted) {
      this.distrustHasCause.onDistrust(process, replica, 'does not trust its disk');
      return;
    }
    replica.hasLost = false;
    this.viewMonotonic.onRecovered(process, replica, view);
    replica.view = view;
  }

  onRefused(process: ProcessId, replica: ReplicaGhost, reason: string): void {
    this.distrustHasCause.onDistrust(process, replica, `refused to run (${reason})`);
  }

  onTrustRegained(replica: ReplicaGhost): void {
    replica.isTrusted = true;
    // What was damaged since it started it has not seen yet, and need not have written anew.
    replica.hasLost = replica.isDamaged;
    replica.forgive();
  }

  onViewChange(process: ProcessId, replica: ReplicaGhost, message: ViewChange): void {
    const { view } = message;
    const digest = viewChangeDigest(message);
    this.leftViews.onSent(process, replica, 'VIEW-CHANGE', view);
    this.forgetfulSilent.onSent(process, replica, 'VIEW-CHANGE');
    this.membersSpeak.onSent(process, replica, 'VIEW-CHANGE', view);
    this.noEquivocation.onViewChange(process, replica, view, digest);
    this.patience.onViewChange(process, replica, view);
    this.promiseDurable.onViewChange(process, replica, message);
    this.watermarks.onViewChange(process, message);
    this.certificates.onViewChange(process, message);
    replica.viewChanges.say(view, digest);
    if (view > replica.leftFor) this.left(process, replica, view, digest);
    this.ghost.bind(replica, view);
  }

  onMacViewChange(process: ProcessId, replica: ReplicaGhost, message: MacViewChange): void {
    const { view } = message;
    const digest = macViewChangeDigest(message);
    const { recovery = 0 } = message;
    if (recovery > replica.leftInRecovery) {
      // Those from before are void: see no-equivocation.
      replica.leftInRecovery = recovery;
      if (replica.leftFor === view) replica.leftDigest = digest;
    }
    this.leftViews.onSent(process, replica, 'VIEW-CHANGE', view);
    this.forgetfulSilent.onSent(process, replica, 'VIEW-CHANGE');
    this.noEquivocation.onViewChange(process, replica, view, digest);
    this.patience.onViewChange(process, replica, view);
    this.promiseDurable.onViewChange(process, replica, message);
    this.watermarks.onMacViewChange(process, message);
    this.complete.onViewChange(process, message);
    replica.viewChanges.say(view, digest);
    if (view > replica.leftFor) this.left(process, replica, view, digest);
    this.ghost.bind(replica, view);
  }

  private left(process: ProcessId, replica: ReplicaGhost, view: View, digest: number): void {
    const wasFruitful = this.ghost.fruitfulView >= replica.leftFor;
    replica.leftFor = view;
    replica.leftDigest = digest;
    if (this.ghost.run.context.now() <= this.dueAt) return;
    replica.fruitlessViews = wasFruitful ? 1 : replica.fruitlessViews + 1;
    if (replica.fruitlessViews > replica.fruitlessViewsMost)
      replica.fruitlessViewsMost = replica.fruitlessViews;
    this.calm?.onLateViewChange(process, { view });
  }

  /** Its own, or one that it passes on. */
  onNewView(process: ProcessId, replica: ReplicaGhost, message: NewView | MacNewView): void {
    if (message.proof.signer !== process) return;
    const { view } = message;
    const digest = contentOf(message);
    this.membersSpeak.onSent(process, replica, 'NEW-VIEW', view);
    this.noEquivocation.onNewView(process, replica, view, digest);
    this.promiseDurable.onNewView(process, replica, message);
    replica.newViews.say(view, digest);
    if (view > replica.begun) {
      replica.begun = view;
      replica.begunDigest = digest;
    }
    this.ghost.bind(replica, view);
    this.judgeNewView(process, message);
    this.choicesSaid(process, message);
  }

  /** A view that begins at a later checkpoint than the replica's own begins a new journal, and is first durable there. */
  onDurableBase(process: ProcessId, { disk }: ReplicaGhost, { promised }: JournalBase): void {
    const known = disk.newView?.view ?? 0;
    for (const content of promised) {
      if (content.kind !== 'new-view' && content.kind !== 'mac-new-view') continue;
      if (content.message.view > known) this.onDurableNewView(process, content.message);
    }
  }

  /** The replica has entered the view. What its primary says, if that is correct, is judged when it sends it. */
  onDurableNewView(process: ProcessId, message: NewView | MacNewView): void {
    const primary = this.ghost.primaryOf(message.view);
    const isOwn = message.proof.signer === primary && !this.ghost.hasBeenFaulty(primary);
    if (!isOwn || (process !== primary && !this.hasBegun(primary, message)))
      this.judgeNewView(process, message);
  }

  /** The primary has sent just this. */
  private hasBegun(primary: ProcessId, message: NewView | MacNewView): boolean {
    return this.ghost.replicas[primary]?.newViews.mayHaveSaid(message.view, contentOf(message)) === true;
  }

  private judgeNewView(process: ProcessId, message: NewView | MacNewView): void {
    if (this.ghost.judgedNewView === message) return;
    this.ghost.judgedNewView = message;
    this.certificates.onNewView(process, message);
    if (message.kind === 'NewView') this.preservation.onNewView(process, message);
    else this.preservation.onMacNewView(process, message);
  }

  /** The choices are the primary's pre-prepares. */
  private choicesSaid(process: ProcessId, { view, choices }: NewView | MacNewView): void {
    for (const { sequence, digest } of choices) {
      const place = this.ghost.places.at(sequence);
      if (place === undefined) continue;
      this.noEquivocation.onSaid(process, place, Said.prePrepare, view, sequence, digest);
      place.ballot(view, digest).hear(Said.prePrepare, process);
    }
  }

  onEnd(): void {
    if (this.ghost.run.context.now() > this.dueAt) this.synchronisation?.onEnd();
  }
}

/** Digest of a new view, of either kind. */
function contentOf(message: NewView | MacNewView): number {
  return message.kind === 'NewView' ? newViewDigest(message) : macNewViewDigest(message);
}
