/** An acknowledged entry is on disk. */

import type { ProcessId } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const ACK_DURABLE = raftSafety(
  'ack-durable',
  'A follower acknowledges only what it has on disk, and only what its leader has too.',
  "When a server sends a successful AppendEntriesResponse of term t and matchIndex m to the leader of t: its durable term is at least t, its durable log reaches m, and that log's prefix up to m is a prefix of the leader's log or is covered by its durable snapshot. The same holds when it says that a snapshot up to m is installed. Damage at rest that the running server cannot know of does not count. Judged at every send.",
  'Figure 2, "updated on stable storage before responding to RPCs"; §5.3',
);

export class AckDurable extends RaftChecker {
  override readonly info = ACK_DURABLE;

  onAcknowledge(process: ProcessId, server: ServerGhost, to: ProcessId, term: Term, index: LogIndex): void {
    const { leaders } = this.ghost;
    // To anybody but the leader of this term the response means nothing, and so it does to one that has long left
    // the term, in memory and on disk, and is forgotten for it.
    if (leaders.of(term)?.leader !== to) return;
    const { durable } = server;
    if (index > durable.last) {
      this.violate(
        `${this.ghost.name(process)} acknowledged index ${index} to ${this.ghost.name(to)}, but its disk holds only index ` +
          `${durable.last}`,
      );
    } else if (server.durableTerm() < term) {
      this.violate(
        `${this.ghost.name(process)} acknowledged index ${index} in term ${term}, but its disk knows only term ` +
          `${server.durableTerm()}`,
      );
    } else if (
      index >= durable.base &&
      !leaders.matches(term, index, durable.lowAt(index), durable.highAt(index))
    ) {
      this.violate(
        `${this.ghost.name(process)} acknowledged index ${index} to ${this.ghost.name(to)}, but its disk holds another log ` +
          `up to there (term ${durable.termAt(index)})`,
      );
    }
  }
}
