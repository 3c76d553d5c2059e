/**
 * Quantities as people write them: `150ms`, `150ms..300ms`, `3/100`, `64KiB`; and back to text.
 *
 * Scenarios and the settings of protocols share these, so that a duration looks the same everywhere.
 * `read…` takes any value and answers undefined for what it does not understand; `parse…` is given the
 * place too, and throws a UsageError that names it. Results are exact integers: `1.5ms` is 1,500
 * microseconds, `0.3us` is refused.
 */

import type { Ratio } from './distribution.js';
import { UsageError } from './errors.js';
import { MICROS_PER_MILLISECOND, MICROS_PER_SECOND, type Micros } from './time.js';

/** The longest duration that may be written: one day. */
export const MAX_DURATION_MICROS: Micros = 24 * 3600 * MICROS_PER_SECOND;

export interface DurationRange {
  readonly minMicros: Micros;
  readonly maxMicros: Micros;
}

export const DURATION = 'a duration such as 150ms or 2s, at most 24h';
export const DURATION_RANGE = 'a duration or a range such as 150ms..300ms (lower end first), at most 24h';
export const RATIO = 'a ratio such as 3/100 or 1%, from 0 to 1';
export const SIZE = 'a size such as 512B, 64KiB or 1MiB';

const DURATION_SOURCE = '\\d{1,15}(?:\\.\\d{1,6})?(?:us|ms|s|min|m|h)';
export const DURATION_PATTERN = new RegExp(`^${DURATION_SOURCE}$`);
export const SIGNED_DURATION_PATTERN = new RegExp(`^[+-]?${DURATION_SOURCE}$`);
export const DURATION_RANGE_PATTERN = new RegExp(`^${DURATION_SOURCE}(?: ?\\.\\. ?${DURATION_SOURCE})?$`);
export const RATIO_PATTERN = /^(?:\d{1,9}\/\d{1,9}|\d{1,3}(?:\.\d{1,6})?%)$/;
export const SIZE_PATTERN = /^\d{1,15}(?:B|KiB|MiB|GiB|kB|MB|GB)$/;

const DURATION_UNITS: readonly (readonly [string, number])[] = [
  ['h', 3600 * MICROS_PER_SECOND],
  ['min', 60 * MICROS_PER_SECOND],
  ['m', 60 * MICROS_PER_SECOND],
  ['s', MICROS_PER_SECOND],
  ['ms', MICROS_PER_MILLISECOND],
  ['us', 1],
];

const BINARY_UNITS: readonly (readonly [string, number])[] = [
  ['GiB', 1024 * 1024 * 1024],
  ['MiB', 1024 * 1024],
  ['KiB', 1024],
  ['B', 1],
];

const SIZE_UNITS: ReadonlyMap<string, number> = new Map([
  ...BINARY_UNITS,
  ['kB', 1_000],
  ['MB', 1_000_000],
  ['GB', 1_000_000_000],
]);

/** `150ms`, `2s`, `1.5s`, `10m` or `10min`, or a bare 0; undefined for anything else, and for more than a day. */
export function readDuration(value: unknown): Micros | undefined {
  if (value === 0) return 0;
  if (typeof value !== 'string' || !DURATION_PATTERN.test(value)) return undefined;
  const unitAt = value.search(/[a-z]/);
  const unit = DURATION_UNITS.find(([name]) => name === value.slice(unitAt))?.[1] ?? 0;
  const [whole = '0', fraction = ''] = value.slice(0, unitAt).split('.');
  const scaled = Number(fraction) * unit;
  const denominator = powerOfTen(fraction.length);
  if (scaled % denominator !== 0) return undefined;
  const micros = Number(whole) * unit + scaled / denominator;
  return micros <= MAX_DURATION_MICROS ? micros : undefined;
}

/** Like {@link readDuration}, with a sign: `-500ms`. */
export function readSignedDuration(value: unknown): Micros | undefined {
  if (typeof value !== 'string' || !/^[+-]/.test(value)) return readDuration(value);
  const micros = readDuration(value.slice(1));
  return micros === undefined || value.startsWith('+') || micros === 0 ? micros : -micros;
}

/** `150ms..300ms`, or one duration for both ends; undefined when the first exceeds the second. */
export function readDurationRange(value: unknown): DurationRange | undefined {
  const [low, high, ...more] = typeof value === 'string' ? value.split('..') : [value];
  if (more.length > 0) return undefined;
  const minMicros = readDuration(typeof low === 'string' ? low.trim() : low);
  const maxMicros = high === undefined ? minMicros : readDuration((high as string).trim());
  if (minMicros === undefined || maxMicros === undefined || minMicros > maxMicros) return undefined;
  return { minMicros, maxMicros };
}

