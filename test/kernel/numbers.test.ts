import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Digest,
  RandomStream,
  Sampler,
  canonical,
  hashCommand,
  hashPlain,
  mixInteger,
  nearest,
  plainEquals,
  type Plain,
} from '../../src/kernel/index.js';

describe('digest', () => {
  it('is stable: the digest of a fixed sequence never changes', () => {
    const digest = new Digest();
    for (let i = 0; i < 1000; i++) digest.mixInteger(i * 7919 - 300);
    expect(digest.value()).toBe('670226df3d1d2d42');
  });

  it('tells sequences apart by content and by order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 2 }), fc.nat(), (words, choice) => {
        const of = (list: readonly number[]): string => {
          const digest = new Digest();
          list.forEach((word) => digest.mix(word));
          return digest.value();
        };
        const i = choice % (words.length - 1);
        const swapped = words.slice();
        [swapped[i], swapped[i + 1]] = [words[i + 1] as number, words[i] as number];
        if (words[i] !== words[i + 1]) expect(of(swapped)).not.toBe(of(words));
        expect(of([...words, 0])).not.toBe(of(words));
      }),
    );
  });
});

describe('random streams', () => {
  it('draw the same numbers for the same seed and name on every engine', () => {
    const stream = RandomStream.derive('seed', 'm/0');
    expect(Array.from({ length: 4 }, () => stream.integer(0, 999_999))).toEqual([
      574436, 611655, 766261, 280566,
    ]);
  });

  it('stay within the range, both ends included', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -1e9, max: 1e9 }), fc.nat(1e12), (seed, min, span) => {
        const stream = RandomStream.derive(seed, 'x');
        for (let i = 0; i < 20; i++) {
          const value = stream.integer(min, min + span);
          expect(value).toBeGreaterThanOrEqual(min);
          expect(value).toBeLessThanOrEqual(min + span);
        }
      }),
    );
    const coin = RandomStream.derive('coin', 'x');
    const faces = Array.from({ length: 10_000 }, () => coin.integer(0, 1));
    const ones = faces.filter((face) => face === 1).length;
    expect(ones).toBeGreaterThan(4800);
    expect(ones).toBeLessThan(5200);
  });
});

describe('distributions', () => {
  it('a long tail has its median where it says, stays in bounds, and has a tail', () => {
    const sampler = new Sampler({ kind: 'long-tail', minMicros: 200, medianMicros: 1000, maxMicros: 50_000 });
    const stream = RandomStream.derive('tail', 'x');
    const draws = Array.from({ length: 40_000 }, () => sampler.draw(stream)).sort((a, b) => a - b);
    expect(draws[20_000]).toBeGreaterThan(950);
    expect(draws[20_000]).toBeLessThan(1050);
    expect(draws[0]).toBeGreaterThanOrEqual(200);
    expect(draws[39_999]).toBeLessThanOrEqual(50_000);
    expect(draws[39_960]).toBeGreaterThan(10_000);
    expect(draws[39_999]).toBeGreaterThan(45_000);
  });
});

describe('plain data', () => {
  it('canonical text does not depend on the order of keys, and equal texts mean equal hashes', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonical(reversed)).toBe(canonical(value));
        expect(hashPlain(reversed)).toBe(hashPlain(value));
        expect(plainEquals(value, reversed)).toBe(true);
      }),
    );
  });

  it('what differs in its text differs in its hash: where an object ends, and the sign of a number', () => {
    const nested = [
      { a: { b: 1 }, c: 2 },
      { a: { b: 1, c: 2 } },
      { a: { b: 1, c: 2 }, d: {} },
      { a: { b: 1, c: 2, d: {} } },
    ];
    const numbers = [-1, 2 ** 32 - 1, -(2 ** 32) - 1, 2 ** 31, -(2 ** 31)];
    const values = [...nested, ...numbers];
    expect(new Set(values.map((value) => hashPlain(value))).size).toBe(values.length);
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(hashPlain(a) === hashPlain(b)).toBe(canonical(a) === canonical(b));
      }),
    );
  });
});

describe('the hash of plain data', () => {
  /** Lists of small numbers and of such lists, of so many items and levels at most. */
  function* lists(items: number, levels: number): Generator<Plain[]> {
    yield [];
    if (items === 0) return;
    for (const rest of lists(items - 1, levels)) {
      for (let number = 0; number < 9; number++) yield [number, ...rest];
      if (levels > 0) for (const list of lists(items - 1, levels - 1)) yield [list, ...rest];
    }
  }

  it('lets nothing be read as a part of its neighbour: all small values differ', () => {
    const seen = new Map<number, string>();
    for (const value of lists(3, 2)) {
      const text = canonical(value);
      const hash = hashPlain(value);
      expect(seen.get(hash) ?? text).toBe(text);
      seen.set(hash, text);
    }
    expect(seen.size).toBeGreaterThan(3000);
  });

  it('of commands: a transaction cannot pass for another one, nor a large number for two', () => {
    const txn = (ops: Plain): number => hashCommand(8, 1, { op: 'txn', ops });
    const writes = ['a', 'b', 'c', 'd', 'e'].map((key, i) => ['w', key, `${i}`]);
    const [first, ...rest] = writes.slice(0, 4);
    expect(txn(writes)).not.toBe(txn([[...first!, true, ...rest], 'w', 'e', '4', true]));
    expect(hashPlain([100, 3, 5])).not.toBe(hashPlain([100 + 2 ** 32, true, 5]));
    expect(hashPlain([2 ** 32 + 5, 3])).not.toBe(hashPlain([5, 3 * 2 ** 32 + 1]));
    expect(mixInteger(mixInteger(1, 2 ** 32 + 7), 9)).not.toBe(mixInteger(mixInteger(1, 7), 1 + 9 * 2 ** 32));
  });
});

describe('nearest word', () => {
  it('finds a slip and does not guess wildly', () => {
    const words = ['leader-partition', 'lossy-network', 'bridge'];
    expect(nearest('leader-partiton', words)).toBe('leader-partition');
    expect(nearest('brigde', words)).toBe('bridge');
    expect(nearest('zebra-crossing', words)).toBeUndefined();
  });
});
