/** The lock service, its resource, and its clients. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Digest, RandomChoices, type Plain } from '../../src/kernel/index.js';
import {
  createWorkload,
  LOCK,
  LockService,
  makeCommand,
  parseLockSettings,
  type LockOperation,
} from '../../src/services/index.js';
import { DEFAULTS } from './client-world.js';

const SETTINGS = { locks: 2, leaseMicros: 100 };

/** Operations of clients at times of the log, one after another. */
function locks(settings = SETTINGS) {
  const service = new LockService(settings);
  let sequence = 0;
  const ask = (client: number, time: number, input: LockOperation): Plain =>
    service.apply(makeCommand(client, ++sequence, input), time);
  return {
    service,
    acquire: (client: number, time: number) => ask(client, time, { op: 'acquire', lock: 0 }),
    release: (client: number, time: number, token: number) =>
      ask(client, time, { op: 'release', lock: 0, token }),
    write: (client: number, time: number, token: number, value = 'x') =>
      ask(client, time, { op: 'write', lock: 0, token, value }),
    read: (time: number) => ask(5, time, { op: 'read', lock: 0 }),
  };
}

test('lock: nobody acquires what another holds, until it is released', () => {
  const { acquire, release } = locks();
  expect(acquire(5, 0)).toEqual({ token: 1, at: 0, until: 100 });
  expect(acquire(6, 10)).toEqual({ held: 1, at: 10, until: 100 });
  expect(release(6, 20, 0)).toEqual({ released: false });
  expect(release(5, 20, 1)).toEqual({ released: true });
  expect(release(5, 20, 1)).toEqual({ released: false });
  expect(acquire(6, 30)).toEqual({ token: 2, at: 30, until: 130 });
});

test('lock: a holder that asks again keeps its token for another lease; after its end it gets a new one', () => {
  const { acquire } = locks();
  expect(acquire(5, 0)).toEqual({ token: 1, at: 0, until: 100 });
  expect(acquire(5, 99)).toEqual({ token: 1, at: 99, until: 199 });
  expect(acquire(5, 199)).toEqual({ token: 2, at: 199, until: 299 });
});

test('lock: a lease ends by the time of the log, and the late holder is fenced off at the resource', () => {
  const { acquire, write, read } = locks();
  acquire(5, 0);
  expect(acquire(6, 99)).toEqual({ held: 1, at: 99, until: 100 });
  expect(write(5, 150, 1, 'late, but nobody came')).toEqual({ ok: true });
  expect(acquire(6, 150)).toEqual({ token: 2, at: 150, until: 250 });
  expect(write(5, 151, 1, 'too late')).toEqual({ ok: true }); // the resource has not heard of token 2
  expect(write(6, 152, 2, 'new')).toEqual({ ok: true });
  expect(write(5, 153, 1, 'too late')).toEqual({ refused: 2 });
  expect(read(154)).toEqual({ value: 'new', token: 2 });
});

test('lock: without leases a lock is held until it is released, however late', () => {
  const { acquire, release } = locks({ locks: 1, leaseMicros: 0 });
  expect(acquire(5, 0)).toEqual({ token: 1, at: 0, until: 0 });
  expect(acquire(6, 1_000_000)).toEqual({ held: 1, at: 1_000_000, until: 0 });
  expect(acquire(5, 2_000_000)).toEqual({ token: 1, at: 2_000_000, until: 2_000_000 });
  release(5, 2_000_000, 1);
  expect(acquire(6, 2_000_000)).toMatchObject({ token: 2 });
});

const step = fc.record({
  client: fc.integer({ min: 5, max: 7 }),
  wait: fc.nat(80),
  input: fc.oneof(
    fc.record({ op: fc.constant('acquire' as const), lock: fc.nat(1) }),
    fc.record({
      op: fc.constant('release' as const),
      lock: fc.nat(1),
      token: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({
      op: fc.constant('write' as const),
      lock: fc.nat(1),
      token: fc.integer({ min: 1, max: 4 }),
      value: fc.constantFrom('x', 'y'),
    }),
    fc.record({ op: fc.constant('read' as const), lock: fc.nat(1) }),
  ),
});

test('lock: a copy goes on as the original, through snapshot, restore and clone', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.nat(30), (steps, cut) => {
      const straight = new LockService(SETTINGS);
      let copies = [new LockService(SETTINGS)];
      let time = 0;
      steps.forEach(({ client, wait, input }, i) => {
        time += wait;
        if (i === cut) {
          const [source] = copies as [LockService];
          const restored = new LockService(SETTINGS);
          restored.restore(source.snapshot());
          copies = [restored, source.clone()];
        }
        const command = makeCommand(client, i + 1, input);
        const answer = straight.apply(command, time);
        for (const copy of copies) expect(copy.apply(command, time)).toEqual(answer);
      });
      for (const copy of copies) expect(copy.digest()).toBe(straight.digest());
    }),
  );
});

