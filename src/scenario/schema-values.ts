/**
 * The small values of a scenario: durations, ratios, sizes, rates, distributions, whole numbers, names.
 * Each schema takes the text that people write and gives the integers that the simulator reads; what it
 * says on failure is what it expected, so that the loader can put place and received value around it.
 */

import { z } from 'zod';

import {
  DURATION,
  DURATION_PATTERN,
  DURATION_RANGE,
  DURATION_RANGE_PATTERN,
  RATIO,
  RATIO_PATTERN,
  SIGNED_DURATION_PATTERN,
  SIZE,
  SIZE_PATTERN,
  readDuration,
  readDurationRange,
  readRatio,
  readSignedDuration,
  readSize,
} from '../kernel/index.js';
import type { Distribution, DurationRange, Micros } from '../kernel/index.js';
import { expectation, oneOf } from './problems.js';

type Text = z.ZodType<string, string>;

/** A text of a certain form; `read` turns it into a value, or refuses it with undefined. */
function fromText<T>(pattern: RegExp, expected: string, read: (text: string) => T | undefined) {
  const text: Text = z.string({ error: expected }).regex(pattern, { error: expected });
  return text.transform((value, context) => read(value) ?? refuseText(context, expected));
}

/** Like {@link fromText}, and a bare 0 (or 1, for ratios) needs no unit. */
function quantity<T>(
  pattern: RegExp,
  expected: string,
  read: (value: unknown) => T | undefined,
  bare: readonly number[] = [0],
) {
  const text: Text = z.string({ error: expected }).regex(pattern, { error: expected });
  const either = z.union([text, z.literal(bare, { error: expected })], { error: expected });
  return either.transform((value, context) => read(value) ?? refuseText(context, expected));
}

function refuseText(context: z.core.$RefinementCtx, expected: string): never {
  context.issues.push({ code: 'custom', message: expected, input: context.value, path: [] });
  return z.NEVER;
}

/** `150ms`; from 0 to a day. */
export const duration = quantity(DURATION_PATTERN, DURATION, readDuration).meta({ id: 'duration' });

/** A duration of at least the given one. */
export function durationOfAtLeast(minMicros: Micros, minText: string) {
  const expected = `a duration of at least ${minText}, such as 150ms or 2s, at most 24h`;
  return quantity(DURATION_PATTERN, expected, (value) => {
    const micros = readDuration(value);
    return micros === undefined || micros < minMicros ? undefined : micros;
  });
}

/** `-500ms`; not 0. */
export const signedDuration = fromText(
  SIGNED_DURATION_PATTERN,
  'a duration with or without a sign, such as -500ms, not 0',
  (value) => {
    const micros = readSignedDuration(value);
    return micros === 0 ? undefined : micros;
  },
);

/** `1s..4s`, or `2s` for both ends. */
export const durationRange = quantity(DURATION_RANGE_PATTERN, DURATION_RANGE, readDurationRange).meta({
  id: 'duration-range',
});

/** A range whose lower end is at least the given duration. */
export function durationRangeFrom(minMicros: Micros, minText: string) {
  const expected = `a duration or a range such as 1s..4s (lower end first), from ${minText} to 24h`;
  return quantity(DURATION_RANGE_PATTERN, expected, (value): DurationRange | undefined => {
    const range = readDurationRange(value);
    return range === undefined || range.minMicros < minMicros ? undefined : range;
  });
}

/** A duration, or a word that stands for its absence. */
export function durationOr<const Word extends string>(word: Word) {
  const expected = expectation(`${DURATION}, or '${word}'`, [word]);
  return z.union([z.literal(word, { error: expected }), durationOfAtLeast(1, '1us')], { error: expected });
}

/** `3/100`. */
export const ratio = quantity(RATIO_PATTERN, RATIO, readRatio, [0, 1]).meta({ id: 'ratio' });

const PERCENT = 'a share in percent such as 50%, at most 100000%';

/** `50%`, as the whole number 50. */
export const percent = fromText(/^\d{1,6}%$/, PERCENT, (text) => {
  const value = Number(text.slice(0, -1));
  return value <= 100_000 ? value : undefined;
});

/** `200ppm`, from 0. */
export function partsPerMillion(signed: boolean) {
  const expected = signed
    ? 'parts per million such as 200ppm or -200ppm, not 0'
    : 'parts per million such as 200ppm';
  return fromText(signed ? /^[+-]?\d{1,6}ppm$/ : /^\d{1,6}ppm$/, `${expected}, at most 100000ppm`, (text) => {
    const value = Number(text.slice(0, -3));
    const size = value < 0 ? -value : value;
    return size > 100_000 || (signed && size === 0) ? undefined : value;
  });
}

