/** What leaders send is what their logs say. */

import type { ProcessId } from '../../kernel/index.js';
import type { AppendEntries, Entry } from '../../protocols/raft/index.js';
import type { ServerGhost } from './server-ghost.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const MESSAGE_WELL_FORMED = raftSafety(
  'message-well-formed',
  "AppendEntries comes from its term's leader, and its entries follow each other in that leader's log.",
  "When AppendEntries of term t leaves: its sender was elected in t; prevLogTerm is the term that the sender's log has at prevLogIndex, unless that is compacted; entries have the indexes prevLogIndex + 1, + 2, …, and the terms that the sender's log has there; the commit index is at most the sender's. Judged at every send.",
  'Figure 2, AppendEntries',
);

export class MessageWellFormed extends RaftChecker {
  override readonly info = MESSAGE_WELL_FORMED;

  onSend(process: ProcessId, server: ServerGhost, message: AppendEntries): void {
    const { term, prevLogIndex, leaderCommit } = message;
    if (this.ghost.leaders.of(term)?.leader !== process) {
      this.violate(
        `${this.ghost.name(process)} sent AppendEntries of term ${term}, in which it was not elected`,
      );
    } else if (leaderCommit > server.commit) {
      this.violate(
        `${this.ghost.name(process)} sent commit index ${leaderCommit}, but its own is ${server.commit}`,
      );
    } else if (prevLogIndex >= server.memory.base && !this.isPreviousRight(server, message)) {
      this.violate(
        `${this.ghost.name(process)} sent prevLogTerm ${message.prevLogTerm} for index ${prevLogIndex}, where its log has ` +
          `term ${server.memory.termAt(prevLogIndex)}`,
      );
    } else this.judgeEntries(process, server, message);
  }

  private isPreviousRight({ memory }: ServerGhost, { prevLogIndex, prevLogTerm }: AppendEntries): boolean {
    return memory.termAt(prevLogIndex) === prevLogTerm;
  }

  private judgeEntries(process: ProcessId, { memory }: ServerGhost, message: AppendEntries): void {
    const { entries, prevLogIndex } = message;
    for (let i = 0; i < entries.length; i++) {
      const { index, term } = entries[i] as Entry;
      const isInPlace = index === prevLogIndex + 1 + i;
      if (isInPlace && (index <= memory.base || memory.termAt(index) === term)) continue;
      this.violate(
        `${this.ghost.name(process)} sent, as number ${i + 1} after index ${prevLogIndex}, an entry of index ${index} and ` +
          `term ${term}, where its log has term ${memory.termAt(prevLogIndex + 1 + i)}`,
      );
      return;
    }
  }
}
