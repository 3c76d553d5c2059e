import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import {
  hasMajorityRing,
  isolationLinks,
  linksBetween,
  majorityRingLinks,
  splitLinks,
  type CutLink,
} from '../../src/faults/index.js';

const upTo = (count: number): number[] => Array.from({ length: count }, (_, process) => process);
const texts = (links: readonly CutLink[]): string[] => links.map(({ from, to }) => `${from}>${to}`);

/** Whom a process reaches both ways, itself included. */
function reachable(process: number, everybody: readonly number[], links: readonly CutLink[]): number[] {
  const cut = new Set(texts(links));
  return everybody.filter((other) => !cut.has(`${process}>${other}`) && !cut.has(`${other}>${process}`));
}

describe('partitions', () => {
  test('a split cuts both ways between groups and nothing within one, or with those in no group', () => {
    const links = splitLinks([
      [0, 1],
      [2, 3],
    ]);
    expect(texts(links)).toEqual(['0>2', '0>3', '1>2', '1>3', '2>0', '2>1', '3>0', '3>1']);
    expect(reachable(4, upTo(6), links)).toEqual(upTo(6));
  });

  test('who is in several groups counts for the first', () => {
    expect(texts(splitLinks([[1], [0, 1, 2]]))).toEqual(['0>1', '1>0', '1>2', '2>1']);
  });

  test('an isolation cuts off from everybody, and leaves the links among the isolated', () => {
    const links = isolationLinks([0, 1], upTo(4), 'both');
    expect(reachable(0, upTo(4), links)).toEqual([0, 1]);
    expect(reachable(3, upTo(4), links)).toEqual([2, 3]);
  });

  test('a one-way isolation is asymmetric: inbound and outbound are each the other reversed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(), (count, choice) => {
        const selected = [choice % count];
        const inbound = isolationLinks(selected, upTo(count), 'inbound');
        const outbound = isolationLinks(selected, upTo(count), 'outbound');
        expect(inbound.every(({ to }) => selected.includes(to))).toBe(true);
        const reversed = inbound.map(({ from, to }) => ({ from: to, to: from }));
        expect(texts(reversed).sort((a, b) => (a < b ? -1 : 1))).toEqual(texts(outbound));
        expect(inbound).toHaveLength(count - 1);
      }),
    );
  });

  test('a majority ring: every server reaches a majority, no two of them the same one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 15 }), fc.infiniteStream(fc.nat()), (count, stream) => {
        const left = upTo(count);
        const ring: number[] = [];
        while (left.length > 0) {
          ring.push(...left.splice((stream.next().value as number) % left.length, 1));
        }
        const links = majorityRingLinks(ring);
        const sets = ring.map((server) => reachable(server, upTo(count), links));
        for (const set of sets) expect(set.length).toBeGreaterThan(count / 2);
        expect(new Set(sets.map((set) => set.join())).size).toBe(count);
      }),
    );
  });

  test('a majority ring needs three servers', () => {
    expect([1, 2, 3, 4].map(hasMajorityRing)).toEqual([false, false, true, true]);
    expect(majorityRingLinks([0, 1])).toEqual([]);
  });

  test('links between overlapping groups are listed once, in ascending order', () => {
    expect(texts(linksBetween([1, 0], [1, 2]))).toEqual(['0>1', '0>2', '1>0', '1>2', '2>0', '2>1']);
  });
});
