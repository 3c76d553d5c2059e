/** The ring of promised places against a naive oracle: a map from place to view and digest. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PromisedPlaces } from '../../../src/checkers/pbft/promised-places.js';

class Oracle {
  readonly places = new Map<number, { readonly view: number; readonly digest: number }>();
  floor = 0;

  at(sequence: number): { readonly view: number; readonly digest: number } {
    const known = sequence > this.floor ? this.places.get(sequence) : undefined;
    return known ?? { view: -1, digest: 0 };
  }
}

const step = fc.record({
  kind: fc.constantFrom('put', 'put', 'put', 'put', 'forget', 'clone'),
  ahead: fc.oneof(fc.nat(20), fc.nat(200)),
  view: fc.nat(3),
  digest: fc.integer(),
});

describe('promised places', () => {
  it('are those of the highest view of each place above the floor, however far ahead or often forgotten', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let places = new PromisedPlaces();
        const oracle = new Oracle();
        for (const { kind, ahead, view, digest } of steps) {
          const sequence = oracle.floor + ahead + 1;
          if (kind === 'put') {
            places.put(view, sequence, digest);
            if (view >= oracle.at(sequence).view) oracle.places.set(sequence, { view, digest });
          } else if (kind === 'forget') {
            places.forget(sequence);
            oracle.floor = sequence;
          } else {
            const before = places;
            places = places.clone();
            before.put(9, sequence, digest + 1);
          }
          for (let i = Math.max(1, oracle.floor - 70); i <= oracle.floor + 300; i++) {
            const known = oracle.at(i);
            expect([places.viewAt(i), places.digestAt(i)]).toEqual([known.view, known.digest]);
            expect(places.has(1, i, digest)).toBe(
              known.view > 1 || (known.view === 1 && known.digest === digest),
            );
          }
        }
      }),
      { numRuns: 100 },
    );
  });
});
