import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { selectProcesses, type Draw, type Selector } from '../../src/faults/index.js';
import { RandomStream } from '../../src/kernel/index.js';
import { selectors } from './arbitrary-plans.js';

const SERVERS = 5;
const ZONES = ['a', 'b', 'c', 'a', 'b'];
const electorate = (leader: number) => ({
  servers: SERVERS,
  topology: {
    locations: ZONES.map((zone) => ({ region: zone === 'c' ? 'us' : 'eu', zone, rack: 'r' })),
    delays: [],
  },
  leader: () => leader,
});
const byDefault: Draw = (_what, _min, _max, value) => value;
const seeded = (seed: string): Draw => {
  const stream = RandomStream.derive(seed, 'test');
  return (_what, min, max) => stream.integer(min, max);
};
const everybody = (): boolean => true;
const pick = (selector: Selector, leader = 2, draw = byDefault): number[] =>
  selectProcesses(selector, electorate(leader), everybody, draw);

describe('selectors', () => {
  test('named servers, leader, followers, all and domains are found as they are', () => {
    expect(pick({ kind: 'nodes', nodes: [3, 1, 3] })).toEqual([1, 3]);
    expect(pick({ kind: 'leader' })).toEqual([2]);
    expect(pick({ kind: 'followers' })).toEqual([0, 1, 3, 4]);
    expect(pick({ kind: 'all' })).toEqual([0, 1, 2, 3, 4]);
    expect(pick({ kind: 'domain', level: 'zone', name: 'b' })).toEqual([1, 4]);
    expect(pick({ kind: 'domain', level: 'region', name: 'us' })).toEqual([2]);
    expect(pick({ kind: 'domain', level: 'region', name: 'mars' })).toEqual([]);
  });

  test('without a leader there is neither leader nor follower', () => {
    expect(pick({ kind: 'leader' }, -1)).toEqual([]);
    expect(pick({ kind: 'followers' }, -1)).toEqual([]);
  });

  test('the server that is drawn is the one that is picked', () => {
    const draw: Draw = (what) => (what === 'victim' ? 3 : 1);
    expect(pick({ kind: 'random', count: 1 }, -1, draw)).toEqual([3]);
    expect(pick({ kind: 'minority' }, -1, draw)).toEqual([3]);
  });

  test('a drawn server that is not eligible is replaced by the next one by number', () => {
    const draw: Draw = (what) => (what === 'victim' ? 3 : 1);
    const isEligible = (server: number): boolean => server !== 3 && server !== 4;
    const selector: Selector = { kind: 'random', count: 2 };
    expect(selectProcesses(selector, electorate(-1), isEligible, draw)).toEqual([0, 1]);
  });

  test('chance never picks anyone who is not eligible, nor anyone twice; equal draws give equal picks', () => {
    fc.assert(
      fc.property(
        selectors(SERVERS),
        fc.string(),
        fc.subarray([0, 1, 2, 3, 4]),
        (selector, seed, eligible) => {
          const isEligible = (server: number): boolean => eligible.includes(server);
          const found = selectProcesses(selector, electorate(1), isEligible, seeded(seed));
          expect(found).toEqual([...new Set(found)].sort((a, b) => a - b));
          expect(selectProcesses(selector, electorate(1), isEligible, seeded(seed))).toEqual(found);
          if (selector.kind === 'random')
            expect(found).toHaveLength(Math.min(selector.count, eligible.length));
          if (selector.kind === 'minority') expect(found.length).toBeLessThan(SERVERS / 2);
          if (selector.kind === 'random' || selector.kind === 'minority') {
            expect(found.every(isEligible)).toBe(true);
          }
        },
      ),
    );
  });

  test('a random domain is a whole one', () => {
    const zones = new Set<string>();
    for (let i = 0; i < 40; i++) {
      zones.add(pick({ kind: 'random-domain', level: 'zone' }, -1, seeded(`${i}`)).join());
    }
    expect([...zones].sort((a, b) => (a < b ? -1 : 1))).toEqual(['0,3', '1,4', '2']);
  });

  test('two servers have no minority', () => {
    const two = { servers: 2, topology: { locations: [], delays: [] }, leader: () => 0 };
    expect(selectProcesses({ kind: 'minority' }, two, everybody, byDefault)).toEqual([]);
  });
});
