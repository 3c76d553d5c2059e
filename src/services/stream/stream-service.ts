/**
 * The replicated broker: topics with partitions, idempotent producers, transactions, consumer groups with offsets,
 * and messages that are lent under leases. One agreed order for all of it, so what a command does to a partition,
 * an offset and a producer happens at one instant.
 *
 * Every input has an answer, and one that is no operation, or is refused, changes nothing but what time has brought
 * about (a silent member is gone, a lease is over). All time is that of the log; where a protocol keeps none, it
 * stands still, and nobody is silent for too long.
 *
 * Left out: replication of partitions apart from each other (their logs are one agreed order here), quotas,
 * tombstones, removal of topics.
 */

import { assert, type Command, type Micros, type Plain, type Result } from '../../kernel/index.js';
import type { StateMachine } from '../../kernel/index.js';
import { Group, GroupTable } from './groups.js';
import { LeaseTable } from './leases.js';
import {
  MALFORMED,
  OK,
  UNKNOWN_TOPIC,
  type CommitOffsets,
  type CreateTopic,
  type Fetch,
  type Join,
  type OpenProducer,
  type Send,
  type StreamOperation,
} from './operations.js';
import { Producer, ProducerTable } from './producers.js';
import { readOperation } from './read-operation.js';
import { RollingHash } from './rolling-hash.js';
import { TopicTable } from './topics.js';
import { Transactions } from './transactions.js';

const EMPTY_HASH = 0x7374726d;
const SNAPSHOT_BYTES = 256;

export class StreamService implements StateMachine {
  protected readonly hash: RollingHash;
  protected readonly topics: TopicTable;
  protected readonly producers: ProducerTable;
  protected readonly groups: GroupTable;
  protected readonly leases: LeaseTable;
  protected readonly transactions: Transactions;

  constructor() {
    this.hash = new RollingHash(EMPTY_HASH);
    this.topics = this.createTopics();
    this.producers = this.createProducers();
    this.groups = this.createGroups();
    this.leases = this.createLeases();
    this.transactions = this.createTransactions();
  }

  apply(command: Command, timeMicros: Micros): Result {
    this.hash.word(command.hash);
    const operation = readOperation(command.input);
    const result = operation === undefined ? MALFORMED : this.execute(operation, timeMicros);
    this.hash.word(isRefusal(result) ? 1 : 2);
    return result;
  }

  /** A fetch outside of any group changes nothing. */
  query(command: Command): Result | undefined {
    const operation = readOperation(command.input);
    if (operation?.op !== 'fetch' || operation.group !== undefined) return undefined;
    return this.read(operation);
  }

  digest(): number {
    return this.hash.value;
  }

  snapshot(): Plain {
    return {
      digest: this.hash.value,
      topics: this.topics.encode(),
      producers: this.producers.encode(),
      groups: this.groups.encode(),
      leases: this.leases.encode(),
    };
  }

  snapshotBytes(): number {
    return SNAPSHOT_BYTES + this.topics.bytes();
  }

  restore(snapshot: Plain): void {
    assert(snapshot !== null && typeof snapshot === 'object', 'stream: a snapshot is an object');
    const { digest, topics, producers, groups, leases } = snapshot as unknown as StreamSnapshot;
    assert(typeof digest === 'number', 'stream: a snapshot has a digest');
    this.topics.restore(topics);
    this.producers.restore(producers);
    this.groups.restore(groups);
    this.leases.restore(leases);
    this.hash.value = digest;
  }

  clone(): StreamService {
    const copy = new (this.constructor as new () => StreamService)();
    copy.topics.copyFrom(this.topics);
    copy.producers.copyFrom(this.producers);
    copy.groups.copyFrom(this.groups);
    copy.leases.copyFrom(this.leases);
    copy.hash.value = this.hash.value;
    return copy;
  }

  // Its parts, so that a mistake in one of them is a subclass of that part.

  protected createTopics(): TopicTable {
    return new TopicTable(this.hash);
  }

  protected createProducers(): ProducerTable {
    return new ProducerTable(this.hash);
  }

  protected createGroups(): GroupTable {
    return new GroupTable(this.hash, this.topics);
  }

  protected createLeases(): LeaseTable {
    return new LeaseTable(this.hash, this.topics);
  }

