/** PBFT's settings: what a scenario may write under `protocol.settings`, resolved to integers. */

import { UsageError, nearest, parseDuration, type ClusterShape, type Micros } from '../../kernel/index.js';
import { MOST_REPLICAS, mostFaulty } from './quorum.js';

export interface PbftSettings {
  /** Faulty replicas that are borne; undefined: as many as the cluster's size allows. */
  readonly faulty: number | undefined;
  /** How long a backup waits for a request to be executed before it suspects the primary; doubled, up to the cap. */
  readonly viewChangeMicros: Micros;
  readonly viewChangeMicrosMax: Micros;
  /** Most requests in a batch, and how long the primary waits for a batch to become full. */
  readonly batchSize: number;
  readonly batchDelayMicros: Micros;
  /** K: a checkpoint after every so many batches. */
  readonly checkpointInterval: number;
  /** L: batches between the low and the high watermark; a multiple of K. */
  readonly window: number;
  /** Most batches that the primary has proposed and not executed. */
  readonly maxInflight: number;
  /** Every so often a replica says what it lacks. */
  readonly statusMicros: Micros;
  /** Most requests that a replica remembers and that are not executed. */
  readonly maxPendingRequests: number;
  /** Characters of a state's text in one message. */
  readonly stateChunk: number;
}

const KEYS = [
  'f',
  'view-change-timeout',
  'view-change-timeout-max',
  'batch-size',
  'batch-delay',
  'checkpoint-interval',
  'window',
  'max-inflight',
  'status-interval',
  'max-pending-requests',
  'state-chunk',
] as const;

type Key = (typeof KEYS)[number];
type Raw = Readonly<Record<string, unknown>>;

/** Most replicas that can be faulty among as many as there may be. */
const MOST_FAULTY = mostFaulty(MOST_REPLICAS);
const LONGEST_WINDOW = 4096;
const WINDOW_IN_CHECKPOINTS = 2;

/** Validates and fills in defaults; throws UsageError naming the setting. */
export function parsePbftSettings(raw: Raw, cluster?: ClusterShape): PbftSettings {
  refuseUnknown(raw);
  const faulty = raw['f'] === undefined ? undefined : count(raw, 'f', 0, 0, MOST_FAULTY);
  if (cluster !== undefined) requireQuorum(cluster, faulty);
  const viewChangeMicros = duration(raw, 'view-change-timeout', '400ms');
  const viewChangeMicrosMax = duration(raw, 'view-change-timeout-max', 3 * viewChangeMicros);
  if (viewChangeMicrosMax < viewChangeMicros) {
    throw bad('view-change-timeout-max', 'at least view-change-timeout');
  }
  const statusMicros = duration(raw, 'status-interval', '100ms');
  const checkpointInterval = count(raw, 'checkpoint-interval', 16, 1, LONGEST_WINDOW / 2);
  const window = count(raw, 'window', WINDOW_IN_CHECKPOINTS * checkpointInterval, 1, LONGEST_WINDOW);
  if (window % checkpointInterval !== 0 || window < WINDOW_IN_CHECKPOINTS * checkpointInterval) {
    throw bad('window', 'a multiple of checkpoint-interval, at least twice that');
  }
  return {
    faulty,
    viewChangeMicros,
    viewChangeMicrosMax,
    batchSize: count(raw, 'batch-size', 8, 1, 1024),
    batchDelayMicros: parseDuration(raw['batch-delay'] ?? '1ms', path('batch-delay')),
    checkpointInterval,
    window,
    maxInflight: count(raw, 'max-inflight', 16, 1, LONGEST_WINDOW),
    statusMicros,
    maxPendingRequests: count(raw, 'max-pending-requests', 4096, 1),
    stateChunk: count(raw, 'state-chunk', 16_384, 1),
  };
}

/** Throws unless so many members bear so many faulty ones. */
function requireQuorum({ members, byzantine }: ClusterShape, faulty: number | undefined): void {
  if (members > MOST_REPLICAS) {
    throw new UsageError(
      'bad-setting',
      `cluster: expected at most ${MOST_REPLICAS} replicas of pbft, got ${members}`,
    );
  }
  const most = mostFaulty(members);
  if (faulty !== undefined && (faulty > most || faulty < byzantine)) {
    throw bad('f', `from ${byzantine} (model.byzantine) to ${most}: bearing f faulty replicas takes 3f + 1`);
  }
}

function refuseUnknown(raw: Raw): void {
  for (const key of Object.keys(raw)) {
    if ((KEYS as readonly string[]).includes(key)) continue;
    const near = nearest(key, KEYS);
    throw new UsageError(
      'unknown-setting',
      `${path(key)}: unknown pbft setting, expected one of ${KEYS.join(', ')}`,
      near === undefined ? undefined : `did you mean "${near}"?`,
    );
  }
}

/** A duration of at least a millisecond. */
function duration(raw: Raw, key: Key, byDefault: string | Micros): Micros {
  const value = raw[key];
  if (value === undefined && typeof byDefault === 'number') return byDefault;
  const micros = parseDuration(value ?? byDefault, path(key));
  if (micros < 1000) throw bad(key, 'at least 1ms');
  return micros;
}

function count(raw: Raw, key: Key, byDefault: number, least: number, most = 1_000_000_000): number {
  const value = raw[key] ?? byDefault;
  if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw bad(key, `a whole number from ${least} to ${most}`);
}

function bad(key: Key, expected: string): UsageError {
  return new UsageError('bad-setting', `${path(key)}: expected ${expected}`);
}

function path(key: string): string {
  return `protocol.settings.${key}`;
}
