import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isWithinBytes, plainBytes, type Plain } from '../../src/kernel/index.js';

it('a value is within so many bytes just when it takes no more', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: -20, max: 20 }), (json, off) => {
      const value = json as Plain;
      const bytes = plainBytes(value);
      expect(isWithinBytes(value, bytes + off)).toBe(off >= 0);
    }),
  );
});
