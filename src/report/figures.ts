/** Numbers as people read them, the same in every locale. */

import type { Micros } from '../kernel/index.js';

const STEPS = [
  { size: 1_000_000_000, unit: 'G' },
  { size: 1_000_000, unit: 'M' },
  { size: 1_000, unit: 'k' },
] as const;

/** Three significant digits: `987`, `12.3k`, `4.56M`. */
export function compactCount(count: number): string {
  for (const { size, unit } of STEPS) {
    if (count < size) continue;
    const digits = count >= 100 * size ? 0 : count >= 10 * size ? 1 : 2;
    return `${(count / size).toFixed(digits)}${unit}`;
  }
  return String(count);
}

/** All digits, in groups: `1,234,567`. */
export function groupedCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

/** Virtual time to a tenth of a second: `20.0 s`. */
export function shortSeconds(micros: Micros): string {
  return `${(micros / 1_000_000).toFixed(1)} s`;
}

/** Virtual time in milliseconds, or a dash for none: `12.3 ms`. */
export function milliseconds(micros: Micros): string {
  return micros < 0 ? '-' : `${(micros / 1_000).toFixed(1)} ms`;
}

/** `1 run`, `2 runs`. */
export function counted(count: number, one: string, many: string = `${one}s`): string {
  return `${groupedCount(count)} ${count === 1 ? one : many}`;
}
