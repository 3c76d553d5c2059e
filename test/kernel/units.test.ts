import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  MAX_DURATION_MICROS,
  excerpt,
  formatDuration,
  formatDurationRange,
  formatRatio,
  formatSize,
  parseDuration,
  parseDurationRange,
  parseRatio,
  parseSize,
  readDuration,
  readDurationRange,
  readRatio,
  readSignedDuration,
  readSize,
  received,
} from '../../src/kernel/index.js';

describe('units: durations', () => {
  test.each([
    ['150ms', 150_000],
    ['2s', 2_000_000],
    ['500us', 500],
    ['1.5ms', 1_500],
    ['0.25s', 250_000],
    ['2min', 120_000_000],
    ['10m', 600_000_000],
    ['24h', MAX_DURATION_MICROS],
    [0, 0],
  ])('%s is read exactly', (text, micros) => {
    expect(readDuration(text)).toBe(micros);
  });

  test.each([
    '150',
    150,
    '-5ms',
    '5 ms',
    '1.5us',
    '25h',
    '1d',
    '1e3ms',
    '',
    'ms',
    '.5s',
    null,
    undefined,
    [],
    '٣ms',
  ])('%s is refused', (value) => {
    expect(readDuration(value)).toBeUndefined();
  });

  test('a sign is read where a jump may go either way', () => {
    expect(readSignedDuration('-500ms')).toBe(-500_000);
    expect(readSignedDuration('+500ms')).toBe(500_000);
    expect(readSignedDuration('--5ms')).toBeUndefined();
    expect(Object.is(readSignedDuration('-0ms'), 0)).toBe(true);
  });

  test('a range has its lower end first', () => {
    expect(readDurationRange('150ms..300ms')).toEqual({ minMicros: 150_000, maxMicros: 300_000 });
    expect(readDurationRange('1ms .. 2ms')).toEqual({ minMicros: 1_000, maxMicros: 2_000 });
    expect(readDurationRange('2s')).toEqual({ minMicros: 2_000_000, maxMicros: 2_000_000 });
    for (const wrong of ['2s..1s', '1s..2s..3s', '1s..', '..1s', 5])
      expect(readDurationRange(wrong)).toBeUndefined();
  });

  test('every duration survives being written and read again', () => {
    const micros = fc.integer({ min: 0, max: MAX_DURATION_MICROS });
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        expect(readDuration(formatDuration(a))).toBe(a);
        expect(readSignedDuration(formatDuration(-a))).toBe(a === 0 ? 0 : -a);
        const [minMicros, maxMicros] = [Math.min(a, b), Math.max(a, b)];
        expect(readDurationRange(formatDurationRange(minMicros, maxMicros))).toEqual({
          minMicros,
          maxMicros,
        });
      }),
    );
  });
});

describe('units: ratios and sizes', () => {
  test('a ratio is a fraction or a percentage from 0 to 1', () => {
    expect(readRatio('3/100')).toEqual({ numerator: 3, denominator: 100 });
    expect(readRatio('1%')).toEqual({ numerator: 1, denominator: 100 });
    expect(readRatio('0.5%')).toEqual({ numerator: 5, denominator: 1000 });
    expect(readRatio(0)).toEqual({ numerator: 0, denominator: 1 });
    expect(readRatio(1)).toEqual({ numerator: 1, denominator: 1 });
    for (const wrong of ['3/2', '1/0', '101%', 0.5, '0.5', '-1/2', 'half', '1/2/3']) {
      expect(readRatio(wrong)).toBeUndefined();
    }
    expect(formatRatio({ numerator: 3, denominator: 100 })).toBe('3/100');
  });

  test('every size survives being written and read again', () => {
    expect(readSize('64KiB')).toBe(65_536);
    expect(readSize('10MB')).toBe(10_000_000);
    expect(readSize('64')).toBeUndefined();
    expect(readSize('999999999999999GiB')).toBeUndefined();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1024 * 1024 * 1024 * 1024 }), (bytes) => {
        expect(readSize(formatSize(bytes))).toBe(bytes);
      }),
    );
  });
});

describe('units: errors', () => {
  test('a setting of the wrong form is refused with its place, what was expected and what came', () => {
    expect(() => parseDuration(50, 'protocol.settings.heartbeat')).toThrow(
      'protocol.settings.heartbeat: expected a duration such as 150ms or 2s, at most 24h, got 50',
    );
    expect(() => parseDurationRange('x', 'a')).toThrow('a: expected a duration or a range');
    expect(() => parseRatio('x', 'a')).toThrow('a: expected a ratio');
    expect(() => parseSize('x', 'a')).toThrow('a: expected a size');
    expect([parseDuration('1ms', 'a'), parseRatio('1/2', 'a').denominator, parseSize('1B', 'a')]).toEqual([
      1000, 2, 1,
    ]);
    expect(parseDurationRange('1ms', 'a').maxMicros).toBe(1000);
  });

  test('a received value is shown on one short line', () => {
    expect(received('a\nb\u001b[31m')).toBe("'a\\u000ab\\u001b[31m'");
    expect(received('x'.repeat(100))).toBe(`'${'x'.repeat(48)}…'`);
    expect([
      received(null),
      received([]),
      received([1]),
      received({}),
      received({ a: 1 }),
      received(''),
    ]).toEqual(['nothing', 'an empty list', 'a list of 1', 'an empty map', 'a map', 'an empty text']);
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(/[\p{Cc}\u2028\u2029]/u.test(excerpt(text))).toBe(false);
      }),
    );
  });
});
