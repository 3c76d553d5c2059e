/** A command that comes a second time changes nothing, judged by the replicas' states. */

import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { AppliedPlace } from './agreed-order.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';

export const DUPLICATE_EFFECT: InvariantInfo = {
  id: 'any/duplicate-effect',
  title: 'A command that is ordered a second time leaves the state as it is.',
  statement:
    'If the command (client, sequence) was applied at index i and is applied again at index j > i, then the digest of the service after j equals the digest after j - 1. Judged when j is first applied, unless i lies behind a snapshot of everybody. Holds for services behind client sessions.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §6.3',
};

export class DuplicateEffect extends GhostChecker<RunGhost> {
  override readonly info = DUPLICATE_EFFECT;

  /** Before the ghost takes the event in. */
  onApplied(place: AppliedPlace): void {
    const { order, servers } = this.ghost;
    const { index, command } = place;
    if (command === undefined || index !== order.last + 1 || index === 1) return;
    const first = order.indexOf(command.client, command.sequence);
    if (first === 0 || order.digestAt(index - 1) === place.digest) return;
    this.violate(
      `operation ${command.sequence} of ${processName(command.client, servers)}, applied at index ${first}, ` +
        `changed the state again at index ${index}`,
    );
  }
}
