/**
 * Raft's messages (Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", extended
 * version, Figure 2 and §7; Ongaro's dissertation, "Consensus: Bridging Theory and Practice", §3.10, §4, §6.4
 * and §9.6) and its log entries. All immutable.
 */

import type {
  AdminReply,
  AdminRequest,
  ClientReply,
  ClientRequest,
  Command,
  Message,
  Micros,
} from '../../kernel/index.js';
import type { Configuration, MemberId } from './configuration.js';

export type Term = number;
/** Places in the log, from 1; 0 is "before the first". */
export type LogIndex = number;

/** What an entry holds that the service does not see. */
export type SystemCommand =
  /** Takes effect on append (dissertation §4.1). */
  | { readonly kind: 'configuration'; readonly configuration: Configuration }
  /** These members' programs understand protocol versions up to these. */
  | { readonly kind: 'announce'; readonly versions: readonly MemberVersion[] }
  /** From here on every member speaks at least this version, for good. */
  | { readonly kind: 'activate'; readonly version: number };

/** A member and the highest protocol version that its program understands. */
export type MemberVersion = readonly [MemberId, number];

/** One log entry. With neither command nor system command it is a no-op, which a new leader appends (§8). */
export interface Entry {
  readonly index: LogIndex;
  readonly term: Term;
  /** The log's own time, from its leaders' clocks; never goes back along the log. */
  readonly timeMicros: Micros;
  readonly command: Command | undefined;
  readonly system: SystemCommand | undefined;
  /** The lowest protocol version that understands it. One that does not stops rather than skip it. */
  readonly version: number;
  /** Content hash of all of the above. */
  readonly hash: number;
  readonly bytes: number;
}

/**
 * `generation`, in what is sent to a member or by one: how often the process's disk had been formatted anew
 * when it became this member. A process whose disk is another one by now is not the one that is meant.
 */
export interface PreVote extends Message {
  readonly kind: 'PreVote';
  /** The term that the sender would stand in; nobody changes his own for it. */
  readonly term: Term;
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
  readonly generation: number;
}

/** A grant has the term that was asked for, a refusal the responder's own. */
export interface PreVoteResponse extends Message {
  readonly kind: 'PreVoteResponse';
  readonly term: Term;
  readonly granted: boolean;
  readonly generation: number;
}

export interface RequestVote extends Message {
  readonly kind: 'RequestVote';
  readonly term: Term;
  readonly lastLogIndex: LogIndex;
  readonly lastLogTerm: Term;
  /** True when the present leader asked for this election: then voters need not stick to it (§4.2.3). */
  readonly isTransfer: boolean;
  readonly generation: number;
}

export interface RequestVoteResponse extends Message {
  readonly kind: 'RequestVoteResponse';
  readonly term: Term;
  readonly granted: boolean;
  readonly generation: number;
}

export interface AppendEntries extends Message {
  readonly kind: 'AppendEntries';
  readonly term: Term;
  readonly prevLogIndex: LogIndex;
  readonly prevLogTerm: Term;
  readonly entries: readonly Entry[];
  readonly leaderCommit: LogIndex;
  /** The leader's latest round: whoever answers with it still followed this leader when it began (§6.4). */
  readonly round: number;
  readonly generation: number;
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
   * of it; else a leader that believes an older acknowledgement never sends the lost entries again.
   */
  readonly hasLost: boolean;
  /** The round of the request. */
  readonly round: number;
  /** The highest protocol version that the sender's program understands. */
  readonly version: number;
  readonly generation: number;
}

/** What a snapshot says of itself (§7); the state follows in chunks. */
export interface SnapshotHeader {
  readonly index: LogIndex;
  readonly term: Term;
  /** The log's time at `index`. */
  readonly timeMicros: Micros;
  /** The configuration in force at `index`, and the index of its entry. */
  readonly configuration: Configuration;
  readonly configurationIndex: LogIndex;
  /** Configurations before it, latest last; the oldest are forgotten. */
  readonly history: readonly ConfigurationAt[];
  /** The protocol version activated, and what members have announced: pairs of member and version. */
  readonly activeVersion: number;
  readonly announced: readonly MemberVersion[];
  /** Digest of service and system state, as `applied` reports it for `index`. */
  readonly digest: number;
  /** Rolling digest of the system commands applied. */
  readonly systemDigest: number;
}

export interface ConfigurationAt {
  readonly index: LogIndex;
  readonly configuration: Configuration;
}

/** One piece of a snapshot's text: `text` begins at `offset` of `size`; `checksum` is that of the whole. */
export interface InstallSnapshot extends Message {
  readonly kind: 'InstallSnapshot';
  readonly term: Term;
  readonly header: SnapshotHeader;
  readonly offset: number;
  readonly text: string;
  readonly size: number;
  readonly checksum: number;
  readonly round: number;
  readonly generation: number;
}

/**
 * `nextOffset`: where the receiver wants the next piece to begin. `installed`: it has everything up to
 * `index` durably, from this snapshot or otherwise.
 */
export interface InstallSnapshotResponse extends Message {
  readonly kind: 'InstallSnapshotResponse';
  readonly term: Term;
  readonly index: LogIndex;
  readonly nextOffset: number;
  readonly installed: boolean;
  readonly round: number;
  readonly generation: number;
}

/** The leader asks this member to stand for election at once (dissertation §3.10). */
export interface TimeoutNow extends Message {
  readonly kind: 'TimeoutNow';
  readonly term: Term;
  readonly generation: number;
}

/** A server asks the leader up to where it must have applied before it answers reads that it holds. */
export interface ReadIndexRequest extends Message {
  readonly kind: 'ReadIndexRequest';
  readonly term: Term;
  /** Made by the asking server: its incarnation and a counter. */
  readonly incarnation: number;
  readonly id: number;
  readonly generation: number;
}

export interface ReadIndexResponse extends Message {
  readonly kind: 'ReadIndexResponse';
  readonly term: Term;
  readonly incarnation: number;
  readonly id: number;
  /** -1: not now. */
  readonly readIndex: LogIndex;
  readonly generation: number;
}

/** What servers say to each other. */
export type PeerMessage =
  | PreVote
  | PreVoteResponse
  | RequestVote
  | RequestVoteResponse
  | AppendEntries
  | AppendEntriesResponse
  | InstallSnapshot
  | InstallSnapshotResponse
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexResponse;

export type RaftMessage = PeerMessage | ClientRequest | ClientReply | AdminRequest | AdminReply;
