import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical, type Plain } from '../../../src/kernel/index.js';
import { ExecutedRequests, executedDigest } from '../../../src/protocols/pbft/executed.js';
import { receivedDigest, stateDigest } from '../../../src/protocols/pbft/checkpoint.js';
import { RememberedDigest, plainDigest } from '../../../src/protocols/pbft/plain-digest.js';
import { KeyValueStore, SessionedService, makeCommand } from '../../../src/services/index.js';

const RUNS = { numRuns: 3000 };

const scalar = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true }),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
);
const plain = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 5 }),
  ),
})).value;

/** Tables that slide, as a session's results do: rows [sequence, result] of a window that moves up. */
const result = fc.oneof(fc.constant({ ok: true }), fc.record({ value: fc.string({ maxLength: 2 }) }));
const slides = fc.array(fc.tuple(fc.nat(3), fc.array(result, { minLength: 40, maxLength: 40 })), {
  maxLength: 8,
});

function* windows(moves: readonly (readonly [number, readonly Plain[]])[]): Generator<Plain> {
  const results: Plain[] = [];
  let low = 0;
  for (const [up, more] of moves) {
    low += up;
    results.push(...more.slice(0, up + 2));
    yield { table: results.slice(low).map((item, i) => [low + i + 1, item]), low };
  }
}

describe('digest of plain data', () => {
  it('is the same whether the values before are remembered or not', () => {
    fc.assert(
      fc.property(fc.array(plain, { maxLength: 6 }), (values) => {
        const remembered = new RememberedDigest();
        for (const value of values) expect(remembered.of(value)).toBe(plainDigest(value));
      }),
      RUNS,
    );
  });

  it('is the same for tables whose rows slide, and for those that come back to what they were', () => {
    fc.assert(
      fc.property(slides, (moves) => {
        const remembered = new RememberedDigest();
        const seen = [...windows(moves)];
        for (const value of [...seen, ...seen.reverse()]) {
          expect(remembered.of(value)).toBe(plainDigest(value));
          expect(remembered.of(structuredClone(value))).toBe(plainDigest(value));
        }
      }),
      RUNS,
    );
  });

  it('is the same for what sessions make of a log, whichever of their snapshots it has seen', () => {
    const command = fc.record({
      client: fc.integer({ min: 1, max: 3 }),
      back: fc.nat(3),
      isSeen: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120 }), fc.nat(), (log, from) => {
        const limits = { maxClients: 3, window: 20, timeoutMicros: 0 };
        const service = new SessionedService(new KeyValueStore(), limits);
        const remembered = new RememberedDigest();
        log.forEach(({ client, back, isSeen }, i) => {
          const input = { op: 'put', key: `k${i % 4}`, value: `${i}` };
          service.apply(makeCommand(client, Math.max(1, (i >> 1) - back), input));
          const snapshot = service.snapshot();
          if (isSeen || i > from) expect(remembered.of(snapshot)).toBe(plainDigest(snapshot));
        });
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on the order of members, and tells apart what differs anywhere', () => {
    fc.assert(
      fc.property(plain, plain, (one, other) => {
        const reversed = (value: Plain): Plain => {
          if (value === null || typeof value !== 'object') return value;
          if (Array.isArray(value)) return (value as Plain[]).map(reversed);
          const members = Object.entries(value as Record<string, Plain>).reverse();
          return Object.fromEntries(members.map(([name, member]) => [name, reversed(member)]));
        };
        expect(plainDigest(reversed(one))).toBe(plainDigest(one));
        const areEqual = canonical(one) === canonical(other);
        expect(plainDigest(one) === plainDigest(other)).toBe(areEqual);
      }),
      RUNS,
    );
  });
});

describe('digest of the executed requests', () => {
  const notes = fc.array(fc.tuple(fc.integer({ min: 4, max: 6 }), fc.integer({ min: 1, max: 300 })));

  it('is that of their encoding, and of what is restored from it', () => {
    fc.assert(
      fc.property(notes, (requests) => {
        const executed = new ExecutedRequests();
        requests.forEach(([client, sequence], i) => executed.note(client, sequence, i + 1));
        const encoded = executed.encode();
        expect(executedDigest(encoded)).toBe(executed.digest());
        const copy = executed.clone();
        expect(copy.encode()).toEqual(encoded);
        expect(copy.digest()).toBe(executed.digest());
      }),
      RUNS,
    );
  });

  it('differs when one number of the encoding differs, or two pairs change places', () => {
    const executed = new ExecutedRequests();
    for (const sequence of [1, 2, 5]) executed.note(4, sequence, 10 * sequence);
    const [row = []] = executed.encode();
    for (let i = 0; i < row.length; i++) {
      expect(executedDigest([row.map((item, at) => (at === i ? item + 1 : item))])).not.toBe(
        executed.digest(),
      );
    }
    const [client = 0, ...pairs] = row;
    expect(executedDigest([[client, ...pairs.slice(2), ...pairs.slice(0, 2)]])).not.toBe(executed.digest());
  });
});

describe('digest of a received state', () => {
  const state = {
    index: 3,
    configuration: 0,
    since: 0,
    change: null,
    executed: [[4, 1, 3]],
    service: { entries: [['k', 'v', 7]] },
  };

  it('is that of the state', () => {
    const executed = executedDigest(state.executed) as number;
    expect(receivedDigest(state)).toBe(stateDigest(state, { executed, service: plainDigest(state.service) }));
  });

  it('takes in every member, also one that no state has', () => {
    const others: Plain[] = [
      { ...state, index: 4 },
      { ...state, configuration: 1 },
      { ...state, executed: [[4, 1, 4]] },
      { ...state, service: { entries: [['k', 'v', 8]] } },
      { ...state, more: 0 },
    ];
    for (const other of others) expect(receivedDigest(other)).not.toBe(receivedDigest(state));
  });

  it('is undefined for what is no state, whatever it is', () => {
    for (const other of [
      null,
      1,
      'x',
      [],
      {},
      { ...state, executed: [[4, 1]] },
      { ...state, executed: [[4, 1, 'x']] },
    ])
      expect(receivedDigest(other)).toBeUndefined();
    fc.assert(
      fc.property(plain, (value) => {
        receivedDigest(value);
      }),
      RUNS,
    );
  });
});
