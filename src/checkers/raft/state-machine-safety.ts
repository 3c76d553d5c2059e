/** All servers commit the same log. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const STATE_MACHINE_SAFETY = raftSafety(
  'state-machine-safety',
  'No two servers commit different entries at one index.',
  "When a server's commit index becomes i, its log equals the committed log up to i, or up to the end of the committed log if that comes first; when it installs a snapshot up to i of term t, the committed entry at i has term t. (What servers then apply is compared by any/agreement.) Judged at every move of a commit index and every installation.",
  'Figure 3 and §5.4.3',
);

export class StateMachineSafety extends RaftChecker {
  override readonly info = STATE_MACHINE_SAFETY;

  /** Before the ghost takes the commit in. */
  onCommit(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    const { committed } = this.ghost;
    const shared = index < committed.last ? index : committed.last;
    if (server.memory.agreesWith(committed, shared)) return;
    let first = shared;
    while (first > committed.base + 1 && !server.memory.agreesWith(committed, first - 1)) first--;
    this.violate(
      `${this.ghost.name(process)} committed up to index ${index}, but its entry at index ${first} (term ` +
        `${server.memory.termAt(first)}) is not the committed one (term ${committed.termAt(first)})`,
    );
  }

  onInstalled(process: ProcessId, index: LogIndex, term: Term): void {
    const { committed } = this.ghost;
    // Forgotten: everybody else has put it behind a snapshot.
    if (index < committed.base || committed.termAt(index) === term) return;
    const what =
      index > committed.last
        ? `no leader has committed beyond index ${committed.last}`
        : `the committed entry there has term ${committed.termAt(index)}`;
    this.violate(
      `${this.ghost.name(process)} installed a snapshot up to index ${index} of term ${term}, but ${what}`,
    );
  }
}
