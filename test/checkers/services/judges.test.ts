/** What bank, lock and transactions promise: each property with what breaks it and what does not. */

import { expect, test } from 'vitest';
import { OPERATIONS_PER_CUT } from '../../../src/checkers/any/settlement.js';
import type { HistoryEvent, Plain, ReadMode } from '../../../src/kernel/index.js';
import { makeCommand } from '../../../src/services/index.js';
import { Stage } from '../stage.js';

/** A protocol of the user's own that orders what clients ask for, place by place. */
class Orderer {
  readonly stage: Stage;
  private index = 0;
  private digest = 0;

  constructor(service: string, serviceSettings: Readonly<Record<string, unknown>> = {}, mix = {}) {
    this.stage = new Stage(3, 'mine', { service, serviceSettings, ...(service === 'kv' ? { mix } : {}) });
  }

  get violated(): string | undefined {
    return this.stage.violated;
  }

  record(kind: HistoryEvent['kind'], client: number, sequence: number, input: Plain, more = {}): void {
    this.stage.history({
      kind,
      client,
      sequence,
      input,
      output: null,
      read: undefined,
      index: 0,
      time: 0,
      ...more,
    });
  }

  /** Orders an operation; a copy leaves the digest as it is. */
  order(client: number, sequence: number, input: Plain, isCopy = false): number {
    const command = makeCommand(client, sequence, input);
    const { hash } = command;
    this.index++;
    if (!isCopy) this.digest = hash;
    const { index, digest } = this;
    this.stage.emit(0, { kind: 'applied', index, term: 1, hash, digest, command });
    return index;
  }

  /** An operation from beginning to end. */
  run(client: number, sequence: number, input: Plain, output: Plain): void {
    this.record('invoke', client, sequence, input);
    this.order(client, sequence, input);
    this.record('ok', client, sequence, input, { output });
  }

  /** A read that is answered aside of the log. */
  aside(client: number, sequence: number, input: Plain, output: Plain, read: ReadMode): void {
    this.record('invoke', client, sequence, input, { read });
    this.record('ok', client, sequence, input, { output, read, index: this.index });
  }
}

const BANK = { accounts: 2, initial: 10 };
const READ = { op: 'read' };
const pay = (from: number, to: number, amount: number): Plain => ({ op: 'transfer', from, to, amount });

test('bank-total: whoever sees another total, a balance below zero or too few accounts, tells', () => {
  for (const [balances, isWrong] of [
    [[10, 10], false],
    [[10, 11], true],
    [[-1, 21], true],
    [[20], true],
    [[9.5, 10.5], true],
    ['much', true],
  ] as const) {
    const run = new Orderer('bank', BANK);
    run.aside(3, 1, READ, { balances }, 'stale');
    expect(run.violated).toBe(isWrong ? 'any/bank-total' : undefined);
  }
});

test('bank-total: a stale read is judged by its total alone, and an error by nothing', () => {
  const run = new Orderer('bank', BANK);
  run.run(3, 1, pay(0, 1, 4), { transferred: true });
  run.aside(4, 1, READ, { balances: [10, 10] }, 'stale');
  run.run(3, 2, READ, { error: 'malformed' });
  expect(run.violated).toBeUndefined();
});

test('service-answers: an answer must follow from the agreed order', () => {
  const right = new Orderer('bank', BANK);
  right.run(3, 1, pay(0, 1, 4), { transferred: true });
  right.run(3, 2, READ, { balances: [6, 14] });
  right.run(3, 3, pay(0, 1, 7), { transferred: false });
  right.run(3, 4, pay(1, 1, 14), { transferred: true });
  right.run(3, 5, READ, { balances: [6, 14] });
  right.stage.end();
  expect(right.violated).toBeUndefined();
  const wrong = new Orderer('bank', BANK);
  wrong.run(3, 1, pay(0, 1, 4), { transferred: true });
  wrong.run(3, 2, READ, { balances: [10, 10] });
  expect(wrong.violated).toBe('any/service-answers');
});

