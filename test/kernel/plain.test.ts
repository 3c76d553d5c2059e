import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  canonical,
  commandBytes,
  hashCommand,
  isWithinBytes,
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
      expect(isWithinBytes(value, bytes + off)).toBe(off >= 0);
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
      expect([plainBytes(value), isWithinBytes(value, plainBytes(whole))]).toEqual([plainBytes(whole), true]);
      const { input, hash, bytes } = makeCommand(1, 1, value);
      expect(input).toStrictEqual(whole);
      expect([hash, bytes]).toEqual([hashCommand(1, 1, whole), commandBytes(whole)]);
    }),
  );
});

it('what has nothing undefined in it stays the same object', () => {
  const value = { a: [1, { b: 'c' }], d: null };
  expect(withoutUndefined(value)).toBe(value);
});
