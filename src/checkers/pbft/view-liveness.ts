/** After healing, views settle. */

import { formatMicros, type ProcessId } from '../../kernel/index.js';
import type { LivenessTerms } from '../any/index.js';
import type { ViolationSink } from '../checker.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';
import { PbftChecker, pbftLiveness } from './pbft-checker.js';

/** Views left beyond those that are due: messages may be lost at any time. */
const SLACK = 2;

/**
 * Views in which somebody else executes do not count. The bound is of how time-outs double, and they double for as long
 * as nothing is executed: who executes waits T again. A replica that misses what f + 1 others have executed is taken
 * along by these, view after view, however patient it has become itself.
 */
export const VIEW_SYNCHRONISATION = pbftLiveness(
  'view-synchronisation',
  'After healing, replicas come to a view in which they execute.',
  'Let H be the time of healing, P the bound within which progress is due, T the view-change time-out and M its cap. After H + P no replica of the healed ones sends VIEW-CHANGEs for more than f + 1 + log2(M / T) + 2 new views, the logarithm rounded up, without executing a batch or taking over a state in between, and without any correct replica executing a batch in one of the views that it leaves. Judged at the end.',
  '§4.5.2',
);

export const CALM_VIEWS = pbftLiveness(
  'calm-views',
  'Where a scenario promises a stable leader, no view is left once the cluster is healed.',
  'Let H be the time of healing and P the bound within which progress is due. If the scenario promises a stable leader, no replica sends a VIEW-CHANGE for a new view after H + P. Judged at every send.',
  '§4.5.2, "prevents a view change from happening too soon"',
);

export class ViewSynchronisation extends PbftChecker {
  override readonly info = VIEW_SYNCHRONISATION;

  constructor(
    ghost: PbftGhost,
    sink: ViolationSink,
    private readonly terms: LivenessTerms,
  ) {
    super(ghost, sink);
  }

  onEnd(): void {
    const { replicas, quorum, doublings, run } = this.ghost;
    const { healAtMicros } = this.terms;
    const most = quorum.f + 1 + doublings + SLACK;
    replicas.forEach(({ fruitlessViewsMost }, process) => {
      if (fruitlessViewsMost <= most || this.ghost.isFaulty(process)) return;
      if (!run.participants.isLegitimate() || !run.participants.isExpected(process, healAtMicros)) return;
      this.violate(
        `${this.ghost.name(process)} left for ${fruitlessViewsMost} views in a row without executing anything, although ` +
          `nothing has failed since ${formatMicros(healAtMicros)}`,
      );
    });
  }
}

export class CalmViews extends PbftChecker {
  override readonly info = CALM_VIEWS;

  /** A VIEW-CHANGE for a new view was sent when progress was due. */
  onLateViewChange(process: ProcessId, { view }: Pick<ReplicaGhost, 'view'>): void {
    this.violate(
      `${this.ghost.name(process)} sent a VIEW-CHANGE for view ${view}, although nothing has failed for so long that views ` +
        'had to settle',
    );
  }
}
