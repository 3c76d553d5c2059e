import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/kernel/index.js';
import { PbftReplica } from '../../../src/protocols/pbft/index.js';
import type { Slot } from '../../../src/protocols/pbft/slot.js';
import { Lab } from './lab.js';

const SEEDS = 10;
const STEPS = 3000;

describe('pbft replicas on a network that loses, doubles and reorders', () => {
  it.each([4, 5, 6, 7])('%i of them agree, through power failures, and all catch up', (replicas) => {
    let applied = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const lab = new Lab({ replicas, seed, loss: 5, crashes: 3, liars: [] });
      lab.run(STEPS);
      expect(lab.disagreements, `seed ${seed}`).toEqual([]);
      expect(lab.heal(), `seed ${seed}`).toBe(true);
      expect(lab.disagreements, `seed ${seed}`).toEqual([]);
      applied += lab.order.length;
    }
    expect(applied).toBeGreaterThan(SEEDS * 10);
  });

  it.each([
    [4, [0]],
    [5, [1]],
    [7, [0, 3]],
  ])('%i of them agree although %j lie', (replicas, liars) => {
    let lies = 0;
    let applied = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const lab = new Lab({ replicas, seed, loss: 2, crashes: 2, liars });
      lab.run(STEPS);
      expect(lab.heal(), `seed ${seed}`).toBe(true);
      expect(lab.disagreements, `seed ${seed}`).toEqual([]);
      lies += lab.counts.get('lie') ?? 0;
      applied += lab.order.length;
    }
    expect(lies).toBeGreaterThan(500);
    expect(applied).toBeGreaterThan(SEEDS);
  });

  it.each<[string, typeof PbftReplica]>([
    [
      'quorums are too small',
      class extends PbftReplica {
        protected override isPrepared(slot: Slot): boolean {
          return slot.view >= 0 && slot.prepares.count >= 1;
        }
        protected override isCommitted(slot: Slot): boolean {
          return slot.isPrepared && slot.commits.count >= 2;
        }
      },
    ],
    [
      'a view change forgets what was prepared',
      class extends PbftReplica {
        protected override preparedPlaces(): [] {
          return [];
        }
      },
    ],
  ])('it is noticed when %s', (_, Class) => {
    let noticed = 0;
    for (let seed = 1; seed <= 3 * SEEDS && noticed === 0; seed++) {
      const lab = new Lab({ replicas: 4, seed, loss: 20, crashes: 2, liars: [0], Class });
      noticed += threwOrDisagreed(lab) ? 1 : 0;
    }
    expect(noticed).toBe(1);
  });
});

/** A replica that finds itself in an impossible state stops by an assertion. */
function threwOrDisagreed(lab: Lab): boolean {
  try {
    lab.run(STEPS);
    lab.heal();
  } catch (error) {
    if (error instanceof AssertionError) return true;
    throw error;
  }
  return lab.disagreements.length > 0;
}
