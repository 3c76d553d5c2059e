/**
 * Raft's messages (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", extended
 * version, Figure 2), its log entries and what it writes to disk. All immutable.
 */

import {
  hashRequestReply,
  mix32,
  mixInteger,
  type ClientReply,
  type ClientRequest,
  type Command,
  type Message,
} from '../../kernel/index.js';

export type Term = number;
/** Places in the log, from 1; 0 is "before the first". */
export type LogIndex = number;

/** One log entry. A command of undefined is a no-op, which a new leader appends (§8). */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly command: Command | undefined;
  /** Content hash of index, term and command. */
  readonly hash: number;
  readonly bytes: number;
}

export interface RequestVote extends Message {
  readonly kind: 'RequestVote';
  readonly term: Term;
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
}

export interface RequestVoteResponse extends Message {
  readonly kind: 'RequestVoteResponse';
  readonly term: Term;
  readonly granted: boolean;
}

export interface AppendEntries extends Message {
  readonly kind: 'AppendEntries';
  readonly term: Term;
  readonly prevLogIndex: LogIndex;
  readonly prevLogTerm: Term;
  readonly entries: readonly Entry[];
  readonly leaderCommit: LogIndex;
}

/**
 * Success: everything up to matchIndex is durable here and equal to the leader's log. Failure: `matchIndex`
 * is the last index that may still match and `conflictTerm` the term of the follower's entry there, so that
 * both sides skip whole terms at a time (§5.3, last paragraph).
 */
export interface AppendEntriesResponse extends Message {
  readonly kind: 'AppendEntriesResponse';
  readonly term: Term;
  readonly success: boolean;
  readonly matchIndex: LogIndex;
  readonly conflictTerm: Term;
  /** The prevLogIndex of the request: tells which one was refused. */
  readonly prevLogIndex: LogIndex;
  /**
   * In a refusal: the follower's disk may have lost what it acknowledged, and the leader forgets what it knew
   * of it; else a leader that believes an older acknowledgement never sends the lost entries again. In a
   * success: the follower has forgotten even its term, and this acknowledgement does not count.
   */
  readonly hasLost: boolean;
}

export type RaftMessage =
  RequestVote | RequestVoteResponse | AppendEntries | AppendEntriesResponse | ClientRequest | ClientReply;

/** File of the log: a write-ahead log that is only appended to; a record replaces every index from its own on. */
export const WAL_FILE = 'wal';
/** File of term and vote: two one-sector copies, slots 0 and 1, overwritten together. */
export const META_FILE = 'meta';

/** One record of the write-ahead log. */
export interface WalRecord {
  readonly entry: Entry;
  /** Records of this file known to be synced when this one was written: damage below it is no torn tail. */
  readonly syncedRecords: number;
}

/** One copy of term and vote; the intact copy with the highest version counts. */
export interface MetaRecord {
  readonly version: number;
  readonly term: Term;
  /** The candidate voted for in this term, or -1. */
  readonly votedFor: number;
  /**
   * When the log was found damaged at a start: entries up to this index, of terms up to suspectTerm, may
   * have been acknowledged and lost. The replica does not vote until it has them again. 0 and 0: trusted.
   */
  readonly suspectIndex: LogIndex;
  readonly suspectTerm: Term;
}

/** Size of a message without its entries, and of an entry without its command. */
export const MESSAGE_OVERHEAD_BYTES = 48;
export const ENTRY_OVERHEAD_BYTES = 24;
export const META_BYTES = 64;

export function makeEntry(index: LogIndex, term: Term, command: Command | undefined): Entry {
  const hash = mix32(
    mixInteger(mixInteger(0x3c6ef372, index), term),
    command === undefined ? 0 : command.hash,
  );
  const bytes = ENTRY_OVERHEAD_BYTES + (command === undefined ? 0 : command.bytes);
  return { index, term, command, hash, bytes };
}

/** Content hash of any of Raft's messages. */
export function hashRaftMessage(message: Message): number {
  const raft = message as RaftMessage;
  switch (raft.kind) {
    case 'AppendEntries': {
      let hash = mix32(mix32(mix32(0x1b873593, raft.term), raft.prevLogIndex), raft.prevLogTerm);
      hash = mix32(mix32(hash, raft.leaderCommit), raft.entries.length);
      for (let i = 0; i < raft.entries.length; i++) hash = mix32(hash, raft.entries[i]?.hash ?? 0);
      return hash;
    }
    case 'AppendEntriesResponse': {
      const flags = (raft.success ? 1 : 0) + (raft.hasLost ? 2 : 0);
      const hash = mix32(mix32(mix32(0x7feb352d, raft.term), flags), raft.matchIndex);
      return mix32(mix32(hash, raft.conflictTerm), raft.prevLogIndex);
    }
    case 'RequestVote':
      return mix32(mix32(mix32(0x846ca68b, raft.term), raft.lastLogIndex), raft.lastLogTerm);
    case 'RequestVoteResponse':
      return mix32(mix32(0x2545f491, raft.term), raft.granted ? 1 : 0);
    case 'ClientRequest':
    case 'ClientReply':
      return hashRequestReply(raft);
  }
}

export function raftMessageBytes(message: Message): number {
  const raft = message as RaftMessage;
  switch (raft.kind) {
    case 'AppendEntries': {
      let bytes = MESSAGE_OVERHEAD_BYTES;
      for (let i = 0; i < raft.entries.length; i++) bytes += raft.entries[i]?.bytes ?? 0;
      return bytes;
    }
    case 'ClientRequest':
      return MESSAGE_OVERHEAD_BYTES + raft.command.bytes;
    default:
      return MESSAGE_OVERHEAD_BYTES;
  }
}
