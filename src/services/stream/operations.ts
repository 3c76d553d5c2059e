/**
 * What clients may ask of the broker, and what it answers. The words are those of Kafka's protocol where it has
 * them (epoch, sequence, generation, transaction), and those of its share groups for leases (KIP-932).
 *
 * Times are in microseconds of the log's own time. Every operation may also be answered with a {@link StreamError}.
 */

import type { Micros, Result } from '../../kernel/index.js';

/** Key (null: none) and value of a message that is sent. */
export type SentMessage = readonly [string | null, string];

/** Offset, key and value of a message in a log. */
export type StoredMessage = readonly [number, string | null, string];

/** Topic, partition, and an offset: all messages below it are consumed. */
export type ConsumedTo = readonly [string, number, number];

/**
 * A message lent to a member: partition, offset, key, value, the lease (its fencing token: later ones are higher),
 * and how often the message has been lent, this time included.
 */
export type Delivery = readonly [number, number, string | null, string, number, number];

export type StreamOperation =
  | CreateTopic
  | OpenProducer
  | Send
  | Stage
  | StageOffsets
  | EndTransaction
  | Join
  | Attend
  | CommitOffsets
  | Fetch
  | Receive
  | Settle;

/** `{ created }`: false when the topic is there already, whatever its settings. */
export interface CreateTopic {
  readonly op: 'create-topic';
  readonly topic: string;
  readonly partitions: number;
  /** Messages kept of each partition, the latest ones; 0: all. */
  readonly retainMessages: number;
  /** A message older than this goes when the next one comes; 0: never. */
  readonly retainMicros: Micros;
  /** Of messages with one key only the latest is sure to be kept. */
  readonly compact: boolean;
  /** Deliveries of a lent message after which it moves to the topic's dead letters; 0: it is lent for ever. */
  readonly maxDeliveries: number;
}

/** `{ epoch }`: fences every earlier epoch of this producer, and aborts its open transaction. */
export interface OpenProducer {
  readonly op: 'open-producer';
  readonly producer: string;
  /** An open transaction is aborted after this long. */
  readonly timeoutMicros: Micros;
}

/**
 * `{ offset }`: of the first message; the others follow it without gaps. With a producer: `sequence` is that of the
 * first message, counted from 0 per epoch and partition, and what is sent again is answered as before.
 */
export interface Send {
  readonly op: 'send';
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly SentMessage[];
  readonly producer?: string;
  readonly epoch?: number;
  readonly sequence?: number;
}

/** What all steps of a transaction name; transactions of one epoch are counted from 1, steps of one from 0. */
interface TransactionStep {
  readonly producer: string;
  readonly epoch: number;
  readonly transaction: number;
}

/** `{ staged: true }`: the messages are in the log once the transaction commits, and nobody sees them before. */
export interface Stage extends TransactionStep {
  readonly op: 'stage';
  readonly step: number;
  readonly topic: string;
  readonly partition: number;
  readonly messages: readonly SentMessage[];
}

/** `{ staged: true }`: the offsets are committed together with the messages, or the transaction aborts. */
export interface StageOffsets extends TransactionStep {
  readonly op: 'stage-offsets';
  readonly step: number;
  readonly group: string;
  readonly member: string;
  readonly generation: number;
  readonly offsets: readonly ConsumedTo[];
}

/** What a transaction does when it commits. */
export type StagedStep = Stage | StageOffsets;

/**
 * Commit: `{ offsets }`, of the first message of each staged batch, in order; abort: `{ aborted: true }`. Repeated,
 * it is answered as before.
 */
export interface EndTransaction extends TransactionStep {
  readonly op: 'commit-transaction' | 'abort-transaction';
}

/**
 * `{ generation, assignment }`: the partitions of this member as {@link ConsumedTo}, with where to go on. A member
 * that is in the group stays in it, and learns of its assignment.
 */
export interface Join {
  readonly op: 'join';
  readonly group: string;
  readonly member: string;
  readonly topics: readonly string[];
  /** A member that is not heard of for longer leaves the group. */
  readonly timeoutMicros: Micros;
}

/** `{ ok: true }`. */
export interface Attend {
  readonly op: 'heartbeat' | 'leave';
  readonly group: string;
  readonly member: string;
  readonly generation: number;
}

/** `{ ok: true }`. */
export interface CommitOffsets {
  readonly op: 'commit-offsets';
  readonly group: string;
  readonly member: string;
  readonly generation: number;
  readonly offsets: readonly ConsumedTo[];
}

/**
 * `{ messages, next, start, end }`: {@link StoredMessage}s from `offset` on; where to go on; where the log begins,
 * and where it will grow. With a group it is refused to anybody who is not assigned the partition now.
 */
export interface Fetch {
  readonly op: 'fetch';
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly max: number;
  readonly group?: string;
  readonly member?: string;
  readonly generation?: number;
}

/**
 * `{ deliveries, done }`: {@link Delivery}s of the topic; per partition, the offset below which every message is
 * acknowledged, a dead letter, or gone.
 */
export interface Receive {
  readonly op: 'receive';
  readonly group: string;
  readonly member: string;
  readonly topic: string;
  readonly max: number;
  readonly leaseMicros: Micros;
}

/**
 * `{ settled, lost }`: leases that ended by this, and those that were over before (the message is lent to somebody
 * else, or will be). Acknowledged messages are done; rejected ones are lent anew, or are dead letters.
 */
export interface Settle {
  readonly op: 'acknowledge' | 'reject';
  readonly group: string;
  readonly member: string;
  readonly topic: string;
  readonly leases: readonly number[];
}

/**
 * - `malformed`: no operation of this service; `limit`: one of its limits would be passed.
 * - `fenced`: a later epoch of the producer has been opened, or its transaction was aborted for being too slow.
 * - `out-of-sequence`: something before it is missing. `forgotten-sequence`: it was sent before, long ago.
 * - `stale-generation`: the group was assigned anew since. `unknown-member`: it has left, or was not heard of.
 * - `out-of-range`: below `start` everything is gone.
 */
export interface StreamError {
  readonly error:
    | 'malformed'
    | 'limit'
    | 'unknown-topic'
    | 'unknown-producer'
    | 'fenced'
    | 'out-of-sequence'
    | 'forgotten-sequence'
    | 'no-transaction'
    | 'unknown-member'
    | 'stale-generation'
    | 'out-of-range';
}

// Results without content are shared: nobody may change a result.
export const OK: Result = Object.freeze({ ok: true });
export const STAGED: Result = Object.freeze({ staged: true });
export const ABORTED: Result = Object.freeze({ aborted: true });
export const MALFORMED = refusal('malformed');
export const LIMIT = refusal('limit');
export const UNKNOWN_TOPIC = refusal('unknown-topic');
export const UNKNOWN_PRODUCER = refusal('unknown-producer');
export const FENCED = refusal('fenced');
export const OUT_OF_SEQUENCE = refusal('out-of-sequence');
export const FORGOTTEN_SEQUENCE = refusal('forgotten-sequence');
export const NO_TRANSACTION = refusal('no-transaction');
export const UNKNOWN_MEMBER = refusal('unknown-member');
export const STALE_GENERATION = refusal('stale-generation');

export type Refusal = Readonly<StreamError>;

function refusal(error: StreamError['error']): Refusal {
  return Object.freeze({ error });
}
