import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Nemesis, type FaultAction, type FaultPlan, type LinkControl } from '../../src/faults/index.js';
import {
  DecisionIndex,
  Digest,
  EditedChoices,
  RandomChoices,
  RecordedChoices,
  RecordingChoices,
  canonical,
  type Choices,
  type Decision,
} from '../../src/kernel/index.js';
import type { Network } from '../../src/world/network.js';
import { BAD_LINK, lastingActions, plans } from './arbitrary-plans.js';
import { RecordingWorld } from './recording-world.js';

const SECOND = 1_000_000;
const HEAL = 5 * SECOND;

/** The world's network is what the nemesis controls (checked by the compiler). */
export const asLinkControl = (network: Network): LinkControl => network;

/** Entries `[at, for, action]` in seconds. */
function schedule(...entries: readonly (readonly [number, number | undefined, FaultAction])[]): FaultPlan {
  return {
    schedule: entries.map(([at, lasts, action], i) => ({
      id: `schedule.${i}`,
      atMicros: at * SECOND,
      forMicros: lasts === undefined ? undefined : lasts * SECOND,
      action,
    })),
    random: [],
    byzantine: [],
    damagedDiskBudget: 2,
  };
}

/** One random fault every second, half a second long. */
function everySecond(action: FaultAction): FaultPlan {
  return {
    schedule: [],
    random: [
      {
        id: 'random.0',
        everyMinMicros: 900_000,
        everyMaxMicros: 1_100_000,
        forMinMicros: 400_000,
        forMaxMicros: 600_000,
        action,
      },
    ],
    byzantine: [],
    damagedDiskBudget: 1,
  };
}

function begin(plan: FaultPlan, world: RecordingWorld, healAt = HEAL): Nemesis {
  const nemesis = new Nemesis(plan, world, healAt);
  nemesis.start();
  return nemesis;
}

const random = (seed: string): Choices => new RandomChoices(seed, new Digest());
const node = (...nodes: number[]) => ({ kind: 'nodes', nodes }) as const;

describe('nemesis: processes', () => {
  test('a server that two faults hold down restarts when the last one ends', () => {
    const world = new RecordingWorld({ servers: 3 });
    const plan = schedule([1, 2, { do: 'crash', on: node(0) }], [2, 2, { do: 'wipe', on: node(0) }]);
    const nemesis = begin(plan, world);
    world.run(nemesis, 3.5 * SECOND);
    expect(world.down()).toEqual([0]);
    expect(nemesis.holdsDown(0)).toBe(true);
    world.run(nemesis, 4.5 * SECOND);
    expect(world.down()).toEqual([]);
    expect(world.notes).toEqual([
      'power fails on n1 (schedule.0)',
      'power fails on n1, and the disk is empty (schedule.1)',
      'another fault still holds n1 (schedule.0)',
      'n1 restarts (schedule.1)',
    ]);
    expect(world.disks[0]?.durableRecords('log')).toEqual([]);
  });

  test('a restart starts a server whichever faults hold it, and their ends come to nothing', () => {
    const world = new RecordingWorld({ servers: 3 });
    const plan = schedule(
      [1, 3, { do: 'crash', on: node(0, 1) }],
      [2, undefined, { do: 'restart', on: node(0) }],
      [3, undefined, { do: 'restart', on: node(0) }],
    );
    const nemesis = begin(plan, world);
    world.run(nemesis, 2.5 * SECOND);
    expect(world.down()).toEqual([1]);
    world.run(nemesis, 4.5 * SECOND);
    expect(world.notes).toEqual([
      'power fails on n1 and n2 (schedule.0)',
      'n1 restarts (schedule.1)',
      'n1: there is nothing to restart (schedule.2)',
      'n2 restarts (schedule.0)',
    ]);
  });

  test('a paused server that crashes and restarts stands still until its pause ends', () => {
    const world = new RecordingWorld({ servers: 3 });
    const plan = schedule([1, 3, { do: 'pause', on: node(2) }], [2, 1, { do: 'crash', on: node(2) }]);
    world.run(begin(plan, world), HEAL);
    expect(world.log.filter((line) => /^\d+ (crash|restart|pause|resume)/.test(line))).toEqual([
      '1000000 pause 2',
      '2000000 crash 2',
      '3000000 restart 2',
      '3000000 pause 2',
      '4000000 resume 2',
    ]);
  });

  test('of two slow-downs the later one counts, then the earlier one again, then the configured speed', () => {
    const world = new RecordingWorld({ servers: 3 });
    const plan = schedule(
      [1, 3, { do: 'slow-cpu', on: node(0), serviceMicros: 100 }],
      [2, 1, { do: 'slow-cpu', on: node(0), serviceMicros: 900 }],
    );
    const nemesis = begin(plan, world);
    const speeds = [1, 2, 3, 4].map((at) => {
      world.run(nemesis, at * SECOND);
      return world.service[0];
    });
    expect(speeds).toEqual([100, 900, 100, world.serviceMicros]);
  });

  test('a fault that finds nobody is skipped and says so', () => {
    const world = new RecordingWorld({ servers: 3 });
    const plan = schedule(
      [1, 1, { do: 'crash', on: { kind: 'leader' } }],
      [2, undefined, { do: 'crash', on: node(0, 1, 2) }],
      [3, 1, { do: 'pause', on: { kind: 'random', count: 2 } }],
    );
    world.run(begin(plan, world), 4 * SECOND);
    expect(world.notes).toEqual([
      'crash is skipped: there is no leader (schedule.0)',
      'power fails on n1, n2 and n3 (schedule.1)',
      'pause is skipped: there is nobody to strike (schedule.2)',
    ]);
  });
});

