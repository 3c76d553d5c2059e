/**
 * The rolling digest of a run: two 32-bit lanes with different mixing, 64 bits in all, no BigInt.
 * It covers every executed event and every decision; two runs are the same run when it is equal.
 */

import { finish32, hex32 } from './hash.js';

export class Digest {
  private low = 0x243f6a88 | 0;
  private high = 0x85a308d3 | 0;

  /** Folds one 32-bit word into both lanes. */
  mix(word: number): void {
    const low = Math.imul(this.low ^ word, 0x9e3779b1);
    this.low = ((low << 13) | (low >>> 19)) ^ this.high;
    const high = Math.imul(this.high + word, 0x85ebca6b);
    this.high = (high << 17) | (high >>> 15);
  }

  /** Folds a safe integer: its low word, then what is above it, if anything is. */
  mixInteger(value: number): void {
    this.mix(value | 0);
    if (value > 0x7fffffff || value < -0x80000000) this.mix(Math.floor(value / 4294967296) | 0);
  }

  /** Sixteen hexadecimal digits. */
  value(): string {
    return hex32(finish32(this.high)) + hex32(finish32(this.low ^ this.high));
  }

  clone(): Digest {
    const copy = new Digest();
    copy.low = this.low;
    copy.high = this.high;
    return copy;
  }
}
