/** Columns against a naive oracle: a map from index to value, and the lowest index that was not dropped. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IntColumn, TimeColumn } from '../../src/checkers/columns.js';

interface Column {
  get(index: number): number;
  set(index: number, value: number): void;
  dropBelow(index: number): void;
  clone(): Column;
}

class Oracle {
  readonly cells = new Map<number, number>();
  low = 0;

  constructor(readonly blank: number) {}

  get(index: number): number {
    return index < this.low ? this.blank : (this.cells.get(index) ?? this.blank);
  }
}

const step = fc.record({
  kind: fc.constantFrom('set', 'set', 'set', 'drop', 'clone'),
  /** Above the lowest index that was not dropped. */
  ahead: fc.oneof(fc.nat(20), fc.nat(300)),
  value: fc.integer({ min: -5, max: 1 << 30 }),
});

function follow(
  column: Column,
  oracle: Oracle,
  steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[],
): void {
  let present = column;
  let before: Column | undefined;
  for (const { kind, ahead, value } of steps) {
    const index = oracle.low + ahead;
    if (kind === 'set') {
      present.set(index, value);
      oracle.cells.set(index, value);
      // A copy is independent: it is spoilt here and must not show below.
      before?.set(index + 1000, value + 1);
    } else if (kind === 'drop') {
      present.dropBelow(index);
      oracle.low = index;
    } else {
      before = present;
      present = present.clone();
    }
    const top = oracle.low + 400;
    for (let i = Math.max(0, oracle.low - 30); i <= top; i++) expect(present.get(i)).toBe(oracle.get(i));
  }
}

describe('columns', () => {
  it.each([0, -1])('remember what was set and not dropped, with blank %i', (blank) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) =>
        follow(new IntColumn(blank), new Oracle(blank), steps),
      ),
      { numRuns: 20 },
    );
  });

  it('remember times likewise', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) =>
        follow(new TimeColumn(), new Oracle(0), steps),
      ),
      { numRuns: 20 },
    );
  });

  it('read blank where no cell is: far above, below zero, between the numbers', () => {
    const column = new IntColumn(-1);
    column.set(3, 7);
    for (const index of [-1, 4, 1e9, 2 ** 40, 2.5, Infinity, NaN]) expect(column.get(index)).toBe(-1);
  });

  it.each([new IntColumn(-1), new TimeColumn()])('refuse to set a dropped cell', (column) => {
    column.dropBelow(5);
    expect(() => column.set(4, 1)).toThrow('not dropped');
  });

  it.each([new IntColumn(), new TimeColumn()])(
    'take a window over a million cells into little room',
    (column) => {
      for (let index = 0; index < 1_000_000; index++) {
        column.set(index, index);
        if (index % 50 === 0) column.dropBelow(index - 100);
      }
      column.dropBelow(999_990);
      expect((column as unknown as { cells: ArrayLike<number> }).cells.length).toBeLessThan(1024);
      expect(column.get(999_989)).toBe(0);
      expect(column.get(999_999)).toBe(999_999);
    },
  );
});
