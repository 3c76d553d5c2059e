import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Digest, RandomChoices } from '../../src/kernel/index.js';
import { Network, type LinkConfig, type Topology } from '../../src/world/index.js';

const never = { numerator: 0, denominator: 1 };
const quiet: LinkConfig = {
  delay: { kind: 'constant', micros: 1000 },
  loss: never,
  duplicate: never,
  corrupt: never,
  bandwidthBytesPerSecond: 0,
  queueBytes: 0,
  ordered: false,
};
const nowhere: Topology = { locations: [], delays: [] };

function create(link: LinkConfig, topology = nowhere, processes = 4): Network {
  const choices = new RandomChoices('seed', new Digest());
  return Network.create({ link, overrides: [] }, topology, processes, choices);
}

function arrivals(network: Network, count: number, from = 0, to = 1): [number, number][] {
  return Array.from({ length: count }, (_, i) => {
    network.send(i * 10, from, to, 'Ping', i, 100);
    return [network.firstArrival, network.secondArrival];
  });
}

describe('network', () => {
  it('delivers after the delay when nothing is wrong', () => {
    expect(arrivals(create(quiet), 3)).toEqual([
      [1000, -1],
      [1010, -1],
      [1020, -1],
    ]);
  });

  it('loses, corrupts and duplicates in the ratios that it was given', () => {
    const tenth = { numerator: 1, denominator: 10 };
    const network = create({ ...quiet, loss: tenth, corrupt: tenth, duplicate: tenth });
    arrivals(network, 10_000);
    const { lost, corrupted, duplicated } = network.statistics;
    for (const count of [lost, corrupted, duplicated]) {
      expect(count).toBeGreaterThan(880);
      expect(count).toBeLessThan(1120);
    }
  });

  it('reorders when delays vary, and not on an ordered link', () => {
    const delay = { kind: 'uniform', minMicros: 100, maxMicros: 5000 } as const;
    const isSorted = (list: [number, number][]): boolean =>
      list.every(([at], i) => i === 0 || at >= (list[i - 1]?.[0] ?? 0));
    expect(isSorted(arrivals(create({ ...quiet, delay }), 100))).toBe(false);
    expect(isSorted(arrivals(create({ ...quiet, delay, ordered: true }), 100))).toBe(true);
  });

  it('queues behind a limited bandwidth and drops what the queue cannot hold', () => {
    const network = create({ ...quiet, bandwidthBytesPerSecond: 10_000, queueBytes: 350 });
    const times = Array.from({ length: 5 }, (_, i) => {
      network.send(0, 0, 1, 'Ping', i, 100);
      return network.firstArrival;
    });
    expect(times).toEqual([11_000, 21_000, 31_000, -1, -1]);
    expect(network.statistics.overflowed).toBe(2);
  });

  it('adds the extra delay between places, in both directions', () => {
    const place = (region: string) => ({ region, zone: `${region}-1`, rack: `${region}-1-1` });
    const topology: Topology = {
      locations: [place('eu'), place('us'), place('eu'), place('us')],
      delays: [{ from: 'eu', to: 'us', extraMicros: 40_000 }],
    };
    const network = create(quiet, topology);
    expect(arrivals(network, 1, 0, 1)[0]?.[0]).toBe(41_000);
    expect(arrivals(network, 1, 1, 0)[0]?.[0]).toBe(41_000);
    expect(arrivals(network, 1, 0, 2)[0]?.[0]).toBe(1000);
  });

  it('a one-way block cuts one direction only', () => {
    const network = create(quiet);
    network.block('f', 0, 1);
    expect(arrivals(network, 1, 0, 1)).toEqual([[-1, -1]]);
    expect(arrivals(network, 1, 1, 0)).toEqual([[1000, -1]]);
  });

  const link = fc.tuple(fc.nat(3), fc.nat(3));
  const change = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.boolean(), fc.array(link, { maxLength: 6 }));

  it('a link is open exactly when no owner blocks it, and healing leaves nothing behind', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), (changes) => {
        const network = create(quiet);
        const model = new Map<string, Set<string>>();
        for (const [owner, isBlock, links] of changes) {
          if (isBlock) {
            const held = model.get(owner) ?? new Set<string>();
            model.set(owner, held);
            for (const [from, to] of links) {
              network.block(owner, from, to);
              if (from !== to) held.add(`${from}>${to}`);
            }
          } else {
            network.unblock(owner);
            model.delete(owner);
          }
        }
        for (let from = 0; from < 4; from++) {
          for (let to = 0; to < 4; to++) {
            const expected = [...model.values()].some((held) => held.has(`${from}>${to}`));
            expect(network.isBlocked(from, to)).toBe(expected);
          }
        }
        network.healAll();
        for (let from = 0; from < 4; from++) {
          for (let to = 0; to < 4; to++) expect(network.isBlocked(from, to)).toBe(false);
        }
      }),
    );
  });

  it('overrides stack, the latest wins, and the original comes back', () => {
    const network = create(quiet);
    const slow = (micros: number): LinkConfig => ({ ...quiet, delay: { kind: 'constant', micros } });
    const delay = (): number | undefined => arrivals(network, 1)[0]?.[0];
    network.override('a', 0, 1, slow(5000));
    network.override('b', 0, 1, slow(7000));
    expect(delay()).toBe(7000);
    network.restore('b');
    expect(delay()).toBe(5000);
    network.restore('a');
    expect(delay()).toBe(1000);
  });

  it('a clone has its own blocks and queues', () => {
    const network = create(quiet);
    network.block('f', 0, 1);
    const copy = network.clone(new RandomChoices('seed', new Digest()));
    copy.unblock('f');
    expect(network.isBlocked(0, 1)).toBe(true);
    expect(copy.isBlocked(0, 1)).toBe(false);
  });
});
