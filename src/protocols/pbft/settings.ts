/** PBFT's settings: what a scenario may write under `protocol.settings`, resolved to integers. */

import {
  SettingsReader,
  UsageError,
  type ClusterShape,
  type Micros,
  type ProcessId,
} from '../../kernel/index.js';
import { MOST_REPLICAS, mostFaulty } from './quorum.js';

/** How replicas and clients prove what they say: to everybody, or each to the receivers alone. */
export type Proofs = 'signatures' | 'macs';

export interface PbftSettings {
  readonly proofs: Proofs;
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
  /** Bytes of a part of a state that is sent whole. */
  readonly stateChunk: number;
  /** Operations that change nothing are answered without being ordered; then all operations wait for q replies. */
  readonly readOnly: boolean;
  /** A batch is executed when it is prepared and all before it are committed. */
  readonly tentative: boolean;
  /** Each replica recovers once in so long, one after another; 0: none does (TOCS 2002, §4). Takes MACs. */
  readonly recoveryMicros: Micros;
  /** Servers that take part from the beginning; 0: all of them. */
  readonly members: number;
  /** Servers that may take part at some time; 0: the members. */
  readonly servers: number;
  /** Process of the operator, whose word changes the configuration; -1: there is none. */
  readonly operator: ProcessId;
  /** Faulty replicas that every configuration must bear. */
  readonly leastFaulty: number;
}

const KEYS = [
  'proofs',
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
  'read-only',
  'tentative',
  'recovery-interval',
] as const;

const PROOFS: readonly Proofs[] = ['signatures', 'macs'];

type Key = (typeof KEYS)[number];
type Reader = SettingsReader<Key>;

/** Most replicas that can be faulty among as many as there may be. */
const MOST_FAULTY = mostFaulty(MOST_REPLICAS);
const LONGEST_WINDOW = 4096;
/** As JSON it has to fit into a message: see LARGEST_COMMAND in validate.ts. */
const LARGEST_CHUNK = 0x0080_0000;
const WINDOW_IN_CHECKPOINTS = 2;

/** Validates and fills in defaults; throws UsageError naming the setting. */
export function parsePbftSettings(
  raw: Readonly<Record<string, unknown>>,
  cluster?: ClusterShape,
): PbftSettings {
  const read = new SettingsReader('pbft', KEYS, raw);
  const faulty = read.has('f') ? read.count('f', 0, 0, MOST_FAULTY) : undefined;
  if (cluster !== undefined) requireQuorum(cluster, faulty, read);
  const viewChangeMicros = duration(read, 'view-change-timeout', '400ms');
  const viewChangeMicrosMax = duration(read, 'view-change-timeout-max', 3 * viewChangeMicros);
  if (viewChangeMicrosMax < viewChangeMicros) {
    throw read.bad('view-change-timeout-max', 'at least view-change-timeout');
  }
  const statusMicros = duration(read, 'status-interval', '100ms');
  const checkpointInterval = read.count('checkpoint-interval', 16, 1, LONGEST_WINDOW / 2);
  const window = read.count('window', WINDOW_IN_CHECKPOINTS * checkpointInterval, 1, LONGEST_WINDOW);
  if (window % checkpointInterval !== 0 || window < WINDOW_IN_CHECKPOINTS * checkpointInterval) {
    throw read.bad('window', 'a multiple of checkpoint-interval, at least twice that');
  }
  const proofs = read.choice('proofs', PROOFS, 'signatures');
  if (proofs !== 'signatures' && (cluster?.operator ?? -1) >= 0) {
    // A chain of configurations rests on signatures.
    throw read.bad('proofs', 'signatures, where an operator changes who takes part');
  }
  const recoveryMicros = read.has('recovery-interval') ? duration(read, 'recovery-interval', 0) : 0;
  if (recoveryMicros > 0 && proofs !== 'macs') {
    // Keys of signatures last for ever: what a liar has signed ahead would outlive its recovery.
    throw read.bad('recovery-interval', 'proofs: macs beside it, whose keys can be changed');
  }
  return {
    proofs,
    faulty,
    viewChangeMicros,
    viewChangeMicrosMax,
    batchSize: read.count('batch-size', 8, 1, 1024),
    batchDelayMicros: read.duration('batch-delay', '1ms'),
    checkpointInterval,
    window,
    maxInflight: read.count('max-inflight', 16, 1, LONGEST_WINDOW),
    statusMicros,
    maxPendingRequests: read.count('max-pending-requests', 4096, 1),
    stateChunk: read.count('state-chunk', 16_384, 1, LARGEST_CHUNK),
    readOnly: read.flag('read-only', false),
    tentative: read.flag('tentative', false),
    recoveryMicros,
    members: cluster?.members ?? 0,
    servers: cluster?.servers ?? 0,
    operator: cluster?.operator ?? -1,
    leastFaulty: cluster?.byzantine ?? 0,
  };
}

/** Throws unless so many members bear so many faulty ones. */
function requireQuorum({ members, byzantine }: ClusterShape, faulty: number | undefined, read: Reader): void {
  if (members > MOST_REPLICAS) {
    throw new UsageError(
      'bad-setting',
      `cluster: expected at most ${MOST_REPLICAS} replicas of pbft, got ${members}`,
    );
  }
  const most = mostFaulty(members);
  if (faulty !== undefined && (faulty > most || faulty < byzantine)) {
    throw read.bad(
      'f',
      `from ${byzantine} (model.byzantine) to ${most}: bearing f faulty replicas takes 3f + 1`,
    );
  }
}

/** A duration of at least a millisecond. */
function duration(read: Reader, key: Key, byDefault: string | Micros): Micros {
  const micros = read.duration(key, byDefault);
  if (micros < 1000) throw read.bad(key, 'at least 1ms');
  return micros;
}
