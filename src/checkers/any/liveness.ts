/**
 * Liveness, which is always conditional: once everything is healed, within a bound, operations complete
 * and servers catch up. Both are judged when the run ends, from what the ghosts remember.
 */

import { formatMicros } from '../../kernel/index.js';
import { processName } from '../names.js';
import { isReadAside, isWeakRead, type ClientOperation } from './client-history.js';
import type { RunGhost } from './ghost.js';
import { LivenessChecker, livenessInfo } from './liveness-checker.js';

const HEALED =
  'All faults have ended, and of every configuration in force a quorum of servers is up, connected, and trusts its disk, and by their logs one of them could be elected';

export const PROGRESS = livenessInfo(
  'progress',
  'After healing, operations complete again within the bound.',
  'Let H be the time of healing and P the bound. If the run lasts until H + P and some operation is invoked in [H, H + P/2], then some operation invoked at or after H is answered ok by H + P; in a patient run, which goes on for as long as Q while nothing is answered, by H + P + Q. The same holds of the operations alone that need a place in the order, which reads aside of it do not, and that are not refused. Not judged when it could not have come: when at the end some configuration that a server acts by has no quorum of servers that are up, have not refused to run and trust their disks.',
  HEALED,
  'Ongaro and Ousterhout, extended version (2014), §5.6',
);

export const CONVERGENCE = livenessInfo(
  'convergence',
  'After healing, every live server catches up with the agreed order within the bound.',
  'Let H be the time of healing, P the bound and E the end of the run. If E >= H + P, then every server of the last agreed configuration (every server, where a protocol reports none) that has not refused to run is up at E and has applied every index that some server had applied by E - P. Not judged when any/progress would not be.',
  HEALED,
  'Ongaro and Ousterhout, extended version (2014), §5.3',
);

export class Progress extends LivenessChecker {
  override readonly info = PROGRESS;

  /** Of an operation that was just invoked or has just ended. */
  onHistory(operation: ClientOperation): void {
    const { invokedAt, endedAt, outcome } = operation;
    const { healAtMicros, progressWithinMicros, patienceMicros = 0 } = this.terms;
    if (invokedAt < healAtMicros) return;
    const { progress } = this.ghost;
    const isOrdered = !isReadAside(operation) && !isWeakRead(operation);
    if (invokedAt <= healAtMicros + Math.floor(progressWithinMicros / 2)) {
      progress.isDue = true;
      if (isOrdered && outcome === 'open') progress.orderedDue++;
      if (isOrdered && outcome === 'fail') progress.orderedDue--;
    }
    if (outcome !== 'ok' || endedAt > healAtMicros + progressWithinMicros + patienceMicros) return;
    progress.isMade = true;
    if (isOrdered) progress.isOrderedMade = true;
  }

  onEnd(): void {
    const { healAtMicros, progressWithinMicros, patienceMicros = 0 } = this.terms;
    const { context, progress } = this.ghost;
    const due = healAtMicros + progressWithinMicros;
    if (context.now() < due || !(progress.isMissed || progress.isOrderMissed)) return;
    if (!canBeExpected(this.ghost)) return;
    this.violate(
      `no operation ${progress.isMissed ? '' : 'that needs the order '}invoked after healing at ${formatMicros(healAtMicros)} was answered ok by ${formatMicros(Math.min(due + patienceMicros, context.now()))}`,
    );
  }
}

export class Convergence extends LivenessChecker {
  override readonly info = CONVERGENCE;

  onEnd(): void {
    const { context, order, participants, servers } = this.ghost;
    const { healAtMicros, progressWithinMicros } = this.terms;
    const end = context.now();
    if (end < healAtMicros + progressWithinMicros) return;
    const due = order.lastAt(end - progressWithinMicros);
    for (let server = 0; server < servers; server++) {
      if (!participants.isExpected(server, healAtMicros)) continue;
      const applied = order.appliedBy[server] as number;
      if (applied >= due && context.isUp(server)) continue;
      if (!canBeExpected(this.ghost)) return;
      if (!context.isUp(server)) {
        this.violate(
          `${processName(server, servers)} is down at the end, although nothing has failed since healing`,
        );
        return;
      }
      this.violate(
        `${processName(server, servers)} had applied only index ${applied} at the end, although index ${due} ` +
          `had been applied elsewhere by ${formatMicros(end - progressWithinMicros)}`,
      );
      return;
    }
  }
}

/**
 * The legitimacy check: whether what did not come could have come at all. Members may have been removed until
 * the damaged ones left are too many; then nobody is to blame.
 */
function canBeExpected(ghost: RunGhost): boolean {
  if (ghost.participants.isLegitimate()) return true;
  ghost.isLivenessUnjudged = true;
  return false;
}
