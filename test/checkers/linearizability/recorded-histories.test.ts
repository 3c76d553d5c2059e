// Histories of real systems with known verdicts (test/data/linearizability/README.md).

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  checkLinearizability,
  kvModel,
  kvStoreModel,
  parseKvLog,
  parseRegisterLog,
  registerModel,
} from '../../../src/checkers/linearizability/index.js';
import type {
  HistoryOperation,
  LinearizabilityResult,
  Model,
  ParsedHistory,
} from '../../../src/checkers/linearizability/index.js';
import { findFlaw } from './oracle.js';

const DATA = new URL('../../data/linearizability/', import.meta.url);
const read = (file: string): string => readFileSync(new URL(file, DATA), 'utf8');
const register = registerModel();
const byKey = kvModel({ initialValue: '' });
const whole = kvStoreModel({ initialValue: '' });
const expected = read('expected.txt')
  .trim()
  .split('\n')
  .map((line) => line.split(' ') as [string, 'true' | 'false']);

interface Timed {
  readonly file: string;
  readonly millis: number;
  readonly result: LinearizabilityResult;
}

function operationsOf<Input, Output>(
  parsed: ParsedHistory<Input, Output>,
): readonly HistoryOperation<Input, Output>[] {
  if (parsed.kind === 'error') throw new Error(parsed.message);
  return parsed.operations;
}

/** `whole` is the model without keys: it judges the order that `model` finds. */
function judge<State, Whole, Input, Output>(
  file: string,
  model: Model<State, Input, Output>,
  whole: Model<Whole, Input, Output>,
  operations: readonly HistoryOperation<Input, Output>[],
): Timed {
  const start = performance.now();
  const result = checkLinearizability(model, operations);
  const millis = performance.now() - start;
  if (result.verdict === 'linearizable') {
    expect(findFlaw(whole, operations, result.longestLinearization)).toBeUndefined();
  } else {
    expect(result.failingPrefix?.isShortest).toBe(true);
  }
  return { file, millis, result };
}

function print(title: string, timed: readonly Timed[]): void {
  const total = timed.reduce((sum, { millis }) => sum + millis, 0);
  const hardest = [...timed].sort((a, b) => b.result.steps - a.result.steps).slice(0, 3);
  const details = hardest.map(
    ({ file, millis, result }) => `${file} ${millis.toFixed(1)} ms, ${result.steps} steps`,
  );
  console.log(`${title}: ${timed.length} files in ${total.toFixed(0)} ms; most steps: ${details.join('; ')}`);
}

describe('linearizability of recorded histories', () => {
  it('agrees with every known verdict when keys are searched apart', () => {
    const timed = expected.map(([file, isLinearizable]) => {
      const one = file.startsWith('etcd/')
        ? judge(file, register, register, operationsOf(parseRegisterLog(read(file))))
        : judge(file, byKey, whole, operationsOf(parseKvLog(read(file))));
      expect([file, one.result.verdict]).toEqual([
        file,
        isLinearizable === 'true' ? 'linearizable' : 'not-linearizable',
      ]);
      return one;
    });
    expect(timed).toHaveLength(54);
    print('etcd and kv, split by key', timed);
    // Steps are the same on every machine, which time is not.
    expect(timed.reduce((sum, { result }) => sum + result.steps, 0)).toBeLessThan(50_000);
  });

  it('agrees with every known verdict when the whole map is one object', () => {
    const files = expected.filter(([file]) => file.startsWith('kv/'));
    const timed = files.map(([file, isLinearizable]) => {
      const one = judge(file, whole, whole, operationsOf(parseKvLog(read(file))));
      expect([file, one.result.verdict]).toEqual([
        file,
        isLinearizable === 'true' ? 'linearizable' : 'not-linearizable',
      ]);
      return one;
    });
    print('kv, not split', timed);
    expect(timed.reduce((sum, { result }) => sum + result.steps, 0)).toBeLessThan(500_000);
  });

  it('finds a fault where it becomes certain: a client that alone reads its key sees an older value', () => {
    const result = checkLinearizability(byKey, operationsOf(parseKvLog(read('kv/c01-bad.txt'))));
    expect(result.key).toBe('7');
    expect(result.message).toMatch(
      /^not linearizable at key "7": no order explains the first \d+ completions, /,
    );
  });
});
