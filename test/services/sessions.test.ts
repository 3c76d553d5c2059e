import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonical, deepFreeze, type Plain, type Result, type StateMachine } from '../../src/kernel/index.js';
import {
  createService,
  isSessionExpired,
  KeyValueStore,
  makeCommand,
  SessionedService,
  type SessionLimits,
} from '../../src/services/index.js';

/** Every command appends a piece of its own to one key: a second execution shows in the value. */
function append(client: number, sequence: number) {
  return makeCommand(client, sequence, { op: 'append', key: 'log', value: `<${client}.${sequence}>` });
}

function read(service: StateMachine): string {
  const copy = (service.snapshot() as { service: { entries: [string, string, number][] } }).service;
  return copy.entries.find(([key]) => key === 'log')?.[1] ?? '';
}

function sessioned(limits?: SessionLimits): SessionedService {
  return new SessionedService(new KeyValueStore(), limits);
}

type Step =
  | { readonly kind: 'deliver'; readonly client: number; readonly sequence: number }
  | { readonly kind: 'restore' }
  | { readonly kind: 'clone' };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: delivery(3, 12) },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'restore' }) },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'clone' }) },
  ),
  { maxLength: 80 },
);

function delivery(clients: number, sequences: number): fc.Arbitrary<Step> {
  const client = fc.integer({ min: 1, max: clients });
  const sequence = fc.integer({ min: 1, max: sequences });
  return fc.record({ kind: fc.constant('deliver' as const), client, sequence });
}

/** Moves on to a service that went through a snapshot, or to a clone. */
function migrate(service: SessionedService, step: Step, limits: SessionLimits): SessionedService {
  if (step.kind === 'clone') return service.clone();
  const fresh = sessioned(limits);
  fresh.apply(append(1, 7)); // restore must replace, not add
  fresh.restore(deepFreeze(service.snapshot()));
  return fresh;
}

/** The oracle: remembers everything, and computes each client's floor from its highest sequence. */
class NaiveSessions {
  readonly first = new Map<string, Result>();
  private readonly highest = new Map<number, number>();

  constructor(private readonly window: number) {}

  fate(client: number, sequence: number): 'expired' | 'duplicate' | 'new' {
    if (sequence <= (this.highest.get(client) ?? 0) - this.window) return 'expired';
    return this.first.has(`${client}.${sequence}`) ? 'duplicate' : 'new';
  }

  executed(client: number, sequence: number, result: Result): void {
    this.first.set(`${client}.${sequence}`, result);
    this.highest.set(client, Math.max(sequence, this.highest.get(client) ?? 0));
  }
}

test('sessions: under repeats, any order, snapshots and clones, each command happens once and keeps its answer', () => {
  const limits = { maxClients: 8, window: 5, timeoutMicros: 0 };
  fc.assert(
    fc.property(steps, (script) => {
      let service = sessioned(limits);
      const oracle = new NaiveSessions(limits.window);
      for (const step of script) {
        if (step.kind !== 'deliver') {
          service = migrate(service, step, limits);
          continue;
        }
        const { client, sequence } = step;
        const fate = oracle.fate(client, sequence);
        const digest = service.digest();
        const result = service.apply(append(client, sequence));
        if (fate === 'new') {
          expect((result as { value: string }).value).toBe(read(service));
          expect(read(service).endsWith(`<${client}.${sequence}>`)).toBe(true);
          oracle.executed(client, sequence, result);
        } else {
          const expected = oracle.first.get(`${client}.${sequence}`);
          expect(result).toEqual(fate === 'expired' ? { error: 'session-expired' } : expected);
          expect(service.digest()).toBe(digest);
        }
      }
    }),
  );
});

test('sessions: no command ever happens twice, even when the table overflows', () => {
  const limits = { maxClients: 2, window: 6, timeoutMicros: 0 };
  fc.assert(
    fc.property(fc.array(delivery(3, 8), { maxLength: 150 }), (script) => {
      const service = sessioned(limits);
      script.forEach((step, i) => {
        // Clients move on slowly, so that what they repeat is around every floor.
        if (step.kind === 'deliver') service.apply(append(step.client, step.sequence + Math.floor(i / 4)));
      });
      const pieces = read(service).split('>').slice(0, -1);
      expect(new Set(pieces).size).toBe(pieces.length);
    }),
  );
});

