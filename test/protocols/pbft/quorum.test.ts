import { describe, expect, it } from 'vitest';
import { mostFaulty, quorumOf, sizeOf } from '../../../src/protocols/pbft/index.js';
import fc from 'fast-check';

/** Members of a set that is a mask, counted one by one. */
function count(mask: number): number {
  let size = 0;
  for (let bit = 0; bit < 31; bit++) if ((mask & (1 << bit)) !== 0) size++;
  return size;
}

describe('pbft quorums', () => {
  it('any two share a correct replica, and the correct ones are one (OSDI 1999, §4), for every n up to 13', () => {
    for (let n = 1; n <= 13; n++) {
      for (let f = 0; f <= mostFaulty(n); f++) {
        const { strong, weak } = quorumOf(n, f);
        // The smallest overlap of two sets of this size.
        expect(2 * strong - n, `n ${n} f ${f}`).toBeGreaterThanOrEqual(f + 1);
        expect(n - f).toBeGreaterThanOrEqual(strong);
        // One less would not do.
        expect(2 * (strong - 1) - n).toBeLessThan(f + 1);
        expect(weak - f).toBe(1);
      }
    }
  });

  it('overlap as counted over all pairs of quorums, for small n', () => {
    for (let n = 1; n <= 7; n++) {
      const { strong, f } = quorumOf(n);
      const quorums = Array.from({ length: 1 << n }, (_, mask) => mask).filter(
        (mask) => count(mask) === strong,
      );
      for (const a of quorums) for (const b of quorums) expect(count(a & b)).toBeGreaterThan(f);
    }
  });

  it('are those of the paper for n = 3f + 1', () => {
    for (let f = 0; f <= 4; f++)
      expect(quorumOf(3 * f + 1)).toMatchObject({ f, strong: 2 * f + 1, weak: f + 1 });
  });

  it('of 5 and 6 replicas are 4: a third is not rounded down', () => {
    expect([quorumOf(5).strong, quorumOf(6).strong]).toEqual([4, 4]);
  });

  it('are refused for more faulty replicas than can be borne', () => {
    expect(() => quorumOf(6, 2)).toThrow('3f + 1');
    expect(() => quorumOf(32)).toThrow('31');
  });

  it('the size of a set is the number of its members', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 0x7fffffff }), (mask) => sizeOf(mask) === count(mask)));
  });
});