  protected createTransactions(): Transactions {
    return new Transactions(this.hash, this.producers, this.topics, this.groups);
  }

  protected execute(operation: StreamOperation, now: Micros): Result {
    switch (operation.op) {
      case 'create-topic':
        return this.createTopic(operation);
      case 'open-producer':
        return this.openProducer(operation);
      case 'send':
        return this.send(operation, now);
      case 'stage':
      case 'stage-offsets':
        return this.transactions.stage(operation, now);
      case 'commit-transaction':
      case 'abort-transaction':
        return this.transactions.end(operation, now);
      case 'join':
        return this.join(operation, now);
      case 'leave':
        return this.groups.leave(operation.group, operation.member, now) ?? OK;
      case 'heartbeat':
        return this.attend(operation.group, operation.member, operation.generation, now);
      case 'commit-offsets':
        return this.commitOffsets(operation, now);
      case 'fetch':
        return this.fetch(operation, now);
      case 'receive':
        return this.leases.receive(operation, now);
      case 'acknowledge':
      case 'reject':
        return this.leases.settle(operation, now);
    }
  }

  private createTopic(operation: CreateTopic): Result {
    const created = this.topics.create(operation);
    if (created === undefined) return { created: false };
    return 'error' in created ? created : { created: true };
  }

  private openProducer({ producer, timeoutMicros }: OpenProducer): Result {
    return { epoch: this.producers.open(producer, timeoutMicros).epoch };
  }

  protected send(operation: Send, now: Micros): Result {
    const { topic, partition, messages, producer: name, epoch = -1, sequence = -1 } = operation;
    const log = this.topics.log(topic, partition);
    if (log === undefined) return UNKNOWN_TOPIC;
    if (name === undefined) return { offset: this.topics.append(log, messages, now) };
    const producer = this.producers.find(name, epoch);
    if (!(producer instanceof Producer)) return producer;
    const place = this.producers.place(producer, log.id, sequence, messages.length);
    if (place !== undefined) return typeof place === 'number' ? { offset: place } : place;
    const offset = this.topics.append(log, messages, now);
    this.producers.remember(producer, log.id, [sequence, messages.length, offset]);
    return { offset };
  }

  private join(operation: Join, now: Micros): Result {
    const group = this.groups.join(operation, now);
    if (!(group instanceof Group)) return group;
    const { generation } = group;
    return { generation, assignment: this.groups.assignment(group, operation.member) };
  }

  private attend(group: string, member: string, generation: number, now: Micros): Result {
    const attended = this.groups.attend(group, member, generation, now);
    return attended instanceof Group ? OK : attended;
  }

  protected commitOffsets(operation: CommitOffsets, now: Micros): Result {
    const { group: name, member, generation, offsets } = operation;
    const group = this.groups.attend(name, member, generation, now);
    if (!(group instanceof Group)) return group;
    const refusal = this.groups.refuseCommit(group, member, offsets);
    if (refusal !== undefined) return refusal;
    this.groups.commit(group, offsets);
    return OK;
  }

  private fetch(operation: Fetch, now: Micros): Result {
    const { group: name, member = '', generation = -1, topic, partition } = operation;
    if (name !== undefined) {
      const group = this.groups.attend(name, member, generation, now);
      if (!(group instanceof Group)) return group;
      const refusal = this.groups.refuseCommit(group, member, [[topic, partition, 0]]);
      if (refusal !== undefined) return refusal;
    }
    return this.read(operation);
  }

  protected read({ topic, partition, offset, max }: Fetch): Result {
    const log = this.topics.log(topic, partition);
    if (log === undefined) return UNKNOWN_TOPIC;
    const { start, end } = log;
    if (offset < start) return { error: 'out-of-range', start, end };
    const messages = log.read(offset, max).map(({ message }) => message);
    const last = messages[messages.length - 1];
    const next = last === undefined ? offset : last[0] + 1;
    return { messages, next, start, end };
  }
}

function isRefusal(result: Result): boolean {
  return (result as { readonly error?: Plain }).error !== undefined;
}

interface StreamSnapshot {
  readonly digest: number;
  readonly topics: Plain;
  readonly producers: Plain;
  readonly groups: Plain;
  readonly leases: Plain;
}
