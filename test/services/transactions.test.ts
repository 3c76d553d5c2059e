/** Transactions of both key-value stores, against a plain map. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  KeyValueStore,
  makeCommand,
  MAX_MICRO_OPERATIONS,
  MAX_VALUE_LENGTH,
  OperationGenerator,
  SortedKeyValueStore,
  Workload,
  type KvTransaction,
  type MicroOperation,
} from '../../src/services/index.js';
import { Digest, RandomChoices, type Plain } from '../../src/kernel/index.js';
import { DEFAULTS } from './client-world.js';
import { kvOperation } from './arbitraries.js';

const key = fc.constantFrom('a', 'b', '__proto__');
const value = fc.constantFrom('', 'x', 'y', 'z'.repeat(MAX_VALUE_LENGTH - 1));

const microOperation: fc.Arbitrary<MicroOperation> = fc.oneof(
  fc.tuple(fc.constant('r' as const), key),
  fc.tuple(fc.constant('w' as const), key, value),
  fc.tuple(fc.constant('append' as const), key, value),
);

const transaction = fc
  .array(microOperation, { minLength: 1, maxLength: 5 })
  .map((ops): KvTransaction => ({ op: 'txn', ops }));

/** The documented meaning, written as directly as possible. */
function naive(state: Map<string, string>, { ops }: KvTransaction): Plain {
  const copy = new Map(state);
  const reads: Plain[] = [];
  for (const [kind, name, text = ''] of ops) {
    if (kind === 'r') reads.push(copy.get(name) ?? null);
    else copy.set(name, (kind === 'append' ? (copy.get(name) ?? '') : '') + text);
    if ((copy.get(name) ?? '').length > MAX_VALUE_LENGTH) return { error: 'value-too-long' };
  }
  for (const [name, text] of copy) state.set(name, text);
  return { reads };
}

type Store = KeyValueStore | SortedKeyValueStore;

const contents = (store: Store): Plain =>
  (
    store.snapshot() as unknown as { readonly entries: readonly (readonly [string, string, number])[] }
  ).entries.map(([name, text]) => [name, text]);

test('transactions: both stores do what a plain map would, all or nothing', () => {
  fc.assert(
    fc.property(fc.array(transaction, { maxLength: 12 }), (transactions) => {
      const store = new KeyValueStore();
      const next = new SortedKeyValueStore();
      const state = new Map<string, string>();
      transactions.forEach((input, i) => {
        const expected = naive(state, input);
        expect(store.apply(makeCommand(5, i + 1, input))).toEqual(expected);
        expect(next.apply(makeCommand(5, i + 1, input))).toEqual(expected);
      });
      const sorted = [...state].sort(([a], [b]) => (a < b ? -1 : 1));
      expect(contents(store)).toEqual(sorted);
      expect(contents(next)).toEqual(sorted);
    }),
  );
});

test('transactions: digests and sizes come out the same through snapshot, restore and clone', () => {
  const mixed = fc.array(fc.oneof(kvOperation, transaction), { maxLength: 12 });
  fc.assert(
    fc.property(mixed, mixed, (before, after) => {
      for (const create of [(): Store => new KeyValueStore(), (): Store => new SortedKeyValueStore()]) {
        const straight = create();
        [...before, ...after].forEach((input, i) => straight.apply(makeCommand(5, i + 1, input)));
        const source = create();
        before.forEach((input, i) => source.apply(makeCommand(5, i + 1, input)));
        const restored = create();
        restored.restore(source.snapshot());
        for (const copy of [restored, source.clone()]) {
          after.forEach((input, i) => copy.apply(makeCommand(5, before.length + i + 1, input)));
          expect(copy.digest()).toBe(straight.digest());
          expect(copy.snapshot()).toEqual(straight.snapshot());
          if (copy instanceof KeyValueStore && straight instanceof KeyValueStore)
            expect(copy.snapshotBytes()).toBe(straight.snapshotBytes());
        }
      }
    }),
  );
});

test('transactions: what is none is answered as malformed and changes no value', () => {
  const tooMany = new Array<Plain>(MAX_MICRO_OPERATIONS + 1).fill(['r', 'a']);
  const wrong: Plain[] = [
    null,
    [],
    [['r']],
    [['r', 'a', 'b']],
    [['w', 'a']],
    [['x', 'a', 'b']],
    ['r'],
    tooMany,
  ];
  for (const store of [new KeyValueStore(), new SortedKeyValueStore()]) {
    wrong.forEach((ops, i) =>
      expect(store.apply(makeCommand(5, i + 1, { op: 'txn', ops }))).toEqual({ error: 'malformed' }),
    );
    expect(contents(store)).toEqual([]);
  }
});

test('workload: transactions write texts that are all different, on keys that nothing else touches', () => {
  const mix = { get: 1, put: 1, append: 1, txn: 5 };
  const generator = new OperationGenerator(new Workload({ ...DEFAULTS, mix }), 5);
  const choices = new RandomChoices('workload', new Digest());
  const texts = new Set<string>();
  let appended = 0;
  let transactions = 0;
  for (let sequence = 1; sequence <= 2_000; sequence++) {
    const input = generator.next(choices, sequence);
    if (input.op !== 'txn') {
      expect(input.key).toMatch(/^k/);
      continue;
    }
    transactions++;
    for (const [kind, name, text = ''] of input.ops) {
      expect(name).toMatch(/^x/);
      if (kind === 'r') continue;
      appended++;
      texts.add(`${name} ${text}`);
    }
  }
  expect(transactions / 2_000).toBeCloseTo(5 / 8, 1);
  expect(texts.size).toBe(appended);
});
