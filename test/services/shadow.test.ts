/** The second key-value store, and services that run in another one's shadow. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, deepFreeze, type Command, type Plain, type Result } from '../../src/kernel/index.js';
import {
  createService,
  KeyValueStore,
  makeCommand,
  MAX_VALUE_LENGTH,
  SessionedService,
  ShadowedService,
  SortedKeyValueStore,
} from '../../src/services/index.js';
import { kvOperation } from './arbitraries.js';

/** The planted bug: a compare-and-set of a key that is not there never succeeds. */
class WrongOnAbsentKeys extends SortedKeyValueStore {
  protected override compareAndSet(
    ...[operation, entry]: Parameters<SortedKeyValueStore['compareAndSet']>
  ): boolean {
    return entry !== undefined && super.compareAndSet(operation, entry);
  }
}

const anything: fc.Arbitrary<Plain> = fc.oneof(
  { weight: 9, arbitrary: kvOperation.map((operation): Plain => ({ ...operation })) },
  { weight: 1, arbitrary: fc.constantFrom<Plain[]>(null, 7, 'get', [], {}, ['op'], { op: 'get' }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constantFrom('put', 'cas', 'append', 'swap', 'txn'),
      key: fc.constantFrom<Plain[]>('a', 1),
      value: fc.constantFrom<Plain[]>('x', 'x'.repeat(MAX_VALUE_LENGTH), 'x'.repeat(MAX_VALUE_LENGTH + 1), 2),
      expected: fc.constantFrom<Plain[]>(null, 3),
    }),
  },
);

/** Inputs and, between them, what else happens to a service. */
const script = fc.array(
  fc.record({ input: anything, then: fc.constantFrom('nothing', 'nothing', 'nothing', 'restore', 'clone') }),
  { maxLength: 60 },
);

function command(sequence: number, input: Plain): Command {
  return makeCommand(5, sequence, input);
}

test('kv-next: it answers every command and query as kv does, through snapshots and clones', () => {
  fc.assert(
    fc.property(script, (steps) => {
      const store = new KeyValueStore();
      let next = new SortedKeyValueStore();
      const twin = new SortedKeyValueStore();
      steps.forEach(({ input, then }, i) => {
        const asked = command(i + 1, input);
        expect(next.query(asked)).toEqual(store.query(asked));
        const before = next.digest();
        const answer = store.apply(asked);
        expect(next.apply(asked)).toEqual(answer);
        expect(next.digest()).not.toBe(before);
        if (then === 'clone') next = next.clone();
        if (then === 'restore') {
          const fresh = new SortedKeyValueStore();
          fresh.apply(command(1, { op: 'put', key: 'c', value: 'x' })); // restore must replace
          fresh.restore(deepFreeze(next.snapshot()));
          next = fresh;
        }
        twin.apply(asked);
        expect(next.digest()).toBe(twin.digest());
      });
      const keys = (snapshot: Plain) =>
        (snapshot as { entries: [string, string][] }).entries.map(([key, value]) => [key, value]);
      expect(keys(next.snapshot())).toEqual(keys(store.snapshot()));
      expect(canonical(next.snapshot())).toBe(canonical(twin.snapshot()));
    }),
  );
});

test('kv-next: a snapshot of the wrong shape is refused by an assertion', () => {
  for (const snapshot of [{}, { digest: 1 }, { digest: 'x', entries: [] }, { digest: 1, entries: {} }]) {
    expect(() => {
      new SortedKeyValueStore().restore(snapshot);
    }).toThrow(/kv-next: a snapshot has/);
  }
});

test('shadow: a service with a right shadow is the service, through snapshots and clones, and nothing is told', () => {
  fc.assert(
    fc.property(script, (steps) => {
      const alone = createService('kv');
      let pair = createService('kv', undefined, 'kv-next');
      steps.forEach(({ input, then }, i) => {
        const asked = command(i + 1, input);
        expect(pair.query?.(asked)).toEqual(alone.query?.(asked));
        expect(pair.apply(asked, 0)).toEqual(alone.apply(asked, 0));
        expect(pair.takeDivergence?.()).toBeUndefined();
        if (then === 'clone') pair = pair.clone();
        if (then === 'restore') {
          const fresh = createService('kv', undefined, 'kv-next');
          fresh.restore(deepFreeze(pair.snapshot()));
          expect(canonical(fresh.snapshot())).toBe(canonical(pair.snapshot()));
          pair = fresh;
        }
        expect(pair.digest()).toBe(alone.digest());
      });
    }),
  );
});

const PUT = { op: 'put', key: 'a', value: 'x' };
const SWAP = { op: 'cas', key: 'b', expected: null, value: 'y' };
const GET = { op: 'get', key: 'b' };