test('service-answers: an answer may come before its place is applied, and is judged then', () => {
  for (const [transferred, expected] of [
    [true, undefined],
    [false, 'any/service-answers'],
  ] as const) {
    const run = new Orderer('bank', BANK);
    run.record('invoke', 3, 1, pay(0, 1, 4));
    run.record('ok', 3, 1, pay(0, 1, 4), { output: { transferred } });
    expect(run.violated).toBeUndefined();
    const copy = run.stage.fork();
    run.order(3, 1, pay(0, 1, 4));
    expect(run.violated).toBe(expected);
    expect(copy.violated).toBeUndefined();
  }
});

test('service-answers: a command that is ordered again, or of unknown outcome, counts once', () => {
  const run = new Orderer('bank', BANK);
  run.record('invoke', 3, 1, pay(0, 1, 4));
  run.order(3, 1, pay(0, 1, 4));
  run.record('unknown', 3, 1, pay(0, 1, 4));
  run.order(3, 1, pay(0, 1, 4));
  run.run(4, 1, READ, { balances: [6, 14] });
  expect(run.violated).toBeUndefined();
});

test('service-answers: a read that was ordered as well may be answered where it was asked aside', () => {
  for (const [index, expected] of [
    [1, undefined],
    [3, 'any/service-answers'],
    [0, 'any/service-answers'],
  ] as const) {
    const run = new Orderer('bank', BANK);
    run.run(3, 1, pay(0, 1, 4), { transferred: true });
    run.record('invoke', 4, 1, READ, { read: 'read-index' });
    run.run(3, 2, pay(0, 1, 1), { transferred: true });
    run.order(4, 1, READ);
    run.record('ok', 4, 1, READ, { output: { balances: [6, 14] }, read: 'read-index', index });
    expect(run.violated).toBe(expected);
  }
});

const ACQUIRE = { op: 'acquire', lock: 0 };
const write = (token: number): Plain => ({ op: 'write', lock: 0, token, value: 'x' });
const release = (token: number): Plain => ({ op: 'release', lock: 0, token });

test('lock-exclusion: nobody acquires before the lease of the one before has ended', () => {
  for (const [at, expected] of [
    [100, undefined],
    [99, 'any/lock-exclusion'],
  ] as const) {
    const run = new Orderer('lock', { lease: '100us' });
    run.run(3, 1, ACQUIRE, { token: 1, at: 0, until: 100 });
    run.run(4, 1, ACQUIRE, { held: 1, at: 50, until: 100 });
    run.run(4, 2, ACQUIRE, { token: 2, at, until: at + 100 });
    expect(run.violated).toBe(expected);
  }
});

test('lock-exclusion: a release in between ends it, also one whose answer nobody heard', () => {
  const run = new Orderer('lock', { lease: 'never' });
  run.run(3, 1, ACQUIRE, { token: 1, at: 0, until: 0 });
  run.record('invoke', 3, 2, release(1));
  run.order(3, 2, release(1));
  run.record('unknown', 3, 2, release(1));
  run.run(4, 1, ACQUIRE, { token: 2, at: 0, until: 0 });
  expect(run.violated).toBeUndefined();
  run.run(5, 1, release(1), { released: true });
  run.run(5, 2, ACQUIRE, { token: 3, at: 0, until: 0 });
  expect(run.violated).toBe('any/lock-exclusion');
});

test('lock-exclusion: an answer that comes before its place is applied is judged when that is', () => {
  for (const [released, expected] of [
    [1, undefined],
    [7, 'any/lock-exclusion'],
  ] as const) {
    const run = new Orderer('lock', { lease: 'never' });
    run.run(3, 1, ACQUIRE, { token: 1, at: 0, until: 0 });
    run.record('invoke', 3, 2, release(released));
    run.record('invoke', 4, 1, ACQUIRE);
    run.record('ok', 4, 1, ACQUIRE, { output: { token: 2, at: 0, until: 0 }, index: 3 });
    expect(run.violated).toBeUndefined();
    run.order(3, 2, release(released));
    const copy = run.stage.fork();
    run.order(4, 1, ACQUIRE);
    expect(run.violated).toBe(expected);
    expect(copy.violated).toBeUndefined();
  }
});

