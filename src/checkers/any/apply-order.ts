/** Each server applies place after place, leaving none out and none twice. */

import type { ProcessId } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { AppliedPlace } from './agreed-order.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';

export const APPLY_ORDER: InvariantInfo = {
  id: 'any/apply-order',
  title: 'Every server applies the agreed order from its beginning or a snapshot, place after place.',
  statement:
    'Between two starts, the indexes that a server applies are 1, 2, 3, …: each is the one before plus 1, where a snapshot of everything up to i counts as having applied i. A snapshot is of something that some server has applied, and never takes a running server back. Judged at every applied event and whenever a snapshot is installed.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Ongaro and Ousterhout, extended version (2014), §5.3',
};

export class ApplyOrder extends GhostChecker<RunGhost> {
  override readonly info = APPLY_ORDER;

  /** Before the ghost takes the event in. */
  onApplied(server: ProcessId, place: AppliedPlace): void {
    const before = this.ghost.order.appliedBy[server] as number;
    if (place.index === before + 1) return;
    this.violate(
      `${processName(server, this.ghost.servers)} applied index ${place.index} directly after index ${before}`,
    );
  }

  /** Before the ghost takes the event in. */
  onInstalled(server: ProcessId, index: number): void {
    const { order, servers } = this.ghost;
    const before = order.appliedBy[server] as number;
    if (index >= before && index <= order.last) return;
    this.violate(
      `${processName(server, servers)} installed a snapshot up to index ${index} ` +
        (index < before ? `after having applied index ${before}` : 'that nobody has applied'),
    );
  }
}
