import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StateFetch } from '../../../src/protocols/pbft/state-fetch.js';
import { GENESIS } from './fixtures.js';

const CHUNK = 4;

/** Hands over pieces of `text` in this order. */
function feed(fetch: StateFetch, text: string, order: readonly number[]): void {
  for (const number of order) {
    const offset = number * CHUNK;
    expect(fetch.take(offset, text.length, text.slice(offset, offset + CHUNK), CHUNK)).toBe(true);
  }
}

const numbersOf = (text: string): number[] =>
  Array.from({ length: Math.ceil(text.length / CHUNK) }, (_, number) => number);

describe('pbft state on its way', () => {
  it('is put together from pieces in any order, some of them twice', () => {
    fc.assert(
      fc.property(
        fc
          .string({ minLength: 1, maxLength: 60 })
          .chain((text) =>
            fc.tuple(fc.constant(text), fc.shuffledSubarray([...numbersOf(text), ...numbersOf(text)])),
          ),
        ([text, order]) => {
          const fetch = new StateFetch(GENESIS, 4, 0, 0);
          feed(fetch, text, order);
          const missing = numbersOf(text).filter((number) => !order.includes(number));
          expect(fetch.isComplete(CHUNK)).toBe(missing.length === 0);
          expect(fetch.firstMissing).toBe(missing[0] ?? numbersOf(text).length);
          feed(fetch, text, missing);
          expect(fetch.text).toBe(text);
        },
      ),
    );
  });

  it.each([
    ['smaller than it should be', 0, 10, 'abc'],
    ['larger than it should be', 8, 10, 'abc'],
    ['between two pieces', 2, 10, 'abcd'],
  ])('a piece %s is refused', (_, offset, size, text) => {
    expect(new StateFetch(GENESIS, 4, 0, 0).take(offset, size, text, CHUNK)).toBe(false);
  });

  it('a source may not change its mind about the size; another source may know better', () => {
    const fetch = new StateFetch(GENESIS, 4, 0, 0);
    expect(fetch.take(0, 10, 'abcd', CHUNK)).toBe(true);
    expect(fetch.take(4, 11, 'efgh', CHUNK)).toBe(false);
    fetch.turn();
    feed(fetch, 'abcdefghijk', [0, 1, 2]);
    expect(fetch.text).toBe('abcdefghijk');
  });

  it('after a lie, no pieces of different sources are put together, and liars are not asked again', () => {
    const fetch = new StateFetch(GENESIS, 4, 0, 0);
    expect(fetch.source).toBe(1);
    fetch.disbelieve();
    expect(fetch.source).toBe(2);
    feed(fetch, 'abcdefgh', [0]);
    fetch.turn();
    expect([fetch.source, fetch.firstMissing]).toEqual([3, 0]);
    fetch.disbelieve();
    const asked = Array.from({ length: 6 }, () => {
      fetch.turn();
      return fetch.source;
    });
    expect(asked).not.toContain(3);
    expect(asked).toContain(2);
  });
});
