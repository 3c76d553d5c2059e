// Verdicts on histories small enough to read.

import { describe, expect, it } from 'vitest';
import { checkLinearizability, kvModel, registerModel } from '../../../src/checkers/linearizability/index.js';
import type {
  HistoryOperation,
  KvInput,
  KvOutput,
  LinearizabilityResult,
  RegisterInput,
  RegisterOutput,
} from '../../../src/checkers/linearizability/index.js';

import { pairSubject } from './subjects.js';
import type { PairInput } from './subjects.js';

type Times = readonly [call: number, end: number];

/** Numbers operations from 0 in the order given; an output left out is an unknown outcome. */
function number<Input, Output>(
  rows: readonly (readonly [Times, Input, Output?])[],
): HistoryOperation<Input, Output>[] {
  return rows.map(([[call, end], input, output], id) => ({
    id,
    process: id,
    input,
    output,
    call,
    return: end,
  }));
}

function judge(
  ...rows: readonly (readonly [Times, RegisterInput, RegisterOutput?])[]
): LinearizabilityResult {
  return checkLinearizability(registerModel(), number(rows));
}

const judgeKv = (...rows: readonly (readonly [Times, KvInput, KvOutput?])[]): LinearizabilityResult =>
  checkLinearizability(kvModel(), number(rows));

const write = (value: number): RegisterInput => ({ op: 'write', value });
const read: RegisterInput = { op: 'read' };
const ok: RegisterOutput = { ok: true };
const saw = (value: number | null): RegisterOutput => ({ value });

describe('linearizability: real time', () => {
  it('accepts the empty history', () => {
    expect(judge()).toEqual({
      verdict: 'linearizable',
      steps: 0,
      longestLinearization: [],
      message: 'linearizable: 0 operations, 0 of unknown outcome',
    });
  });

  it('refuses a read of the old value after the new one was read', () => {
    const result = judge([[0, 10], write(1), ok], [[1, 2], read, saw(1)], [[3, 4], read, saw(null)]);
    expect(result.verdict).toBe('not-linearizable');
    expect(result.failingPrefix).toEqual({ completions: 2, operation: 2, isShortest: true });
    expect(result.longestLinearization).toEqual([0, 1]);
    expect(result.message).toBe(
      'not linearizable: no order explains the first 2 completions, the last of which is operation 2, read -> absent',
    );
  });

  it('accepts both values while the write runs', () => {
    const result = judge([[0, 10], write(1), ok], [[1, 2], read, saw(null)], [[3, 4], read, saw(1)]);
    expect(result.longestLinearization).toEqual([1, 0, 2]);
  });

  it('takes a return at the instant of a call as concurrent with it', () => {
    expect(judge([[0, 1], write(1), ok], [[1, 2], read, saw(null)]).verdict).toBe('linearizable');
    expect(judge([[0, 1], write(1), ok], [[2, 3], read, saw(null)]).verdict).toBe('not-linearizable');
  });

  it('accepts operations that begin and end at the same instant in any order', () => {
    expect(judge([[5, 5], read, saw(1)], [[5, 5], write(1), ok]).longestLinearization).toEqual([1, 0]);
  });

  it('takes effect of an operation that never returned, but has an answer, as certain', () => {
    expect(judge([[0, Infinity], read, saw(1)]).verdict).toBe('not-linearizable');
    expect(judge([[0, Infinity], read, saw(1)], [[5, 6], write(1), ok]).verdict).toBe('linearizable');
  });
});

