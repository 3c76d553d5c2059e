/**
 * Which key an operation touches: all alike, or by Zipf's law, where the k-th hottest of n keys has a
 * share proportional to k^-s, or a few hot keys and the rest.
 *
 * The law is turned into a table of integer thresholds once; a draw is a search in it. No power or
 * logarithm is computed, since their last bit may differ between engines: k^s comes from multiplication,
 * division and square roots, which IEEE 754 rounds correctly everywhere.
 */

import { assert } from '../kernel/index.js';
import type { KeyDistribution } from './workload-config.js';

/** Most keys of one chooser; its table is that long. */
export const MAX_KEYS = 1_000_000;
/** Largest exponent of the law, in thousandths. */
export const MAX_EXPONENT_THOUSANDTHS = 10_000;

const WORDS = 4_294_967_296;
/** Binary digits of the exponent's fraction: as many as could change a 53-bit weight noticeably. */
const FRACTION_BITS = 44;

/** Chooses keys 0 … n-1, the hottest first. Immutable: all clients share one. */
export class KeyChooser {
  /** Draws are uniform in 0 … maxDraw. */
  readonly maxDraw: number;
  /** Key k is chosen by the draws from threshold k-1 up to, not including, threshold k. Empty when uniform. */
  readonly thresholds: Float64Array;

  constructor(distribution: KeyDistribution, keys: number) {
    assert(Number.isSafeInteger(keys) && keys >= 1 && keys <= MAX_KEYS, 'key chooser: 1 … 1000000 keys');
    const uniform = distribution.kind === 'uniform';
    this.maxDraw = uniform ? keys - 1 : WORDS - 1;
    this.thresholds = thresholdsOf(distribution, keys);
  }

  /** The key that a draw stands for. */
  choose(draw: number): number {
    const { thresholds } = this;
    if (thresholds.length === 0) return draw;
    let low = 0;
    let high = thresholds.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (draw < (thresholds[middle] as number)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function thresholdsOf(distribution: KeyDistribution, keys: number): Float64Array {
  switch (distribution.kind) {
    case 'uniform':
      return new Float64Array(0);
    case 'zipf':
      return zipfThresholds(keys, distribution.exponentThousandths);
    case 'hot':
      return hotThresholds(keys, distribution.hotKeys, distribution.percent);
  }
}

/** The first keys share so many percent of 2^32, the others the rest; where all are hot, everything. */
function hotThresholds(keys: number, hotKeys: number, percent: number): Float64Array {
  const hot = hotKeys < keys ? hotKeys : keys;
  const share = hot === keys ? WORDS : Math.floor((WORDS * percent) / 100);
  const thresholds = new Float64Array(keys);
  for (let k = 1; k <= keys; k++) {
    thresholds[k - 1] = Math.floor(
      k <= hot ? (share * k) / hot : share + ((WORDS - share) * (k - hot)) / (keys - hot),
    );
  }
  return thresholds;
}

/** Cumulative shares of keys 1 … n out of 2^32, rounded down; the last is 2^32. */
function zipfThresholds(keys: number, exponentThousandths: number): Float64Array {
  assert(
    Number.isSafeInteger(exponentThousandths) &&
      exponentThousandths >= 0 &&
      exponentThousandths <= MAX_EXPONENT_THOUSANDTHS,
    'zipf: the exponent is an integer of 0 … 10000 thousandths',
  );
  const sums = new Float64Array(keys);
  let sum = 0;
  for (let k = 0; k < keys; k++) {
    sum += 1 / thousandthPower(k + 1, exponentThousandths);
    sums[k] = sum;
  }
  for (let k = 0; k < keys; k++) sums[k] = Math.floor(((sums[k] as number) / sum) * WORDS);
  return sums;
}

/**
 * base^(thousandths/1000), the same on every engine. The exponent's fraction is taken digit by binary
 * digit: 1/2 contributes the square root, 1/4 the root of that, and so on.
 */
export function thousandthPower(base: number, thousandths: number): number {
  let power = 1;
  let rest = thousandths;
  for (; rest >= 1000; rest -= 1000) power *= base;
  let root = base;
  for (let bit = 0; bit < FRACTION_BITS && rest > 0; bit++) {
    root = Math.sqrt(root);
    rest *= 2;
    if (rest < 1000) continue;
    rest -= 1000;
    power *= root;
  }
  return power;
}
