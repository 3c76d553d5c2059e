/** Reads that claim to be linearizable reflect all that was committed when they were asked for. */

import type { ProcessId } from '../../kernel/index.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const READ_INDEX = raftSafety(
  'read-index',
  'A read by read index, by lease or through a follower is answered from a state that holds everything committed when it was asked for.',
  'When a server answers a read of mode read-index, lease or follower with the state after index i, every index that any leader had committed when the client invoked the read is at most i. Judged at every such reply, for operations that the client has not given up.',
  "Ongaro's dissertation, §6.4 and §6.4.1",
);

export class ReadIndex extends RaftChecker {
  override readonly info = READ_INDEX;

  onReply(process: ProcessId, client: ProcessId, sequence: number, index: number): void {
    const floor = this.ghost.reads.of(client, sequence);
    if (index >= floor) return;
    this.violate(
      `${this.ghost.name(process)} answered read ${sequence} of ${this.ghost.name(client)} from the state after index ` +
        `${index}, but index ${floor} had been committed when it was asked for`,
    );
  }
}