test('sessions: a client that comes back after it was forgotten cannot repeat what it did before', () => {
  const service = sessioned({ maxClients: 1, window: 100, timeoutMicros: 0 });
  service.apply(append(1, 1), 0);
  service.apply(append(1, 2));
  service.apply(append(2, 3));
  service.apply(append(1, 4));
  for (const sequence of [1, 2, 3]) expect(isSessionExpired(service.apply(append(1, sequence)))).toBe(true);
  expect(read(service)).toBe('<1.1><1.2><2.3><1.4>');
});

test('sessions: equal logs give equal digests and snapshots, with or without a snapshot on the way', () => {
  const limits = { maxClients: 2, window: 4, timeoutMicros: 0 };
  fc.assert(
    fc.property(steps, (script) => {
      let migrated = sessioned(limits);
      const straight = sessioned(limits);
      for (const step of script) {
        if (step.kind === 'deliver') {
          const command = append(step.client, step.sequence);
          expect(migrated.apply(command)).toEqual(straight.apply(command));
        } else migrated = migrate(migrated, step, limits);
        expect(migrated.digest()).toBe(straight.digest());
      }
      expect(canonical(migrated.snapshot())).toBe(canonical(straight.snapshot()));
    }),
  );
});

test('sessions: logs of different commands give different digests', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 50 }), { minLength: 2 }), (sequences) => {
      const [one, other] = [sessioned(), sessioned()];
      for (const sequence of sequences) one.apply(append(1, sequence));
      for (const sequence of sequences.toReversed()) other.apply(append(1, sequence));
      expect(one.digest()).not.toBe(other.digest());
    }),
  );
});

test('sessions: a clone and its original do not share their future', () => {
  const service = sessioned();
  service.apply(append(1, 1), 0);
  const before = canonical(service.snapshot());
  const copy = service.clone();
  copy.apply(append(1, 2));
  copy.apply(append(2, 1));
  expect(canonical(service.snapshot())).toBe(before);
  expect(read(copy)).toBe('<1.1><1.2><2.1>');
});

test('sessions: the one that has executed nothing for longest is forgotten, and its retry is not executed', () => {
  const service = sessioned({ maxClients: 2, window: 4, timeoutMicros: 0 });
  service.apply(append(1, 1), 0);
  service.apply(append(2, 1));
  service.apply(append(1, 2));
  service.apply(append(2, 1)); // a duplicate is no execution: client 2 stays the oldest
  expect(isSessionExpired(service.apply(append(3, 1)))).toBe(false);
  expect(isSessionExpired(service.apply(append(2, 1)))).toBe(true);
  expect(isSessionExpired(service.apply(append(2, 2)))).toBe(false);
  expect(read(service)).toBe('<1.1><2.1><1.2><3.1><2.2>');
});

test('sessions: a sequence that is no positive integer is malformed and changes nothing', () => {
  const service = sessioned();
  const digest = service.digest();
  for (const sequence of [0, -1, 1.5, NaN, Infinity]) {
    expect(service.apply(append(1, sequence))).toEqual({ error: 'malformed' });
  }
  expect(service.digest()).toBe(digest);
});

test('sessions: a snapshot keeps no more results than the window', () => {
  const service = sessioned({ maxClients: 2, window: 4, timeoutMicros: 0 });
  for (let sequence = 1; sequence <= 100; sequence++) service.apply(append(1, sequence));
  const { sessions } = service.snapshot() as { sessions: { table: { results: [number, Result][] }[] } };
  expect(sessions.table[0]?.results.map(([sequence]) => sequence)).toEqual([97, 98, 99, 100]);
});

test('sessions: a snapshot leaves out results that have fallen below the floor', () => {
  const service = sessioned({ maxClients: 2, window: 4, timeoutMicros: 0 });
  for (const sequence of [1, 2, 3, 10]) service.apply(append(1, sequence));
  const { sessions } = service.snapshot() as { sessions: { table: { results: [number, Result][] }[] } };
  expect(sessions.table[0]?.results.map(([sequence]) => sequence)).toEqual([10]);
});

test('sessions: a service whose snapshots lose the sessions is given away by its digest', () => {
  class AmnesicService extends SessionedService {
    protected override restoreSessions(): void {
      // loses them
    }
  }
  const [service, restored] = [sessioned(), new AmnesicService(new KeyValueStore())];
  service.apply(append(1, 1), 0);
  restored.restore(service.snapshot());
  expect(read(restored)).toBe(read(service));
  expect(restored.digest()).not.toBe(service.digest());
});