describe('nemesis: links', () => {
  test('a partition leaves clients alone, an isolation cuts them off too', () => {
    const world = new RecordingWorld({ servers: 3, clients: 1 });
    world.leaderNow = 1;
    const plan = schedule(
      [1, 1, { do: 'partition', groups: [{ kind: 'leader' }, { kind: 'all' }] }],
      [3, 1, { do: 'isolate', on: { kind: 'leader' }, direction: 'inbound' }],
    );
    const nemesis = begin(plan, world);
    world.run(nemesis, 1.5 * SECOND);
    expect(world.network.isBlocked(1, 0)).toBe(true);
    expect(world.network.isBlocked(0, 2)).toBe(false);
    expect(world.network.isBlocked(3, 1)).toBe(false);
    world.run(nemesis, 2.5 * SECOND);
    expect(world.residue()).toEqual([]);
    world.run(nemesis, 3.5 * SECOND);
    expect(world.network.isBlocked(3, 1)).toBe(true);
    expect(world.network.isBlocked(1, 3)).toBe(false);
  });

  test('a bridge reaches both halves, which do not reach each other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 9 }), fc.string(), fc.nat(), (servers, seed, choice) => {
        const bridge = choice % servers;
        const world = new RecordingWorld({ servers, choices: random(seed) });
        world.run(begin(schedule([1, 1, { do: 'bridge', bridge: node(bridge) }]), world), 1.5 * SECOND);
        const others = [...world.disks.keys()].filter((server) => server !== bridge);
        const reaches = (a: number, b: number): boolean => {
          expect(world.network.isBlocked(a, b)).toBe(world.network.isBlocked(b, a));
          return !world.network.isBlocked(a, b);
        };
        expect(others.every((server) => reaches(server, bridge))).toBe(true);
        const half = others.filter((server) => reaches(others[0] as number, server));
        const rest = others.filter((server) => !half.includes(server));
        expect(Math.abs(half.length - rest.length)).toBeLessThanOrEqual(1);
        for (const a of half) {
          expect(half.every((b) => reaches(a, b))).toBe(true);
          expect(rest.some((b) => reaches(a, b))).toBe(false);
        }
      }),
    );
  });

  test('a flapping server is cut off and back in turns, until the flapping ends', () => {
    const world = new RecordingWorld({ servers: 3 });
    const flap: FaultAction = { do: 'flap', on: node(0), upMicros: 200_000, downMicros: 300_000 };
    const nemesis = begin(schedule([1, 1, flap]), world);
    const states = [1.1, 1.4, 1.6, 1.9, 2.1, 3].map((at) => {
      world.run(nemesis, at * SECOND);
      return world.network.isBlocked(0, 1);
    });
    expect(states).toEqual([true, false, true, false, false, false]);
  });

  test('healing the links ends every network fault and no other, and later ends of theirs do nothing', () => {
    const world = new RecordingWorld({ servers: 5 });
    const plan = schedule(
      [1, 3, { do: 'isolate', on: node(0), direction: 'both' }],
      [1, undefined, { do: 'flap', on: node(1), upMicros: 100_000, downMicros: 100_000 }],
      [1, 3, { do: 'degrade', from: node(0), to: node(1), link: BAD_LINK }],
      [1, 3, { do: 'crash', on: node(2) }],
      [2, undefined, { do: 'heal' }],
    );
    const nemesis = begin(plan, world);
    world.run(nemesis, 1.9 * SECOND);
    expect([...world.network.overrides]).toEqual(['schedule.2/0: 0>1', 'schedule.2/0: 1>0']);
    world.run(nemesis, 2 * SECOND);
    expect(world.residue()).toEqual(['2 is down']);
    const lines = world.notes.length;
    world.run(nemesis, 3.9 * SECOND);
    expect(world.notes.slice(lines)).toEqual([]);
  });
});

