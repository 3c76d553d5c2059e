// Random fault plans for clusters of any size, over every verb.

import fc from 'fast-check';

import type { FaultAction, FaultPlan, Selector } from '../../src/faults/index.js';
import type { LinkConfig } from '../../src/world/config.js';

export const BAD_LINK: LinkConfig = {
  delay: { kind: 'constant', micros: 90_000 },
  loss: { numerator: 1, denominator: 2 },
  duplicate: { numerator: 0, denominator: 1 },
  corrupt: { numerator: 0, denominator: 1 },
  bandwidthBytesPerSecond: 0,
  queueBytes: 0,
  ordered: false,
};

const level = fc.constantFrom<'region' | 'zone' | 'rack'>('region', 'zone', 'rack');

export function selectors(servers: number): fc.Arbitrary<Selector> {
  return fc.oneof(
    fc.uniqueArray(fc.integer({ min: 0, max: servers - 1 }), { minLength: 1 }).map((nodes): Selector => {
      return { kind: 'nodes', nodes };
    }),
    fc.constantFrom<Selector>(
      { kind: 'leader' },
      { kind: 'followers' },
      { kind: 'minority' },
      { kind: 'all' },
      { kind: 'domain', level: 'region', name: 'eu' },
    ),
    fc.integer({ min: 1, max: servers }).map((count): Selector => ({ kind: 'random', count })),
    level.map((value): Selector => ({ kind: 'random-domain', level: value })),
  );
}

/** Actions that last, each of which can end by itself. */
export function lastingActions(servers: number): fc.Arbitrary<FaultAction> {
  const on = selectors(servers);
  const of = (make: (on: Selector) => FaultAction): fc.Arbitrary<FaultAction> => on.map(make);
  return fc.oneof(
    of((on) => ({ do: 'crash', on })),
    of((on) => ({ do: 'pause', on })),
    of((on) => ({ do: 'slow-cpu', on, serviceMicros: 700 })),
    fc.array(on, { minLength: 2, maxLength: 3 }).map((groups): FaultAction => ({ do: 'partition', groups })),
    fc.constantFrom<FaultAction>({ do: 'random-partition' }, { do: 'majority-ring' }),
    fc
      .tuple(on, fc.constantFrom<'both' | 'inbound' | 'outbound'>('both', 'inbound', 'outbound'))
      .map(([on, direction]): FaultAction => ({ do: 'isolate', on, direction })),
    of((bridge) => ({ do: 'bridge', bridge })),
    of((on) => ({ do: 'flap', on, upMicros: 70_000, downMicros: 110_000 })),
    fc.tuple(on, on).map(([from, to]): FaultAction => ({ do: 'degrade', from, to, link: BAD_LINK })),
    of((on) => ({ do: 'slow-disk', on, factor: 20 })),
    of((on) => ({ do: 'full-disk', on })),
    of((on) => ({ do: 'lying-sync', on })),
    of((on) => ({ do: 'rollback', on })),
    of((on) => ({ do: 'wipe', on })),
    of((on) => ({ do: 'lose-disk', on })),
    of((on) => ({ do: 'clock-drift', on, ppm: 900 })),
  );
}

/** Every action of the catalogue. */
export function actions(servers: number): fc.Arbitrary<FaultAction> {
  const on = selectors(servers);
  return fc.oneof(
    { weight: 3, arbitrary: lastingActions(servers) },
    {
      weight: 2,
      arbitrary: fc.oneof(
        on.map((on): FaultAction => ({ do: 'restart', on })),
        on.map((on): FaultAction => ({ do: 'resume', on })),
        on.map((on): FaultAction => ({ do: 'fail-sync', on })),
        on.map((on): FaultAction => ({ do: 'bit-rot', on })),
        on.map((on): FaultAction => ({ do: 'lost-write', on })),
        on.map((on): FaultAction => ({ do: 'clock-jump', on, byMicros: -40_000 })),
        fc.constant<FaultAction>({ do: 'heal' }),
      ),
    },
  );
}

const micros = (max: number): fc.Arbitrary<number> => fc.integer({ min: 0, max });

/** Plans whose explicit entries strike before 3 s, and whose random faults come every 0 … 1 s. */
export function plans(
  servers: number,
  action: fc.Arbitrary<FaultAction> = actions(servers),
  isEndless = true,
): fc.Arbitrary<FaultPlan> {
  const lasting = micros(1_500_000);
  const scheduled = fc.record({
    atMicros: micros(3_000_000),
    forMicros: isEndless ? fc.option(lasting, { nil: undefined }) : lasting,
    action,
  });
  const random = fc
    .tuple(micros(500_000), micros(500_000), micros(500_000), micros(500_000), action)
    .map(([gap, moreGap, length, moreLength, action]) => ({
      everyMinMicros: gap,
      everyMaxMicros: gap + moreGap,
      forMinMicros: length,
      forMaxMicros: length + moreLength,
      action,
    }));
  return fc
    .record({
      schedule: fc.array(scheduled, { maxLength: 8 }),
      random: fc.array(random, { maxLength: isEndless ? 4 : 0 }),
      damagedDiskBudget: fc.integer({ min: 0, max: servers }),
    })
    .map((plan) => ({
      schedule: plan.schedule.map((fault, i) => ({ id: `schedule.${i}`, ...fault })),
      random: plan.random.map((fault, i) => ({ id: `random.${i}`, ...fault })),
      byzantine: [],
      damagedDiskBudget: plan.damagedDiskBudget,
    }));
}
