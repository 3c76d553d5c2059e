// The memo against a list of everything that was ever entered.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Memo } from '../../../src/checkers/linearizability/memo.js';

interface Entry {
  readonly rank: number;
  readonly state: number;
  readonly slots: readonly number[];
  readonly used: readonly number[];
}

const words = (count: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(max), { minLength: count, maxLength: count });
const entries = (slotWords: number, usedWords: number): fc.Arbitrary<Entry[]> =>
  fc.array(
    fc.record({ rank: fc.nat(1), state: fc.nat(1), slots: words(slotWords, 1), used: words(usedWords, 31) }),
    { maxLength: 200, size: 'max' },
  );

/** Whether the old configuration can do all that the new one can. */
const covers = (old: Entry, now: Entry): boolean =>
  old.rank === now.rank &&
  old.state === now.state &&
  old.slots.every((word, index) => word === now.slots[index]) &&
  old.used.every((word, index) => (word & ~(now.used[index] ?? 0)) === 0);

const enter = (memo: Memo, { rank, state, slots, used }: Entry, slotsHash: number): boolean =>
  memo.enter(rank, state, Int32Array.from(slots), slotsHash, Int32Array.from(used));

describe('memo of configurations', () => {
  it.each([
    [1, 0],
    [1, 1],
    [2, 2],
    [0, 1],
  ])(
    'with %i words of slots and %i of used operations, knows what it was told and what that covers',
    (slotWords, usedWords) => {
      fc.assert(
        fc.property(entries(slotWords, usedWords), fc.boolean(), (list, collides) => {
          const memo = new Memo(slotWords, usedWords, 1_000_000);
          const seen: Entry[] = [];
          for (const entry of list) {
            const isCovered = seen.some((old) => covers(old, entry));
            const slotsHash = collides ? 0 : entry.slots.reduce((hash, word) => hash * 31 + word, 0);
            expect(enter(memo, entry, slotsHash)).toBe(!isCovered);
            seen.push(entry);
          }
        }),
        { numRuns: 200 },
      );
    },
  );

  it('when full, forgets nothing and learns nothing', () => {
    const memo = new Memo(1, 0, 2);
    const entry = (state: number): Entry => ({ rank: 0, state, slots: [0], used: [] });
    expect(enter(memo, entry(1), 0)).toBe(true);
    expect(enter(memo, entry(2), 0)).toBe(true);
    expect(enter(memo, entry(3), 0)).toBe(true);
    expect(enter(memo, entry(3), 0)).toBe(true);
    expect(enter(memo, entry(1), 0)).toBe(false);
    expect(enter(memo, entry(2), 0)).toBe(false);
  });
});
