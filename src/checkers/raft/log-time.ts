/** The log's own time never goes back. */

import type { ProcessId } from '../../kernel/index.js';
import type { Entry } from '../../protocols/raft/index.js';
import { RaftChecker, raftSafety } from './raft-checker.js';

export const LOG_TIME = raftSafety(
  'log-time',
  "The log's own time never goes back along the log.",
  'Of two entries i and i + 1 of one log, the later one has no earlier time: what expires by the time of the log expires everywhere at the same place. Judged for neighbours in every AppendEntries that is sent and in every segment that becomes durable.',
  "Ongaro's dissertation, §6.3 (the cluster's clock)",
);

export class LogTime extends RaftChecker {
  override readonly info = LOG_TIME;

  onEntries(process: ProcessId, entries: readonly Entry[]): void {
    for (let i = 1; i < entries.length; i++) {
      this.onNeighbours(process, entries[i - 1] as Entry, entries[i] as Entry);
    }
  }

  onNeighbours(process: ProcessId, before: Entry, entry: Entry): void {
    if (entry.timeMicros >= before.timeMicros || entry.index !== before.index + 1) return;
    this.violate(
      `in the log of ${this.ghost.name(process)} the time goes back by ${before.timeMicros - entry.timeMicros} us at ` +
        `index ${entry.index}`,
    );
  }
}
