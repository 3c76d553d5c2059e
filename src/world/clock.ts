/**
 * One process's clocks: a monotonic one, which drifts, and a wall clock, which also starts off by an offset
 * and jumps. Drift is an integer number of parts per million, and all arithmetic is exact on integers.
 *
 * Local time is a line that is laid anew at every change of drift, so that both clocks are continuous there.
 * Left out: leap seconds, and the slewing by which a time daemon corrects an offset (a drift does that).
 */

import { assert, type Micros, type Plain } from '../kernel/index.js';

const MILLION = 1_000_000;

export class Clock {
  /** True time and monotonic time at the last change of drift. */
  private baseTrue: Micros = 0;
  private baseLocal: Micros = 0;
  /** What the wall clock shows more than the monotonic one. */
  private wallOffset: Micros;
  private drift = 0;

  /** Both start at true time 0: the monotonic clock with 0, the wall clock with the offset. */
  constructor(offsetMicros: Micros, driftPpm: number) {
    assert(Number.isSafeInteger(offsetMicros), 'a clock offset is whole microseconds');
    this.wallOffset = offsetMicros;
    this.setDrift(0, driftPpm);
  }

  /** How many microseconds a second both clocks gain now; negative when they lose. */
  get driftPpm(): number {
    return this.drift;
  }

  /** Never goes back, never jumps. */
  monotonicNow(trueNow: Micros): Micros {
    const elapsed = trueNow - this.baseTrue;
    if (this.drift === 0) return this.baseLocal + elapsed;
    return this.baseLocal + elapsed + drifted(elapsed, this.drift);
  }

  wallNow(trueNow: Micros): Micros {
    return this.monotonicNow(trueNow) + this.wallOffset;
  }

  /** From `trueNow` on, this clock gains (loses, when negative) so many microseconds a second. */
  setDrift(trueNow: Micros, ppm: number): void {
    assert(trueNow >= this.baseTrue, 'true time never goes back');
    // At -1,000,000 the clock would stand still and no timer would ever fire.
    assert(
      Number.isSafeInteger(ppm) && ppm > -MILLION && ppm <= MILLION,
      'a clock drifts by less than its rate',
    );
    this.baseLocal = this.monotonicNow(trueNow);
    this.baseTrue = trueNow;
    this.drift = ppm;
  }

  /** The wall clock is set forward or back; timers run on the monotonic clock and do not notice. */
  jump(byMicros: Micros): void {
    assert(Number.isSafeInteger(byMicros), 'a clock jumps by whole microseconds');
    this.wallOffset += byMicros;
  }

  /**
   * The least true time in which the monotonic clock surely advances by `localMicros`, from any moment: a
   * timer is never early by the clock of its own process. Timers already running keep the drift they
   * were set with.
   */
  toTrueDelay(localMicros: Micros): Micros {
    if (this.drift === 0) return localMicros;
    const rate = MILLION + this.drift;
    const whole = Math.floor(localMicros / rate);
    return whole * MILLION + Math.ceil(((localMicros - whole * rate) * MILLION) / rate);
  }

  clone(): Clock {
    const copy = new Clock(this.wallOffset, this.drift);
    copy.baseTrue = this.baseTrue;
    copy.baseLocal = this.baseLocal;
    return copy;
  }

  encode(): Plain {
    return [this.baseTrue, this.baseLocal, this.wallOffset, this.drift];
  }
}

/** floor(elapsed × ppm / 1,000,000), split so that no product exceeds 2^53 within 285 years. */
function drifted(elapsed: Micros, ppm: number): Micros {
  const seconds = Math.floor(elapsed / MILLION);
  return seconds * ppm + Math.floor(((elapsed - seconds * MILLION) * ppm) / MILLION);
}
