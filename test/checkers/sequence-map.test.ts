import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SequenceMap } from '../../src/checkers/sequence-map.js';

/** Close together, as clients number; now and then far away, negative or no 32-bit number, as a liar may. */
const sequence = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 60 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 1 << 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: -70, max: -1 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-1, -1, 2 ** 31, 2 ** 32 + 5, 2 ** 40, 0.5, 5 + 2 ** 16, 5 + 2 ** 17),
  },
);
const command = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), sequence, value: fc.integer() }),
  fc.record({ kind: fc.constant('delete' as const), sequence, value: fc.constant(0) }),
  fc.record({ kind: fc.constant('clone' as const), sequence, value: fc.constant(0) }),
);

describe('a map by sequences', () => {
  it('knows what a Map knows, whatever the numbers, and so do its copies', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), (commands) => {
        let map = new SequenceMap<number>();
        const oracle = new Map<number, number>();
        const asked = new Set<number>([0, 1, -1]);
        for (const { kind, sequence: at, value } of commands) {
          asked.add(at);
          if (kind === 'set') {
            map.set(at, value);
            oracle.set(at, value);
          } else if (kind === 'delete') {
            map.delete(at);
            oracle.delete(at);
          } else {
            const original = map;
            map = original.clone();
            original.set(at, -1);
          }
        }
        for (const at of asked) expect(map.get(at)).toBe(oracle.get(at));
      }),
    );
  });

  it('keeps aside what it has no place for', () => {
    const map = new SequenceMap<string>();
    for (let i = 0; i < 100; i++) map.set(i * 2 ** 20, `${i}`);
    for (let i = 0; i < 100; i++) expect(map.get(i * 2 ** 20)).toBe(`${i}`);
    for (let i = 0; i < 100; i += 2) map.delete(i * 2 ** 20);
    for (let i = 0; i < 100; i++) expect(map.get(i * 2 ** 20)).toBe(i % 2 === 0 ? undefined : `${i}`);
  });
});
