/**
 * Inputs of clients before they are known to be operations. A command is in the log before anybody looks into it,
 * so whatever it holds must be answered: here it is told whether it is an operation within the limits of size.
 */

import type { Plain } from '../../kernel/index.js';
import type { StreamOperation } from './operations.js';

export const MAX_NAME_LENGTH = 128;
export const MAX_VALUE_LENGTH = 65_536;
/** Most messages of one send, stage, fetch or receive, and leases or offsets of one operation. */
export const MAX_BATCH = 1024;
export const MAX_PARTITIONS = 64;
/** Of times, offsets and counts: sums of two stay exact. */
const MAX_COUNT = 4_503_599_627_370_495;

type Raw = Readonly<Record<string, Plain | undefined>>;

/** The operation that an input is; undefined when it is none. */
export function readOperation(input: Plain): StreamOperation | undefined {
  if (input === null || typeof input !== 'object' || Array.isArray(input)) return undefined;
  const raw = input as Raw;
  return isOperation(raw) ? (raw as unknown as StreamOperation) : undefined;
}

function isOperation(raw: Raw): boolean {
  switch (raw['op']) {
    case 'create-topic':
      return isName(raw['topic']) && hasTopicSettings(raw);
    case 'open-producer':
      return isName(raw['producer']) && isCount(raw['timeoutMicros']);
    case 'send':
      return isBatch(raw) && (raw['producer'] === undefined || (isProducer(raw) && isCount(raw['sequence'])));
    case 'stage':
      return isBatch(raw) && isProducer(raw) && isCount(raw['transaction']) && isCount(raw['step']);
    case 'stage-offsets':
      return isStagedOffsets(raw);
    case 'commit-transaction':
    case 'abort-transaction':
      return isProducer(raw) && isCount(raw['transaction']);
    case 'join':
      return isMember(raw) && isCount(raw['timeoutMicros']) && isListOf(raw['topics'], isName);
    case 'heartbeat':
    case 'leave':
      return isMember(raw) && isCount(raw['generation']);
    case 'commit-offsets':
      return isMember(raw) && isCount(raw['generation']) && isListOf(raw['offsets'], isConsumedTo);
    case 'fetch':
      return isFetch(raw);
    case 'receive':
      return isMember(raw) && isName(raw['topic']) && isMax(raw['max']) && isCount(raw['leaseMicros']);
    case 'acknowledge':
    case 'reject':
      return isMember(raw) && isName(raw['topic']) && isListOf(raw['leases'], isCount);
    default:
      return false;
  }
}

function hasTopicSettings(raw: Raw): boolean {
  const { partitions } = raw;
  return (
    isCount(partitions) &&
    (partitions as number) >= 1 &&
    (partitions as number) <= MAX_PARTITIONS &&
    isCount(raw['retainMessages']) &&
    isCount(raw['retainMicros']) &&
    isCount(raw['maxDeliveries']) &&
    typeof raw['compact'] === 'boolean'
  );
}

function isBatch(raw: Raw): boolean {
  const { messages } = raw;
  if (!isListOf(messages, isMessage) || (messages as readonly Plain[]).length === 0) return false;
  return isName(raw['topic']) && isCount(raw['partition']);
}

function isStagedOffsets(raw: Raw): boolean {
  if (!isProducer(raw) || !isCount(raw['transaction']) || !isCount(raw['step'])) return false;
  return isMember(raw) && isCount(raw['generation']) && isListOf(raw['offsets'], isConsumedTo);
}

function isFetch(raw: Raw): boolean {
  if (!isName(raw['topic']) || !isCount(raw['partition'])) return false;
  if (!isCount(raw['offset']) || !isMax(raw['max'])) return false;
  return raw['group'] === undefined || (isMember(raw) && isCount(raw['generation']));
}

function isProducer(raw: Raw): boolean {
  return isName(raw['producer']) && isCount(raw['epoch']);
}

function isMember(raw: Raw): boolean {
  return isName(raw['group']) && isName(raw['member']);
}

function isName(value: Plain | undefined): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= MAX_NAME_LENGTH;
}

function isCount(value: Plain | undefined): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= MAX_COUNT;
}

function isMax(value: Plain | undefined): boolean {
  return isCount(value) && (value as number) <= MAX_BATCH;
}

function isListOf(value: Plain | undefined, isOne: (value: Plain | undefined) => boolean): boolean {
  if (!Array.isArray(value)) return false;
  const list = value as readonly Plain[];
  if (list.length > MAX_BATCH) return false;
  for (let i = 0; i < list.length; i++) if (!isOne(list[i])) return false;
  return true;
}

function isMessage(value: Plain | undefined): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [key, text] = value as readonly Plain[];
  if (key !== null && !isName(key)) return false;
  return typeof text === 'string' && text.length <= MAX_VALUE_LENGTH;
}

function isConsumedTo(value: Plain | undefined): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [topic, partition, offset] = value as readonly Plain[];
  return isName(topic) && isCount(partition) && isCount(offset);
}
