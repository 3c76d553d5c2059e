/** PBFT bugs in view changes: who is counted, when to give up, what is kept across a restart. */

import type { DiskImage, ProcessId } from '../../kernel/index.js';
import { PbftReplica, VIEW_TIMER, type View, type ViewChange } from '../../protocols/pbft/index.js';
import type { Bug } from '../bug.js';
import { pbftBug } from './pbft-bug.js';

/** View changes are a list: one that comes twice counts twice. */
class RepeatedViewChangeCounted extends PbftReplica {
  protected override onViewChange(from: ProcessId, message: ViewChange): void {
    const known = this.viewChanges[this.rankOf(from)];
    super.onViewChange(from, message);
    if (this.isActive || message.view !== this.view || known?.view !== message.view) return;
    this.viewChanges.push(message);
    this.joinViewChange();
    this.countViewChanges();
  }

  protected override areQuorum(viewChanges: readonly ViewChange[], view: View): boolean {
    if (viewChanges.length < this.quorum.strong) return false;
    return viewChanges.every((message) => message.view === view && this.isValidViewChange(message));
  }
}

/** Only view changes with the same checkpoint are counted. */
class MatchingCheckpointsOnly extends PbftReplica {
  protected override countViewChanges(): void {
    const { view, stable } = this;
    const matching = this.viewChanges.filter(
      (message) => message?.view === view && message.stable.sequence === stable.sequence,
    );
    if (matching.length >= this.quorum.strong) super.countViewChanges();
  }
}

/** The timer for the new view starts with the view change, not when a quorum has left. */
class ImpatientInViewChange extends PbftReplica {
  protected override startViewChange(view: View): void {
    super.startViewChange(view);
    const timeout = this.timeoutMicros();
    this.host.setTimer(VIEW_TIMER, timeout, timeout);
  }

  protected override viewTimedOut(): void {
    if (this.isActive) super.viewTimedOut();
    else this.startViewChange(this.view + 1);
  }
}

/** A restart goes back to the last view that was entered. */
class ViewChangeForgotten extends PbftReplica {
  protected override recoverFrom(disk: DiskImage): ReturnType<PbftReplica['recoverFrom']> {
    const found = super.recoverFrom(disk);
    if (found.kind !== 'usable') return found;
    return { ...found, promised: found.promised.filter(({ kind }) => kind !== 'view-change') };
  }
}

export const VIEW_CHANGE_BUGS: readonly Bug[] = [
  pbftBug(RepeatedViewChangeCounted, {
    id: 'P07-repeated-view-change-counted',
    title: 'A view change that comes twice from one replica counts twice.',
    source: 'raijin issue 7; concord-bft commit 84e6225f9; besu issue 2459',
    invariants: ['pbft/certificates', 'pbft/view-change-preservation'],
    scenario: 'pbft/view-change-storm',
  }),
  pbftBug(MatchingCheckpointsOnly, {
    id: 'P20-matching-checkpoints-only',
    title: 'Only view changes with one and the same checkpoint make a quorum: the others wait for ever.',
    source: 'Hyperledger fabric issue 1111',
    invariants: ['any/progress', 'any/convergence'],
    scenario: 'pbft/crash-restart-storm',
  }),
  pbftBug(ImpatientInViewChange, {
    id: 'P24-impatient-in-view-change',
    title:
      'The timer for a new view runs before a quorum has left the old one: one replica runs ahead alone.',
    source: 'sawtooth-pbft commits 4b1a663 and b231a02',
    invariants: ['pbft/patience', 'pbft/view-synchronisation'],
    scenario: 'pbft/partition-primary',
  }),
  pbftBug(ViewChangeForgotten, {
    id: 'P37-view-change-forgotten',
    title: 'A replica that restarts during a view change goes back to the view that it had left.',
    source: 'concord-bft commit 637e197a1',
    invariants: ['pbft/view-monotonic', 'pbft/left-views', 'pbft/garbage-collection'],
    scenario: 'pbft/crash-restart-storm',
  }),
];
