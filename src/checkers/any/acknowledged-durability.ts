/** What a client was told became part of the agreed order; what it was told never happens, did not. */

import type { ProcessId } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { AppliedPlace } from './agreed-order.js';
import { changesNothing, type ClientOperation } from './client-history.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';
import { indexOf } from './log-witness.js';

export const ACKNOWLEDGED_DURABILITY: InvariantInfo = {
  id: 'any/acknowledged-durability',
  title: 'Every acknowledged operation is in the agreed order, and no refused one is.',
  statement:
    'At the end of a run: every operation other than a read that was answered ok has been applied at some index, and no operation that was answered as definitely failed has. (Where a protocol answers before it applies for good, an answer with a place that nobody has come to yet is open: the run ended too soon to tell.) Together with any/agreement, which forbids that the index is ever taken back, no acknowledged work is lost. An operation of unknown outcome may be there or not. Not judged for protocols that never report what they apply. Of refused operations, the last 1024 of each client are watched.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: 'Ongaro and Ousterhout, extended version (2014), §8',
};

export class AcknowledgedDurability extends GhostChecker<RunGhost> {
  override readonly info = ACKNOWLEDGED_DURABILITY;

  /** Of operations that have ended and are about to be forgotten. */
  judge(operations: Iterable<ClientOperation>): void {
    const { order, servers } = this.ghost;
    // A protocol that never says what it applies has no agreed order to be judged by.
    if (order.last === 0) return;
    for (const operation of operations) {
      const { client, sequence, outcome } = operation;
      if (outcome !== 'ok' && outcome !== 'fail') continue;
      const index = indexOf(order, operation);
      const isOpen = operation.index > order.last;
      if (outcome === 'ok' && index === 0 && !isOpen && !changesNothing(operation)) {
        const who = `operation ${sequence} of ${processName(client, servers)}`;
        this.violate(`${who} was acknowledged, but no server ever applied it`);
        return;
      }
      if (outcome === 'fail' && index > 0) {
        this.happened(client, sequence, index);
        return;
      }
    }
  }

  /** Before the ghost takes in that something was applied: was it refused long ago? */
  onApplied({ index, command }: AppliedPlace): void {
    const { history, order } = this.ghost;
    if (command === undefined || index <= order.last) return;
    const { client, sequence } = command;
    if (history.wasRefused(client, sequence)) this.happened(client, sequence, index);
  }

  private happened(client: ProcessId, sequence: number, index: number): void {
    const who = `operation ${sequence} of ${processName(client, this.ghost.servers)}`;
    this.violate(`${who} was answered as failed, but it was applied at index ${index}`);
  }
}
