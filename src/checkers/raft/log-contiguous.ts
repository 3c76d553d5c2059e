/** A log is one piece: no holes, terms in order, and a beginning that is known. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const LOG_CONTIGUOUS = raftSafety(
  'log-contiguous',
  'Terms never decrease along a log, only committed entries are compacted, and a log that is read back is one that a leader had.',
  "When an entry of term t is appended after one of term s, t >= s. When a server compacts its log up to i, i is in the log, at most its commit index, and the entry there has the term that the server remembers. When a server has read its log back after a start, that log is a prefix of the log of the leader of its last entry's term: pieces of an older log are never taken for its continuation. Judged at every append, compaction and recovery.",
  '§5.3 and §7',
);

export class LogContiguous extends RaftChecker {
  override readonly info = LOG_CONTIGUOUS;

  /** Before the ghost takes the append in. */
  onAppended(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term): void {
    const before = server.memory.termAt(index - 1);
    if (term >= before) return;
    this.violate(
      `${this.ghost.name(process)} appended an entry of term ${term} at index ${index}, after one of term ${before}`,
    );
  }

  /** Before the ghost takes the compaction in. */
  onCompacted(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term): void {
    const { memory, commit } = server;
    if (index > commit) {
      this.violate(
        `${this.ghost.name(process)} compacted its log up to index ${index} with its commit index at ${commit}`,
      );
    } else if (memory.termAt(index) !== term) {
      this.violate(
        `${this.ghost.name(process)} compacted its log up to index ${index} of term ${term}, but its log has term ` +
          `${memory.termAt(index)} there`,
      );
    }
  }

  /** After the ghost has taken the recovery in. */
  onRecovered(process: ProcessId, { memory }: ServerGhost): void {
    const { last, lastTerm } = memory;
    if (this.ghost.leaders.matches(lastTerm, last, memory.lowAt(last), memory.highAt(last))) return;
    this.violate(
      `${this.ghost.name(process)} restarted with a log up to index ${last} of term ${lastTerm} that no leader of that ` +
        'term has had',
    );
  }
}
