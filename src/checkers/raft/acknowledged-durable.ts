/** Committed work stays on enough disks that no election can lose it. */

import type { ProcessId } from '../../kernel/index.js';
import { isRead } from '../any/client-history.js';
import type { ServerGhost } from './ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const ACKNOWLEDGED_DURABLE = raftSafety(
  'acknowledged-durable',
  'Acknowledged work is committed, and no majority of voters ever lacks committed work on disk.',
  'When a server answers an operation of a client with ok, the operation (unless it is a read) was applied at some index i, and a leader has committed i. At all times, the servers that may vote and lack some committed entry durably are fewer than a majority, so that every quorum has a holder. A server that does not trust its disk may not vote: it counts neither way, until it says that it trusts it again. A server damaged while it is down counts neither way until it has read its disk; one damaged while it runs counts by what it was told is durable, since that is the log it votes with, until it starts again. The first is judged at every reply; the second, together with raft/commit-durable-quorum, which judges every commit, at every crash, recovery and return of trust and whenever durable entries are replaced or cut.',
  '§5.4.3 and §8; damage: Alagappan et al. (FAST 2018), §3',
);

export class AcknowledgedDurable extends RaftChecker {
  override readonly info = ACKNOWLEDGED_DURABLE;

  onReply(process: ProcessId, client: ProcessId, sequence: number): void {
    const { run, committed } = this.ghost;
    const index = run.order.indexOf(client, sequence);
    if (index > 0 && index <= committed.last) return;
    // An answer to something that was judged long ago, repeated by the network.
    if (run.history.isForgotten(client, sequence)) return;
    if (isRead(run.history.inputOf(client, sequence))) return;
    const why = index === 0 ? 'no server has applied it' : `its index ${index} is not committed`;
    this.violate(
      `${this.ghost.name(process)} acknowledged operation ${sequence} of ${this.ghost.name(client)}, but ${why}`,
    );
  }

  /** Something may have made a server's durable log shorter, or its vote count again. */
  onChange(): void {
    const { servers, committed, quorum } = this.ghost;
    const index = committed.last;
    if (index === 0) return;
    let lacking = 0;
    for (let i = 0; i < servers.length; i++) {
      const server = servers[i] as ServerGhost;
      if (!server.isTrusted || !server.isSettled) continue;
      if (!server.durable.agreesWith(committed, index)) lacking++;
    }
    if (lacking < quorum) return;
    this.violate(
      `${lacking} of ${servers.length} servers may vote without having the committed log up to index ${index} on disk: ` +
        'a majority could elect a leader that has lost it',
    );
  }
}