describe('nemesis: disks and clocks', () => {
  test('bit rot spares disks beyond the budget, and always leaves an undamaged majority', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        fc.string(),
        (servers, budget, seed) => {
          const world = new RecordingWorld({ servers, choices: random(seed) });
          const plan = schedule([1, undefined, { do: 'bit-rot', on: { kind: 'all' } }]);
          world.run(begin({ ...plan, damagedDiskBudget: budget }, world), 2 * SECOND);
          const damaged = world.disks.filter((disk) => disk.damaged()).length;
          expect(damaged).toBe(Math.min(budget, Math.floor((servers - 1) / 2)));
          expect(servers - damaged).toBeGreaterThan(servers / 2);
        },
      ),
    );
  });

  test('disks are lost within the budget only, and a lost one is blank until its server restarts on it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.integer({ min: 0, max: 7 }),
        fc.boolean(),
        (servers, budget, atOnce) => {
          const world = new RecordingWorld({ servers });
          const plan = atOnce
            ? schedule([1, 1, { do: 'lose-disk', on: { kind: 'all' } }])
            : schedule(
                [1, 1, { do: 'bit-rot', on: node(0) }],
                [2, 1, { do: 'lose-disk', on: { kind: 'all' } }],
              );
          const nemesis = begin({ ...plan, damagedDiskBudget: budget }, world);
          world.run(nemesis, 2.5 * SECOND);
          const most = Math.min(budget, Math.floor((servers - 1) / 2));
          const blank = world.disks.filter((disk) => disk.isBlank()).length;
          expect(blank).toBe(most);
          expect(world.disks.filter((disk) => disk.damaged())).toHaveLength(most);
          expect(world.notes.filter((note) => note.includes('is spared')).length).toBeGreaterThanOrEqual(
            servers - most,
          );
          world.run(nemesis, 3.5 * SECOND);
          expect(world.down()).toEqual([]);
        },
      ),
    );
  });

  test('a rollback crashes its server, brings back an older disk, and restarts it', () => {
    const world = new RecordingWorld({ servers: 3 });
    const nemesis = begin(schedule([2, 1, { do: 'rollback', on: node(1) }]), world);
    // The earlier moment is drawn: write one record before every wake-up, and see one go.
    for (let tenth = 1; tenth < 20; tenth++) {
      world.run(nemesis, (tenth * SECOND) / 10);
      const disk = world.disks[1];
      disk?.append('log', { tenth }, 100);
      disk?.complete(disk.sync('log'));
    }
    const before = world.disks[1]?.durableRecords('log').length ?? 0;
    world.run(nemesis, 2 * SECOND);
    const after = world.disks[1]?.durableRecords('log').length ?? 0;
    expect(after).toBeGreaterThanOrEqual(4);
    expect(after).toBeLessThan(before);
    expect(world.down()).toEqual([1]);
    world.run(nemesis, 3 * SECOND);
    expect(world.notes).toEqual([
      'power fails on n2, and the disk falls back to an earlier moment (schedule.0)',
      'n2 restarts (schedule.0)',
    ]);
  });

  test('after a fault of drift, clocks drift as configured', () => {
    const world = new RecordingWorld({ servers: 3 });
    const nemesis = begin(schedule([1, 1, { do: 'clock-drift', on: { kind: 'all' }, ppm: 500 }]), world);
    world.run(nemesis, SECOND);
    expect(world.clocks.map(({ driftPpm }) => driftPpm)).toEqual([500, 500, 500]);
    world.run(nemesis, 2 * SECOND);
    expect(world.clocks.map(({ driftPpm }) => driftPpm)).toEqual([0, 1, 2]);
  });
});

