/** Which event concerns which property of logs: what is sent, appended, truncated, and found on the disk again. */

import type { Entry, LogIndex, Term } from '../../protocols/raft/index.js';
import type { ProcessId } from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import { LeaderAppendOnly } from './leader-append-only.js';
import { LogContiguous } from './log-contiguous.js';
import { LogMatching } from './log-matching.js';
import { LogTime } from './log-time.js';
import { RecoveredState } from './recovered-state.js';
import { TruncateOnConflict } from './truncate-on-conflict.js';
import { VersionGate } from './version-gate.js';
import type { RaftGhost } from './ghost.js';
import type { ServerGhost } from './server-ghost.js';

/** What a server says of itself when it has read its disk. */
export interface Recovered {
  readonly term: Term;
  readonly lastIndex: LogIndex;
  readonly trusted: boolean;
}

export class LogRules {
  private readonly logTime: LogTime;
  private readonly versionGate: VersionGate;
  private readonly leaderAppendOnly: LeaderAppendOnly;
  private readonly logContiguous: LogContiguous;
  private readonly logMatching: LogMatching;
  private readonly truncateOnConflict: TruncateOnConflict;
  private readonly recoveredState: RecoveredState;

  constructor(
    private readonly ghost: RaftGhost,
    sink: ViolationSink,
  ) {
    this.logTime = new LogTime(ghost, sink);
    this.versionGate = new VersionGate(ghost, sink);
    this.leaderAppendOnly = new LeaderAppendOnly(ghost, sink);
    this.logContiguous = new LogContiguous(ghost, sink);
    this.logMatching = new LogMatching(ghost, sink);
    this.truncateOnConflict = new TruncateOnConflict(ghost, sink);
    this.recoveredState = new RecoveredState(ghost, sink);
  }

  onEntriesSent(from: ProcessId, entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    this.logTime.onEntries(from, entries);
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i] as Entry;
      if (entry.version > 1) this.versionGate.onEntry(from, entry);
      if (entry.system !== undefined) this.ghost.entrySeen(entry);
    }
  }

  onAppended(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term, hash: number): void {
    this.leaderAppendOnly.onAppended(process, server, index, term);
    this.logContiguous.onAppended(process, server, index, term);
    this.logMatching.onAppending(process, server, index);
    this.ghost.appended(process, server, index, term, hash);
    this.logMatching.onAppended(process, server, index, term);
  }

  /** Before {@link onTruncated}. */
  onTruncating(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.leaderAppendOnly.onTruncated(process, server, index);
  }

  onTruncated(process: ProcessId, server: ServerGhost, index: LogIndex): void {
    this.truncateOnConflict.onTruncated(process, server, index);
    this.ghost.truncated(server, index);
  }

  onCompacted(process: ProcessId, server: ServerGhost, index: LogIndex, term: Term): void {
    this.logContiguous.onCompacted(process, server, index, term);
  }

  onRecovered(process: ProcessId, server: ServerGhost, { term, lastIndex, trusted }: Recovered): void {
    this.recoveredState.onRecovered(process, server, term, lastIndex, trusted);
    this.ghost.recovered(server, term, lastIndex, trusted);
    this.logContiguous.onRecovered(process, server);
  }

  /** `before`: the entry in front of it in the file. */
  onDurableEntry(process: ProcessId, before: Entry | undefined, entry: Entry | undefined): void {
    if (entry === undefined) return;
    if (before !== undefined) this.logTime.onNeighbours(process, before, entry);
    if (entry.system !== undefined) this.ghost.entrySeen(entry);
  }
}
