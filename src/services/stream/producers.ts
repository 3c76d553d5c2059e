/**
 * Idempotent producers (KIP-98): each has an epoch, which fences whoever still writes under an earlier one, and per
 * partition the sequence that comes next, with the offsets of the latest batches, so that a batch which is sent
 * again is answered as before. All of it is replicated state.
 *
 * A table of bounded size forgets the producer that has opened no epoch for longest. So that its zombies stay
 * fenced, a new producer's first epoch is above every epoch that was forgotten.
 */

import { assert, type Micros, type Plain, type Result } from '../../kernel/index.js';
import {
  FENCED,
  FORGOTTEN_SEQUENCE,
  NO_TRANSACTION,
  OUT_OF_SEQUENCE,
  UNKNOWN_PRODUCER,
  type Refusal,
  type StagedStep,
} from './operations.js';
import type { RollingHash } from './rolling-hash.js';

export const MAX_PRODUCERS = 1024;
/** Batches of one producer and partition whose offsets are remembered: as many as Kafka has in flight at most. */
export const REMEMBERED_BATCHES = 5;

/** A batch that was appended: sequence of its first message, how many there are, and the offset of the first. */
type Batch = readonly [sequence: number, count: number, offset: number];

/** What one producer wrote to one partition in its epoch. */
interface Written {
  next: number;
  /** The latest ones, the oldest first. */
  batches: readonly Batch[];
}

/** A transaction that is neither committed nor aborted. */
export interface OpenTransaction {
  readonly number: number;
  readonly openedMicros: Micros;
  readonly steps: StagedStep[];
}

export class Producer {
  epoch: number;
  timeoutMicros: Micros;
  /** By the partition's number. */
  written = new Map<number, Written>();
  transaction: OpenTransaction | undefined = undefined;
  /** Number and answer of the transaction of this epoch that ended last; 0 before the first. */
  ended = 0;
  endedResult: Result = NO_TRANSACTION;

  constructor(
    readonly name: string,
    epoch: number,
    timeoutMicros: Micros,
  ) {
    this.epoch = epoch;
    this.timeoutMicros = timeoutMicros;
  }

  clone(): Producer {
    const copy = new Producer(this.name, this.epoch, this.timeoutMicros);
    for (const [log, { next, batches }] of this.written) copy.written.set(log, { next, batches });
    const { transaction } = this;
    if (transaction !== undefined) copy.transaction = copyOf(transaction);
    copy.ended = this.ended;
    copy.endedResult = this.endedResult;
    return copy;
  }

  encode(): Plain {
    const { name, epoch, timeoutMicros, transaction, ended, endedResult } = this;
    const written = [...this.written].map(([log, { next, batches }]) => [log, next, batches] as const);
    written.sort(([a], [b]) => a - b);
    return {
      name,
      epoch,
      timeoutMicros,
      written: written as unknown as Plain,
      // A snapshot is a value: it does not change with what is staged later.
      transaction: transaction === undefined ? null : (copyOf(transaction) as unknown as Plain),
      ended,
      endedResult,
    };
  }

  static restore(plain: Plain): Producer {
    const from = plain as unknown as ProducerSnapshot;
    assert(typeof from.name === 'string', 'stream: a snapshot has producers');
    const producer = new Producer(from.name, from.epoch, from.timeoutMicros);
    for (const [log, next, batches] of from.written) producer.written.set(log, { next, batches });
    const { transaction } = from;
    if (transaction !== null) producer.transaction = copyOf(transaction);
    producer.ended = from.ended;
    producer.endedResult = from.endedResult;
    return producer;
  }
}

export class ProducerTable {
  /** Those that opened an epoch longest ago come first. */
  protected producers = new Map<string, Producer>();
  /** The highest epoch of a producer that was forgotten; -1: none was. */
  private forgottenEpoch = -1;

  constructor(protected readonly hash: RollingHash) {}

  /** A new epoch of the producer, with nothing written and no transaction. */
  open(name: string, timeoutMicros: Micros): Producer {
    const before = this.producers.get(name);
    if (before === undefined && this.producers.size >= MAX_PRODUCERS) this.forgetOldest();
    const epoch = this.nextEpoch(before);
    const producer = new Producer(name, epoch, timeoutMicros);
    this.producers.delete(name);
    this.producers.set(name, producer);
    this.hash.integer(epoch);
    return producer;
  }

  /** The producer in this epoch, or why there is none. */
  find(name: string, epoch: number): Producer | Refusal {
    const producer = this.producers.get(name);
    if (producer === undefined || epoch > producer.epoch) return UNKNOWN_PRODUCER;
    return this.isFenced(producer, epoch) ? FENCED : producer;
  }

  /**
   * What is to be done with a batch: undefined: to append it; a number: it is there, at this offset; else why it is
   * refused.
   */
  place(producer: Producer, log: number, sequence: number, count: number): number | Refusal | undefined {
    const written = producer.written.get(log);
    const next = written === undefined ? 0 : written.next;
    if (sequence === next) return undefined;
    if (sequence > next) return OUT_OF_SEQUENCE;
    for (const batch of written?.batches ?? []) {
      if (batch[0] === sequence && batch[1] === count) return batch[2];
    }
    return FORGOTTEN_SEQUENCE;
  }

  /** The batch was appended. */
  remember(producer: Producer, log: number, batch: Batch): void {
    const [sequence, count] = batch;
    const before = producer.written.get(log)?.batches ?? [];
    const batches = [...before.slice(1 - REMEMBERED_BATCHES), batch];
    producer.written.set(log, { next: sequence + count, batches });
    this.hash.integer(sequence + count);
  }

  copyFrom(other: ProducerTable): void {
    for (const [name, producer] of other.producers) this.producers.set(name, producer.clone());
    this.forgottenEpoch = other.forgottenEpoch;
  }

  /** The order is that of the epochs' opening, which is the same on every replica. */
  encode(): Plain {
    const producers = [...this.producers.values()].map((producer) => producer.encode());
    return { forgottenEpoch: this.forgottenEpoch, producers };
  }

  restore(plain: Plain): void {
    const { forgottenEpoch, producers } = plain as {
      readonly forgottenEpoch: number;
      readonly producers: readonly Plain[];
    };
    assert(Number.isSafeInteger(forgottenEpoch), 'stream: a snapshot has producers');
    this.forgottenEpoch = forgottenEpoch;
    this.producers = new Map();
    for (const each of producers) {
      const producer = Producer.restore(each);
      this.producers.set(producer.name, producer);
    }
  }

  protected nextEpoch(before: Producer | undefined): number {
    return before === undefined ? this.forgottenEpoch + 1 : before.epoch + 1;
  }

  /** True for an epoch that a later one has put an end to. */
  protected isFenced(producer: Producer, epoch: number): boolean {
    return epoch < producer.epoch;
  }

  private forgetOldest(): void {
    for (const [name, { epoch }] of this.producers) {
      if (epoch > this.forgottenEpoch) this.forgottenEpoch = epoch;
      this.producers.delete(name);
      return;
    }
  }
}

function copyOf({ number, openedMicros, steps }: OpenTransaction): OpenTransaction {
  return { number, openedMicros, steps: steps.slice() };
}

interface ProducerSnapshot {
  readonly name: string;
  readonly epoch: number;
  readonly timeoutMicros: Micros;
  readonly written: readonly (readonly [number, number, readonly Batch[]])[];
  readonly transaction: OpenTransaction | null;
  readonly ended: number;
  readonly endedResult: Result;
}
