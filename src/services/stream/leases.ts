/**
 * Messages as work that is handed out (share groups, KIP-932): each is lent to one member at a time, under a lease
 * that ends by log time. What is acknowledged under a lease that still runs is done. A lease is a fencing token:
 * once it is over, or the message is lent to somebody else, nothing can be settled under it any more. A message
 * that was lent too often moves to the topic's dead letters.
 *
 * Leases end when the group next asks for something: time alone changes nothing.
 */

import { assert, type Micros, type Plain, type Result } from '../../kernel/index.js';
import { LIMIT, UNKNOWN_TOPIC, type Delivery, type Receive, type Settle } from './operations.js';
import { LogEntry, type PartitionLog } from './partition-log.js';
import type { RollingHash } from './rolling-hash.js';
import { deadLettersOf, type Topic, type TopicTable } from './topics.js';

/** Most pairs of a group and a topic. */
export const MAX_QUEUES = 256;
/** Most messages that one group has lent of one topic; and most that wait to be lent again. */
export const MAX_LENT = 4096;

/** A message that was lent, and how often. */
interface Waiting {
  readonly partition: number;
  readonly entry: LogEntry;
  readonly deliveries: number;
}

interface Lent extends Waiting {
  readonly lease: number;
  readonly member: string;
  readonly untilMicros: Micros;
}

/** What one group has consumed of one topic. */
export class Queue {
  lease = 0;
  /** Per partition: everything below was lent once, or is gone. */
  readonly next: number[];
  /** By lease, in ascending order. */
  lent = new Map<number, Lent>();
  /** To be lent anew, in the order in which their leases ended. */
  waiting: Waiting[] = [];

  constructor(
    readonly group: string,
    readonly topic: string,
    partitions: number,
  ) {
    this.next = new Array<number>(partitions).fill(0);
  }

  /** Per partition: everything below is done, dead, or gone. */
  doneTo(): number[] {
    const done = this.next.slice();
    const open = (each: Waiting): void => {
      done[each.partition] = Math.min(done[each.partition] as number, each.entry.offset);
    };
    for (const each of this.lent.values()) open(each);
    this.waiting.forEach(open);
    return done;
  }
}

export class LeaseTable {
  private queues: Queue[] = [];

  constructor(
    protected readonly hash: RollingHash,
    protected readonly topics: TopicTable,
  ) {}

  receive({ group, member, topic: name, max, leaseMicros }: Receive, now: Micros): Result {
    const topic = this.topics.get(name);
    if (topic === undefined) return UNKNOWN_TOPIC;
    const queue = this.find(group, name) ?? this.create(group, name, topic);
    if (queue === undefined) return LIMIT;
    this.endLeases(queue, now);
    const deliveries: Delivery[] = [];
    const room = Math.min(max, MAX_LENT - queue.lent.size);
    for (const { partition, entry, deliveries: before } of this.take(queue, topic, room)) {
      const lease = ++queue.lease;
      const count = before + 1;
      const untilMicros = now + leaseMicros;
      queue.lent.set(lease, { lease, member, untilMicros, partition, entry, deliveries: count });
      const [offset, key, value] = entry.message;
      deliveries.push([partition, offset, key, value, lease, count]);
      this.hash.integer(offset);
    }
    this.hash.integer(queue.lease);
    return { deliveries, done: queue.doneTo() };
  }

  settle({ op, group, member, topic, leases }: Settle, now: Micros): Result {
    const queue = this.find(group, topic);
    if (queue === undefined) return { settled: [], lost: leases };
    this.endLeases(queue, now);
    const settled: number[] = [];
    const lost: number[] = [];
    for (const lease of leases) {
      const lent = queue.lent.get(lease);
      if (lent === undefined || lent.member !== member) {
        lost.push(lease);
        continue;
      }
      queue.lent.delete(lease);
      if (op === 'reject') this.giveBack(queue, lent, now);
      settled.push(lease);
      this.hash.integer(lease);
    }
    return { settled, lost };
  }

