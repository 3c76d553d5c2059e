// The broker as a beginner would write it: everything is kept for ever and looked for from the beginning. Its rules
// are those of docs/streams.md; no line is shared with src/services/stream.

import type { Plain } from '../../../src/kernel/index.js';
import type {
  ConsumedTo,
  CreateTopic,
  Settle,
  Stage,
  StageOffsets,
  StreamOperation,
} from '../../../src/services/index.js';

interface Kept {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string;
  readonly time: number;
  gone: boolean;
}

interface Loan {
  readonly partition: number;
  readonly message: Kept;
  readonly member: string;
  readonly lease: number;
  readonly until: number;
  readonly count: number;
  over: boolean;
}

interface Group {
  generation: number;
  members: { name: string; topics: readonly string[]; timeout: number; seen: number }[];
  committed: Map<string, number>;
}

interface Producer {
  epoch: number;
  timeout: number;
  sent: { log: string; sequence: number; count: number; offset: number }[];
  staged: (Stage | StageOffsets)[];
  number: number;
  openedAt: number;
  ended: { number: number; result: Plain }[];
}

const error = (name: string) => ({ error: name });
const REMEMBERED = 5;

export class NaiveBroker {
  readonly topics = new Map<string, { settings: CreateTopic; logs: Kept[][] }>();
  readonly producers = new Map<string, Producer>();
  readonly groups = new Map<string, Group>();
  readonly loans = new Map<
    string,
    { all: Loan[]; back: Omit<Loan, 'member' | 'lease' | 'until' | 'over'>[] }
  >();
  private now = 0;