describe('nemesis: random faults', () => {
  const PAUSE = everySecond({ do: 'pause', on: { kind: 'random', count: 1 } });

  test('they strike again and again, and stop at the heal time', () => {
    for (const seed of ['a', 'b', 'c', 'd']) {
      const world = new RecordingWorld({ servers: 3, choices: random(seed) });
      world.run(begin(PAUSE, world, 60 * SECOND), 120 * SECOND);
      const strikes = world.log.filter((line) => line.includes('stands still'));
      expect(strikes.length).toBeGreaterThan(35);
      expect(strikes.length).toBeLessThan(47);
      expect(Number(world.log.at(-1)?.split(' ')[0])).toBeLessThan(60 * SECOND);
    }
  });

  test('default choices mean no random fault, whatever the plan', () => {
    fc.assert(
      fc.property(plans(5), (plan) => {
        const choices = new RecordedChoices(new DecisionIndex([]), new Digest());
        const world = new RecordingWorld({ servers: 5, choices });
        world.run(begin({ ...plan, schedule: [] }, world), HEAL);
        expect(world.notes).toEqual([]);
      }),
    );
  });

  test('equal choices give equal runs, recorded ones too', () => {
    fc.assert(
      fc.property(plans(5), fc.string(), (plan, seed) => {
        const decisions: Decision[] = [];
        const recording = new RecordingChoices(random(seed), (decision) => decisions.push(decision));
        const first = new RecordingWorld({ servers: 5, choices: recording });
        first.leaderNow = 3;
        first.run(begin(plan, first), HEAL);
        const replaying = new RecordedChoices(new DecisionIndex(decisions), new Digest());
        for (const choices of [random(seed), replaying]) {
          const again = new RecordingWorld({ servers: 5, choices });
          again.leaderNow = 3;
          again.run(begin(plan, again), HEAL);
          expect(again.log).toEqual(first.log);
        }
      }),
    );
  });

  test('taking one strike out of a trace leaves all others as they were', () => {
    const decisions: Decision[] = [];
    const recording = new RecordingChoices(random('seed'), (decision) => decisions.push(decision));
    const whole = new RecordingWorld({ servers: 3, choices: recording });
    whole.run(begin(PAUSE, whole, 20 * SECOND), 20 * SECOND);
    const removed = decisions.findIndex(({ group }) => group.endsWith(':random.0/2:strike'));
    const left = decisions.filter((_, i) => i !== removed);
    const choices = new EditedChoices(new DecisionIndex(left), new Digest());
    const edited = new RecordingWorld({ servers: 3, choices });
    edited.run(begin(PAUSE, edited, 20 * SECOND), 20 * SECOND);
    const sentences = (world: RecordingWorld): string[] => world.log.filter((line) => line.endsWith(')'));
    const expected = sentences(whole);
    expected.splice(4, 2);
    expect(sentences(edited)).toEqual(expected);
  });

  test('a plan without any waiting is slowed down, so that time goes on', () => {
    const plan = everySecond({ do: 'clock-jump', on: node(0), byMicros: 1 });
    const hasty = plan.random.map((fault) => ({ ...fault, everyMinMicros: 0, everyMaxMicros: 0 }));
    const world = new RecordingWorld({ servers: 3 });
    world.run(begin({ ...plan, random: hasty }, world, SECOND), SECOND);
    expect(world.log.filter((line) => line.includes('jump 0')).length).toBe(999);
  });
});

describe('nemesis: the end of it', () => {
  test('after healing nothing is blocked, down, paused, slow or drifting, whatever the plan', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }).chain((n) => fc.tuple(fc.constant(n), plans(n))),
        fc.string(),
        ([servers, plan], seed) => {
          const world = new RecordingWorld({ servers, choices: random(seed) });
          world.leaderNow = servers - 1;
          const nemesis = begin(plan, world);
          world.run(nemesis, HEAL);
          nemesis.healAll();
          expect(world.residue()).toEqual([]);
          const lines = world.log.length;
          nemesis.healAll();
          world.run(nemesis, 2 * HEAL);
          expect(world.log).toHaveLength(lines);
        },
      ),
    );
  });

  test('faults that overlap in any way leave no residue once the last of them has ended', () => {
    fc.assert(
      fc.property(plans(5, lastingActions(5), false), fc.string(), (plan, seed) => {
        const world = new RecordingWorld({ servers: 5, choices: random(seed) });
        world.leaderNow = 0;
        world.run(begin(plan, world, 100 * SECOND), 10 * SECOND);
        expect(world.residue()).toEqual([]);
      }),
    );
  });

  test('a clone goes on as the original does, and neither disturbs the other', () => {
    fc.assert(
      fc.property(plans(5), fc.string(), fc.integer({ min: 0, max: HEAL }), (plan, seed, forkAt) => {
        const world = new RecordingWorld({ servers: 5, choices: random(seed) });
        world.leaderNow = 3;
        const nemesis = begin(plan, world);
        world.run(nemesis, forkAt);
        const otherWorld = world.clone();
        const other = nemesis.clone(otherWorld);
        expect(canonical(other.encode())).toBe(canonical(nemesis.encode()));
        otherWorld.run(other, HEAL);
        world.run(nemesis, HEAL);
        expect(otherWorld.log).toEqual(world.log);
        expect(canonical(other.encode())).toBe(canonical(nemesis.encode()));
      }),
    );
  });
});
