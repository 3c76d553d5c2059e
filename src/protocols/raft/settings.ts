/** Raft's settings: what a scenario may write under `protocol.settings`, resolved to integers. */

import { UsageError, nearest, parseDuration, parseDurationRange, type Micros } from '../../kernel/index.js';

export interface RaftSettings {
  readonly electionTimeoutMicrosMin: Micros;
  readonly electionTimeoutMicrosMax: Micros;
  readonly heartbeatMicros: Micros;
  /** Most entries in one AppendEntries. */
  readonly maxEntriesPerMessage: number;
  /** True: heartbeats carry no entries and say only what is known to match, as in many implementations. */
  readonly emptyHeartbeats: boolean;
}

const KEYS = ['election-timeout', 'heartbeat', 'max-entries-per-message', 'empty-heartbeats'] as const;

/** Validates and fills in defaults; throws UsageError naming the setting. */
export function parseRaftSettings(raw: Readonly<Record<string, unknown>>): RaftSettings {
  for (const key of Object.keys(raw)) {
    if (!(KEYS as readonly string[]).includes(key)) {
      const near = nearest(key, KEYS);
      throw new UsageError(
        'unknown-setting',
        `protocol.settings.${key}: unknown raft setting, expected one of ${KEYS.join(', ')}`,
        near === undefined ? undefined : `did you mean "${near}"?`,
      );
    }
  }
  const election = parseDurationRange(
    raw['election-timeout'] ?? '150ms..300ms',
    'protocol.settings.election-timeout',
  );
  const heartbeatMicros = parseDuration(raw['heartbeat'] ?? '50ms', 'protocol.settings.heartbeat');
  const maxEntriesPerMessage = raw['max-entries-per-message'] ?? 64;
  if (
    typeof maxEntriesPerMessage !== 'number' ||
    !Number.isInteger(maxEntriesPerMessage) ||
    maxEntriesPerMessage < 1
  ) {
    throw new UsageError(
      'bad-setting',
      'protocol.settings.max-entries-per-message: expected a whole number of at least 1',
    );
  }
  const emptyHeartbeats = raw['empty-heartbeats'] ?? false;
  if (typeof emptyHeartbeats !== 'boolean') {
    throw new UsageError('bad-setting', 'protocol.settings.empty-heartbeats: expected true or false');
  }
  if (heartbeatMicros < 1 || heartbeatMicros >= election.minMicros) {
    throw new UsageError(
      'bad-setting',
      'protocol.settings.heartbeat: expected more than 0 and less than the election time-out',
    );
  }
  return {
    electionTimeoutMicrosMin: election.minMicros,
    electionTimeoutMicrosMax: election.maxMicros,
    heartbeatMicros,
    maxEntriesPerMessage,
    emptyHeartbeats,
  };
}