test('lock-exclusion: tokens grow, and only their holder may be given one again', () => {
  const renewed = new Orderer('lock', { lease: '100us' });
  renewed.run(3, 1, ACQUIRE, { token: 1, at: 0, until: 100 });
  renewed.run(3, 2, ACQUIRE, { token: 1, at: 50, until: 150 });
  expect(renewed.violated).toBeUndefined();
  renewed.run(4, 1, ACQUIRE, { token: 2, at: 120, until: 220 });
  expect(renewed.violated).toBe('any/lock-exclusion');
  for (const token of [1, 0]) {
    const run = new Orderer('lock', { lease: '100us' });
    run.run(3, 1, ACQUIRE, { token: 1, at: 0, until: 100 });
    run.run(4, 1, ACQUIRE, { token, at: 100, until: 200 });
    expect(run.violated).toBe('any/lock-exclusion');
  }
});

test('lock-exclusion: answers that come late are held against their neighbours in the order', () => {
  const run = new Orderer('lock', { lease: '100us' });
  run.record('invoke', 3, 1, ACQUIRE);
  run.order(3, 1, ACQUIRE);
  run.run(4, 1, ACQUIRE, { token: 2, at: 60, until: 160 });
  const copy = run.stage.fork();
  run.record('ok', 3, 1, ACQUIRE, { output: { token: 1, at: 0, until: 100 } });
  expect(run.violated).toBe('any/lock-exclusion');
  expect(copy.violated).toBeUndefined();
});

test('lock-fencing: the resource takes no token after a higher one, whenever that is heard of', () => {
  const prompt = new Orderer('lock');
  prompt.run(3, 1, write(2), { ok: true });
  prompt.run(4, 1, write(1), { refused: 2 });
  prompt.run(3, 2, write(2), { ok: true });
  expect(prompt.violated).toBeUndefined();
  prompt.run(4, 2, write(1), { ok: true });
  expect(prompt.violated).toBe('any/lock-fencing');
  const late = new Orderer('lock');
  late.record('invoke', 3, 1, write(2));
  late.order(3, 1, write(2));
  late.run(4, 1, write(1), { ok: true });
  late.record('ok', 3, 1, write(2), { output: { ok: true } });
  expect(late.violated).toBe('any/lock-fencing');
});

const TXN = { txn: 1 };
const txn = (...ops: readonly (readonly string[])[]): Plain => ({ op: 'txn', ops });

test('transaction-cycles: two transactions that each miss the write of the other', () => {
  const run = new Orderer('kv', {}, TXN);
  const left = txn(['r', 'x'], ['append', 'y', 'c3.1.0']);
  const right = txn(['r', 'y'], ['append', 'x', 'c4.1.0']);
  run.record('invoke', 3, 1, left);
  run.record('invoke', 4, 1, right);
  run.record('ok', 3, 1, left, { output: { reads: [null] } });
  run.record('ok', 4, 1, right, { output: { reads: [null] } });
  run.record('invoke', 3, 2, txn(['r', 'x'], ['r', 'y']));
  run.record('ok', 3, 2, txn(['r', 'x'], ['r', 'y']), { output: { reads: ['c4.1.0', 'c3.1.0'] } });
  run.stage.end();
  expect(run.violated).toBe('any/transaction-cycles');
});

test('transaction-cycles: one after another is right, and one of unknown outcome may have happened', () => {
  const run = new Orderer('kv', {}, TXN);
  run.record('invoke', 3, 1, txn(['append', 'x', 'c3.1.0'], ['append', 'x', 'c3.1.1']));
  run.record('unknown', 3, 1, txn(['append', 'x', 'c3.1.0'], ['append', 'x', 'c3.1.1']));
  run.record('invoke', 4, 1, txn(['r', 'x']));
  run.record('ok', 4, 1, txn(['r', 'x']), { output: { reads: ['c3.1.0c3.1.1'] } });
  const copy = run.stage.fork();
  run.stage.end();
  expect(run.violated).toBeUndefined();
  const middle = { kind: 'ok', client: 5, sequence: 1, input: txn(['r', 'x']) } as const;
  const rest = { read: undefined, index: 0, time: 0 };
  copy.history({ ...middle, ...rest, kind: 'invoke', output: null });
  copy.history({ ...middle, ...rest, output: { reads: ['c3.1.0'] } });
  copy.end();
  expect(copy.violated).toBe('any/transaction-cycles');
});

