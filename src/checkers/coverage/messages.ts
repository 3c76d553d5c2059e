/**
 * What the recognisers read of Raft's messages, and no more: a recogniser must not depend on the rest of a
 * message, nor on a field that an older protocol version lacks.
 */

import type { Message } from '../../kernel/index.js';
import type { LogIndex, Term } from '../../protocols/raft/index.js';

export interface SeenVoteResponse extends Message {
  readonly granted: boolean;
}

export interface SeenAppendEntries extends Message {
  readonly term: Term;
  readonly prevLogIndex: LogIndex;
  readonly entries: readonly SeenEntry[];
}

export interface SeenEntry {
  readonly index: LogIndex;
  readonly system?: { readonly kind: string } | undefined;
}

export interface SeenAppendEntriesResponse extends Message {
  readonly term: Term;
  readonly success: boolean;
  readonly conflictTerm: Term;
  /** The highest protocol version that the sender's program understands. */
  readonly version?: number;
}

export interface SeenInstallSnapshot extends Message {
  readonly term: Term;
  readonly header: { readonly index: LogIndex };
  readonly offset: number;
  readonly text: string;
  readonly size: number;
}

export interface SeenInstallSnapshotResponse extends Message {
  readonly index: LogIndex;
  readonly nextOffset: number;
  readonly installed: boolean;
}

/** Names of files that hold a part of the log begin with this. */
export const LOG_FILE_PREFIX = 'wal';
/** Files of a snapshot that was not whole when they were last written. */
export const UNFINISHED_SNAPSHOTS: readonly string[] = ['snapshot.saving', 'snapshot.incoming'];
