/** Terms only grow. */

import type { ProcessId } from '../../kernel/index.js';
import type { Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const TERM_MONOTONIC = raftSafety(
  'term-monotonic',
  "A server's term never goes back.",
  "Within an incarnation a server's current term never decreases. After a restart it is at least the term that its disk held intact: that of the latest vote record, of the last entry and of the snapshot; unless the disk does not say whose it is, and the server takes no part. No message carries a term above its sender's. Judged at every change of term, every start and every send.",
  '§5.1 and Figure 2',
);

export class TermMonotonic extends RaftChecker {
  override readonly info = TERM_MONOTONIC;

  onTerm(process: ProcessId, server: ServerGhost, term: Term): void {
    if (term >= server.term) return;
    this.violate(`the term of ${this.ghost.name(process)} went back from ${server.term} to ${term}`);
  }

  onRecovered(process: ProcessId, server: ServerGhost, term: Term): void {
    const durable = server.durableTerm();
    if (term >= durable || server.disk.member < 0) return;
    this.violate(`${this.ghost.name(process)} restarted in term ${term}, but its disk holds term ${durable}`);
  }

  onSend(process: ProcessId, server: ServerGhost, term: Term): void {
    if (term <= server.term) return;
    this.violate(`${this.ghost.name(process)} sent a message of term ${term}, but is in term ${server.term}`);
  }
}
