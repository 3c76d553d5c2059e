import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, deepFreeze, type Plain, type Result } from '../../../src/kernel/index.js';
import { makeCommand, StreamService, type StreamOperation } from '../../../src/services/index.js';
import { draft, operationOf, PRELUDE, topic } from './arbitraries.js';
import { NaiveBroker } from './naive-broker.js';

class Bench {
  service = new StreamService();
  private sequence = 0;

  do(operation: StreamOperation | Plain, micros = 0): Result {
    return this.service.apply(makeCommand(1, ++this.sequence, operation as unknown as Plain), micros);
  }
}

function started(...topics: readonly StreamOperation[]): Bench {
  const bench = new Bench();
  for (const each of topics) expect(bench.do(each)).toEqual({ created: true });
  return bench;
}

const send = (topic: string, ...values: string[]): StreamOperation => ({
  op: 'send',
  topic,
  partition: 0,
  messages: values.map((value) => [null, value] as const),
});

const by = (operation: StreamOperation, producer: string, epoch: number, sequence: number) =>
  ({ ...operation, producer, epoch, sequence }) as StreamOperation;

const read = (topic: string, offset = 0, partition = 0): StreamOperation => ({
  op: 'fetch',
  topic,
  partition,
  offset,
  max: 100,
});

const values = (result: Result) =>
  (result as { messages: [number, null, string][] }).messages.map(([, , v]) => v);

const open = (producer: string): StreamOperation => ({ op: 'open-producer', producer, timeoutMicros: 1000 });

const join = (member: string, ...topics: string[]): StreamOperation => ({
  op: 'join',
  group: 'g',
  member,
  topics,
  timeoutMicros: 50,
});

