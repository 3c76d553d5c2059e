// Operations on few names, with numbers that are mostly those that the broker expects next.

import fc from 'fast-check';
import type { CreateTopic, SentMessage, StreamOperation } from '../../../src/services/index.js';
import type { NaiveBroker } from './naive-broker.js';

/** Retention by number and by age, with and without dead letters. */
export const TOPICS: readonly CreateTopic[] = [
  topic('a', 2, { retainMessages: 6 }),
  topic('b', 1, { retainMicros: 60, maxDeliveries: 2 }),
  topic('c', 3, {}),
];

export function topic(name: string, partitions: number, more: Partial<CreateTopic>): CreateTopic {
  const none = { retainMessages: 0, retainMicros: 0, compact: false, maxDeliveries: 0 };
  return { op: 'create-topic', topic: name, partitions, ...none, ...more };
}

/** What a script begins with, so that most of it finds producers and members. */
export const PRELUDE: readonly StreamOperation[] = [
  ...TOPICS,
  { op: 'open-producer', producer: 'p', timeoutMicros: 100 },
  { op: 'open-producer', producer: 'q', timeoutMicros: 100 },
  { op: 'join', group: 'g', member: 'm', topics: ['a', 'b'], timeoutMicros: 70 },
];

/** An operation in which numbers are told as how far they are from the expected ones. */
export interface Draft {
  readonly op: StreamOperation['op'] | 'snapshot' | 'clone';
  readonly after: number;
  readonly topic: string;
  readonly partition: number;
  readonly producer: string | undefined;
  readonly group: string | undefined;
  readonly member: string;
  readonly off: number;
  readonly amount: number;
  readonly offset: number;
  readonly isZombie: boolean;
}

const OPERATIONS: readonly Draft['op'][] = [
  'open-producer',
  'send',
  'send',
  'send',
  'stage',
  'stage',
  'stage-offsets',
  'commit-transaction',
  'commit-transaction',
  'abort-transaction',
  'join',
  'join',
  'leave',
  'heartbeat',
  'commit-offsets',
  'fetch',
  'fetch',
  'receive',
  'receive',
  'acknowledge',
  'reject',
  'snapshot',
  'clone',
];

export const draft: fc.Arbitrary<Draft> = fc.record({
  op: fc.constantFrom(...OPERATIONS),
  after: fc.oneof({ weight: 12, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(80) }),
  topic: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('a', 'b', 'c') }, fc.constant('b.dead')),
  partition: fc.constantFrom(0, 0, 0, 1, 2),
  producer: fc.constantFrom('p', 'p', 'q', undefined),
  group: fc.constantFrom('g', 'g', 'h', undefined),
  member: fc.constantFrom('m', 'n', 'o'),
  off: fc.oneof(
    { weight: 6, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -2, max: 1 }) },
  ),
  amount: fc.integer({ min: 1, max: 3 }),
  offset: fc.oneof({ weight: 2, arbitrary: fc.nat(2) }, { weight: 1, arbitrary: fc.nat(12) }),
  isZombie: fc.constantFrom(false, false, false, false, true),
});

/** The operation that a draft stands for, now. */
export function operationOf(draft: Draft, broker: NaiveBroker, number: number): StreamOperation {
  const { topic, partition, member, amount, offset, off } = draft;
  const name = draft.producer ?? 'p';
  const group = draft.group ?? 'g';
  const messages = Array.from({ length: amount }, (_, i): SentMessage => [
    i === 1 ? 'k' : null,
    `${number}.${i}`,
  ]);
  const epoch = Math.max(0, broker.epoch(name) - (draft.isZombie ? 1 : 0));
  const { number: transaction, step } = broker.transaction(name);
  const inTransaction = { producer: name, epoch, transaction: Math.max(0, transaction + off) };
  const attending = { group, member, generation: Math.max(0, broker.generation(group) + off) };
  switch (draft.op) {
    case 'open-producer':
      return { op: draft.op, producer: name, timeoutMicros: 100 };
    case 'send': {
      const plain = { op: draft.op, topic, partition, messages };
      if (draft.producer === undefined) return plain;
      const sequence = Math.max(0, broker.sequence(name, `${topic}/${partition}`) + off * amount);
      return { ...plain, producer: name, epoch, sequence };
    }
    case 'stage':
      return { op: draft.op, ...inTransaction, step: Math.max(0, step + off), topic, partition, messages };
    case 'stage-offsets':
      return { op: draft.op, ...inTransaction, ...attending, step, offsets: [[topic, partition, offset]] };
    case 'commit-transaction':
    case 'abort-transaction':
      return { op: draft.op, ...inTransaction };
    case 'join':
      return { op: draft.op, group, member, topics: amount === 1 ? ['a'] : ['a', 'b'], timeoutMicros: 70 };
    case 'leave':
    case 'heartbeat':
      return { op: draft.op, ...attending };
    case 'commit-offsets':
      return { op: draft.op, ...attending, offsets: [[topic, partition, offset]] };
    case 'fetch': {
      const asked = { op: draft.op, topic, partition, offset, max: amount };
      return draft.group === undefined ? asked : { ...asked, ...attending };
    }
    case 'receive':
      return { op: draft.op, group, member, topic, max: amount, leaseMicros: 40 };
    case 'acknowledge':
    case 'reject': {
      const lease = Math.max(1, broker.leases(group, topic) - offset + off);
      return { op: draft.op, group, member, topic, leases: [lease, lease + 1] };
    }
    default:
      throw new Error(`${draft.op} is no operation`);
  }
}
