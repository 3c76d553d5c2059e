import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, deepFreeze, type Plain } from '../../src/kernel/index.js';
import { KeyValueStore, makeCommand, MAX_VALUE_LENGTH, type KvOperation } from '../../src/services/index.js';
import { kvOperation } from './arbitraries.js';

/** The oracle: the documented meaning, written as directly as possible. */
function naive(state: Map<string, string>, operation: KvOperation): Plain {
  const held = state.get(operation.key) ?? null;
  switch (operation.op) {
    case 'get':
      return { value: held };
    case 'put':
      state.set(operation.key, operation.value);
      return { ok: true };
    case 'delete':
      return { existed: state.delete(operation.key) };
    case 'cas':
      if (held === operation.expected) state.set(operation.key, operation.value);
      return { swapped: held === operation.expected };
    case 'append':
      state.set(operation.key, (held ?? '') + operation.value);
      return { value: (held ?? '') + operation.value };
  }
}

function applyAll(store: KeyValueStore, inputs: readonly Plain[], from = 1): void {
  inputs.forEach((input, i) => store.apply(makeCommand(5, from + i, input)));
}

function filled(inputs: readonly Plain[]): KeyValueStore {
  const store = new KeyValueStore();
  applyAll(store, inputs);
  return store;
}

test('kv: every operation does and answers what a plain map would', () => {
  fc.assert(
    fc.property(fc.array(kvOperation, { maxLength: 40 }), (operations) => {
      const store = new KeyValueStore();
      const state = new Map<string, string>();
      operations.forEach((operation, i) => {
        expect(store.apply(makeCommand(5, i + 1, operation))).toEqual(naive(state, operation));
      });
      for (const key of ['a', 'b', '__proto__']) {
        const got = store.apply(makeCommand(5, 1_000, { op: 'get', key }));
        expect(got).toEqual({ value: state.get(key) ?? null });
      }
    }),
  );
});

test('kv: equal histories have equal digests and snapshots, through snapshot, restore and clone', () => {
  fc.assert(
    fc.property(
      fc.array(kvOperation, { maxLength: 30 }),
      fc.array(kvOperation, { maxLength: 30 }),
      (before, after) => {
        const straight = filled([...before, ...after]);
        const source = filled(before);
        const restored = filled(after);
        restored.restore(deepFreeze(source.snapshot()));
        const cloned = source.clone();
        for (const copy of [restored, cloned]) {
          applyAll(copy, after, before.length + 1);
          expect(copy.digest()).toBe(straight.digest());
          expect(canonical(copy.snapshot())).toBe(canonical(straight.snapshot()));
        }
      },
    ),
  );
});

test('kv: histories that differ in one command have different digests', () => {
  fc.assert(
    fc.property(
      fc.array(kvOperation, { minLength: 1, maxLength: 20 }),
      fc.nat(),
      kvOperation,
      (history, where, other) => {
        const place = where % history.length;
        fc.pre(canonical(history[place]) !== canonical(other));
        const changed = history.with(place, other);
        expect(filled(changed).digest()).not.toBe(filled(history).digest());
        expect(filled(history.slice(0, -1)).digest()).not.toBe(filled(history).digest());
      },
    ),
  );
});

test('kv: a value that was changed behind its back shows in the digest of the next command', () => {
  const [honest, rotten] = [filled([{ op: 'put', key: 'a', value: '1' }]), new KeyValueStore()];
  const snapshot = honest.snapshot() as { digest: number };
  rotten.restore({ digest: snapshot.digest, entries: [['a', '2', 99]] });
  expect(rotten.digest()).toBe(honest.digest());
  applyAll(honest, [{ op: 'get', key: 'a' }], 2);
  applyAll(rotten, [{ op: 'get', key: 'a' }], 2);
  expect(rotten.digest()).not.toBe(honest.digest());
});

test('kv: a snapshot lists keys in order, however they were written', () => {
  const store = filled(['b', 'a', 'c'].map((key) => ({ op: 'put', key, value: key })));
  const { entries } = store.snapshot() as { entries: [string, string, number][] };
  expect(entries.map(([key]) => key)).toEqual(['a', 'b', 'c']);
});

