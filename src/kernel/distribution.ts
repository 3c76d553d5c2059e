/**
 * Distributions of durations, all in integers: constant, uniform, and long-tailed from a table.
 *
 * The long tail is a table of the quantiles of a log-normal-like shape, in 1/1000 of what the median adds to
 * the minimum: half of the draws lie below the median, one in 16 beyond 4.6 times that, one in 512 beyond
 * 23.5 times it; those last ones are spread evenly up to the maximum. The table is data, so no
 * transcendental function runs inside a simulation.
 */

import type { Micros } from './time.js';
import type { RandomStream } from './random.js';

/** How long something takes, resolved to integers. */
export type Distribution =
  | { readonly kind: 'constant'; readonly micros: Micros }
  | { readonly kind: 'uniform'; readonly minMicros: Micros; readonly maxMicros: Micros }
  | {
      readonly kind: 'long-tail';
      readonly minMicros: Micros;
      readonly medianMicros: Micros;
      readonly maxMicros: Micros;
    };

/** Quantiles 1/16 … 15/16 of the body, in thousandths of the median. */
const BODY = [0, 216, 316, 411, 509, 613, 727, 855, 1000, 1170, 1375, 1631, 1966, 2433, 3165, 4630] as const;
/** The last sixteenth, by powers of two: 1/16, 1/32, … 1/512 of all draws lie beyond these. */
const TAIL = [4630, 6700, 9400, 13000, 17600, 23500] as const;
const FAR_TAIL = TAIL.length - 1;

/** A distribution compiled for drawing: monomorphic, one class for all kinds. */
export class Sampler {
  readonly min: Micros;
  readonly max: Micros;
  /** Neither quick nor slow: the middle of a range, the median of a long tail. */
  readonly typical: Micros;
  private readonly median: Micros;

  constructor(readonly distribution: Distribution) {
    switch (distribution.kind) {
      case 'constant':
        this.min = distribution.micros;
        this.max = distribution.micros;
        this.typical = distribution.micros;
        this.median = -1;
        break;
      case 'uniform':
        this.min = distribution.minMicros;
        this.max = distribution.maxMicros;
        this.typical =
          distribution.minMicros + Math.floor((distribution.maxMicros - distribution.minMicros) / 2);
        this.median = -1;
        break;
      case 'long-tail':
        this.min = distribution.minMicros;
        this.max = distribution.maxMicros;
        this.typical = distribution.medianMicros;
        this.median = distribution.medianMicros;
        break;
    }
  }

  draw(stream: RandomStream): Micros {
    return this.median < 0 ? stream.integer(this.min, this.max) : this.drawLongTail(stream.word());
  }

  /** Interpolates within the table's cell: the top bits choose the cell, the rest the place in it. */
  private drawLongTail(word: number): Micros {
    const cell = word >>> 28;
    if (cell < 15) {
      return this.between(BODY[cell] as number, BODY[cell + 1] as number, word & 0x0fffffff);
    }
    const ones = Math.clz32(~(word << 4));
    if (ones >= FAR_TAIL) return this.drawFarTail((word << (4 + FAR_TAIL)) >>> 4);
    return this.between(TAIL[ones] as number, TAIL[ones + 1] as number, (word << (5 + ones)) >>> 4);
  }

  /** A place between two quantiles; `fraction` is out of 2^28. */
  private between(low: number, high: number, fraction: number): Micros {
    const thousandths = low + Math.floor(((high - low) * fraction) / 0x10000000);
    const micros = this.min + Math.floor(((this.median - this.min) * thousandths) / 1000);
    return micros > this.max ? this.max : micros;
  }

  private drawFarTail(fraction: number): Micros {
    const start = this.between(TAIL[FAR_TAIL] as number, TAIL[FAR_TAIL] as number, 0);
    return start + Math.floor(((this.max - start) * fraction) / 0x10000000);
  }
}

/** A ratio of integers, e.g. 3/100: how probabilities are written. */
export interface Ratio {
  readonly numerator: number;
  readonly denominator: number;
}

/** The number of 32-bit words (of 2^32) below which a uniform word makes the ratio's event happen. */
export function ratioThreshold(ratio: Ratio): number {
  return Math.floor((ratio.numerator * 4294967296) / ratio.denominator);
}
