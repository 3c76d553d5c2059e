/** Options and arguments that take one word out of a few. */

import { UsageError } from '../kernel/errors.js';
import { suggestion } from '../kernel/nearest.js';

/** One word out of a few; throws UsageError with the nearest. */
export function oneOf<Word extends string>(place: string, value: string, words: readonly Word[]): Word {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  const hint = suggestion(value, words);
  throw new UsageError('bad-value', `${place}: expected one of ${words.join(', ')}, got '${value}'`, hint);
}