/** `3/100`, `1%`, `0.5%`, or a bare 0 or 1; undefined for anything else and above 1. */
export function readRatio(value: unknown): Ratio | undefined {
  if (value === 0 || value === 1) return { numerator: value, denominator: 1 };
  if (typeof value !== 'string' || !RATIO_PATTERN.test(value)) return undefined;
  const parts = value.endsWith('%') ? percentParts(value.slice(0, -1)) : value.split('/').map(Number);
  const [numerator = 0, denominator = 0] = parts;
  return denominator > 0 && numerator <= denominator ? { numerator, denominator } : undefined;
}

function percentParts(text: string): readonly number[] {
  const [whole = '0', fraction = ''] = text.split('.');
  const scale = powerOfTen(fraction.length);
  return [Number(whole) * scale + Number(fraction), 100 * scale];
}

/** `512B`, `64KiB`, `10MB`: bytes; undefined for anything else. */
export function readSize(value: unknown): number | undefined {
  if (value === 0) return 0;
  if (typeof value !== 'string' || !SIZE_PATTERN.test(value)) return undefined;
  const unitAt = value.search(/[A-Za-z]/);
  const bytes = Number(value.slice(0, unitAt)) * (SIZE_UNITS.get(value.slice(unitAt)) ?? 0);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** A duration that a setting must have; `place` is its key path, e.g. `protocol.settings.heartbeat`. */
export function parseDuration(value: unknown, place: string): Micros {
  return required(readDuration(value), value, place, DURATION);
}

/** A range of durations that a setting must have. */
export function parseDurationRange(value: unknown, place: string): DurationRange {
  return required(readDurationRange(value), value, place, DURATION_RANGE);
}

/** A ratio that a setting must have. */
export function parseRatio(value: unknown, place: string): Ratio {
  return required(readRatio(value), value, place, RATIO);
}

/** A size in bytes that a setting must have. */
export function parseSize(value: unknown, place: string): number {
  return required(readSize(value), value, place, SIZE);
}

function required<T>(read: T | undefined, value: unknown, place: string, expected: string): T {
  if (read !== undefined) return read;
  throw new UsageError('bad-value', `${place}: expected ${expected}, got ${received(value)}`);
}

/** The shortest exact text: `150ms`, `2s`, `-500us`, `0ms`. */
export function formatDuration(micros: Micros): string {
  if (micros === 0) return '0ms';
  if (micros < 0) return `-${formatDuration(-micros)}`;
  return inLargestUnit(micros, DURATION_UNITS);
}

/** `150ms..300ms`; one duration when both ends are equal. */
export function formatDurationRange(minMicros: Micros, maxMicros: Micros): string {
  const low = formatDuration(minMicros);
  return minMicros === maxMicros ? low : `${low}..${formatDuration(maxMicros)}`;
}

/** `3/100`. */
export function formatRatio(ratio: Ratio): string {
  return `${ratio.numerator}/${ratio.denominator}`;
}

/** `64KiB`, in the largest binary unit that is exact. */
export function formatSize(bytes: number): string {
  return inLargestUnit(bytes, BINARY_UNITS);
}

const LONGEST_EXCERPT = 48;

/** A received value as an error message shows it: on one line, and never long. */
export function received(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return value === '' ? 'an empty text' : `'${excerpt(value)}'`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : `a list of ${value.length}`;
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty map' : 'a map';
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') {
    return excerpt(String(value));
  }
  return `a ${typeof value}`;
}

/** Any text on one line, control characters and line ends escaped, shortened when long. */
export function excerpt(text: string, longest: number = LONGEST_EXCERPT): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  // Lone surrogates and control characters would spoil a terminal or a JSON line.
  return short.replace(/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, escapeCharacter);
}

function escapeCharacter(character: string): string {
  return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`;
}

function inLargestUnit(amount: number, units: readonly (readonly [string, number])[]): string {
  for (const [name, size] of units)
    if (amount % size === 0 && amount >= size) return `${amount / size}${name}`;
  return `${amount}${units.at(-1)?.[0] ?? ''}`;
}

function powerOfTen(exponent: number): number {
  return Number(`1${'0'.repeat(exponent)}`);
}