  apply(operation: StreamOperation, now: number): Plain {
    this.now = now;
    switch (operation.op) {
      case 'create-topic': {
        if (this.topics.has(operation.topic)) return { created: false };
        this.create(operation);
        const dead = `${operation.topic}.dead`;
        if (operation.maxDeliveries > 0 && !this.topics.has(dead)) {
          this.create({ ...operation, topic: dead, retainMessages: 0, retainMicros: 0, maxDeliveries: 0 });
        }
        return { created: true };
      }
      case 'open-producer': {
        const epoch = (this.producers.get(operation.producer)?.epoch ?? -1) + 1;
        const { timeoutMicros: timeout } = operation;
        this.producers.set(operation.producer, {
          epoch,
          timeout,
          sent: [],
          staged: [],
          number: 0,
          openedAt: 0,
          ended: [],
        });
        return { epoch };
      }
      case 'send': {
        const { topic, partition, messages, producer: name, epoch = 0, sequence = 0 } = operation;
        if (this.log(topic, partition) === undefined) return error('unknown-topic');
        if (name === undefined) return { offset: this.append(topic, partition, messages) };
        const producer = this.find(name, epoch);
        if ('error' in producer) return producer;
        const mine = producer.sent.filter(({ log }) => log === `${topic}/${partition}`);
        const next = mine.reduce((sum, { count }) => sum + count, 0);
        if (sequence > next) return error('out-of-sequence');
        if (sequence < next) {
          const same = mine
            .slice(-REMEMBERED)
            .find((batch) => batch.sequence === sequence && batch.count === messages.length);
          return same === undefined ? error('forgotten-sequence') : { offset: same.offset };
        }
        const offset = this.append(topic, partition, messages);
        producer.sent.push({ log: `${topic}/${partition}`, sequence, count: messages.length, offset });
        return { offset };
      }
      case 'stage':
      case 'stage-offsets':
        return this.stage(operation);
      case 'commit-transaction':
      case 'abort-transaction': {
        const producer = this.find(operation.producer, operation.epoch);
        if ('error' in producer) return producer;
        this.abortSlow(producer);
        const ended = producer.ended[producer.ended.length - 1];
        if (ended?.number === operation.transaction) return ended.result;
        if (producer.number === 0 || producer.number !== operation.transaction)
          return error('no-transaction');
        const result = operation.op === 'commit-transaction' ? this.commit(producer) : { aborted: true };
        this.end(producer, result);
        return result;
      }
      case 'join':
        return this.join(operation);
      case 'leave': {
        const group = this.groups.get(operation.group);
        if (group === undefined) return error('unknown-member');
        this.dropSilent(group);
        if (!group.members.some(({ name }) => name === operation.member)) return error('unknown-member');
        group.members = group.members.filter(({ name }) => name !== operation.member);
        group.generation++;
        return { ok: true };
      }
      case 'heartbeat':
        return this.refusal(operation) ?? { ok: true };
      case 'commit-offsets': {
        const refusal = this.refusal(operation) ?? this.refusedOffsets(operation);
        if (refusal !== undefined) return refusal;
        this.setOffsets(operation);
        return { ok: true };
      }
      case 'fetch': {
        const { topic, partition, offset, max, group, member = '', generation = 0 } = operation;
        if (group !== undefined) {
          const asked = { group, member, generation, offsets: [[topic, partition, 0]] as const };
          const refusal = this.refusal(asked) ?? this.refusedOffsets(asked);
          if (refusal !== undefined) return refusal;
        }
        const log = this.log(topic, partition);
        if (log === undefined) return error('unknown-topic');
        const start = startOf(log);
        if (offset < start) return { error: 'out-of-range', start, end: log.length };
        const found = log.filter((each) => !each.gone && each.offset >= offset).slice(0, max);
        const next = (found[found.length - 1]?.offset ?? offset - 1) + 1;
        const messages = found.map(({ offset: at, key, value }) => [at, key, value]);
        return { messages, next, start, end: log.length };
      }
      case 'receive': {
        const { group, topic, member, max, leaseMicros } = operation;
        const found = this.topics.get(topic);
        if (found === undefined) return error('unknown-topic');
        const queue = this.loansOf(group, topic);
        this.endLoans(group, topic);
        const next = found.logs.map((_, partition) => this.nextOf(queue.all, partition));
        const take = queue.back.splice(0, max);
        found.logs.forEach((log, partition) => {
          const fresh = log.filter(({ gone, offset }) => !gone && offset >= (next[partition] as number));
          for (const message of fresh.slice(0, max - take.length))
            take.push({ partition, message, count: 0 });
        });
        const deliveries = take.map(({ partition, message, count }) => {
          const lease = queue.all.length + 1;
          queue.all.push({
            partition,
            message,
            member,
            lease,
            until: now + leaseMicros,
            count: count + 1,
            over: false,
          });
          return [partition, message.offset, message.key, message.value, lease, count + 1];
        });
        const done = found.logs.map((_, partition) => {
          const open = [...queue.all.filter(({ over }) => !over), ...queue.back];
          const offsets = open
            .filter((each) => each.partition === partition)
            .map(({ message }) => message.offset);
          return Math.min(this.nextOf(queue.all, partition), ...offsets);
        });
        return { deliveries, done };
      }
      case 'acknowledge':
      case 'reject':
        return this.settle(operation);
    }
  }

  generation(group: string): number {
    return this.groups.get(group)?.generation ?? 0;
  }

  epoch(producer: string): number {
    return this.producers.get(producer)?.epoch ?? 0;
  }

  sequence(producer: string, log: string): number {
    const sent = this.producers.get(producer)?.sent ?? [];
    return sent.filter((batch) => batch.log === log).reduce((sum, { count }) => sum + count, 0);
  }

  transaction(producer: string): { number: number; step: number } {
    const found = this.producers.get(producer);
    if (found === undefined) return { number: 1, step: 0 };
    const last = found.ended[found.ended.length - 1]?.number ?? 0;
    return { number: found.number === 0 ? last + 1 : found.number, step: found.staged.length };
  }

  leases(group: string, topic: string): number {
    return this.loans.get(`${group} ${topic}`)?.all.length ?? 0;
  }

  private create(settings: CreateTopic): void {
    this.topics.set(settings.topic, {
      settings,
      logs: Array.from({ length: settings.partitions }, () => []),
    });
  }

  private log(topic: string, partition: number): Kept[] | undefined {
    return this.topics.get(topic)?.logs[partition];
  }

