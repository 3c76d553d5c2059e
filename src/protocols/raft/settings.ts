/** Raft's settings: what a scenario may write under `protocol.settings`, resolved to integers. */

import { SettingsReader, type Micros } from '../../kernel/index.js';

export interface RaftSettings {
  readonly electionTimeoutMicrosMin: Micros;
  readonly electionTimeoutMicrosMax: Micros;
  readonly heartbeatMicros: Micros;
  /** Candidates ask first whether they could win, without changing any term (dissertation §9.6). */
  readonly preVote: boolean;
  /** A leader that a quorum has not answered for an election time-out steps down (§6.2). */
  readonly checkQuorum: boolean;
  /** Most entries, and bytes of entries, in one AppendEntries; one entry is always allowed. */
  readonly maxEntriesPerMessage: number;
  readonly maxBytesPerMessage: number;
  /** Most AppendEntries, and bytes of entries, on the way to one follower without an answer. */
  readonly maxInflightMessages: number;
  readonly maxInflightBytes: number;
  /** True: heartbeats carry no entries and say only what is known to match, as in many implementations. */
  readonly emptyHeartbeats: boolean;
  /** Entries, bytes of entries, and time after which a server makes a snapshot; 0: never for that reason. */
  readonly snapshotEntries: number;
  readonly snapshotBytes: number;
  readonly snapshotIntervalMicros: Micros;
  /** Entries before the snapshot that stay in the log, for followers that are a little behind. */
  readonly retainedEntries: number;
  /** Characters of a snapshot's text in one InstallSnapshot. */
  readonly snapshotChunk: number;
  /** Most entries, and bytes of entries, that a leader has appended and not yet committed. */
  readonly maxUncommittedEntries: number;
  readonly maxUncommittedBytes: number;
  /** Most reads that wait on one server for a round of the leader or for entries to be applied. */
  readonly maxWaitingReads: number;
  /** Bound on how fast or slow clocks run, in parts per million: what leases rest on. */
  readonly clockDriftPpm: number;
  /** True: a leader opens a protocol version by itself once every member has announced it. */
  readonly autoActivate: boolean;
}

const KEYS = [
  'election-timeout',
  'heartbeat',
  'pre-vote',
  'check-quorum',
  'max-entries-per-message',
  'max-bytes-per-message',
  'max-inflight-messages',
  'max-inflight-bytes',
  'empty-heartbeats',
  'snapshot-entries',
  'snapshot-bytes',
  'snapshot-interval',
  'retained-entries',
  'snapshot-chunk',
  'max-uncommitted-entries',
  'max-uncommitted-bytes',
  'max-waiting-reads',
  'clock-drift-ppm',
  'auto-activate',
] as const;

/** Validates and fills in defaults; throws UsageError naming the setting. */
export function parseRaftSettings(raw: Readonly<Record<string, unknown>>): RaftSettings {
  const read = new SettingsReader('raft', KEYS, raw);
  const election = read.durationRange('election-timeout', '150ms..300ms');
  const heartbeatMicros = read.duration('heartbeat', '50ms');
  if (heartbeatMicros < 1 || heartbeatMicros >= election.minMicros) {
    throw read.bad('heartbeat', 'more than 0 and less than the election time-out');
  }
  return {
    electionTimeoutMicrosMin: election.minMicros,
    electionTimeoutMicrosMax: election.maxMicros,
    heartbeatMicros,
    preVote: read.flag('pre-vote', true),
    checkQuorum: read.flag('check-quorum', true),
    maxEntriesPerMessage: read.count('max-entries-per-message', 64, 1),
    maxBytesPerMessage: read.count('max-bytes-per-message', 65_536, 1),
    maxInflightMessages: read.count('max-inflight-messages', 256, 1),
    maxInflightBytes: read.count('max-inflight-bytes', 1_048_576, 1),
    emptyHeartbeats: read.flag('empty-heartbeats', false),
    snapshotEntries: read.count('snapshot-entries', 1000, 0),
    snapshotBytes: read.count('snapshot-bytes', 0, 0),
    snapshotIntervalMicros: read.duration('snapshot-interval', 0),
    retainedEntries: read.count('retained-entries', 100, 0),
    snapshotChunk: read.count('snapshot-chunk', 16_384, 1),
    maxUncommittedEntries: read.count('max-uncommitted-entries', 4096, 1),
    maxUncommittedBytes: read.count('max-uncommitted-bytes', 4_194_304, 1),
    maxWaitingReads: read.count('max-waiting-reads', 1024, 1),
    clockDriftPpm: read.count('clock-drift-ppm', 10_000, 0, 500_000),
    autoActivate: read.flag('auto-activate', true),
  };
}
