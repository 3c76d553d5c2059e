/** A client's own reads never go back behind what it has seen, whichever server it asks. */

import type { HistoryEvent } from '../../kernel/index.js';
import type { InvariantInfo } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import { DECLARED_MODEL } from './ghost.js';
import type { ReadGhost } from './read-ghost.js';

export const SESSION_READS: InvariantInfo = {
  id: 'any/session-reads',
  title: 'A session read shows at least what its own client has seen and written.',
  statement:
    'If an operation of client c was answered ok at index i before c invoked a read of mode session, and the read is answered ok at index j > 0, then j >= i: c reads its own writes, and its reads are monotonic. Judged at every such answer.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Terry et al., "Session Guarantees for Weakly Consistent Replicated Data" (1994), §3',
};

export class SessionReads extends GhostChecker<ReadGhost> {
  override readonly info = SESSION_READS;

  /** Before the ghost takes the answer in. */
  onAnswer({ client, sequence, index }: HistoryEvent): void {
    const floor = this.ghost.floorOf(client, sequence);
    if (index >= floor) return;
    const who = processName(client, this.ghost.servers);
    this.violate(
      `session read ${sequence} of ${who} was answered at index ${index}, but ${who} had been answered at ` +
        `index ${floor} before it invoked it`,
    );
  }
}
