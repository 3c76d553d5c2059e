/**
 * Virtual time: an integer count of microseconds since the start of a run.
 *
 * Safe integers hold 285 years of it, so no BigInt is needed. Nothing here reads a real clock.
 */

/** A point in virtual time or a duration, in whole microseconds. */
export type Micros = number;

export const MICROS_PER_MILLISECOND = 1_000;
export const MICROS_PER_SECOND = 1_000_000;

/** Prints a virtual time as seconds with six decimals, e.g. `2.150000 s`. */
export function formatMicros(micros: Micros): string {
  const negative = micros < 0;
  const absolute = negative ? -micros : micros;
  const seconds = Math.floor(absolute / MICROS_PER_SECOND);
  const rest = String(absolute % MICROS_PER_SECOND).padStart(6, '0');
  return `${negative ? '-' : ''}${seconds}.${rest} s`;
}