  copyFrom(other: LeaseTable): void {
    for (const queue of other.queues) {
      const copy = new Queue(queue.group, queue.topic, 0);
      copy.lease = queue.lease;
      copy.next.push(...queue.next);
      copy.lent = new Map(queue.lent);
      copy.waiting = queue.waiting.slice();
      this.queues.push(copy);
    }
  }

  encode(): Plain {
    const queues = this.queues.map(({ group, topic, lease, next, lent, waiting }) => ({
      group,
      topic,
      lease,
      next: next.slice(),
      lent: [...lent.values()].map((each) => ({ ...each, entry: encodeEntry(each.entry) })),
      waiting: waiting.map((each) => ({ ...each, entry: encodeEntry(each.entry) })),
    }));
    return queues;
  }

  restore(plain: Plain): void {
    assert(Array.isArray(plain), 'stream: a snapshot has leases');
    this.queues = (plain as unknown as readonly QueueSnapshot[]).map((from) => {
      const queue = new Queue(from.group, from.topic, 0);
      queue.lease = from.lease;
      queue.next.push(...from.next);
      for (const each of from.lent) {
        queue.lent.set(each.lease, { ...each, entry: decodeEntry(each.entry) });
      }
      queue.waiting = from.waiting.map((each) => ({ ...each, entry: decodeEntry(each.entry) }));
      return queue;
    });
  }

  protected isOver({ untilMicros }: Lent, now: Micros): boolean {
    return untilMicros < now;
  }

  /** Messages whose lease has ended are lent anew. */
  protected endLeases(queue: Queue, now: Micros): void {
    for (const lent of queue.lent.values()) {
      if (!this.isOver(lent, now)) continue;
      queue.lent.delete(lent.lease);
      this.giveBack(queue, lent, now);
    }
  }

  /** A message that is not done: it waits to be lent anew, or has been lent too often. */
  protected giveBack(queue: Queue, { partition, entry, deliveries }: Waiting, now: Micros): void {
    const max = this.topics.get(queue.topic)?.settings.maxDeliveries ?? 0;
    if (max > 0 && deliveries >= max) this.bury(queue, partition, entry, now);
    else queue.waiting.push({ partition, entry, deliveries });
    this.hash.integer(entry.offset);
  }

  /** Moves a message to the dead letters. */
  protected bury(queue: Queue, partition: number, { message }: LogEntry, now: Micros): void {
    const log = this.topics.log(deadLettersOf(queue.topic), partition);
    assert(log !== undefined, 'stream: a topic whose messages can die has dead letters');
    this.topics.append(log, [[message[1], message[2]]], now);
  }

  /** Up to `room` messages to be lent: those that wait first, then new ones, partition by partition. */
  protected take(queue: Queue, { logs }: Topic, room: number): Waiting[] {
    const taken = queue.waiting.splice(0, room);
    for (let partition = 0; partition < logs.length; partition++) {
      const log = logs[partition] as PartitionLog;
      const entries = log.read(queue.next[partition] as number, room - taken.length);
      for (const entry of entries) taken.push({ partition, entry, deliveries: 0 });
      const last = entries[entries.length - 1];
      if (last !== undefined) queue.next[partition] = last.offset + 1;
    }
    return taken;
  }

  private find(group: string, topic: string): Queue | undefined {
    return this.queues.find((queue) => queue.group === group && queue.topic === topic);
  }

  private create(group: string, name: string, topic: Topic): Queue | undefined {
    if (this.queues.length >= MAX_QUEUES) return undefined;
    const queue = new Queue(group, name, topic.logs.length);
    this.queues.push(queue);
    return queue;
  }
}

type Encoded<T extends Waiting> = Omit<T, 'entry'> & { readonly entry: EncodedEntry };
type EncodedEntry = readonly [message: LogEntry['message'], micros: Micros, hash: number];

interface QueueSnapshot {
  readonly group: string;
  readonly topic: string;
  readonly lease: number;
  readonly next: readonly number[];
  readonly lent: readonly Encoded<Lent>[];
  readonly waiting: readonly Encoded<Waiting>[];
}

function encodeEntry({ message, micros, hash }: LogEntry): EncodedEntry {
  return [message, micros, hash];
}

function decodeEntry([message, micros, hash]: EncodedEntry): LogEntry {
  return new LogEntry(message, micros, hash);
}
