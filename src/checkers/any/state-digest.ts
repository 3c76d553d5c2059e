/** Replicas that have applied the same prefix are in the same state. */

import { hex32, type ProcessId } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import type { AppliedPlace } from './agreed-order.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';

export const STATE_DIGEST: InvariantInfo = {
  id: 'any/state-digest',
  title: 'Servers that applied the same prefix of the agreed order are in the same state.',
  statement:
    "For all servers a, b and all indexes i: the digest of a's service after applying i equals that of b's service after applying i, sessions included; likewise for a state taken from a snapshot of everything up to i. Judged at every applied event and whenever a snapshot is installed, except at places that everybody has put behind a snapshot.",
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Schneider, "Implementing Fault-Tolerant Services Using the State Machine Approach" (1990), §2',
};

export class StateDigest extends GhostChecker<RunGhost> {
  override readonly info = STATE_DIGEST;

  /** Before the ghost takes the event in. */
  onApplied(server: ProcessId, place: AppliedPlace): void {
    this.judge(server, place.index, place.digest);
  }

  /** The server's state is now that of a snapshot of everything up to `index`. */
  onInstalled(server: ProcessId, index: number, digest: number): void {
    this.judge(server, index, digest);
  }

  private judge(server: ProcessId, index: number, digest: number): void {
    const { order, servers } = this.ghost;
    if (!order.knows(index) || order.digestAt(index) === digest) return;
    this.violate(
      `after index ${index} the state of ${processName(server, servers)} has digest ` +
        `${hex32(digest)}, elsewhere it was ${hex32(order.digestAt(index))}`,
    );
  }
}
