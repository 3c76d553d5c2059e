/** How a scenario sets up topics and the clients that use them. */

import { SettingsReader, type Micros } from '../../kernel/index.js';
import type { RawServiceSettings } from '../service-kind.js';
import { SERVICE_SETTINGS } from '../service-config.js';
import type { CreateTopic } from './operations.js';
import { MAX_BATCH, MAX_PARTITIONS } from './read-operation.js';

/** What clients promise and do; see docs/streams.md. */
export const DELIVERY_MODES = ['at-most-once', 'at-least-once', 'effectively-once'] as const;
export type DeliveryMode = (typeof DELIVERY_MODES)[number];

export interface StreamSettings {
  readonly delivery: DeliveryMode;
  /** Of each topic. */
  readonly partitions: number;
  /** Most messages of one send, and of one poll. */
  readonly batch: number;
  /** Of the topics that are read as logs; see {@link CreateTopic}. */
  readonly retainMessages: number;
  readonly retainMicros: Micros;
  readonly compact: boolean;
  readonly maxDeliveries: number;
  readonly leaseMicros: Micros;
  readonly memberTimeoutMicros: Micros;
  readonly transactionTimeoutMicros: Micros;
  /** How many producers write under one name: each takes over from the others now and then. */
  readonly rivals: number;
  /** Operations after which a client stands still, of a hundred; and for how long. */
  readonly stallPercent: number;
  readonly stallMinMicros: Micros;
  readonly stallMaxMicros: Micros;
}

const KEYS = [
  'delivery',
  'partitions',
  'batch',
  'retain-messages',
  'retain',
  'compact',
  'max-deliveries',
  'lease',
  'member-timeout',
  'transaction-timeout',
  'rivals',
  'stall-percent',
  'stall',
] as const;

/** Throws UsageError for what makes no sense. */
export function readStreamSettings(raw: RawServiceSettings): StreamSettings {
  const reader = new SettingsReader('stream', KEYS, raw, SERVICE_SETTINGS);
  const stall = reader.durationRange('stall', '500ms..2s');
  return {
    delivery: reader.choice('delivery', DELIVERY_MODES, 'effectively-once'),
    partitions: reader.count('partitions', 2, 1, MAX_PARTITIONS),
    batch: reader.count('batch', 4, 1, MAX_BATCH),
    retainMessages: reader.count('retain-messages', 0, 0),
    retainMicros: reader.duration('retain', 0),
    compact: reader.flag('compact', false),
    maxDeliveries: reader.count('max-deliveries', 3, 0),
    leaseMicros: reader.duration('lease', '500ms'),
    memberTimeoutMicros: reader.duration('member-timeout', '1s'),
    transactionTimeoutMicros: reader.duration('transaction-timeout', '2s'),
    rivals: reader.count('rivals', 1, 1, 16),
    stallPercent: reader.count('stall-percent', 0, 0, 100),
    stallMinMicros: stall.minMicros,
    stallMaxMicros: stall.maxMicros,
  };
}

/** What producers write and processors read. */
export const INPUT = 'input';
/** What processors write. */
export const OUTPUT = 'output';
/** What producers write and workers are lent. */
export const JOBS = 'jobs';

/** How clients create a topic. */
export function topicSettings(topic: string, settings: StreamSettings): CreateTopic {
  const { partitions, retainMessages, retainMicros, compact, maxDeliveries } = settings;
  const keepAll = { op: 'create-topic', topic, partitions, retainMessages: 0, retainMicros: 0 } as const;
  if (topic === JOBS) return { ...keepAll, compact: false, maxDeliveries };
  if (topic === OUTPUT) return { ...keepAll, compact: false, maxDeliveries: 0 };
  return { ...keepAll, retainMessages, retainMicros, compact, maxDeliveries: 0 };
}
