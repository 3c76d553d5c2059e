import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, slide, slideOf } from '../../src/kernel/index.js';

describe('a list that slides', () => {
  it('is an array like any other, and leaves the one that it came from alone', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.nat(12), fc.array(fc.integer()), (list, dropped, added) => {
        const before = Object.freeze([...list]);
        const after = slide(before, dropped, added);
        const expected = [...list.slice(dropped), ...added];
        expect(after).toStrictEqual(expected);
        expect(canonical(after)).toBe(canonical(expected));
        expect(before).toEqual(list);
      }),
    );
  });

  it('names the list that it came from, and no other', () => {
    const first = slide([1, 2, 3], 0, [4]);
    const second = slide(first, 2, [5]);
    expect(slideOf(first)).toMatchObject({ from: undefined, dropped: 0 });
    expect(slideOf(second)).toMatchObject({ dropped: 2 });
    expect(slideOf(second)?.from).toBe(slideOf(first)?.name);
    expect(slideOf(slide(slide([1, 2, 3], 0, [4]), 2, [5]))?.from).not.toBe(slideOf(first)?.name);
    expect(slideOf(slide(first, 9, []))).toMatchObject({ dropped: 4 });
    expect(slideOf([...second])).toBeUndefined();
  });
});
