/** What may come in: anything at all, and messages that are almost right. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Message } from '../../../src/kernel/index.js';
import type { Validator } from '../../../src/protocols/pbft/index.js';

/** Anything, and things that look somewhat like messages. */
export const anything = fc.oneof(
  fc.anything(),
  fc.object({ key: fc.constantFrom('kind', 'view', 'sequence', 'proof', 'signer', 'requests', 'prepared') }),
);

/** What cannot be made a number of, which bites where something is taken for one. */
const noNumber = fc.constant({ valueOf: 1, toString: 1 });

/** One of these messages, in which one place, however deep, is something else, or one more member is. */
export function mutationsOf(examples: readonly Message[]): fc.Arbitrary<Message> {
  const path = fc.array(fc.nat(8), { minLength: 1, maxLength: 5 });
  const more = fc.constantFrom('handover', 'recovery', 'note');
  return fc
    .tuple(fc.constantFrom(...examples), path, fc.oneof(anything, noNumber), fc.option(more))
    .map(([example, at, value, name]) => replaceAt(example, at, value, name) as Message);
}

function replaceAt(
  target: unknown,
  [first = 0, ...rest]: readonly number[],
  value: unknown,
  more: string | null,
): unknown {
  if (target === null || typeof target !== 'object') return value;
  const keys = Object.keys(target);
  const key = rest.length === 0 && more !== null ? more : keys[first % (keys.length || 1)];
  if (key === undefined) return value;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(target)
    ? [...(target as unknown[])]
    : { ...target };
  const inner = (target as Record<string, unknown>)[key];
  (copy as Record<string, unknown>)[key] = rest.length === 0 ? value : replaceAt(inner, rest, value, more);
  return copy;
}

/** The tests of every validator: it takes these messages, and never throws. */
export function knowsForms(validator: Validator, examples: readonly Message[]): void {
  it.each(examples.map((message) => [message.kind, message] as const))('%s is accepted', (_, message) => {
    expect(validator.accepts(message)).toBe(true);
  });

  it('whatever comes in, nothing throws', () => {
    fc.assert(
      fc.property(fc.oneof(anything, mutationsOf(examples)), (message) => {
        expect(typeof validator.accepts(message as Message)).toBe('boolean');
      }),
      { numRuns: 1000 },
    );
  });
}
