import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  bytesWithin,
  canonical,
  commandBytes,
  hashCommand,
  makeCommand,
  plainBytes,
  withoutUndefined,
  type Plain,
} from '../../src/kernel/index.js';

it('a value is within so many bytes just when it takes no more', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: -20, max: 20 }), (json, off) => {
      const value = json as Plain;
      const bytes = plainBytes(value);
      expect(bytesWithin(value, bytes + off)).toBe(off >= 0 ? bytes : undefined);
    }),
  );
});

const lacking = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer(),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 2 }), fc.option(tie('value'), { nil: undefined }), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

it('members that are undefined are nothing: not in the text, not in the size, and not in a command', () => {
  fc.assert(
    fc.property(lacking, (value) => {
      const whole = JSON.parse(canonical(value)) as Plain;
      expect(withoutUndefined(value)).toStrictEqual(whole);
      const size = plainBytes(whole);
      expect([plainBytes(value), bytesWithin(value, size)]).toEqual([size, size]);
      const { input, hash, bytes } = makeCommand(1, 1, value);
      expect(input).toStrictEqual(whole);
      expect([hash, bytes]).toEqual([hashCommand(1, 1, whole), commandBytes(whole)]);
    }),
  );
});

it('members that are undefined are left out of what is nested deep as fast as of anything', () => {
  let value: Plain = { a: undefined, b: 1 };
  let whole: Plain = { b: 1 };
  for (let depth = 0; depth < 60; depth++) {
    value = { c: 0, d: value };
    whole = { c: 0, d: whole };
  }
  expect(withoutUndefined(value)).toStrictEqual(whole);
});

it('what has nothing undefined in it stays the same object', () => {
  const value = { a: [1, { b: 'c' }], d: null };
  expect(withoutUndefined(value)).toBe(value);
});

/** Key by key, as a reader of the definition would write it. */
function spelled(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(spelled).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${spelled(member)}`).join(',')}}`;
}

const keys = fc.oneof(fc.constantFrom('__proto__', 'b', 'a', '10', '9', '1e3', 'toString'), fc.string());
const nested = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean(), fc.constantFrom(null, undefined, -0)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
  ),
})).value;

it('the canonical text has keys in the order of their code units, whatever order the engine keeps them in', () => {
  fc.assert(
    fc.property(nested, (value) => {
      expect(canonical(value)).toBe(spelled(value));
    }),
    { numRuns: 2000 },
  );
  const proto = JSON.parse('{"__proto__":{"b":1,"a":2},"0":3}') as unknown;
  expect(canonical(proto)).toBe('{"0":3,"__proto__":{"a":2,"b":1}}');
  expect(canonical([{ 10: 1, 9: 2, b: { d: 1, c: 2 } }])).toBe('[{"10":1,"9":2,"b":{"c":2,"d":1}}]');
});
