import { describe, expect, it } from 'vitest';
import { Lab } from './lab.js';

const SEEDS = 10;
const STEPS = 3000;

describe('pbft replicas with MACs on a network that loses, doubles and reorders', () => {
  it.each([4, 5, 6, 7])('%i of them agree, through power failures, and all catch up', (replicas) => {
    let applied = 0;
    let views = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const lab = new Lab({ replicas, seed, loss: 5, crashes: 3, liars: [], proofs: 'macs' });
      lab.run(STEPS);
      expect(lab.disagreements, `seed ${seed}`).toEqual([]);
      expect(lab.heal(), `seed ${seed}`).toBe(true);
      expect(lab.disagreements, `seed ${seed}`).toEqual([]);
      applied += lab.order.length;
      views += lab.counts.get('became-leader') ?? 0;
    }
    expect(applied).toBeGreaterThan(SEEDS * 10);
    expect(views).toBeGreaterThan(SEEDS * 2);
  });

  it.each([
    [4, [0]],
    [5, [1]],
    [6, [2]],
    [7, [0, 3]],
  ])('%i of them agree although %j lie', (replicas, liars) => {
    let lies = 0;
    let applied = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const lab = new Lab({ replicas, seed, loss: 2, crashes: 2, liars, proofs: 'macs' });
      lab.run(STEPS);
      expect(lab.disagreements, `seed ${seed}`).toEqual([]);
      expect(lab.heal(), `seed ${seed}`).toBe(true);
      expect(lab.disagreements, `seed ${seed}`).toEqual([]);
      lies += lab.counts.get('lie') ?? 0;
      applied += lab.order.length;
    }
    expect(lies).toBeGreaterThan(500);
    expect(applied).toBeGreaterThan(SEEDS);
  });
});
