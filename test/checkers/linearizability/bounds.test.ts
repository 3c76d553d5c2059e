// Long, wide and hostile histories: a verdict or `unknown` within the bounds, counted in steps.

import { describe, expect, it } from 'vitest';
import {
  ILLEGAL,
  checkLinearizability,
  kvModel,
  registerModel,
} from '../../../src/checkers/linearizability/index.js';
import type {
  HistoryOperation,
  KvInput,
  KvOutput,
  Model,
  RegisterInput,
  RegisterOutput,
} from '../../../src/checkers/linearizability/index.js';

type RegisterOperation = HistoryOperation<RegisterInput, RegisterOutput>;
type KvOperation = HistoryOperation<KvInput, KvOutput>;

const write = (id: number, value: number, call: number, end: number): RegisterOperation => ({
  id,
  process: id,
  input: { op: 'write', value },
  output: { ok: true },
  call,
  return: end,
});
const lostWrite = (id: number, value: number, call: number): RegisterOperation => ({
  ...write(id, value, call, Infinity),
  output: undefined,
});
const read = (id: number, value: number, call: number): RegisterOperation => ({
  id,
  process: id,
  input: { op: 'read' },
  output: { value },
  call,
  return: call + 1,
});
const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Writes and reads by turns, each after the other. */
const sequential = (length: number): RegisterOperation[] =>
  times(length, (id) =>
    id % 2 === 0 ? write(id, id % 97, id * 2, id * 2 + 1) : read(id, (id - 1) % 97, id * 2),
  );

describe('linearizability of histories with many unknown outcomes', () => {
  const lost = times(300, (id) => lostWrite(id, id, 0));
  const reads = times(50, (index) => read(300 + index, (index * 7) % 300, 10 + 2 * index));

  it('finds the order of 50 reads among 300 concurrent writes that timed out', () => {
    const result = checkLinearizability(registerModel(), [...lost, ...reads]);
    expect(result.verdict).toBe('linearizable');
    expect(result.steps).toBeLessThan(100_000);
  });

  it('refutes a value that comes back without a second write', () => {
    const history = [...lost, ...reads, read(400, 0, 200)];
    const result = checkLinearizability(registerModel(), history);
    expect(result.failingPrefix).toEqual({ completions: 51, operation: 400, isShortest: true });
    expect(result.steps).toBeLessThan(100_000);
  });

  it('counts the writes that timed out: 60 of each of 5 values are enough for 300 reads, not for 301', () => {
    const equal = times(300, (id) => lostWrite(id, id % 5, 0));
    const enough = times(300, (index) => read(300 + index, index % 5, 10 + 2 * index));
    expect(checkLinearizability(registerModel(), [...equal, ...enough]).verdict).toBe('linearizable');
    const result = checkLinearizability(registerModel(), [...equal, ...enough, read(600, 0, 1000)]);
    expect(result.failingPrefix).toEqual({ completions: 301, operation: 600, isShortest: true });
  });

  it('refutes a text that no choice of 300 appends that timed out can build', () => {
    const appends = times(300, (id): KvOperation => ({
      id,
      process: id,
      input: { op: 'append', key: 'x', value: `v${id};` },
      output: undefined,
      call: 0,
      return: Infinity,
    }));
    const get = (id: number, value: string): KvOperation => ({
      id,
      process: id,
      input: { op: 'get', key: 'x' },
      output: { value },
      call: id,
      return: id,
    });
    const good = [get(300, 'v7;v5;'), get(301, 'v7;v5;v299;')];
    expect(checkLinearizability(kvModel(), [...appends, ...good]).verdict).toBe('linearizable');
    const result = checkLinearizability(kvModel(), [...appends, ...good, get(302, 'v7;v5;v299;v7;')]);
    expect(result.failingPrefix).toMatchObject({ operation: 302, isShortest: true });
    expect(result.steps).toBeLessThan(100_000);
  });

  it('gives up on a puzzle: which of 300 appends of a, aa and aaa make 700 letters', () => {
    const appends = times(300, (id): KvOperation => ({
      id,
      process: id,
      input: { op: 'append', key: 'x', value: 'a'.repeat(1 + (id % 3)) },
      output: undefined,
      call: 0,
      return: Infinity,
    }));
    const gets = [100, 700].map((length, index): KvOperation => ({
      id: 300 + index,
      process: 300 + index,
      input: { op: 'get', key: 'x' },
      output: { value: 'a'.repeat(length) },
      call: 1 + 2 * index,
      return: 2 + 2 * index,
    }));
    const result = checkLinearizability(kvModel(), [...appends, ...gets], { maxSteps: 200_000 });
    expect(result.verdict).toBe('unknown');
    expect(result.steps).toBeLessThan(210_000);
    expect(result.message).toMatch(
      /^unknown at key "x": gave up after \d+ steps, having explained \d of 2 completions$/,
    );
  });
});

