// The checker against the definition, on small histories: verdict, failing prefix and witness.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLinearizability, kvModel, registerModel } from '../../../src/checkers/linearizability/index.js';
import {
  completionsOf,
  cutAfter,
  findFlaw,
  firstFailure,
  isLinearizable,
  isLinearizableBySubsets,
} from './oracle.js';
import {
  crowdedHistories,
  histories,
  kvStoreSubject,
  kvSubject,
  pairSubject,
  registerSubject,
  weakened,
} from './subjects.js';
import type { GeneratedHistory, Subject } from './subjects.js';

const RUNS = 2500;

function agreesWithOracle<State, Input, Output>(
  subject: Subject<State, Input, Output>,
  { history, isHonest }: GeneratedHistory<Input, Output>,
  variant: number,
): boolean {
  const expected = isLinearizable(subject.model, history);
  if (isHonest) expect(expected).toBe(true);
  const variants = weakened(subject.model);
  const model = variants[variant % variants.length];
  if (model === undefined) throw new Error('no variant');
  const result = checkLinearizability(model, history);
  expect(result.verdict).toBe(expected ? 'linearizable' : 'not-linearizable');
  if (expected) {
    expect(findFlaw(subject.model, history, result.longestLinearization)).toBeUndefined();
    return true;
  }
  const first = firstFailure(subject.model, history);
  expect(result.failingPrefix).toEqual({
    completions: first,
    operation: completionsOf(history)[first - 1]?.id,
    isShortest: true,
  });
  return false;
}

function compare<State, Input, Output>(subject: Subject<State, Input, Output>, sizeMax: number): void {
  let linearizable = 0;
  let not = 0;
  fc.assert(
    fc.property(histories(subject, sizeMax), fc.nat(20), (generated, variant) => {
      if (agreesWithOracle(subject, generated, variant)) linearizable += 1;
      else not += 1;
    }),
    { numRuns: RUNS },
  );
  // Both verdicts must occur often, or the comparison proves little.
  expect(linearizable).toBeGreaterThan(RUNS / 10);
  expect(not).toBeGreaterThan(RUNS / 10);
}

/** On histories too large for all orders: only the verdict, and the order that is found. */
function compareBySubsets<State, Input, Output>(subject: Subject<State, Input, Output>): void {
  const variants = weakened(subject.model);
  let not = 0;
  fc.assert(
    fc.property(crowdedHistories(subject, 10), fc.nat(20), ({ history }, variant) => {
      const expected = isLinearizableBySubsets(subject.model, history);
      const result = checkLinearizability(variants[variant % variants.length] ?? subject.model, history);
      expect(result.verdict).toBe(expected ? 'linearizable' : 'not-linearizable');
      if (expected) expect(findFlaw(subject.model, history, result.longestLinearization)).toBeUndefined();
      else not += 1;
    }),
    { numRuns: RUNS },
  );
  expect(not).toBeGreaterThan(RUNS / 10);
}

describe('linearizability against all subsets of larger histories, with any hint left out', () => {
  it('both oracles agree', () => {
    fc.assert(
      fc.property(histories(kvSubject, 6), ({ history }) => {
        expect(isLinearizableBySubsets(kvSubject.model, history)).toBe(
          isLinearizable(kvSubject.model, history),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('agrees on a register that starts absent', () => compareBySubsets(registerSubject));

  it('agrees on a register that starts with a value', () => {
    compareBySubsets({ ...registerSubject, model: registerModel(0) });
  });

  it('agrees on one key', () => compareBySubsets(kvSubject));

  it('agrees on a map of two keys', () => compareBySubsets(kvStoreSubject));

  it('agrees on a pair', () => compareBySubsets(pairSubject));
});

describe('linearizability against all orders of small histories, with any hint left out', () => {
  it('agrees on a register with reads, writes and compare-and-set', () => compare(registerSubject, 6));

  it('agrees on one key with get, put, delete, compare-and-set and append', () => compare(kvSubject, 6));

  it('agrees on a map of two keys that is searched as one object', () => compare(kvStoreSubject, 6));

  it('agrees on a pair whose operations touch one part or both', () => compare(pairSubject, 6));

  it('agrees on two keys that are searched apart, and merges their orders into one', () => {
    fc.assert(
      fc.property(histories(kvStoreSubject, 6), ({ history }) => {
        const result = checkLinearizability(kvModel(), history);
        const expected = isLinearizable(kvStoreSubject.model, history);
        expect(result.verdict).toBe(expected ? 'linearizable' : 'not-linearizable');
        if (expected) {
          expect(findFlaw(kvStoreSubject.model, history, result.longestLinearization)).toBeUndefined();
          return;
        }
        const part = history.filter(({ input }) => input.key === result.key);
        expect(result.failingPrefix?.completions).toBe(firstFailure(kvSubject.model, part));
      }),
      { numRuns: RUNS },
    );
  });

  it('orders the prefix before the failing one as the model accepts', () => {
    fc.assert(
      fc.property(histories(registerSubject, 6), ({ history }) => {
        const result = checkLinearizability(registerSubject.model, history);
        if (result.failingPrefix === undefined) return;
        const prefix = cutAfter(history, result.failingPrefix.completions - 1);
        const explained = new Set(result.longestLinearization);
        for (const operation of prefix) {
          if (operation.output !== undefined) expect(explained).toContain(operation.id);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
