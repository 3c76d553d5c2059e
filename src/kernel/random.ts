/**
 * Pseudo-random streams: `seedrandom` turns the run's seed and the stream's name into the state,
 * sfc32 draws from it (the fastest generator measured on V8 with 32-bit integer state; it passes
 * PractRand). Integer ranges and integer ratios only: no draw goes through a floating-point
 * distribution, so the last bit cannot differ between engines.
 */

import seedrandom from 'seedrandom';

/** The generator's name, written into trace headers: another generator is another format. */
export const GENERATOR = 'sfc32/seedrandom-arc4';

export class RandomStream {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  private constructor(a: number, b: number, c: number, counter: number) {
    this.a = a;
    this.b = b;
    this.c = c;
    this.counter = counter;
  }

  /** The stream called `name` of the run with this seed. Equal arguments give equal streams. */
  static derive(seed: string, name: string): RandomStream {
    const source = seedrandom(`${seed}\u0000${name}`);
    const stream = new RandomStream(source.int32(), source.int32(), source.int32(), 1);
    for (let i = 0; i < 12; i++) stream.word();
    return stream;
  }

  /** A uniform signed 32-bit word. */
  word(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    const c = (this.c << 21) | (this.c >>> 11);
    this.c = (c + t) | 0;
    return t;
  }

  /** A uniform integer in `min … max`, both included; the range may span up to 2^53. */
  integer(min: number, max: number): number {
    const span = max - min + 1;
    if (span <= 1) return min;
    if (span <= 4294967296) return min + Math.floor(((this.word() >>> 0) * span) / 4294967296);
    const high = this.word() >>> 11;
    const low = this.word() >>> 0;
    return min + Math.floor(((high * 4294967296 + low) / 9007199254740992) * span);
  }

  clone(): RandomStream {
    return new RandomStream(this.a, this.b, this.c, this.counter);
  }
}
