/** Which seeds a campaign runs. */

import { UsageError } from '../kernel/errors.js';
import { received } from '../kernel/units.js';

/** A count n (seeds 1 … n), a range as the command line writes it (`'1..100'`), or the seeds themselves. */
export type Seeds = number | string | readonly (number | string)[];

const MAX_SEEDS = 1_000_000;

/** The seeds as texts, in order. Throws UsageError; `place` names the option. */
export function listSeeds(seeds: Seeds, place: string): readonly string[] {
  if (Array.isArray(seeds)) {
    if (seeds.length === 0) throw new UsageError('bad-value', `${place}: expected at least one seed`);
    return seeds.map(String);
  }
  if (typeof seeds === 'number') return rangeOfSeeds(1, seeds, place);
  const [from, to, ...more] = typeof seeds === 'string' ? seeds.split('..') : [];
  if (from === undefined || to === undefined || more.length > 0) {
    throw new UsageError('bad-value', `${place}: expected a range such as 1..100, got ${received(seeds)}`);
  }
  return rangeOfSeeds(readNumber(from, seeds, place), readNumber(to, seeds, place), place);
}

function readNumber(text: string, whole: unknown, place: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new UsageError('bad-value', `${place}: expected a range such as 1..100, got ${received(whole)}`);
}

function rangeOfSeeds(first: number, last: number, place: string): readonly string[] {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) {
    throw new UsageError('bad-value', `${place}: expected whole numbers, got ${received(last)}`);
  }
  if (first > last) {
    throw new UsageError(
      'bad-value',
      `${place}: expected the first seed not to be after the last, got ${first}..${last}`,
    );
  }
  const count = last - first + 1;
  if (count > MAX_SEEDS)
    throw new UsageError('too-large', `${place}: expected at most ${MAX_SEEDS} seeds, got ${count}`);
  return Array.from({ length: count }, (_, i) => String(first + i));
}
