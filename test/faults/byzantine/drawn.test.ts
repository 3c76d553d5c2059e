import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drawRules } from '../../../src/faults/byzantine/drawn.js';
import type { When } from '../../../src/faults/byzantine/plan.js';
import { pbftProtocol } from '../../../src/protocols/pbft/index.js';

const surface = pbftProtocol().attackSurface;
if (surface === undefined) throw new Error('PBFT has an attack surface');

const ALWAYS: When = {
  kinds: undefined,
  viewMin: 0,
  viewMax: Infinity,
  sequenceMin: 0,
  sequenceMax: Infinity,
  to: { kind: 'everybody' },
  clients: undefined,
  fromMicros: 0,
  untilMicros: undefined,
  chance: { numerator: 1, denominator: 1 },
  during: 'always',
  role: 'any',
};

it('what chance draws stays within what the entry leaves open: kinds, times and chance', () => {
  const when = fc.record({
    kinds: fc.option(fc.subarray([...surface.serverKinds], { minLength: 1 }), { nil: undefined }),
    fromMicros: fc.nat(5_000_000),
    untilMicros: fc.option(fc.integer({ min: 5_000_001, max: 9_000_000 }), { nil: undefined }),
    denominator: fc.integer({ min: 1, max: 8 }),
  });
  fc.assert(
    fc.property(when, fc.infiniteStream(fc.nat(1_000_000)), ({ denominator, ...open }, stream) => {
      const within: When = { ...ALWAYS, ...open, chance: { numerator: 1, denominator } };
      const draw = (_what: string, least: number, most: number): number =>
        least + ((stream.next().value ?? 0) % (most - least + 1));
      for (const { when: drawn } of drawRules(surface, within, draw)) {
        expect(drawn.fromMicros).toBeGreaterThanOrEqual(within.fromMicros);
        expect(drawn.untilMicros ?? Infinity).toBeLessThanOrEqual(within.untilMicros ?? Infinity);
        expect(drawn.chance.denominator % denominator).toBe(0);
        const { kinds } = within;
        if (kinds !== undefined) expect(kinds).toEqual(expect.arrayContaining([...(drawn.kinds ?? kinds)]));
      }
    }),
  );
});
