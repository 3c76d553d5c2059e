/** A command that comes a second time, or too late, changes nothing, judged by the replicas' states. */

import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { AppliedPlace } from './agreed-order.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';

export const DUPLICATE_EFFECT: InvariantInfo = {
  id: 'any/duplicate-effect',
  title:
    'A command that is ordered a second time, or after its session has left it behind, leaves the state as it is.',
  statement:
    'If the command (client, sequence) was applied at index i and is applied again at index j > i, then the digest of the service after j equals the digest after j - 1. The same holds if a command (client, t) with t >= sequence + window was applied at i, the window being that of the sessions. Judged when j is first applied, unless i lies behind a snapshot of everybody; the second rule even then. Holds for services behind client sessions.',
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
    if (order.digestAt(index - 1) === place.digest) return;
    const { client, sequence } = command;
    const first = order.indexOf(client, sequence);
    if (first > 0) {
      this.violate(
        `operation ${sequence} of ${processName(client, servers)}, applied at index ${first}, changed the state ` +
          `again at index ${index}`,
      );
    } else if (this.ghost.isLeftBehind(client, sequence)) {
      this.violate(
        `operation ${sequence} of ${processName(client, servers)} changed the state at index ${index}, though ` +
          `its session had left it behind: operation ${order.highestOf(client)} had been applied before`,
      );
    }
  }
}