test('lock: at any time of the log at most one client can acquire, and tokens only grow', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const service = new LockService(SETTINGS);
      let time = 0;
      const highest = [0, 0];
      const fences = [0, 0];
      steps.forEach(({ client, wait, input }, i) => {
        time += wait;
        const { lock } = input;
        const answer = service.apply(makeCommand(client, i + 1, input), time) as {
          readonly token?: number;
          readonly ok?: boolean;
        };
        if (input.op === 'acquire' && answer.token !== undefined) {
          expect(answer.token).toBeGreaterThanOrEqual(highest[lock] as number);
          highest[lock] = answer.token;
          for (const other of [5, 6, 7].filter((one) => one !== client)) {
            const late = service.clone().apply(makeCommand(other, 1_000, { op: 'acquire', lock }), time + 99);
            expect(late).toMatchObject({ held: answer.token });
          }
        }
        if (input.op === 'write' && answer.ok === true) {
          expect(input.token).toBeGreaterThanOrEqual(fences[lock] as number);
          fences[lock] = input.token;
        }
      });
    }),
  );
});

test('lock: what is no operation of it is malformed', () => {
  const service = new LockService(SETTINGS);
  const wrong: Plain[] = [
    null,
    {},
    { op: 'acquire' },
    { op: 'acquire', lock: 2 },
    { op: 'acquire', lock: '0' },
    { op: 'release', lock: 0 },
    { op: 'write', lock: 0, token: 1 },
    { op: 'write', lock: 0, token: 1, value: 'x'.repeat(2000) },
    { op: 'steal', lock: 0, token: 1 },
  ];
  for (const input of wrong)
    expect(service.apply(makeCommand(5, 1, input), 0)).toEqual({ error: 'malformed' });
  expect(service.query(makeCommand(5, 1, { op: 'read', lock: 0 }))).toEqual({ value: null, token: 0 });
  expect(service.query(makeCommand(5, 1, { op: 'acquire', lock: 0 }))).toBeUndefined();
});

test('lock: settings are read once, and a slip is told', () => {
  expect(parseLockSettings({})).toEqual({ locks: 4, leaseMicros: 1_000_000 });
  expect(parseLockSettings({ lease: 'never' }).leaseMicros).toBe(0);
  expect(() => parseLockSettings({ lease: '0s' })).toThrow(
    /service\.settings\.lease: expected a duration above 0/,
  );
  expect(() => parseLockSettings({ leese: '1s' })).toThrow(/unknown lock setting/);
});

test('lock: a client writes and releases with the token that it was given, until the resource refuses it', () => {
  const mix = { acquire: 0, write: 1, release: 0, read: 0 };
  const settings = { locks: 1, lease: '1s' };
  const source = createWorkload({ name: 'lock', settings }, { ...DEFAULTS, mix }).createSource(5, 0);
  const choices = new RandomChoices('lock', new Digest());
  const next = (sequence: number) => source.next(choices, sequence) as unknown as LockOperation;
  const first = next(1);
  expect(first).toEqual({ op: 'acquire', lock: 0 });
  source.observe(source.keyIndex, first, { held: 3, at: 0, until: 1 });
  expect(next(2).op).toBe('acquire');
  source.observe(source.keyIndex, first, { token: 7, at: 0, until: 1 });
  const write = next(3);
  expect(write).toEqual({ op: 'write', lock: 0, token: 7, value: 'c5.3' });
  source.observe(source.keyIndex, write, { ok: true });
  expect(source.clone().next(choices, 4)).toMatchObject({ op: 'write', token: 7 });
  source.observe(source.keyIndex, write, { refused: 9 });
  expect(next(5).op).toBe('acquire');
  expect(LOCK.operations).toEqual({ acquire: 30, write: 40, release: 20, read: 10 });
});