test('service-answers: what a transaction reads follows from the agreed order of transactions', () => {
  for (const [seen, expected] of [
    ['c3.1.0', undefined],
    ['', 'any/service-answers'],
  ] as const) {
    const run = new Orderer('kv', {}, TXN);
    run.run(3, 1, txn(['append', 'x', 'c3.1.0']), { reads: [] });
    run.run(4, 1, txn(['append', 'x', 'c4.1.0'], ['r', 'x']), { reads: [`${seen}c4.1.0`] });
    expect(run.violated).toBe(expected);
  }
});

test('service-answers: a copy that is ordered when its first place is forgotten changes nothing', () => {
  const run = new Orderer('kv', {}, TXN);
  const write = (sequence: number): Plain => ({ op: 'put', key: 'x', value: `c3.${sequence}` });
  for (const server of [0, 1])
    run.stage.emit(server, { kind: 'snapshot-saved', index: OPERATIONS_PER_CUT, term: 1, received: false });
  for (let sequence = 1; sequence <= OPERATIONS_PER_CUT; sequence++)
    run.run(3, sequence, write(sequence), { ok: true });
  run.run(3, OPERATIONS_PER_CUT + 1, txn(['append', 'y', 'c3.1.0']), { reads: [] });
  run.order(3, OPERATIONS_PER_CUT - 1, write(OPERATIONS_PER_CUT - 1), true);
  expect(run.violated).toBeUndefined();
});

test('a run is told only of what its own service promises', () => {
  const ids = (service: string, mix = {}) =>
    new Orderer(service, {}, mix).stage.checkers.invariants.map(({ id }) => id);
  expect(ids('bank')).toContain('any/bank-total');
  expect(ids('bank')).not.toContain('any/lock-fencing');
  expect(ids('lock')).not.toContain('any/bank-total');
});

test('authority: what is ordered or answered without a capability tells, what was asked for in time does not', () => {
  const authority = [
    { holders: [3], purposes: ['put'], fromMicros: 10, untilMicros: 20 },
    { holders: [4], purposes: ['get'], fromMicros: 0, untilMicros: undefined },
  ];
  const put: Plain = { op: 'put', key: 'k', value: 'c3.1' };
  const at = (invoked: number, applied: number, client = 3, input = put) => {
    const stage = new Stage(3, 'mine', { authority });
    const command = makeCommand(client, 1, input);
    stage.time = invoked;
    stage.invoke(client, 1, input);
    stage.time = applied;
    stage.emit(0, { kind: 'applied', index: 1, term: 1, hash: 1, digest: 1, command });
    return stage.violated;
  };
  expect(at(12, 15)).toBeUndefined();
  expect(at(19, 50)).toBeUndefined();
  expect(at(20, 50)).toBe('any/authority');
  expect(at(5, 9)).toBe('any/authority');
  expect(at(5, 10)).toBeUndefined();
  expect(at(12, 15, 4)).toBe('any/authority');
  expect(at(12, 15, 5)).toBe('any/authority');
  const stage = new Stage(3, 'mine', { authority });
  stage.operation(4, 1, { op: 'get', key: 'k' }, 'ok', { value: null });
  expect(stage.violated).toBeUndefined();
  stage.operation(3, 1, { op: 'get', key: 'k' }, 'ok', { error: 'malformed' });
  expect(stage.violated).toBeUndefined();
  stage.operation(3, 2, { op: 'get', key: 'k' }, 'ok', { value: null });
  expect(stage.violated).toBe('any/authority');
});

test('authority: one of unknown outcome that is applied later is still held against its invocation', () => {
  const authority = [{ holders: [3], purposes: undefined, fromMicros: 0, untilMicros: 10 }];
  for (const [invoked, expected] of [
    [9, undefined],
    [10, 'any/authority'],
  ] as const) {
    const stage = new Stage(3, 'mine', { authority });
    stage.time = invoked;
    const command = stage.operation(3, 1, { op: 'put', key: 'k', value: 'v' }, 'unknown', null);
    stage.time = 50;
    const copy = stage.fork();
    copy.emit(0, { kind: 'applied', index: 1, term: 1, hash: 1, digest: 1, command });
    expect(copy.violated).toBe(expected);
  }
});