describe('the stream service', () => {
  it('answers every script as the naive broker does, across snapshots and clones, and so does its digest', () => {
    const kinds = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(draft, { maxLength: 100, size: 'max' }), (script) => {
        const naive = new NaiveBroker();
        const twin = new StreamService();
        let service = new StreamService();
        let sequence = 0;
        let now = 0;
        const both = (operation: StreamOperation) => {
          const command = makeCommand(1, ++sequence, deepFreeze(operation) as unknown as Plain);
          const result = service.apply(command, now);
          const answer = canonical(result);
          expect(answer, operation.op).toBe(canonical(naive.apply(operation, now)));
          expect(canonical(twin.apply(command, now))).toBe(answer);
          expect(service.digest()).toBe(twin.digest());
          const error = (result as { error?: string }).error ?? 'ok';
          kinds.set(`${operation.op} ${error}`, (kinds.get(`${operation.op} ${error}`) ?? 0) + 1);
        };
        PRELUDE.forEach(both);
        script.forEach((each, number) => {
          now += each.after;
          if (each.op === 'clone') service = service.clone();
          else if (each.op === 'snapshot') {
            deepFreeze(twin.snapshot()); // what it does later must not change it
            const copy = new StreamService();
            copy.apply(makeCommand(9, 1, topic('z', 1, {}) as unknown as Plain), 0); // restore must replace, not add
            copy.restore(JSON.parse(canonical(deepFreeze(service.snapshot()))) as Plain);
            expect(canonical(copy.snapshot())).toBe(canonical(service.snapshot()));
            service = copy;
          } else both(operationOf(each, naive, number));
        });
        expect(canonical(service.snapshot())).toBe(canonical(twin.snapshot()));
      }),
      { numRuns: 1000 },
    );
    // A script that never gets anywhere proves nothing.
    for (const kind of [
      'send ok',
      'send fenced',
      'send out-of-sequence',
      'send forgotten-sequence',
      'commit-transaction ok',
      'commit-transaction stale-generation',
      'commit-offsets ok',
      'commit-offsets unknown-member',
      'fetch out-of-range',
      'acknowledge ok',
    ]) {
      expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(0);
    }
  });

  it('answers whatever it is sent, and changes nothing when that is no operation', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (input) => {
        const bench = started(topic('a', 1, {}));
        const before = canonical((bench.service.snapshot() as { topics: Plain }).topics);
        expect(bench.do(input as Plain)).toEqual({ error: 'malformed' });
        expect(canonical((bench.service.snapshot() as { topics: Plain }).topics)).toBe(before);
      }),
    );
  });

  it('answers a batch that is sent again with its first offset, and appends it once', () => {
    const bench = started(topic('a', 1, {}));
    expect(bench.do(open('p'))).toEqual({ epoch: 0 });
    const batch = by(send('a', 'x', 'y'), 'p', 0, 0);
    expect(bench.do(batch)).toEqual({ offset: 0 });
    expect(bench.do(batch)).toEqual({ offset: 0 });
    expect(values(bench.do(read('a')))).toEqual(['x', 'y']);
  });

  it('fences the zombie of a producer, sends and transactions alike (KIP-98)', () => {
    const bench = started(topic('a', 1, {}));
    bench.do(open('p'));
    const staged = { producer: 'p', epoch: 0, transaction: 1 };
    bench.do({ ...send('a', 'z'), op: 'stage', ...staged, step: 0 });
    expect(bench.do(open('p'))).toEqual({ epoch: 1 });
    expect(bench.do(by(send('a', 'x'), 'p', 0, 0))).toEqual({ error: 'fenced' });
    expect(bench.do({ op: 'commit-transaction', ...staged })).toEqual({ error: 'fenced' });
    expect(values(bench.do(read('a')))).toEqual([]);
  });

  it('commits outputs and offsets together, at once, or neither when the group has moved on (KIP-447)', () => {
    const bench = started(topic('in', 2, {}), topic('out', 1, {}));
    bench.do(send('in', 'i'));
    bench.do(open('p'));
    bench.do(join('m', 'in'));
    const transact = (transaction: number, generation: number) => {
      const step = { producer: 'p', epoch: 0, transaction };
      bench.do({ ...send('out', `o${transaction}`), op: 'stage', ...step, step: 0 });
      const offsets: readonly (readonly [string, number, number])[] = [['in', 0, 1]];
      const member = { group: 'g', member: 'm', generation };
      bench.do({ op: 'stage-offsets', ...step, ...member, step: 1, offsets });
      return () => bench.do({ op: 'commit-transaction', ...step });
    };
    const late = transact(1, 1);
    expect(values(bench.do(read('out')))).toEqual([]);
    expect(bench.do(join('n', 'in'))).toEqual({ generation: 2, assignment: [['in', 1, 0]] });
    expect(late()).toEqual({ error: 'stale-generation' });
    expect(values(bench.do(read('out')))).toEqual([]);
    expect(bench.do(join('m', 'in'))).toEqual({ generation: 2, assignment: [['in', 0, 0]] });
    const commit = transact(2, 2);
    expect(commit()).toEqual({ offsets: [0] });
    expect(commit()).toEqual({ offsets: [0] });
    expect(values(bench.do(read('out')))).toEqual(['o2']);
    expect(bench.do(join('m', 'in'))).toEqual({ generation: 2, assignment: [['in', 0, 1]] });
  });

  it('lends a message again when its lease is over, and lets nobody settle the old one', () => {
    const bench = started(topic('a', 1, { maxDeliveries: 2 }));
    bench.do(send('a', 'x'));
    const receive = (member: string): StreamOperation => ({
      op: 'receive',
      group: 'g',
      member,
      topic: 'a',
      max: 1,
      leaseMicros: 10,
    });
    const settle = (member: string, lease: number): StreamOperation => ({
      op: 'acknowledge',
      group: 'g',
      member,
      topic: 'a',
      leases: [lease],
    });
    expect(bench.do(receive('m'), 0)).toEqual({ deliveries: [[0, 0, null, 'x', 1, 1]], done: [0] });
    expect(bench.do(receive('n'), 10)).toEqual({ deliveries: [], done: [0] });
    expect(bench.do(receive('n'), 11)).toEqual({ deliveries: [[0, 0, null, 'x', 2, 2]], done: [0] });
    expect(bench.do(settle('m', 1), 12)).toEqual({ settled: [], lost: [1] });
    expect(bench.do(settle('m', 2), 12)).toEqual({ settled: [], lost: [2] });
    const copy = bench.service.clone();
    expect(bench.do(settle('n', 2), 12)).toEqual({ settled: [2], lost: [] });
    expect(values(bench.do(read('a.dead')))).toEqual([]);
    bench.service = copy;
    expect(bench.do(receive('m'), 30)).toEqual({ deliveries: [], done: [1] });
    expect(values(bench.do(read('a.dead')))).toEqual(['x']);
  });

  it('answers a read outside of any group without being ordered, as it would in order', () => {
    const bench = started(topic('a', 1, {}));
    bench.do(send('a', 'x'));
    const command = makeCommand(1, 77, read('a') as unknown as Plain);
    const digest = bench.service.digest();
    expect(bench.service.query(command)).toEqual(bench.service.clone().apply(command, 0));
    expect(bench.service.digest()).toBe(digest);
    const joined = makeCommand(1, 78, {
      ...read('a'),
      group: 'g',
      member: 'm',
      generation: 1,
    });
    expect(bench.service.query(joined)).toBeUndefined();
  });

  it('forgets producers beyond its limit, and fences their zombies still', () => {
    const bench = started(topic('a', 1, {}));
    bench.do(open('p'));
    bench.do(open('p'));
    for (let i = 0; i < 1024; i++) bench.do(open(`q${i}`));
    expect(bench.do(by(send('a', 'x'), 'p', 1, 0))).toEqual({ error: 'unknown-producer' });
    expect(bench.do(open('p'))).toEqual({ epoch: 2 });
    expect(bench.do(by(send('a', 'x'), 'p', 1, 0))).toEqual({ error: 'fenced' });
  });
});
