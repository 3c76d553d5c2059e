import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  RecoveryRound,
  parsePbftSettings,
  quorumOf,
  recoveryPoint,
} from '../../../src/protocols/pbft/index.js';

const WINDOW = 32;
const INTERVAL = 16;

interface World {
  readonly n: number;
  readonly liars: readonly number[];
  readonly stable: readonly number[];
  readonly prepared: readonly number[];
}

/** What replicas answer: correct ones what may be, up to f others anything. */
const world: fc.Arbitrary<World> = fc.integer({ min: 4, max: 13 }).chain((n) => {
  const { f } = quorumOf(n, undefined);
  return fc
    .tuple(
      fc.subarray([...Array(n).keys()], { maxLength: f }),
      fc.nat(20),
      fc.array(fc.nat(2), { minLength: n, maxLength: n }),
      fc.array(fc.nat(WINDOW), { minLength: n, maxLength: n }),
      fc.array(fc.nat(100_000), { minLength: n, maxLength: n }),
    )
    .map(([liars, base, behind, ahead, lies]) => {
      const isLiar = (rank: number): boolean => liars.includes(rank);
      // The highest stable checkpoint of a correct one was executed, so prepared for, by q - f correct ones at least.
      const highest = Math.max(0, ...behind.map((steps, rank) => (isLiar(rank) ? 0 : base + 2 - steps)));
      const stable = behind.map((steps, rank) =>
        isLiar(rank) ? (lies[rank] as number) : INTERVAL * (base + 2 - steps),
      );
      const prepared = ahead.map((more, rank) =>
        isLiar(rank) ? (lies[(rank + 1) % n] as number) : INTERVAL * highest + more,
      );
      return { n, liars, stable, prepared };
    });
});

describe('a round of recovery (TOCS 2002, §4.3.2)', () => {
  it('finds a bound when all correct replicas have answered, whatever the others say', () => {
    fc.assert(
      fc.property(world, ({ n, liars, stable, prepared }) => {
        const round = new RecoveryRound(1, false, n);
        for (let rank = 0; rank < n; rank++) {
          round.takeExtent(rank, { stable: stable[rank] as number, prepared: prepared[rank] as number });
        }
        const bound = round.estimate(quorumOf(n, undefined), WINDOW);
        const honest = stable.filter((_, rank) => !liars.includes(rank));
        const reached = prepared.filter((_, rank) => !liars.includes(rank));
        expect(bound).toBeGreaterThanOrEqual(Math.max(...honest) + WINDOW);
        expect(bound).toBeLessThanOrEqual(Math.max(...reached) + WINDOW);
      }),
      { numRuns: 500 },
    );
  });

  it('knows no bound before a quorum has answered', () => {
    const round = new RecoveryRound(1, false, 4);
    const quorum = quorumOf(4, undefined);
    for (const rank of [0, 1]) round.takeExtent(rank, { stable: 16, prepared: 20 });
    expect(round.estimate(quorum, WINDOW)).toBe(0);
    round.takeExtent(2, { stable: 16, prepared: 20 });
    expect(round.estimate(quorum, WINDOW)).toBe(16 + WINDOW);
  });

  it('takes the least checkpoint and the highest place that a replica has named', () => {
    const round = new RecoveryRound(1, false, 4);
    round.takeExtent(1, { stable: 32, prepared: 33 });
    round.takeExtent(1, { stable: 16, prepared: 40 });
    round.takeExtent(1, { stable: 48, prepared: 35 });
    expect(round.encode()).toMatchObject({ extents: [null, [16, 40], null, null] });
    expect(round.clone().encode()).toEqual(round.encode());
  });

  it('forgets with its keys what others said and nothing was found from yet', () => {
    const round = new RecoveryRound(1, false, 4);
    for (const rank of [1, 3]) round.takeExtent(rank, { stable: 16, prepared: 20 });
    for (const rank of [1, 3]) round.takeExecution(rank, 7);
    round.bound = 48;
    round.forgetOthers(3);
    expect(round.encode()).toMatchObject({
      extents: [null, [16, 20], null, [16, 20]],
      executions: [null, null, null, 7],
    });
  });

  it('takes no word of f liars for when its request was executed', () => {
    fc.assert(
      fc.property(world, fc.nat(1000), ({ n, liars, prepared }, at) => {
        const quorum = quorumOf(n, undefined);
        const round = new RecoveryRound(1, false, n);
        for (let rank = 0; rank < n; rank++) {
          round.takeExecution(rank, liars.includes(rank) ? (prepared[rank] as number) : at);
        }
        expect(round.executedAt(quorum)).toBe(at);
      }),
    );
  });

  it('ends a window after the checkpoint behind the request, and not without end however high the bound is', () => {
    expect(recoveryPoint(17, 0, WINDOW, INTERVAL)).toBe(32 + WINDOW);
    expect(recoveryPoint(16, 50, WINDOW, INTERVAL)).toBe(Math.ceil(50 / INTERVAL) * INTERVAL);
    expect(recoveryPoint(16, 1e9, WINDOW, INTERVAL)).toBe(16 + 2 * WINDOW);
  });
});

describe('the setting recovery-interval', () => {
  it('takes keys that can be changed', () => {
    expect(parsePbftSettings({ proofs: 'macs', 'recovery-interval': '5s' }).recoveryMicros).toBe(5_000_000);
    expect(parsePbftSettings({}).recoveryMicros).toBe(0);
    expect(() => parsePbftSettings({ 'recovery-interval': '5s' })).toThrow('proofs: macs');
  });
});
