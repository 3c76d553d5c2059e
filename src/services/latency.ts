/**
 * Latencies of a client in bounded space: a histogram whose buckets are at most 1/16 of their value wide,
 * so that a quantile read from it is exact below 32 µs and at most 6.25 % too large above.
 */

import type { Micros, Plain } from '../kernel/index.js';

/** Values below this have a bucket each; every power of two above is cut into as many. */
const CUTS = 16;
const CUT_BITS = 4;
const LARGEST = 0xffffffff;
const BUCKETS = (32 - CUT_BITS + 1) * CUTS;

export class LatencyHistogram {
  count: number;
  private readonly buckets: Uint32Array;

  constructor() {
    this.count = 0;
    this.buckets = new Uint32Array(BUCKETS);
  }

  /** Counts one latency; above 71 minutes it counts as 71 minutes. */
  record(micros: Micros): void {
    const bucket = bucketOf(micros > LARGEST ? LARGEST : micros);
    this.buckets[bucket] = (this.buckets[bucket] as number) + 1;
    this.count++;
  }

  /** Adds another histogram's counts, to judge many clients as one. */
  merge(other: LatencyHistogram): void {
    for (let i = 0; i < BUCKETS; i++) {
      this.buckets[i] = (this.buckets[i] as number) + (other.buckets[i] as number);
    }
    this.count += other.count;
  }

  /**
   * The latency that `numerator/denominator` of all do not exceed, e.g. 99/100 for p99, rounded up to its
   * bucket; undefined when there is none.
   */
  quantile(numerator: number, denominator: number): Micros | undefined {
    if (this.count === 0) return undefined;
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.buckets[i] as number;
      if (seen > 0 && seen * denominator >= this.count * numerator) return largestOf(i);
    }
    return LARGEST;
  }

  clone(): LatencyHistogram {
    const copy = new LatencyHistogram();
    copy.merge(this);
    return copy;
  }

  /** Pairs of bucket and count, empty buckets left out. */
  encode(): Plain {
    const pairs: Plain[] = [];
    for (let i = 0; i < BUCKETS; i++) {
      const count = this.buckets[i] as number;
      if (count > 0) pairs.push([i, count]);
    }
    return pairs;
  }
}

function bucketOf(micros: number): number {
  if (micros < CUTS) return micros;
  const shift = 31 - Math.clz32(micros) - CUT_BITS;
  return (shift + 1) * CUTS + ((micros >>> shift) & (CUTS - 1));
}

/** The largest latency that falls into a bucket. */
function largestOf(bucket: number): Micros {
  if (bucket < CUTS) return bucket;
  const shift = Math.floor(bucket / CUTS) - 1;
  const cut = (bucket % CUTS) + CUTS;
  return (cut + 1) * (1 << shift) - 1;
}