  private append(
    topic: string,
    partition: number,
    messages: readonly (readonly [string | null, string])[],
  ): number {
    const { settings, logs } = this.topics.get(topic) as { settings: CreateTopic; logs: Kept[][] };
    const log = logs[partition] as Kept[];
    const first = log.length;
    for (const [key, value] of messages) {
      log.push({ offset: log.length, key, value, time: this.now, gone: false });
      const kept = log.filter(({ gone }) => !gone);
      kept.forEach((each, i) => {
        if (settings.retainMessages > 0 && i < kept.length - settings.retainMessages) each.gone = true;
        if (settings.retainMicros > 0 && each.time < this.now - settings.retainMicros) each.gone = true;
      });
    }
    return first;
  }

  private find(name: string, epoch: number): Producer | { error: string } {
    const producer = this.producers.get(name);
    if (producer === undefined || epoch > producer.epoch) return error('unknown-producer');
    return epoch < producer.epoch ? error('fenced') : producer;
  }

  private stage(operation: Stage | StageOffsets): Plain {
    const producer = this.find(operation.producer, operation.epoch);
    if ('error' in producer) return producer;
    if (operation.op === 'stage' && this.log(operation.topic, operation.partition) === undefined) {
      return error('unknown-topic');
    }
    this.abortSlow(producer);
    const last = producer.ended[producer.ended.length - 1]?.number ?? 0;
    if (operation.transaction !== (producer.number === 0 ? last + 1 : producer.number)) {
      return error('no-transaction');
    }
    if (producer.number === 0) {
      if (operation.step > 0) return error('out-of-sequence');
      producer.number = operation.transaction;
      producer.openedAt = this.now;
    }
    if (operation.step < producer.staged.length) return { staged: true };
    if (operation.step > producer.staged.length) return error('out-of-sequence');
    if (operation.op === 'stage-offsets') {
      const refusal = this.refusal(operation) ?? this.refusedOffsets(operation);
      if (refusal !== undefined) return refusal;
    }
    producer.staged.push(operation);
    return { staged: true };
  }

  private commit(producer: Producer): Plain {
    for (const step of producer.staged) {
      if (step.op !== 'stage-offsets') continue;
      const refusal = this.refusal(step) ?? this.refusedOffsets(step);
      if (refusal !== undefined) return refusal;
    }
    const offsets: number[] = [];
    for (const step of producer.staged) {
      if (step.op === 'stage') offsets.push(this.append(step.topic, step.partition, step.messages));
      else this.setOffsets(step);
    }
    return { offsets };
  }

  private end(producer: Producer, result: Plain): void {
    producer.ended.push({ number: producer.number, result });
    producer.number = 0;
    producer.staged = [];
  }

  private abortSlow(producer: Producer): void {
    if (producer.number > 0 && producer.openedAt + producer.timeout < this.now)
      this.end(producer, { aborted: true });
  }

  private join({
    group: name,
    member,
    topics,
    timeoutMicros,
  }: Extract<StreamOperation, { op: 'join' }>): Plain {
    if (topics.some((topic) => !this.topics.has(topic))) return error('unknown-topic');
    const group = this.groups.get(name) ?? {
      generation: 0,
      members: [],
      committed: new Map<string, number>(),
    };
    this.groups.set(name, group);
    const before = group.members.length;
    group.members = group.members.filter(({ seen, timeout }) => seen + timeout >= this.now);
    const isChanged = group.members.length < before;
    const found = group.members.find((each) => each.name === member);
    if (found !== undefined && !isChanged && found.topics.join() === topics.join()) found.seen = this.now;
    else {
      group.members = group.members.filter((each) => each.name !== member);
      group.members.push({ name: member, topics, timeout: timeoutMicros, seen: this.now });
      group.generation++;
    }
    const assignment = this.owned(group, member).map(([topic, partition]) => [
      topic,
      partition,
      Math.max(group.committed.get(`${topic}/${partition}`) ?? 0, startOf(this.log(topic, partition) ?? [])),
    ]);
    return { generation: group.generation, assignment };
  }

