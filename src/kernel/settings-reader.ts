/** How a built-in protocol or service reads its settings: each key once, with its default, and a one-line error otherwise. */

import { UsageError } from './errors.js';
import { suggestion } from './nearest.js';
import type { Micros } from './time.js';
import { parseDuration, parseDurationRange } from './units.js';

export class SettingsReader<Key extends string> {
  /** Throws UsageError for a key that is not one of `keys`. `place` is the settings' key path in a scenario. */
  constructor(
    owner: string,
    keys: readonly Key[],
    private readonly raw: Readonly<Record<string, unknown>>,
    private readonly place = 'protocol.settings',
  ) {
    for (const key of Object.keys(raw)) {
      if ((keys as readonly string[]).includes(key)) continue;
      throw new UsageError(
        'unknown-setting',
        `${place}.${key}: unknown ${owner} setting, expected ${keys.length === 0 ? 'none' : `one of ${keys.join(', ')}`}`,
        suggestion(key, keys),
      );
    }
  }

  has(key: Key): boolean {
    return this.raw[key] !== undefined;
  }

  count(key: Key, byDefault: number, least: number, most = 1_000_000_000): number {
    const value = this.raw[key] ?? byDefault;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw this.bad(key, `a whole number from ${least} to ${most}`);
  }

  /** One of these words. */
  choice<Word extends string>(key: Key, words: readonly Word[], byDefault: Word): Word {
    const value = this.raw[key] ?? byDefault;
    const word = words.find((known) => known === value);
    if (word !== undefined) return word;
    const hint = suggestion(value, words);
    throw this.bad(key, `${words.join(' or ')}${hint === undefined ? '' : ` (${hint})`}`);
  }

  flag(key: Key, byDefault: boolean): boolean {
    const value = this.raw[key] ?? byDefault;
    if (typeof value === 'boolean') return value;
    throw this.bad(key, 'true or false');
  }

  /** A default is written as in a scenario, or in microseconds. */
  duration(key: Key, byDefault: string | Micros): Micros {
    const value = this.raw[key];
    if (value === undefined && typeof byDefault === 'number') return byDefault;
    return parseDuration(value ?? byDefault, this.path(key));
  }

  durationRange(key: Key, byDefault: string): ReturnType<typeof parseDurationRange> {
    return parseDurationRange(this.raw[key] ?? byDefault, this.path(key));
  }

  /** The error of a setting that does not fit. */
  bad(key: Key, expected: string): UsageError {
    return new UsageError('bad-setting', `${this.path(key)}: expected ${expected}`);
  }

  private path(key: string): string {
    return `${this.place}.${key}`;
  }
}