test('shadow: a wrong answer is counted, the first is told once, and the service answers as ever', () => {
  const pair = new ShadowedService(new KeyValueStore(), new WrongOnAbsentKeys());
  pair.apply(command(1, PUT), 0);
  expect(pair.takeDivergence()).toBeUndefined();
  expect(pair.apply(command(2, SWAP), 0)).toEqual({ swapped: true });
  expect(pair.query(command(3, GET))).toEqual({ value: 'y' });
  expect(pair.divergences).toBe(1);
  const told =
    'command 2 (operation 2 of process 5, {"expected":null,"key":"b","op":"cas","value":"y"}) was answered ' +
    '{"swapped":true}, by the shadow {"swapped":false}';
  const copy = pair.clone();
  for (const service of [pair, copy]) {
    expect(service.takeDivergence()).toBe(told);
    expect(service.takeDivergence()).toMatch(/^command 2 \(operation 3 .* by the shadow .*null/);
    expect(service.takeDivergence()).toBeUndefined();
  }
});

test('shadow: what was found goes with the snapshot, and is not told again', () => {
  const pair = new ShadowedService(new KeyValueStore(), new WrongOnAbsentKeys());
  pair.apply(command(1, SWAP), 0);
  const restored = new ShadowedService(new KeyValueStore(), new WrongOnAbsentKeys());
  restored.restore(pair.snapshot());
  expect(restored.takeDivergence()).toBeUndefined();
  expect(restored.divergences).toBe(1);
  expect(restored.firstDivergence).toEqual(pair.firstDivergence);
  expect(canonical(restored.snapshot())).toBe(canonical(pair.snapshot()));
  for (const service of [pair, restored]) service.apply(command(2, GET), 0);
  expect(restored.divergences).toBe(2);
  expect(canonical(restored.snapshot())).toBe(canonical(pair.snapshot()));
});

/** Does as the store does, until it is asked for one thing that it cannot do. */
class Fragile extends SortedKeyValueStore {
  constructor(private readonly breaksAt: 'apply' | 'query' | 'snapshot' | 'restore' | 'clone') {
    super();
  }

  override apply(asked: Command): Result {
    this.breakAt('apply');
    return super.apply(asked);
  }

  override query(asked: Command): Result | undefined {
    this.breakAt('query');
    return super.query(asked);
  }

  override snapshot(): Plain {
    this.breakAt('snapshot');
    return super.snapshot();
  }

  override restore(snapshot: Plain): void {
    this.breakAt('restore');
    super.restore(snapshot);
  }

  override clone(): SortedKeyValueStore {
    this.breakAt('clone');
    return new Fragile(this.breaksAt);
  }

  private breakAt(what: string): void {
    if (what === this.breaksAt) throw new TypeError(`no ${what}`);
  }
}

test.each<[string, () => SortedKeyValueStore]>([
  ['answers wrongly', () => new WrongOnAbsentKeys()],
  ['throws', () => new Fragile('query')],
])(
  'shadow: a candidate that %s when it is queried is told of once, and the state shows nothing of it',
  (_, make) => {
    const [asked, unasked] = [make(), make()].map((candidate) => {
      const pair = new ShadowedService(new KeyValueStore(), candidate);
      pair.apply(command(1, SWAP), 0);
      pair.takeDivergence();
      return pair;
    }) as [ShadowedService, ShadowedService];
    for (const sequence of [2, 3]) expect(asked.query(command(sequence, GET))).toEqual({ value: 'y' });
    expect(canonical(asked.snapshot())).toBe(canonical(unasked.snapshot()));
    asked.restore(asked.snapshot());
    expect(asked.takeDivergence()).toMatch(/operation 2 .* was answered \{"value":"y"\}, by the shadow/);
    expect(asked.takeDivergence()).toBeUndefined();
    for (const pair of [asked, unasked]) pair.apply(command(4, PUT), 0);
    expect(canonical(asked.snapshot())).toBe(canonical(unasked.snapshot()));
  },
);

test.each(['apply', 'snapshot', 'restore', 'clone'] as const)(
  'shadow: one that throws in %s is told of and done with, and the service goes on',
  (what) => {
    let pair = new ShadowedService(new KeyValueStore(), new Fragile(what));
    pair.apply(command(1, SWAP), 0);
    pair.query(command(2, GET));
    pair = pair.clone();
    pair.restore(pair.snapshot());
    expect(pair.apply(command(2, GET), 0)).toEqual({ value: 'y' });
    expect(pair.query(command(3, GET))).toEqual({ value: 'y' });
    expect(pair.divergences).toBe(1);
    expect(pair.firstDivergence?.candidate).toBe(`threw TypeError: no ${what}`);
    const restored = new ShadowedService(new KeyValueStore(), new SortedKeyValueStore());
    restored.restore(pair.snapshot());
    restored.apply(command(3, GET), 0);
    expect(restored.divergences).toBe(1);
  },
);

test('shadow: a candidate cannot change the inputs that the service will see elsewhere', () => {
  class Meddler extends SortedKeyValueStore {
    override apply(asked: Command): Result {
      (asked.input as { value: string }).value = 'meddled';
      return super.apply(asked);
    }
  }
  const pair = new ShadowedService(new KeyValueStore(), new Meddler());
  const asked = command(1, { ...PUT });
  pair.apply(asked, 0);
  expect(asked.input).toEqual(PUT);
  expect(pair.takeDivergence()).toMatch(/threw TypeError/);
});

test('shadow: behind sessions a repeated command does not reach the pair', () => {
  const pair = new ShadowedService(new KeyValueStore(), new SortedKeyValueStore());
  const service = new SessionedService(pair);
  for (let i = 0; i < 3; i++) service.apply(command(1, { op: 'append', key: 'a', value: 'x' }), 0);
  expect(pair.snapshot()).toMatchObject({ shadow: { applied: 1, divergences: 0, first: null } });
});

test('shadow: the planted bug is found by random commands', () => {
  const found = fc.check(
    fc.property(fc.array(kvOperation, { maxLength: 30 }), (operations) => {
      const pair = new ShadowedService(new KeyValueStore(), new WrongOnAbsentKeys());
      operations.forEach((operation, i) => pair.apply(command(i + 1, { ...operation }), 0));
      return pair.divergences === 0;
    }),
  );
  expect(found.failed).toBe(true);
  expect(found.counterexample?.[0]).toHaveLength(1);
});
