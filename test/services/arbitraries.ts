// What the tests of this room draw: operations on few keys and values, so that they often meet.

import fc from 'fast-check';
import type { KvOperation } from '../../src/services/index.js';

const key = fc.constantFrom('a', 'b', '__proto__');
const value = fc.constantFrom('', 'x', 'y', 'xy');

/** Operations that are well formed. */
export const kvOperation: fc.Arbitrary<KvOperation> = fc.oneof(
  fc.record({ op: fc.constant('get' as const), key }),
  fc.record({ op: fc.constant('put' as const), key, value }),
  fc.record({ op: fc.constant('delete' as const), key }),
  fc.record({ op: fc.constant('cas' as const), key, expected: fc.option(value), value }),
  fc.record({ op: fc.constant('append' as const), key, value }),
);