test('sessions: a bug is one overridden method, and clones keep it', () => {
  class ForgetfulService extends SessionedService {
    protected override isDuplicate(): boolean {
      return false;
    }
  }
  const service = new ForgetfulService(new KeyValueStore()).clone();
  service.apply(append(1, 1), 0);
  service.apply(append(1, 1), 0);
  expect(read(service)).toBe('<1.1><1.1>');
});

/** A log whose time moves on by random amounts: commands of a few clients, many of them repeated. */
const timedLog = fc.array(
  fc.record({
    client: fc.integer({ min: 1, max: 4 }),
    back: fc.nat(6),
    pause: fc.constantFrom(0, 1, 5, 11, 30),
    migrate: fc.constantFrom<(Step['kind'] | undefined)[]>(
      undefined,
      undefined,
      undefined,
      'restore',
      'clone',
    ),
  }),
  { maxLength: 120 },
);

const TIMED = { maxClients: 3, window: 6, timeoutMicros: 10 };

/** The oracle: every command ever executed, and when each client executed last. */
class NaiveTimedSessions {
  private readonly executed = new Set<string>();
  private readonly sessions = new Map<number, { highest: number; at: number; floor: number }>();
  private forgottenFloor = 0;

  /** True when the command must be executed now. */
  apply(client: number, sequence: number, now: number): boolean {
    const session = this.sessions.get(client);
    const floor = session === undefined ? this.forgottenFloor : session.floor;
    if (sequence <= floor || this.executed.has(`${client}.${sequence}`)) return false;
    for (const [other, { at }] of this.sessions) if (now - at > TIMED.timeoutMicros) this.forget(other);
    if (!this.sessions.has(client)) {
      if (this.sessions.size === TIMED.maxClients) this.forget([...this.sessions.keys()][0] as number);
      this.sessions.set(client, { highest: 0, at: now, floor: this.forgottenFloor });
    }
    const open = this.sessions.get(client) as { highest: number; at: number; floor: number };
    const highest = Math.max(open.highest, sequence);
    // Added again at the end: the map is in the order of the latest execution.
    this.sessions.delete(client);
    this.sessions.set(client, { highest, at: now, floor: Math.max(open.floor, highest - TIMED.window) });
    this.executed.add(`${client}.${sequence}`);
    return true;
  }

  private forget(client: number): void {
    this.forgottenFloor = Math.max(this.forgottenFloor, this.sessions.get(client)?.highest ?? 0);
    this.sessions.delete(client);
  }
}

test('sessions: with a timeout, a replica that went through snapshots and clones agrees with one that did not', () => {
  fc.assert(
    fc.property(timedLog, (log) => {
      const straight = sessioned(TIMED);
      let migrated = sessioned(TIMED);
      const oracle = new NaiveTimedSessions();
      const seen = new Set<string>();
      let now = 0;
      log.forEach(({ client, back, pause, migrate: kind }, i) => {
        now += pause;
        const sequence = Math.max(1, Math.floor(i / 3) - back);
        const command = append(client, sequence);
        const before = straight.digest();
        const isNew = oracle.apply(client, sequence, now);
        const result = straight.apply(command, now);
        expect(migrated.apply(command, now)).toEqual(result);
        if (kind === 'restore' || kind === 'clone') migrated = migrate(migrated, { kind }, TIMED);
        expect(migrated.digest()).toBe(straight.digest());
        // What is not executed changes nothing at all, so that nobody forgets anything on its account.
        expect(straight.digest() !== before).toBe(isNew);
        const piece = `${client}.${sequence}`;
        if (isNew) {
          expect(seen.has(piece)).toBe(false);
          seen.add(piece);
          expect(result).toEqual({ value: read(straight) });
          expect(read(straight).endsWith(`<${piece}>`)).toBe(true);
        } else if (!seen.has(piece)) {
          expect(isSessionExpired(result)).toBe(true);
        }
      });
      expect(canonical(migrated.snapshot())).toBe(canonical(straight.snapshot()));
    }),
  );
});