  /** Deals the partitions out like cards, topic by topic, skipping those who did not ask for the topic. */
  private owned(group: Group, member: string): [string, number][] {
    const names = group.members.map(({ name }) => name).sort();
    const topics = [...new Set(group.members.flatMap((each) => each.topics))].sort();
    const owned: [string, number][] = [];
    let turn = 0;
    for (const topic of topics) {
      const partitions = this.topics.get(topic)?.logs.length ?? 0;
      for (let partition = 0; partition < partitions;) {
        const name = names[turn++ % names.length];
        const wants = group.members.find((each) => each.name === name)?.topics.includes(topic) === true;
        if (!wants) continue;
        if (name === member) owned.push([topic, partition]);
        partition++;
      }
    }
    return owned;
  }

  private dropSilent(group: Group): void {
    const before = group.members.length;
    group.members = group.members.filter(({ seen, timeout }) => seen + timeout >= this.now);
    if (group.members.length < before) group.generation++;
  }

  private refusal(asked: { group: string; member: string; generation: number }): Plain | undefined {
    const group = this.groups.get(asked.group);
    if (group === undefined) return error('unknown-member');
    this.dropSilent(group);
    const member = group.members.find(({ name }) => name === asked.member);
    if (member === undefined) return error('unknown-member');
    if (group.generation !== asked.generation) return error('stale-generation');
    member.seen = this.now;
    return undefined;
  }

  private refusedOffsets(asked: {
    group: string;
    member: string;
    offsets: readonly ConsumedTo[];
  }): Plain | undefined {
    const group = this.groups.get(asked.group) as Group;
    for (const [topic, partition, offset] of asked.offsets) {
      const log = this.log(topic, partition);
      if (log === undefined) return error('unknown-topic');
      if (offset > log.length) return error('malformed');
      const owned = this.owned(group, asked.member);
      if (!owned.some(([name, number]) => name === topic && number === partition))
        return error('stale-generation');
    }
    return undefined;
  }

  private setOffsets({ group, offsets }: { group: string; offsets: readonly ConsumedTo[] }): void {
    for (const [topic, partition, offset] of offsets) {
      this.groups.get(group)?.committed.set(`${topic}/${partition}`, offset);
    }
  }

  private loansOf(group: string, topic: string) {
    const key = `${group} ${topic}`;
    const found = this.loans.get(key) ?? { all: [], back: [] };
    this.loans.set(key, found);
    return found;
  }

  private nextOf(loans: readonly Loan[], partition: number): number {
    const offsets = loans.filter((loan) => loan.partition === partition).map(({ message }) => message.offset);
    return Math.max(-1, ...offsets) + 1;
  }

  private endLoans(group: string, topic: string): void {
    for (const loan of this.loansOf(group, topic).all) {
      if (!loan.over && loan.until < this.now) this.giveBack(group, topic, loan);
    }
  }

  private giveBack(group: string, topic: string, loan: Loan): void {
    loan.over = true;
    const max = this.topics.get(topic)?.settings.maxDeliveries ?? 0;
    const { partition, message, count } = loan;
    if (max > 0 && count >= max) this.append(`${topic}.dead`, partition, [[message.key, message.value]]);
    else this.loansOf(group, topic).back.push({ partition, message, count });
  }

  private settle({ op, group, topic, member, leases }: Settle): Plain {
    if (!this.loans.has(`${group} ${topic}`)) return { settled: [], lost: leases };
    this.endLoans(group, topic);
    const settled: number[] = [];
    const lost: number[] = [];
    for (const lease of leases) {
      const loan = this.loansOf(group, topic).all.find((each) => each.lease === lease);
      if (loan === undefined || loan.over || loan.member !== member) lost.push(lease);
      else {
        settled.push(lease);
        loan.over = true;
        if (op === 'reject') this.giveBack(group, topic, loan);
      }
    }
    return { settled, lost };
  }
}

function startOf(log: readonly Kept[]): number {
  const first = log.find(({ gone }) => !gone);
  return first === undefined ? log.length : first.offset;
}
