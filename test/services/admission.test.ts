/** Admission control at a door, and capabilities. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  Admission,
  Authority,
  purposeOf,
  type AdmissionConfig,
  type Capability,
} from '../../src/services/index.js';

const LIMITS: AdmissionConfig = {
  ratePerSecond: 0,
  burst: 4,
  inFlight: 0,
  holdMicros: 1_000,
  brownOutPercent: 100,
};
const SECOND = 1_000_000;

test('admission: a bucket lets in its depth at once, and then what time earns', () => {
  const door = new Admission({ ...LIMITS, ratePerSecond: 10 });
  const ask = (sequence: number, now: number) => door.judge(7, sequence, 'normal', now);
  for (let sequence = 1; sequence <= 4; sequence++) expect(ask(sequence, 0)).toBeUndefined();
  expect(ask(5, 0)).toBe('admission-rate');
  expect(ask(5, 99_999)).toBe('admission-rate');
  expect(ask(5, 100_000)).toBeUndefined();
  expect(ask(6, 100_000)).toBe('admission-rate');
  for (let sequence = 6; sequence <= 9; sequence++) expect(ask(sequence, 9 * SECOND)).toBeUndefined();
  expect(ask(10, 9 * SECOND)).toBe('admission-rate');
});

test('admission: what is in flight counts until it is answered, a retry of it not again', () => {
  const door = new Admission({ ...LIMITS, inFlight: 2 });
  expect(door.judge(7, 1, 'normal', 0)).toBeUndefined();
  expect(door.judge(8, 1, 'normal', 0)).toBeUndefined();
  expect(door.judge(7, 1, 'normal', 1)).toBeUndefined();
  expect(door.judge(7, 2, 'normal', 1)).toBe('admission-in-flight');
  door.answered(8, 1);
  door.answered(8, 1);
  expect(door.judge(7, 2, 'normal', 2)).toBeUndefined();
  expect(door.judge(7, 3, 'normal', 2)).toBe('admission-in-flight');
});

test('admission: what is never answered closes the door for a while only', () => {
  const door = new Admission({ ...LIMITS, inFlight: 1 });
  expect(door.judge(7, 1, 'normal', 0)).toBeUndefined();
  expect(door.judge(7, 2, 'normal', 999)).toBe('admission-in-flight');
  expect(door.judge(7, 2, 'normal', 1_000)).toBeUndefined();
  door.reset(1_001);
  expect(door.judge(7, 3, 'normal', 1_001)).toBeUndefined();
});

test('admission: optional requests are turned away first, operators never', () => {
  const door = new Admission({ ...LIMITS, inFlight: 4, brownOutPercent: 50 });
  expect(door.judge(7, 1, 'optional', 0)).toBeUndefined();
  expect(door.judge(7, 2, 'normal', 0)).toBeUndefined();
  expect(door.judge(7, 3, 'optional', 0)).toBe('brown-out');
  expect(door.judge(7, 4, 'normal', 0)).toBeUndefined();
  expect(door.judge(7, 5, 'normal', 0)).toBeUndefined();
  expect(door.judge(7, 6, 'normal', 0)).toBe('admission-in-flight');
  for (let sequence = 7; sequence < 50; sequence++)
    expect(door.judge(99, sequence, 'operator', 0)).toBeUndefined();
  const tokens = new Admission({ ...LIMITS, ratePerSecond: 1, brownOutPercent: 50 });
  expect(tokens.judge(7, 1, 'normal', 0)).toBeUndefined();
  expect(tokens.judge(7, 2, 'optional', 0)).toBeUndefined();
  expect(tokens.judge(7, 3, 'normal', 0)).toBeUndefined();
  expect(tokens.judge(7, 4, 'optional', 0)).toBe('brown-out');
  expect(tokens.judge(7, 5, 'normal', 0)).toBeUndefined();
});

const step = fc.record({
  wait: fc.nat(400),
  client: fc.integer({ min: 7, max: 9 }),
  sequence: fc.integer({ min: 1, max: 8 }),
  isAnswer: fc.boolean(),
  rank: fc.constantFrom('normal' as const, 'optional' as const),
});

test('admission: the counts are those of a list that is gone through each time', () => {
  const limits = fc.record({
    ratePerSecond: fc.constantFrom(0, 500, 20_000),
    burst: fc.integer({ min: 1, max: 5 }),
    inFlight: fc.nat(4),
    holdMicros: fc.constantFrom(300, 1_000),
    brownOutPercent: fc.constantFrom(25, 60, 100),
  });
  fc.assert(
    fc.property(limits, fc.array(step, { maxLength: 60 }), fc.nat(60), (config, steps, cut) => {
      const door = new Admission(config);
      let copy = door.clone();
      let now = 0;
      let flying: { client: number; sequence: number; since: number }[] = [];
      steps.forEach(({ wait, client, sequence, isAnswer, rank }, i) => {
        now += wait;
        if (i === cut) copy = door.clone();
        const isSame = (one: { client: number; sequence: number }) =>
          one.client === client && one.sequence === sequence;
        if (isAnswer) {
          door.answered(client, sequence);
          if (i >= cut) copy.answered(client, sequence);
          flying = flying.filter((one) => !isSame(one));
          return;
        }
        const reason = door.judge(client, sequence, rank, now);
        if (i >= cut) expect(copy.judge(client, sequence, rank, now)).toBe(reason);
        flying = flying.filter((one) => now - one.since < config.holdMicros);
        const isNew = !flying.some(isSame);
        if (reason === 'admission-in-flight') expect(flying.length).toBe(config.inFlight);
        if (reason === 'brown-out') expect(rank).toBe('optional');
        if (reason !== undefined) return;
        if (config.inFlight > 0 && isNew) flying.push({ client, sequence, since: now });
        if (config.inFlight > 0) expect(flying.length).toBeLessThanOrEqual(config.inFlight);
      });
      const encoded = door.encode() as { readonly inFlight: readonly unknown[] };
      if (config.inFlight > 0) {
        const last = flying.filter((one) => now - one.since < config.holdMicros);
        expect(encoded.inFlight.length).toBeGreaterThanOrEqual(last.length);
      }
    }),
  );
});

test('admission: over any stretch of time no more is let in than the depth and what that time earns', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(3_000), { maxLength: 80 }),
      fc.integer({ min: 1, max: 2_000 }),
      (waits, rate) => {
        const door = new Admission({ ...LIMITS, ratePerSecond: rate });
        let now = 0;
        const times: number[] = [];
        waits.forEach((wait, i) => {
          now += wait;
          if (door.judge(7, i + 1, 'normal', now) === undefined) times.push(now);
        });
        times.forEach((from, i) =>
          times.slice(i).forEach((to, more) => {
            expect(more + 1).toBeLessThanOrEqual(
              LIMITS.burst + Math.floor(((to - from) * rate) / SECOND) + 1,
            );
          }),
        );
      },
    ),
  );
});

const CAPABILITIES: readonly Capability[] = [
  { holders: [5, 6], purposes: ['get'], fromMicros: 0, untilMicros: undefined },
  { holders: [6], purposes: ['put', 'cas'], fromMicros: 100, untilMicros: 200 },
  { holders: [7], purposes: undefined, fromMicros: 0, untilMicros: 300 },
];

test.each([
  [5, 'get', 0, undefined],
  [5, 'put', 150, 'unauthorised'],
  [6, 'get', 1_000, undefined],
  [6, 'put', 99, 'not-yet-valid'],
  [6, 'put', 100, undefined],
  [6, 'cas', 199, undefined],
  [6, 'put', 200, 'expired'],
  [6, 'delete', 150, 'unauthorised'],
  [7, 'anything', 299, undefined],
  [7, 'anything', 300, 'expired'],
  [8, 'get', 0, 'unauthorised'],
] as const)('authority: process %i asking for %s at %i: %s', (process, purpose, now, expected) => {
  expect(new Authority(CAPABILITIES).judge(process, purpose, now)).toBe(expected);
});

test('authority: a later capability counts, whatever an earlier one says', () => {
  const twice: Capability[] = [
    { holders: [5], purposes: ['put'], fromMicros: 0, untilMicros: 10 },
    { holders: [5], purposes: ['put'], fromMicros: 20, untilMicros: 30 },
  ];
  const at = (now: number) => new Authority(twice).judge(5, 'put', now);
  expect([at(0), at(10), at(20), at(30)]).toEqual([undefined, 'not-yet-valid', undefined, 'expired']);
});

test('authority: an input asks for its operation, or an operator for his verb', () => {
  expect(purposeOf({ op: 'put', key: 'k' })).toBe('put');
  expect(purposeOf({ do: 'add-voter' })).toBe('add-voter');
  for (const input of [null, 'put', 3, [], {}, { op: 3 }]) expect(purposeOf(input)).toBe('');
});
