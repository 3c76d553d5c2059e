import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KeyChooser, MAX_KEYS, thousandthPower } from '../../src/services/index.js';

const WORDS = 4_294_967_296;

test('zipf: k^s by roots and products agrees with the power function', () => {
  const base = fc.integer({ min: 1, max: MAX_KEYS });
  fc.assert(
    fc.property(base, fc.integer({ min: 0, max: 2_000 }), (k, thousandths) => {
      const exact = Math.pow(k, thousandths / 1_000);
      expect(Math.abs(thousandthPower(k, thousandths) / exact - 1)).toBeLessThan(1e-11);
    }),
  );
  expect(thousandthPower(9, 500)).toBe(3);
  expect(thousandthPower(7, 2_000)).toBe(49);
});

test('zipf: thresholds rise to 2^32 and give every key its share of the draws', () => {
  const keyCount = fc.integer({ min: 1, max: 300 });
  fc.assert(
    fc.property(keyCount, fc.integer({ min: 0, max: 2_000 }), (keys, exponentThousandths) => {
      const { thresholds } = new KeyChooser({ kind: 'zipf', exponentThousandths }, keys);
      const weights = Array.from({ length: keys }, (_, k) => Math.pow(k + 1, -exponentThousandths / 1_000));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      let [before, rising, worst] = [0, true, 0];
      thresholds.forEach((threshold, k) => {
        rising &&= Number.isInteger(threshold) && threshold >= before;
        worst = Math.max(worst, Math.abs((threshold - before) / WORDS - (weights[k] ?? 0) / total));
        before = threshold;
      });
      expect(rising).toBe(true);
      expect(worst).toBeLessThan(1e-9);
      expect(before).toBe(WORDS);
    }),
  );
});

test('zipf: the search finds the first threshold above the draw', () => {
  const chooser = new KeyChooser({ kind: 'zipf', exponentThousandths: 990 }, 50);
  const word = fc.integer({ min: 0, max: WORDS - 1 });
  fc.assert(
    fc.property(word, (draw) => {
      expect(chooser.choose(draw)).toBe(chooser.thresholds.findIndex((threshold) => draw < threshold));
    }),
  );
  chooser.thresholds.forEach((threshold, k) => {
    expect(chooser.choose(threshold - 1)).toBe(k);
    if (k < 49) expect(chooser.choose(threshold)).toBe(k + 1);
  });
});

test('key chooser: uniform draws are the keys themselves', () => {
  const chooser = new KeyChooser({ kind: 'uniform' }, 7);
  expect(chooser.maxDraw).toBe(6);
  expect([0, 3, 6].map((draw) => chooser.choose(draw))).toEqual([0, 3, 6]);
});

test('key chooser: counts and exponents out of range are refused', () => {
  expect(() => new KeyChooser({ kind: 'uniform' }, 0)).toThrow(/keys/);
  expect(() => new KeyChooser({ kind: 'zipf', exponentThousandths: 10_001 }, 2)).toThrow(/exponent/);
});
