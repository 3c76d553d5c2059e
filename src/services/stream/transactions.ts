/**
 * Transactions of producers (KIP-98, KIP-447): messages and consumed offsets are staged, step by step, and come into
 * effect together, at the one place of the agreed order where the transaction commits; or never. A staged message
 * is in no log, so nobody can read it before, and no reader waits for it (which is what a broker whose logs are
 * replicated apart from each other has to make readers do).
 *
 * The generation of a group is asked at the commit, not only when offsets are staged: a member that lost its
 * partitions in between commits nothing.
 */

import type { Micros, Result } from '../../kernel/index.js';
import { type GroupTable, Group } from './groups.js';
import {
  ABORTED,
  LIMIT,
  NO_TRANSACTION,
  OUT_OF_SEQUENCE,
  STAGED,
  UNKNOWN_TOPIC,
  type EndTransaction,
  type Refusal,
  type Stage,
  type StagedStep,
  type StageOffsets,
} from './operations.js';
import type { PartitionLog } from './partition-log.js';
import { Producer, type OpenTransaction, type ProducerTable } from './producers.js';
import type { RollingHash } from './rolling-hash.js';
import type { TopicTable } from './topics.js';

export const MAX_STEPS = 256;

export class Transactions {
  constructor(
    protected readonly hash: RollingHash,
    protected readonly producers: ProducerTable,
    protected readonly topics: TopicTable,
    protected readonly groups: GroupTable,
  ) {}

  stage(input: StagedStep, now: Micros): Result {
    const producer = this.producers.find(input.producer, input.epoch);
    if (!(producer instanceof Producer)) return producer;
    if (input.op === 'stage' && this.topics.log(input.topic, input.partition) === undefined) {
      return UNKNOWN_TOPIC;
    }
    const open = this.openFor(producer, input, now);
    if ('error' in open) return open;
    const { steps } = open;
    if (input.step < steps.length) return STAGED;
    if (input.step > steps.length) return OUT_OF_SEQUENCE;
    if (steps.length >= MAX_STEPS) return LIMIT;
    const refusal = input.op === 'stage-offsets' ? this.refuseOffsets(input, now) : undefined;
    if (refusal !== undefined) return refusal;
    steps.push(input);
    this.hash.integer(steps.length);
    return STAGED;
  }

  end(input: EndTransaction, now: Micros): Result {
    const { op, epoch, transaction: number } = input;
    const producer = this.producers.find(input.producer, epoch);
    if (!(producer instanceof Producer)) return producer;
    this.abortIfSlow(producer, now);
    if (producer.ended === number) return producer.endedResult;
    const open = producer.transaction;
    if (open?.number !== number) return NO_TRANSACTION;
    return this.conclude(producer, open, op === 'commit-transaction' ? this.commit(open, now) : ABORTED);
  }

  /** All of it, or nothing. */
  protected commit({ steps }: OpenTransaction, now: Micros): Result {
    const refusal = this.refuseSteps(steps, now);
    if (refusal !== undefined) return refusal;
    const offsets: number[] = [];
    for (const step of steps) {
      if (step.op === 'stage') offsets.push(this.append(step, now));
      else this.commitOffsets(step, now);
    }
    return { offsets };
  }

  protected append({ topic, partition, messages }: Stage, now: Micros): number {
    return this.topics.append(this.topics.log(topic, partition) as PartitionLog, messages, now);
  }

  protected commitOffsets({ group, member, generation, offsets }: StageOffsets, now: Micros): void {
    const attended = this.groups.attend(group, member, generation, now);
    if (attended instanceof Group) this.groups.commit(attended, offsets);
  }

  /** Why the transaction has to abort. */
  protected refuseSteps(steps: readonly StagedStep[], now: Micros): Refusal | undefined {
    for (const step of steps) {
      const refusal = step.op === 'stage-offsets' ? this.refuseOffsets(step, now) : undefined;
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  protected refuseOffsets(
    { group, member, generation, offsets }: StageOffsets,
    now: Micros,
  ): Refusal | undefined {
    const attended = this.groups.attend(group, member, generation, now);
    if (!(attended instanceof Group)) return attended;
    return this.groups.refuseCommit(attended, member, offsets);
  }

  /** The open transaction that a step belongs to; the first step opens it. */
  private openFor(
    producer: Producer,
    { transaction: number, step }: StagedStep,
    now: Micros,
  ): OpenTransaction | Refusal {
    this.abortIfSlow(producer, now);
    const open = producer.transaction;
    if (open !== undefined) return open.number === number ? open : NO_TRANSACTION;
    if (number !== producer.ended + 1) return NO_TRANSACTION;
    if (step !== 0) return OUT_OF_SEQUENCE;
    producer.transaction = { number, openedMicros: now, steps: [] };
    return producer.transaction;
  }

  private abortIfSlow(producer: Producer, now: Micros): void {
    const { transaction, timeoutMicros } = producer;
    if (transaction === undefined || transaction.openedMicros + timeoutMicros >= now) return;
    this.conclude(producer, transaction, ABORTED);
  }

  private conclude(producer: Producer, { number }: OpenTransaction, result: Result): Result {
    producer.transaction = undefined;
    producer.ended = number;
    producer.endedResult = result;
    this.hash.integer(number);
    return result;
  }
}
