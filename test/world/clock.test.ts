import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Clock } from '../../src/world/clock.js';

const YEAR = 365 * 86_400 * 1_000_000;
const time = fc.integer({ min: 0, max: YEAR });
const ppm = fc.oneof(fc.integer({ min: -500, max: 500 }), fc.integer({ min: -999_999, max: 1_000_000 }));

/** The same with integers of any size, rounded down as the clock does. */
function exactly(elapsed: number, drift: number): number {
  const product = BigInt(elapsed) * BigInt(drift);
  const quotient = product / 1_000_000n;
  const floor = product < 0n && product % 1_000_000n !== 0n ? quotient - 1n : quotient;
  return elapsed + Number(floor);
}

describe('clock', () => {
  it('without drift both clocks run with true time, the wall clock off by its offset', () => {
    const clock = new Clock(-250, 0);
    expect(clock.monotonicNow(1_000)).toBe(1_000);
    expect(clock.wallNow(1_000)).toBe(750);
    expect(clock.toTrueDelay(150_000)).toBe(150_000);
  });

  it('drift is exact in parts per million, over a year too', () => {
    fc.assert(
      fc.property(time, ppm, (now, drift) => {
        expect(new Clock(0, drift).monotonicNow(now)).toBe(exactly(now, drift));
      }),
    );
  });

  it('the monotonic clock never goes back, whatever the drifts and jumps', () => {
    const step = fc.record({
      after: fc.nat(2_000_000),
      drift: ppm,
      jump: fc.integer({ min: -1e9, max: 1e9 }),
    });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const clock = new Clock(0, 0);
        let now = 0;
        let last = 0;
        for (const { after, drift, jump } of steps) {
          for (const moment of [now, now + Math.floor(after / 2), now + after]) {
            const shown = clock.monotonicNow(moment);
            expect(shown).toBeGreaterThanOrEqual(last);
            last = shown;
          }
          now += after;
          clock.setDrift(now, drift);
          clock.jump(jump);
        }
      }),
    );
  });

  it('a change of drift leaves both clocks where they are', () => {
    fc.assert(
      fc.property(time, ppm, ppm, fc.integer({ min: -1e9, max: 1e9 }), (now, before, after, offset) => {
        const clock = new Clock(offset, before);
        const monotonic = clock.monotonicNow(now);
        const wall = clock.wallNow(now);
        clock.setDrift(now, after);
        expect(clock.driftPpm).toBe(after);
        expect(clock.monotonicNow(now)).toBe(monotonic);
        expect(clock.wallNow(now)).toBe(wall);
      }),
    );
  });

  it('a jump moves the wall clock only', () => {
    const clock = new Clock(5, 100);
    const monotonic = clock.monotonicNow(10_000);
    const wall = clock.wallNow(10_000);
    clock.jump(-7_000);
    expect(clock.monotonicNow(10_000)).toBe(monotonic);
    expect(clock.wallNow(10_000)).toBe(wall - 7_000);
  });

  it('a timer lasts the least true time after which it is not early by its own clock', () => {
    fc.assert(
      fc.property(
        time,
        fc.integer({ min: 1, max: 1e12 }),
        fc.integer({ min: -900_000, max: 1e6 }),
        (now, local, drift) => {
          const clock = new Clock(0, drift);
          const delay = clock.toTrueDelay(local);
          expect(delay).toBeGreaterThanOrEqual(1);
          const start = clock.monotonicNow(now);
          expect(clock.monotonicNow(now + delay) - start).toBeGreaterThanOrEqual(local);
          expect(clock.monotonicNow(delay - 1)).toBeLessThan(local);
        },
      ),
    );
  });

  it('refuses a drift at which time would stand still, and fractions', () => {
    expect(() => new Clock(0, -1_000_000)).toThrow('drifts');
    expect(() => new Clock(0.5, 0)).toThrow('whole');
    expect(() => new Clock(0, 0).jump(0.5)).toThrow('whole');
  });

  it('a clone shows the same and goes its own way', () => {
    const clock = new Clock(30, 200);
    clock.setDrift(5_000_000, -100);
    clock.jump(99);
    const copy = clock.clone();
    expect(copy.encode()).toEqual(clock.encode());
    expect(copy.wallNow(9_000_000)).toBe(clock.wallNow(9_000_000));
    copy.jump(1);
    copy.setDrift(9_000_000, 0);
    expect(clock.driftPpm).toBe(-100);
    expect(copy.wallNow(9_000_000)).toBe(clock.wallNow(9_000_000) + 1);
  });
});
