/** All servers apply the same things in the same places. */

import { hex32, type ProcessId } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { AppliedPlace } from './agreed-order.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';

export const AGREEMENT: InvariantInfo = {
  id: 'any/agreement',
  title: 'No two servers ever apply different things at the same place of the agreed order.',
  statement:
    'For all servers a, b and all indexes i, over all time and restarts: if a applies i with content hash g and b applies i with content hash h, then g = h. Judged at every applied event, except at places that everybody has put behind a snapshot.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Schneider, "Implementing Fault-Tolerant Services Using the State Machine Approach" (1990), §3.1',
};

export class Agreement extends GhostChecker<RunGhost> {
  override readonly info = AGREEMENT;

  /** Before the ghost takes the event in. */
  onApplied(server: ProcessId, place: AppliedPlace): void {
    const { order } = this.ghost;
    if (!order.knows(place.index) || order.hashAt(place.index) === place.hash) return;
    this.violate(
      `${processName(server, this.ghost.servers)} applied ${hex32(place.hash)} at index ${place.index}, where ` +
        `${hex32(order.hashAt(place.index))} had been applied before`,
    );
  }
}