describe('linearizability of long and wide histories', () => {
  it('takes 100,000 operations one after the other without recursion', () => {
    const result = checkLinearizability(registerModel(), sequential(100_000));
    expect(result.verdict).toBe('linearizable');
    expect(result.longestLinearization).toHaveLength(100_000);
    expect(result.steps).toBeLessThan(400_000);
  });

  it('finds the one stale read at the end of 100,000 operations', () => {
    const history = sequential(100_000);
    history[99_999] = read(99_999, 3, 199_998);
    const result = checkLinearizability(registerModel(), history);
    expect(result.failingPrefix).toEqual({ completions: 100_000, operation: 99_999, isShortest: true });
    expect(result.steps).toBeLessThan(1_000_000);
  });

  it('orders 20 rounds of 30 concurrent distinct writes with reads between, and refutes a stale read', () => {
    const rounds = times(20, (round) => [
      ...times(30, (index) => write(round * 33 + index, round * 30 + index, round * 10, round * 10 + 5)),
      ...[5, 9, 7].map((index, place) =>
        read(round * 33 + 30 + place, round * 30 + index, round * 10 + 2 * (place + 1)),
      ),
    ]).flat();
    const result = checkLinearizability(registerModel(), rounds);
    expect(result.verdict).toBe('linearizable');
    expect(result.steps).toBeLessThan(200_000);
    const stale = checkLinearizability(registerModel(), [...rounds, read(1000, 19 * 30 + 5, 500)]);
    expect(stale.failingPrefix).toMatchObject({ operation: 1000, isShortest: true });
    expect(stale.steps).toBeLessThan(500_000);
  });

  it('builds a text from 14 concurrent appends that answered nothing', () => {
    const appends = times(14, (id): KvOperation => ({
      id,
      process: id,
      input: { op: 'append', key: 'x', value: `v${id}` },
      output: { ok: true },
      call: 0,
      return: 100,
    }));
    const get = (value: string): KvOperation => ({
      id: 14,
      process: 14,
      input: { op: 'get', key: 'x' },
      output: { value },
      call: 101,
      return: 102,
    });
    const backwards = times(14, (index) => `v${13 - index}`).join('');
    expect(checkLinearizability(kvModel(), [...appends, get(backwards)]).verdict).toBe('linearizable');
    const wrong = checkLinearizability(kvModel(), [...appends, get(`${backwards}v3`)]);
    expect(wrong.verdict).toBe('not-linearizable');
    expect(wrong.steps).toBeLessThan(10_000);
  });
});

describe('linearizability bounds', () => {
  /** A counter without hints, on which every order of additions is another path. */
  const counter: Model<number, number, number> = {
    name: 'counter',
    init: () => 0,
    step: (state, input, output) =>
      output === undefined || output === state ? (state * 25 + input) % 1_000_003 : ILLEGAL,
    hash: (state) => state,
    equals: (a, b) => a === b,
    describe: (input, output) => `${input} -> ${output ?? 'unknown'}`,
  };
  const additions = times(24, (id) => ({
    id,
    process: id,
    input: id,
    output: undefined,
    call: 0,
    return: 1,
  }));
  const hopeless = [...additions, { id: 24, process: 24, input: 0, output: -1, call: 0, return: 1 }];

  it.each([0, 1, 10, 1000, 100_000])('ends within %i steps, give or take one move', (maxSteps) => {
    const result = checkLinearizability(counter, hopeless, { maxSteps });
    expect(result.verdict).toBe('unknown');
    expect(result.steps).toBeLessThan(maxSteps + 2000);
  });

  it('ends when it has seen as many states as it may remember', () => {
    const result = checkLinearizability(counter, hopeless, { maxMemoEntries: 1000 });
    expect(result.verdict).toBe('unknown');
    expect(result.steps).toBeLessThan(1_000_000);
  });

  it('never refutes because of a bound: any bound gives the full verdict or none', () => {
    const history = sequential(40).concat(
      times(6, (id) => lostWrite(100 + id, id, 0)),
      read(200, 1000, 500),
    );
    for (let maxSteps = 0; maxSteps < 200; maxSteps += 1) {
      const verdict = checkLinearizability(registerModel(), history, { maxSteps }).verdict;
      expect(['unknown', 'not-linearizable']).toContain(verdict);
      const good = checkLinearizability(registerModel(), history.slice(0, -1), { maxSteps }).verdict;
      expect(['unknown', 'linearizable']).toContain(good);
    }
  });

  it('takes a bound that is no number as no steps at all', () => {
    expect(checkLinearizability(counter, hopeless, { maxSteps: NaN }).verdict).toBe('unknown');
  });

  it('gives every key its share: a hard key does not hide the failure of another', () => {
    const hard = times(300, (id): KvOperation => ({
      id,
      process: id,
      input: { op: 'append', key: 'hard', value: 'a'.repeat(1 + (id % 3)) },
      output: undefined,
      call: 0,
      return: Infinity,
    }));
    const kv = (
      key: string,
      id: number,
      call: number,
      op: 'get' | 'put',
      value: string | null,
    ): KvOperation => ({
      id,
      process: id,
      input: op === 'get' ? { op, key } : { op, key, value: value ?? '' },
      output: op === 'get' ? { value } : { ok: true },
      call,
      return: op === 'get' ? call + 1 : 1000,
    });
    // Every value is put twice, so that only a search finds that the last value cannot be two.
    const wrong = [
      ...times(400, (index) => kv('wrong', 1000 + index, 2 * index, 'get', null)),
      ...['a', 'b', 'a', 'b'].map((value, index) => kv('wrong', 2000 + index, 900, 'put', value)),
      ...['a', 'b'].map((value, index) => kv('wrong', 2010 + index, 1001 + 2 * index, 'get', value)),
    ];
    const puzzle = [
      ...hard,
      kv('hard', 300, 1, 'get', 'a'.repeat(100)),
      kv('hard', 301, 3, 'get', 'a'.repeat(700)),
    ];
    expect(checkLinearizability(kvModel(), puzzle, { maxSteps: 100_000 }).verdict).toBe('unknown');
    expect(checkLinearizability(kvModel(), [...puzzle, ...wrong], { maxSteps: 100_000 }).key).toBe('wrong');
  });
});
