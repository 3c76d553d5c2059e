/** Linearizable reads that were not ordered show everything that anybody had been told before. */

import type { HistoryEvent } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import { DECLARED_MODEL } from './ghost.js';
import type { ReadGhost } from './read-ghost.js';

export const READ_FRESHNESS: InvariantInfo = {
  id: 'any/read-freshness',
  title: 'A linearizable read shows at least what any client had been answered before it was asked.',
  statement:
    'If an operation of any client was answered ok at index i before a read of mode read-index, lease or follower was invoked, and the read is answered ok at index j > 0, then j >= i. Judged at every such answer.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Ongaro, "Consensus: Bridging Theory and Practice" (2014), §6.4',
};

export class ReadFreshness extends GhostChecker<ReadGhost> {
  override readonly info = READ_FRESHNESS;

  /** Before the ghost takes the answer in. */
  onAnswer({ client, sequence, read, index }: HistoryEvent): void {
    const floor = this.ghost.floorOf(client, sequence);
    if (index >= floor) return;
    this.violate(
      `${read ?? ''} read ${sequence} of ${processName(client, this.ghost.servers)} was answered at index ` +
        `${index}, but an operation had been answered at index ${floor} before it was invoked`,
    );
  }
}
