/** Raft's settings: what a scenario may write under `protocol.settings`, resolved to integers. */

import { UsageError, nearest, parseDuration, parseDurationRange, type Micros } from '../../kernel/index.js';

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

type Key = (typeof KEYS)[number];
type Raw = Readonly<Record<string, unknown>>;

/** Validates and fills in defaults; throws UsageError naming the setting. */
export function parseRaftSettings(raw: Raw): RaftSettings {
  refuseUnknown(raw);
  const election = parseDurationRange(raw['election-timeout'] ?? '150ms..300ms', path('election-timeout'));
  const heartbeatMicros = parseDuration(raw['heartbeat'] ?? '50ms', path('heartbeat'));
  if (heartbeatMicros < 1 || heartbeatMicros >= election.minMicros) {
    throw bad('heartbeat', 'more than 0 and less than the election time-out');
  }
  return {
    electionTimeoutMicrosMin: election.minMicros,
    electionTimeoutMicrosMax: election.maxMicros,
    heartbeatMicros,
    preVote: flag(raw, 'pre-vote', true),
    checkQuorum: flag(raw, 'check-quorum', true),
    maxEntriesPerMessage: count(raw, 'max-entries-per-message', 64, 1),
    maxBytesPerMessage: count(raw, 'max-bytes-per-message', 65_536, 1),
    maxInflightMessages: count(raw, 'max-inflight-messages', 256, 1),
    maxInflightBytes: count(raw, 'max-inflight-bytes', 1_048_576, 1),
    emptyHeartbeats: flag(raw, 'empty-heartbeats', false),
    snapshotEntries: count(raw, 'snapshot-entries', 1000, 0),
    snapshotBytes: count(raw, 'snapshot-bytes', 0, 0),
    snapshotIntervalMicros: parseDuration(raw['snapshot-interval'] ?? 0, path('snapshot-interval')),
    retainedEntries: count(raw, 'retained-entries', 100, 0),
    snapshotChunk: count(raw, 'snapshot-chunk', 16_384, 1),
    maxUncommittedEntries: count(raw, 'max-uncommitted-entries', 4096, 1),
    maxUncommittedBytes: count(raw, 'max-uncommitted-bytes', 4_194_304, 1),
    maxWaitingReads: count(raw, 'max-waiting-reads', 1024, 1),
    clockDriftPpm: count(raw, 'clock-drift-ppm', 10_000, 0, 500_000),
    autoActivate: flag(raw, 'auto-activate', true),
  };
}

function refuseUnknown(raw: Raw): void {
  for (const key of Object.keys(raw)) {
    if ((KEYS as readonly string[]).includes(key)) continue;
    const near = nearest(key, KEYS);
    throw new UsageError(
      'unknown-setting',
      `${path(key)}: unknown raft setting, expected one of ${KEYS.join(', ')}`,
      near === undefined ? undefined : `did you mean "${near}"?`,
    );
  }
}

function count(raw: Raw, key: Key, byDefault: number, least: number, most = 1_000_000_000): number {
  const value = raw[key] ?? byDefault;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw bad(key, `a whole number from ${least} to ${most}`);
}

function flag(raw: Raw, key: Key, byDefault: boolean): boolean {
  const value = raw[key] ?? byDefault;
  if (typeof value === 'boolean') return value;
  throw bad(key, 'true or false');
}

function bad(key: Key, expected: string): UsageError {
  return new UsageError('bad-setting', `${path(key)}: expected ${expected}`);
}

function path(key: string): string {
  return `protocol.settings.${key}`;
}
