/** Rare situations of replication: Raft §5.3, §5.4.2 (Figure 8) and §7. */

import type { Message, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import { IntColumn } from '../columns.js';
import type { SeenAppendEntries, SeenAppendEntriesResponse } from './messages.js';
import { Recogniser } from './recogniser.js';
import { outside, type Tally } from './situation.js';
import type { ClusterView, ServerView } from './view.js';

export const LEADERS_ENTRIES_OVERWRITTEN = outside(
  'deposed-leaders-entries-overwritten',
  'Entries that a server had appended as leader were removed from its own log.',
  'A server truncates its log at or below an index at which it had created an entry as leader.',
);
export const COMMITTED_BY_OWN_TERM = outside(
  'earlier-term-committed-by-own',
  "Entries of earlier terms were committed by an entry of the leader's own (Figure 8).",
  'The first commit of a leader in its own term covers entries below it that no server had committed.',
);
export const CONFLICT_OVER_TERMS = outside(
  'conflict-over-several-terms',
  'A leader found where two logs part by going back over more than one term.',
  'A follower refuses twice in a row within a term of the leader, the second time with a lower conflictTerm.',
);
export const APPEND_BELOW_BASE = outside(
  'append-below-compacted-base',
  'AppendEntries reached back to entries that its receiver had compacted.',
  'AppendEntries is sent to a running server whose log begins after its prevLogIndex.',
);

export const LOG_SITUATIONS = [
  LEADERS_ENTRIES_OVERWRITTEN,
  COMMITTED_BY_OWN_TERM,
  CONFLICT_OVER_TERMS,
  APPEND_BELOW_BASE,
];

export class Logs extends Recogniser {
  /** By server: the entries that it created in its latest leadership and still has; from 0: none. */
  private createdFrom = new IntColumn();
  private createdTo = new IntColumn();
  /** By server: leader's term and conflictTerm of its latest answer, when that was a refusal; else 0. */
  private refusedTerm = new IntColumn();
  private refusedConflict = new IntColumn();

  override onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const server = this.view.server(process);
    if (server === undefined) return;
    switch (event.kind) {
      case 'became-leader':
        this.createdFrom.set(process, 0);
        break;
      case 'appended':
        if (server.isLeader) this.created(process, event.index);
        break;
      case 'truncated':
        if (this.createdFrom.get(process) > 0 && event.index <= this.createdTo.get(process)) {
          this.reach(LEADERS_ENTRIES_OVERWRITTEN);
        }
        this.keep(process, event.index - 1);
        break;
      case 'recovered':
        this.keep(process, event.lastIndex);
        break;
      case 'committed':
        if (this.isCommitByOwnTerm(server, event.index)) this.reach(COMMITTED_BY_OWN_TERM);
        break;
      default:
        break;
    }
  }

  override onSend(from: ProcessId, to: ProcessId, message: Message): void {
    if (message.kind === 'AppendEntries') {
      const receiver = this.view.server(to);
      const { prevLogIndex } = message as SeenAppendEntries;
      if (receiver?.isUp === true && prevLogIndex < receiver.base) this.reach(APPEND_BELOW_BASE);
    } else if (message.kind === 'AppendEntriesResponse') {
      this.answered(from, message as SeenAppendEntriesResponse);
    }
  }

  override clone(view: ClusterView, tally: Tally): Logs {
    const copy = new Logs(view, tally);
    copy.createdFrom = this.createdFrom.clone();
    copy.createdTo = this.createdTo.clone();
    copy.refusedTerm = this.refusedTerm.clone();
    copy.refusedConflict = this.refusedConflict.clone();
    return copy;
  }

  private created(process: ProcessId, index: number): void {
    if (this.createdFrom.get(process) === 0) this.createdFrom.set(process, index);
    this.createdTo.set(process, index);
  }

  /** The server's log ends at `last` at the latest. */
  private keep(process: ProcessId, last: number): void {
    if (last < this.createdTo.get(process)) this.createdTo.set(process, last);
    if (last < this.createdFrom.get(process)) this.createdFrom.set(process, 0);
  }

  private isCommitByOwnTerm(server: ServerView, index: number): boolean {
    return server.isFreshLeader && index > server.electedLast && this.view.committed < server.electedLast;
  }

  private answered(follower: ProcessId, { term, success, conflictTerm }: SeenAppendEntriesResponse): void {
    const { refusedTerm, refusedConflict } = this;
    const wasRefused = refusedTerm.get(follower) === term;
    if (!success && wasRefused && conflictTerm > 0 && conflictTerm < refusedConflict.get(follower)) {
      this.reach(CONFLICT_OVER_TERMS);
    }
    refusedTerm.set(follower, success ? 0 : term);
    refusedConflict.set(follower, success ? 0 : conflictTerm);
  }
}
