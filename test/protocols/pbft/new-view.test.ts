import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  obligationsOf,
  type PreparedCertificate,
  type ViewChange,
} from '../../../src/protocols/pbft/index.js';
import { prove, viewChange } from './fixtures.js';

const proof = prove(0, 'prepare', 0, 0, 0);

function certificate(view: number, sequence: number, digest: number): PreparedCertificate {
  return { view, sequence, digest, prePrepare: proof, prepares: [] };
}

/** Of one replica: a stable checkpoint, and what it has prepared above it. */
const change = fc
  .record({
    low: fc.constantFrom(0, 4, 8),
    places: fc.uniqueArray(fc.record({ above: fc.integer({ min: 1, max: 8 }), view: fc.nat(4) }), {
      selector: ({ above }) => above,
    }),
  })
  .map(({ low, places }) => {
    const prepared = places
      .map(({ above, view }) => certificate(view, low + above, 1000 * view + low + above))
      .sort((a, b) => a.sequence - b.sequence);
    const digest = low === 0 ? 0 : low;
    return viewChange(0, 5, prepared, { sequence: low, digest, proofs: [] });
  });

/** As the paper says it (§4.4, steps 1 and 2), place by place. */
function naive(viewChanges: readonly ViewChange[]): { low: number; places: [number, number][] } {
  const low = Math.max(...viewChanges.map(({ stable }) => stable.sequence));
  const all = viewChanges.flatMap(({ prepared }) => prepared);
  const high = Math.max(low, ...all.map(({ sequence }) => sequence));
  const places: [number, number][] = [];
  for (let n = low + 1; n <= high; n++) {
    const here = all.filter(({ sequence }) => sequence === n);
    const highest = Math.max(...here.map(({ view }) => view));
    places.push([n, here.find(({ view }) => view === highest)?.digest ?? 0]);
  }
  return { low, places };
}

describe('pbft new view (OSDI 1999, §4.4)', () => {
  it('proposes again what the paper says', () => {
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (viewChanges) => {
        const { stable, places } = obligationsOf(viewChanges);
        expect({
          low: stable.sequence,
          places: places.map(({ sequence, digest }) => [sequence, digest]),
        }).toEqual(naive(viewChanges));
      }),
      { numRuns: 500 },
    );
  });

  it('fills the places between with null requests', () => {
    const { places } = obligationsOf([viewChange(0, 5, [certificate(1, 2, 12), certificate(3, 4, 34)])]);
    expect(places.map(({ sequence, digest }) => [sequence, digest])).toEqual([
      [1, 0],
      [2, 12],
      [3, 0],
      [4, 34],
    ]);
  });

  it('takes the certificate of the highest view, whoever has it', () => {
    const { places } = obligationsOf([
      viewChange(0, 5, [certificate(3, 1, 31)]),
      viewChange(0, 5, [certificate(4, 1, 41)]),
      viewChange(0, 5, [certificate(2, 1, 21)]),
    ]);
    expect(places).toMatchObject([{ sequence: 1, digest: 41 }]);
  });
});
