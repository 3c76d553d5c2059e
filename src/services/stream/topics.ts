/** Topics and their partitions. Topics are never removed. */

import { assert, type Micros, type Plain } from '../../kernel/index.js';
import { LIMIT, type CreateTopic, type Refusal, type SentMessage } from './operations.js';
import { PartitionLog } from './partition-log.js';
import type { RollingHash } from './rolling-hash.js';

export const MAX_TOPICS = 256;

export class Topic {
  constructor(
    readonly settings: CreateTopic,
    readonly logs: readonly PartitionLog[],
  ) {}
}

/** Where the dead letters of a topic go: same partition, no retention. */
export function deadLettersOf(topic: string): string {
  return `${topic}.dead`;
}

export class TopicTable {
  private topics = new Map<string, Topic>();
  private partitions = 0;

  constructor(protected readonly hash: RollingHash) {}

  get(name: string): Topic | undefined {
    return this.topics.get(name);
  }

  log(name: string, partition: number): PartitionLog | undefined {
    return this.topics.get(name)?.logs[partition];
  }

  /** Undefined when the topic is there already. */
  create(settings: CreateTopic): Topic | Refusal | undefined {
    if (this.topics.has(settings.topic)) return undefined;
    const needed = settings.maxDeliveries > 0 ? 2 : 1;
    if (this.topics.size + needed > MAX_TOPICS) return LIMIT;
    const topic = this.add(settings);
    const dead = deadLettersOf(settings.topic);
    if (settings.maxDeliveries > 0 && !this.topics.has(dead)) this.add(deadLetterSettings(settings));
    return topic;
  }

  /** Appends the messages; returns the offset of the first. */
  append(log: PartitionLog, messages: readonly SentMessage[], micros: Micros): number {
    const { hash } = this;
    const first = log.end;
    hash.integer(log.id);
    hash.integer(first);
    for (let i = 0; i < messages.length; i++) {
      hash.word(log.append(messages[i] as SentMessage, micros).hash);
    }
    hash.integer(log.start);
    return first;
  }

  bytes(): number {
    let bytes = 0;
    for (const { logs } of this.topics.values()) for (const log of logs) bytes += log.bytes;
    return bytes;
  }

  copyFrom(other: TopicTable): void {
    for (const [name, { settings, logs }] of other.topics) {
      const copies = logs.map((log) => log.clone());
      this.topics.set(name, new Topic(settings, copies));
    }
    this.partitions = other.partitions;
  }

  /** In the order of creation, which is part of the state: partitions are numbered by it. */
  encode(): Plain {
    return [...this.topics.values()].map(({ settings, logs }) => ({
      settings: { ...settings },
      logs: logs.map((log) => log.encode()),
    }));
  }

  restore(plain: Plain): void {
    assert(Array.isArray(plain), 'stream: a snapshot has topics');
    this.topics = new Map();
    this.partitions = 0;
    for (const { settings, logs } of plain as unknown as readonly TopicSnapshot[]) {
      const topic = this.add(settings);
      topic.logs.forEach((log, i) => log.restore(logs[i] as Plain));
    }
  }

  protected createLog(settings: CreateTopic, id: number): PartitionLog {
    return new PartitionLog(id, settings);
  }

  private add(settings: CreateTopic): Topic {
    const logs: PartitionLog[] = [];
    for (let i = 0; i < settings.partitions; i++) logs.push(this.createLog(settings, this.partitions++));
    const topic = new Topic(settings, logs);
    this.topics.set(settings.topic, topic);
    this.hash.integer(this.partitions);
    return topic;
  }
}

interface TopicSnapshot {
  readonly settings: CreateTopic;
  readonly logs: readonly Plain[];
}

function deadLetterSettings({ topic, partitions }: CreateTopic): CreateTopic {
  return {
    op: 'create-topic',
    topic: deadLettersOf(topic),
    partitions,
    retainMessages: 0,
    retainMicros: 0,
    compact: false,
    maxDeliveries: 0,
  };
}