test('kv: the hash of an appended value covers what was there before', () => {
  const hashOf = (first: string) => {
    const store = filled([
      { op: 'put', key: 'a', value: first },
      { op: 'append', key: 'a', value: 'z' },
    ]);
    return (store.snapshot() as { entries: [string, string, number][] }).entries[0]?.[2];
  };
  expect(hashOf('x')).not.toBe(hashOf('y'));
});

test('kv: a clone and its original do not share their future', () => {
  const store = filled([{ op: 'put', key: 'a', value: '1' }]);
  const before = canonical(store.snapshot());
  const copy = store.clone();
  applyAll(copy, [{ op: 'put', key: 'a', value: '2' }], 2);
  expect(canonical(store.snapshot())).toBe(before);
});

test('kv: input that is no operation gets an error and changes nothing, whatever it is', () => {
  const json = fc.jsonValue().map((value) => value as Plain);
  const nearMiss = fc.record(
    {
      op: fc.constantFrom('get', 'put', 'cas', 'append', 'GET', 7),
      key: fc.constantFrom('a', 1, null),
      value: fc.constantFrom('x', 3, null),
      expected: fc.constantFrom(4, false),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.oneof(json, nearMiss as fc.Arbitrary<Plain>), (input) => {
      const store = filled([{ op: 'put', key: 'a', value: '1' }]);
      const entries = (store.snapshot() as { entries: Plain }).entries;
      const result = store.apply(makeCommand(5, 2, input));
      fc.pre(canonical(result) === '{"error":"malformed"}');
      expect((store.snapshot() as { entries: Plain }).entries).toEqual(entries);
    }),
  );
  for (const input of [
    null,
    3,
    'get',
    [],
    {},
    { op: 'get' },
    { op: 'put', key: 'a' },
    { op: 'no', key: 'a' },
  ]) {
    expect(new KeyValueStore().apply(makeCommand(5, 1, input))).toEqual({ error: 'malformed' });
  }
  const missing = { op: 'cas', key: 'a', value: 'x' };
  expect(new KeyValueStore().apply(makeCommand(5, 1, missing))).toEqual({ error: 'malformed' });
});

test('kv: a value may be as long as the limit and no longer', () => {
  const longest = 'x'.repeat(MAX_VALUE_LENGTH);
  const store = filled([{ op: 'put', key: 'a', value: longest }]);
  const tooLong = { error: 'value-too-long' };
  expect(store.apply(makeCommand(5, 2, { op: 'append', key: 'a', value: 'y' }))).toEqual(tooLong);
  expect(store.apply(makeCommand(5, 3, { op: 'put', key: 'b', value: `${longest}y` }))).toEqual(tooLong);
  expect(store.apply(makeCommand(5, 4, { op: 'get', key: 'a' }))).toEqual({ value: longest });
});

test('kv: a snapshot of the wrong shape is refused by an assertion', () => {
  for (const snapshot of [{}, { digest: 1, entries: 2 }, { digest: 1, entries: [['a', 2, 3]] }]) {
    expect(() => new KeyValueStore().restore(snapshot)).toThrow(/kv: a snapshot/);
  }
});

test('kv: a query answers a get as applying it would, changes nothing, and answers nothing else', () => {
  fc.assert(
    fc.property(fc.array(kvOperation), kvOperation, (history, operation) => {
      const store = filled(history);
      const before = canonical(store.snapshot());
      const command = makeCommand(6, 1, operation, 'stale');
      const answer = store.query(command);
      expect(canonical(store.snapshot())).toBe(before);
      expect(answer).toEqual(operation.op === 'get' ? store.apply(command) : undefined);
    }),
  );
  const malformed: Plain[] = [null, 'get', 7, [], {}, { op: 'get' }, { op: 'get', key: 1 }, { key: 'a' }];
  for (const input of malformed) expect(filled([]).query(makeCommand(6, 1, input))).toBeUndefined();
});

test('kv: the size of a snapshot is kept up to date by every operation', () => {
  fc.assert(
    fc.property(fc.array(kvOperation, { maxLength: 40 }), (operations) => {
      const store = filled(operations);
      const restored = new KeyValueStore();
      restored.restore(store.snapshot());
      expect(store.snapshotBytes()).toBe(restored.snapshotBytes());
      expect(store.clone().snapshotBytes()).toBe(restored.snapshotBytes());
    }),
  );
});