test('sessions: snapshots do not depend on those that were taken before', () => {
  const log = fc.array(
    fc.record({ client: fc.integer({ min: 1, max: 3 }), back: fc.nat(8), isSeen: fc.boolean() }),
    {
      maxLength: 80,
    },
  );
  fc.assert(
    fc.property(log, (commands) => {
      const limits = { maxClients: 2, window: 5, timeoutMicros: 0 };
      const [seen, unseen] = [sessioned(limits), sessioned(limits)];
      let before: Plain = null;
      commands.forEach(({ client, back, isSeen }, i) => {
        const command = append(client, Math.max(1, i - back));
        expect(seen.apply(command)).toEqual(unseen.apply(command));
        if (!isSeen) return;
        const [snapshot, text] = [seen.snapshot(), canonical(before)];
        expect(canonical(snapshot)).toBe(canonical(unseen.clone().snapshot()));
        expect(seen.snapshotBytes()).toBe(unseen.clone().snapshotBytes());
        expect(canonical(before)).toBe(text);
        before = deepFreeze(snapshot);
      });
    }),
  );
});

test('sessions: one that has idled for longer than the timeout is forgotten by the next execution', () => {
  const service = sessioned({ maxClients: 9, window: 4, timeoutMicros: 10 });
  const clients = () =>
    (service.snapshot() as { sessions: { table: { client: number }[] } }).sessions.table.map(
      ({ client }) => client,
    );
  service.apply(append(1, 1), 100);
  service.apply(append(2, 1), 105);
  service.apply(append(3, 1), 110);
  expect(clients()).toEqual([1, 2, 3]);
  service.apply(append(2, 1), 200); // repeated: executes nothing
  expect(clients()).toEqual([1, 2, 3]);
  service.apply(append(3, 2), 111);
  expect(clients()).toEqual([2, 3]);
  expect(isSessionExpired(service.apply(append(1, 1), 111))).toBe(true);
  service.apply(append(4, 9), 140);
  expect(clients()).toEqual([4]);
  expect(isSessionExpired(service.apply(append(2, 2), 141))).toBe(true);
  expect(read(service)).toBe('<1.1><2.1><3.1><3.2><4.9>');
});

test('sessions: a client whose own session idled too long begins a new one with its next command', () => {
  const service = sessioned({ maxClients: 9, window: 4, timeoutMicros: 10 });
  service.apply(append(1, 3), 0);
  service.apply(append(1, 4), 11);
  expect(isSessionExpired(service.apply(append(1, 3), 11))).toBe(true);
  expect(service.apply(append(1, 4), 11)).toEqual({ value: '<1.3><1.4>' });
});

test('sessions: without a timeout the time of the log leaves no mark', () => {
  const [one, other] = [sessioned(), sessioned()];
  for (const sequence of [1, 2, 3]) {
    one.apply(append(1, sequence), sequence * 1e9);
    other.apply(append(1, sequence), 0);
  }
  expect(canonical(one.snapshot())).toBe(canonical(other.snapshot()));
});

test('sessions: with a timeout, replicas that give a command different times are told apart by their digests', () => {
  const [one, other] = [sessioned(TIMED), sessioned(TIMED)];
  one.apply(append(1, 1), 5);
  other.apply(append(1, 1), 6);
  expect(one.digest()).not.toBe(other.digest());
});

test('services: kv is the store behind sessions, and an unknown name suggests the nearest', () => {
  const service = createService('kv');
  service.apply(append(1, 1), 0);
  service.apply(append(1, 1), 0);
  expect(read(service)).toBe('<1.1>');
  expect(() => createService('vk')).toThrow(
    /unknown service 'vk'; expected one of: bank, kv, kv-next, lock, stream/,
  );
});

test('sessions: the size of a snapshot is that of its text, roughly, whatever went through the window', () => {
  const service = sessioned({ maxClients: 4, window: 8, timeoutMicros: 0 });
  for (let sequence = 1; sequence <= 100; sequence++) {
    service.apply(
      makeCommand(1 + (sequence % 3), sequence, {
        op: 'put',
        key: `k${sequence % 50}`,
        value: 'x'.repeat(40),
      }),
    );
    service.apply(makeCommand(1 + (sequence % 3), sequence, { op: 'get', key: `k${sequence % 50}` }));
  }
  const text = canonical(service.snapshot()).length;
  expect(service.snapshotBytes()).toBeGreaterThan(text / 2);
  expect(service.snapshotBytes()).toBeLessThan(text * 2);
  expect(service.clone().snapshotBytes()).toBe(service.snapshotBytes());
  const restored = sessioned({ maxClients: 4, window: 8, timeoutMicros: 0 });
  restored.restore(service.snapshot());
  // What lies below a floor still takes its place in the ring, and is left out of the snapshot.
  expect(restored.snapshotBytes()).toBeLessThanOrEqual(service.snapshotBytes());
  expect(restored.snapshotBytes()).toBeGreaterThan(text / 2);
});