describe('linearizability: unknown outcomes', () => {
  it('lets an operation that timed out take effect at any later time', () => {
    const result = judge([[0, 1], write(1)], [[5, 6], write(2), ok], [[7, 8], read, saw(1)]);
    expect(result.longestLinearization).toEqual([1, 0, 2]);
  });

  it('lets it take effect never', () => {
    expect(judge([[0, 1], write(1)], [[7, 8], read, saw(null)]).longestLinearization).toEqual([1]);
  });

  it('lets it take effect once only', () => {
    const rows: [Times, RegisterInput, RegisterOutput?][] = [
      [[0, 1], write(1)],
      [[2, 3], read, saw(1)],
      [[4, 5], write(2), ok],
    ];
    expect(judge(...rows, [[6, 7], read, saw(2)]).verdict).toBe('linearizable');
    expect(judge(...rows, [[6, 7], read, saw(1)]).failingPrefix).toMatchObject({ operation: 3 });
  });

  it('does not let it take effect before it was called', () => {
    expect(judge([[0, 1], read, saw(1)], [[2, 3], write(1)]).verdict).toBe('not-linearizable');
  });

  it('chains operations that timed out: write 1, then 1 to 2, then 2 to 3', () => {
    const cas = (expected: number, value: number): RegisterInput => ({ op: 'cas', expected, value });
    const result = judge(
      [[0, 1], cas(2, 3)],
      [[0, 1], cas(1, 2)],
      [[0, 1], write(1)],
      [[5, 6], read, saw(3)],
    );
    expect(result.longestLinearization).toEqual([2, 1, 0, 3]);
  });

  it('goes from a value to another and back by operations that timed out, between two reads', () => {
    const cas = (expected: number, value: number): RegisterInput => ({ op: 'cas', expected, value });
    const rows: [Times, RegisterInput, RegisterOutput?][] = [
      [[0, 1], write(1), ok],
      [[0, 1], cas(1, 2)],
      [[0, 1], cas(2, 1)],
      [[2, 3], read, saw(2)],
      [[4, 5], read, saw(1)],
    ];
    expect(judge(...rows).longestLinearization).toEqual([0, 1, 3, 2, 4]);
    expect(judge(...rows, [[6, 7], read, saw(2)]).failingPrefix).toMatchObject({ operation: 5 });
  });

  it('keeps the operation that is needed later: of two that lead to one state, either may have to wait', () => {
    const put = (value: string): KvInput => ({ op: 'put', key: 'x', value });
    const result = judgeKv(
      [[0, 9], put('v')],
      [[1, 9], { op: 'cas', key: 'x', expected: 's', value: 'v' }],
      [[2, 3], put('s'), { ok: true }],
      [[4, 5], { op: 'append', key: 'x', value: 'z' }, { ok: true }],
      [[6, 7], { op: 'get', key: 'x' }, { value: 'vz' }],
      [[8, 9], put('q'), { ok: true }],
      [[10, 11], { op: 'get', key: 'x' }, { value: 'v' }],
    );
    expect(result.longestLinearization).toEqual([2, 1, 3, 4, 5, 0, 6]);
  });

  it('explains a compare-and-set that failed by an append that timed out', () => {
    const result = judgeKv(
      [[0, 1], { op: 'put', key: 'x', value: 'a' }, { ok: true }],
      [[2, 3], { op: 'append', key: 'x', value: 'b' }],
      [[4, 5], { op: 'cas', key: 'x', expected: 'a', value: 'c' }, { swapped: false }],
      [[6, 7], { op: 'append', key: 'x', value: 'd' }, { value: 'abd' }],
    );
    expect(result.longestLinearization).toEqual([0, 1, 2, 3]);
  });
});

describe('linearizability: keys', () => {
  const put = (key: string, value: string): KvInput => ({ op: 'put', key, value });
  const get = (key: string): KvInput => ({ op: 'get', key });

  it('names the key that fails, and counts its completions only', () => {
    const result = judgeKv(
      [[0, 1], put('x', 'a'), { ok: true }],
      [[2, 3], put('y', 'b'), { ok: true }],
      [[4, 5], get('x'), { value: 'a' }],
      [[6, 7], get('y'), { value: 'c' }],
    );
    expect(result).toMatchObject({ verdict: 'not-linearizable', key: 'y' });
    expect(result.failingPrefix).toEqual({ completions: 2, operation: 3, isShortest: true });
    expect(result.message).toBe(
      'not linearizable at key "y": no order explains the first 2 completions, ' +
        'the last of which is operation 3, get "y" -> "c"',
    );
  });

  it('merges the orders of keys in real time', () => {
    const result = judgeKv(
      [[0, 9], put('x', 'a'), { ok: true }],
      [[1, 2], put('y', 'b'), { ok: true }],
      [[3, 4], get('x'), { value: null }],
      [[5, 6], get('x'), { value: 'a' }],
    );
    expect(result.longestLinearization).toEqual([1, 2, 0, 3]);
    expect(result.message).toBe('linearizable: 4 operations, 0 of unknown outcome, 2 keys');
  });

  it('refuses an answer of another shape', () => {
    expect(judgeKv([[0, 1], get('x'), { ok: true }]).verdict).toBe('not-linearizable');
    expect(judgeKv([[0, 1], put('x', 'a'), { value: null }]).verdict).toBe('not-linearizable');
  });
});

describe('linearizability: operations on several parts', () => {
  it('sees that an exchange of unknown outcome connects a write of one part with a read of the other', () => {
    const history = number<PairInput, { readonly value: number }>([
      [[0, 10], { op: 'write', part: 'right', value: 1 }, { value: -1 }],
      [[0, 1], { op: 'exchange' }],
      [[2, 3], { op: 'read', part: 'left' }, { value: 1 }],
    ]);
    expect(checkLinearizability(pairSubject.model, history).longestLinearization).toEqual([0, 1, 2]);
  });
});

describe('linearizability: malformed input', () => {
  it('gives no verdict on an operation that returns before it is called', () => {
    const result = judge([[5, 4], read, saw(null)]);
    expect(result.verdict).toBe('unknown');
    expect(result.message).toBe('unknown: operation 0 has no valid interval (call 5, return 4)');
    expect(judge([[NaN, 4], read, saw(null)]).verdict).toBe('unknown');
    expect(judge([[0, NaN], read, saw(null)]).verdict).toBe('unknown');
  });

  it('does not look at the return of an unknown outcome', () => {
    expect(judge([[5, 4], write(1)], [[6, 7], read, saw(1)]).verdict).toBe('linearizable');
  });
});
