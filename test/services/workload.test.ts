import { expect, test } from 'vitest';
import { READ_MODES, Digest, RandomChoices } from '../../src/kernel/index.js';
import {
  onlyReads,
  OperationGenerator,
  Workload,
  type KvOperation,
  type WorkloadConfig,
} from '../../src/services/index.js';
import { DEFAULTS } from './client-world.js';

function generate(config: Partial<WorkloadConfig>, count: number, client = 5): KvOperation[] {
  const generator = new OperationGenerator(new Workload({ ...DEFAULTS, ...config }), client);
  const choices = new RandomChoices('workload', new Digest());
  return Array.from({ length: count }, (_, i) => generator.next(choices, i + 1) as KvOperation);
}

function share(operations: readonly KvOperation[], test: (operation: KvOperation) => boolean): number {
  return operations.filter(test).length / operations.length;
}

test('workload: operations come by their weights, and one of weight 0 never', () => {
  const operations = generate({ mix: { get: 5, put: 3, delete: 0, cas: 1, append: 1 } }, 10_000);
  const expected = { get: 0.5, put: 0.3, delete: 0, cas: 0.1, append: 0.1 };
  for (const [op, weight] of Object.entries(expected)) {
    expect(Math.abs(share(operations, (operation) => operation.op === op) - weight)).toBeLessThan(0.02);
  }
});

test('workload: every written value is unique, over all clients', () => {
  const operations = [5, 6, 51].flatMap((client) => generate({}, 1_000, client));
  const values = operations.flatMap((operation) => ('value' in operation ? [operation.value] : []));
  expect(values.length).toBeGreaterThan(1_000);
  expect(new Set(values).size).toBe(values.length);
});

test('workload: the hottest key of a zipf workload has its share', () => {
  const keyDistribution = { kind: 'zipf', exponentThousandths: 1_000 } as const;
  const operations = generate({ keys: 10, keyDistribution }, 20_000);
  expect(Math.abs(share(operations, ({ key }) => key === 'k0') - 0.3414)).toBeLessThan(0.015);
  expect(new Set(operations.map(({ key }) => key)).size).toBe(10);
});

/** The next operation of a client that has one key and only this operation, after it saw these results. */
function nextAfter(op: 'cas' | 'append', seen: readonly [KvOperation, unknown][], put = 0): KvOperation {
  const mix = { get: 0, put, delete: 0, cas: 0, append: 0, [op]: 1_000_000 };
  const generator = new OperationGenerator(new Workload({ ...DEFAULTS, keys: 1, mix }), 5);
  for (const [operation, result] of seen) generator.observe(0, operation, result as never);
  return generator.next(new RandomChoices('workload', new Digest()), 9) as KvOperation;
}

test('workload: a compare-and-set expects what its client last saw under the key', () => {
  const key = 'k0';
  const put: [KvOperation, unknown] = [{ op: 'put', key, value: 'c5.1' }, { ok: true }];
  const expected = (...seen: [KvOperation, unknown][]) => nextAfter('cas', seen);
  expect(expected()).toEqual({ op: 'cas', key, expected: null, value: 'c5.9' });
  expect(expected(put)).toMatchObject({ expected: 'c5.1' });
  expect(expected(put, [{ op: 'get', key }, { value: 'x' }])).toMatchObject({ expected: 'x' });
  expect(expected(put, [{ op: 'append', key, value: 'y' }, { value: 'xy' }])).toMatchObject({
    expected: 'xy',
  });
  expect(expected(put, [{ op: 'delete', key }, { existed: true }])).toMatchObject({ expected: null });
  const swap: KvOperation = { op: 'cas', key, expected: null, value: 'z' };
  expect(expected(put, [swap, { swapped: true }])).toMatchObject({ expected: 'z' });
  expect(expected(put, [swap, { swapped: false }])).toMatchObject({ expected: 'c5.1' });
});

test('workload: a result that is none teaches nothing', () => {
  const get: KvOperation = { op: 'get', key: 'k0' };
  for (const result of [null, 3, 'x', [], {}, { error: 'malformed' }, { value: 4 }]) {
    expect(nextAfter('cas', [[get, result]])).toMatchObject({ expected: null });
  }
});

test('workload: a client that saw a long value puts where it would append, if the mix has puts', () => {
  const long: [KvOperation, unknown] = [{ op: 'get', key: 'k0' }, { value: 'x'.repeat(300) }];
  expect(nextAfter('append', [long], 1).op).toBe('put');
  expect(nextAfter('append', [long], 0).op).toBe('append');
});

test('workload: one without operations, clients or rate is refused', () => {
  const none = { get: 0, put: 0, delete: 0, cas: 0, append: 0 };
  expect(() => new Workload({ ...DEFAULTS, mix: none })).toThrow(/weight/);
  expect(() => new Workload({ ...DEFAULTS, clients: 0 })).toThrow(/clients/);
  expect(() => new Workload({ ...DEFAULTS, mode: 'open', ratePerSecond: 0 })).toThrow(/rate/);
});

/** How many of 6000 gets ask for each mode, and how many choices were made for that. */
function readModes(reads: Partial<WorkloadConfig['reads']>): { counts: number[]; choices: number } {
  const config = { ...DEFAULTS, reads: { ...onlyReads('log'), log: 0, ...reads } };
  const generator = new OperationGenerator(new Workload(config), 5);
  let drawn = 0;
  class Counted extends RandomChoices {
    override integer(...args: Parameters<RandomChoices['integer']>): number {
      drawn++;
      return super.integer(...args);
    }
  }
  const choices = new Counted('reads', new Digest());
  const counts = READ_MODES.map(() => 0);
  for (let i = 1; i <= 6_000; i++) {
    const mode = generator.readMode(choices, i, { op: 'get', key: 'k0' });
    const place = READ_MODES.findIndex((other) => other === mode);
    counts[place] = (counts[place] ?? 0) + 1;
  }
  expect(generator.readMode(choices, 1, { op: 'delete', key: 'k0' })).toBeUndefined();
  return { counts, choices: drawn };
}

test('workload: gets ask for the read modes by their weights; for a single one nothing is drawn', () => {
  expect(readModes({ lease: 7 })).toEqual({ counts: [0, 0, 6_000, 0, 0, 0], choices: 0 });
  const { counts, choices } = readModes({ log: 1, session: 2, stale: 3 });
  expect(choices).toBe(6_000);
  counts.forEach((count, place) => {
    const expected = [1_000, 0, 0, 0, 2_000, 3_000][place] as number;
    expect(Math.abs(count - expected)).toBeLessThanOrEqual(expected === 0 ? 0 : 150);
  });
});
