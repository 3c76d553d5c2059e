/** A restarted server still has what it let others rely on, or says that it may not. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const RECOVERED_STATE = raftSafety(
  'recovered-state',
  'A restarted server has the term and log that it let others rely on, or does not trust its disk.',
  'When a server has read its disk after a start: it claims no entry that is not in the intact contiguous part of its log files or covered by its snapshot; and unless it says that it does not trust the disk, its term is at least every term in which it voted, stood, led or acknowledged, and its log, or its snapshot, has every entry that it acknowledged (as leader: counted for itself) and that no later durable entry or snapshot replaced. A damaged record is never mistaken for a torn tail. Judged at every recovery.',
  'Figure 2; damage: Alagappan et al., "Protocol-Aware Recovery for Consensus-Based Storage" (FAST 2018), §3',
);

export class RecoveredState extends RaftChecker {
  override readonly info = RECOVERED_STATE;

  /** Before the ghost takes the recovery in. */
  onRecovered(
    process: ProcessId,
    server: ServerGhost,
    term: Term,
    lastIndex: LogIndex,
    isTrusted: boolean,
  ): void {
    const { durable, promisedIndex } = server;
    if (lastIndex > durable.last) {
      this.violate(
        `${this.ghost.name(process)} restarted with a log up to index ${lastIndex}, but its disk holds only index ` +
          `${durable.last}`,
      );
    }
    if (!isTrusted) return;
    if (term < server.promisedTerm) {
      this.violate(
        `${this.ghost.name(process)} restarted in term ${term}, trusting its disk, after it had acted in term ` +
          `${server.promisedTerm}`,
      );
    }
    // What is compacted, the last of it included, is covered by the snapshot; raft/snapshot-content judges that one.
    const hasPromised =
      promisedIndex <= lastIndex &&
      (promisedIndex <= durable.base ||
        durable.holds(promisedIndex, server.promisedLow, server.promisedHigh));
    if (hasPromised) return;
    this.violate(
      `${this.ghost.name(process)} restarted with a log up to index ${lastIndex}, trusting its disk, without the log that ` +
        `it had acknowledged up to index ${promisedIndex}`,
    );
  }
}