const LARGEST_SIZE = 1024 * 1024 * 1024 * 1024;

function readBoundedSize(value: unknown): number | undefined {
  const bytes = readSize(value);
  return bytes !== undefined && bytes > 0 && bytes <= LARGEST_SIZE ? bytes : undefined;
}

/** `64KiB`: at least a byte. */
export const size = fromText(SIZE_PATTERN, `${SIZE}, from 1B to 1024GiB`, readBoundedSize);

/** A size, or `unlimited`: 0 inward. */
export const sizeOrUnlimited = fromText(
  new RegExp(`^unlimited$|${SIZE_PATTERN.source}`),
  expectation(`${SIZE}, or unlimited`, ['unlimited']),
  (text) => (text === 'unlimited' ? 0 : readBoundedSize(text)),
);

/** `1MiB/s`, or `unlimited`: 0 inward. */
export const bandwidth = fromText(
  new RegExp(`^unlimited$|${SIZE_PATTERN.source.slice(0, -1)}/s$`),
  expectation('a bandwidth such as 1MiB/s, or unlimited', ['unlimited']),
  (text) => (text === 'unlimited' ? 0 : readBoundedSize(text.slice(0, -2))),
);

const RATE = 'a rate such as 100/s, from 1/s to 1000000/s';

function readRate(text: string): number | undefined {
  const value = Number(text.slice(0, -2));
  return value >= 1 && value <= 1_000_000 ? value : undefined;
}

/** `100/s`. */
export const rate = fromText(/^\d{1,7}\/s$/, RATE, readRate);

/** A rate, or `none`: 0 inward. */
export const rateOrNone = fromText(
  /^none$|^\d{1,7}\/s$/,
  expectation(`${RATE}, or none`, ['none']),
  (text) => (text === 'none' ? 0 : readRate(text)),
);

export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

/** Text of one line, for people. */
export function line(longest: number) {
  const error = `a text of one line, from 1 to ${longest} characters`;
  return z
    .string({ error })
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, { error })
    .max(longest, { error });
}

/** Text of several lines. */
export function paragraph(longest: number) {
  const error = `a text of 1 to ${longest} characters`;
  return z
    .string({ error })
    .regex(/^(?:[^\p{Cc}\p{Cs}]|[\n\t])+$/u, { error })
    .max(longest, { error });
}

/** Words of the user's own: regions, services, protocols. */
export const word = z.string({ error: 'a name' }).regex(/^[a-z][a-z0-9-]{0,47}$/, {
  error: 'a name of lower-case letters, digits and dashes that begins with a letter',
});

export function choice<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: oneOf(words) });
}

const DISTRIBUTION =
  'a distribution: 2ms, 1ms..5ms (lower end first), { constant: 2ms }, { uniform: 1ms..5ms } or { long-tail: { median: 1ms, max: 50ms } }';

const KINDS = ['constant', 'uniform', 'long-tail'] as const;

const longTail = z.strictObject({
  min: duration.prefault('0ms').describe('the shortest'),
  median: duration.describe('half of all are shorter'),
  max: duration.describe('the longest; what would be longer is cut'),
});

const distributionMap = z
  .strictObject({
    constant: duration.optional(),
    uniform: durationRange.optional(),
    'long-tail': longTail.optional(),
  })
  .meta({ minProperties: 1, maxProperties: 1 })
  .transform((given, context): Distribution => {
    const { constant, uniform, 'long-tail': tail } = given;
    const written = KINDS.filter((kind) => given[kind] !== undefined);
    if (written.length !== 1) return refuseText(context, `exactly one of ${KINDS.join(', ')}`);
    if (constant !== undefined) return { kind: 'constant', micros: constant };
    if (uniform !== undefined) return { kind: 'uniform', ...uniform };
    const { min = 0, median = 0, max = 0 } = tail ?? {};
    if (min > median || median > max) return refuseText(context, 'min, median and max in ascending order');
    return { kind: 'long-tail', minMicros: min, medianMicros: median, maxMicros: max };
  });

const distributionText = fromText(DURATION_RANGE_PATTERN, DISTRIBUTION, (text): Distribution | undefined => {
  const range = readDurationRange(text);
  if (range === undefined) return undefined;
  const { minMicros, maxMicros } = range;
  return minMicros === maxMicros
    ? { kind: 'constant', micros: minMicros }
    : { kind: 'uniform', minMicros, maxMicros };
});

/** How long something takes. */
export const distribution = z
  .union([distributionText, distributionMap], { error: DISTRIBUTION })
  .meta({ id: 'distribution' });
