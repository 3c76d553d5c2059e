// Whatever a liar sends, a replica and a client's driver handle it or drop it for a reason that is counted, throw
// nothing, and keep no more of one sender than its share.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { malformed } from '../../../src/faults/byzantine/malform.js';
import type { Liar, Message, ProcessId, Variation } from '../../../src/kernel/index.js';
import {
  PBFT_ATTACK_SURFACE,
  type Handover,
  type Inquiry,
  Validator,
  batchDigest,
  parsePbftSettings,
  pbftProtocol,
  type PbftMessage,
} from '../../../src/protocols/pbft/index.js';
import { keysOf } from '../../world/keys.js';
import {
  Bench,
  CLIENT,
  checkpoint,
  choice,
  commit,
  newView,
  prePrepare,
  prepare,
  prepared,
  prove,
  request,
  stable,
  viewChange,
} from './fixtures.js';

const RAW = { 'checkpoint-interval': 4, window: 8, 'max-pending-requests': 64 };
const SETTINGS = parsePbftSettings(RAW);
/** The liar: the primary of view 0. */
const LIAR = 0;
const batch = [request(1), request(2)];
const digest = batchDigest(batch);
const certificate = prepared(0, [1, 2], 0, 1, digest);
const proof = prove(LIAR, 'status', 0, 0, 0);

/** What a liar may begin with: one message of each kind. */
const SEEN: readonly (PbftMessage | Inquiry | Handover)[] = [
  request(1),
  prePrepare(LIAR, 0, 1, batch),
  prepare(LIAR, 0, 1, digest),
  commit(LIAR, 0, 1, digest),
  checkpoint(LIAR, 4, 5),
  viewChange(LIAR, 1, [certificate]),
  viewChange(LIAR, 2, [], stable([0, 1, 2], 4, 5)),
  newView(
    LIAR,
    4,
    [0, 1, 2].map((signer) => viewChange(signer, 4, [certificate])),
    [choice(LIAR, 4, 1, digest)],
  ),
  {
    kind: 'Status',
    view: 0,
    isActive: true,
    stable: 0,
    executed: 0,
    viewChanges: 0,
    helper: 1,
    slots: [],
    proof,
  },
  { kind: 'Decision', view: 0, sequence: 1, digest, requests: batch, commits: [proof], proof },
  { kind: 'FetchBatch', sequence: 1, digest, proof },
  { kind: 'BatchData', sequence: 1, digest, requests: batch, proof },
  { kind: 'FetchState', sequence: 4, paths: [[]], proof },
  {
    kind: 'StateData',
    certificate: stable([0, 1, 2], 4, 5),
    path: [],
    part: { shape: 'whole', text: '{}' },
    proof,
  },
  { kind: 'Reply', isTentative: false, view: 0, sequence: 1, result: null, digest: 0, index: 1, proof },
  { kind: 'Inquiry', number: 1 },
  { kind: 'Handover', links: [] },
];

/** A liar whose choices are these numbers, one after another. */
function liarOf(numbers: readonly number[], to: ProcessId): Liar {
  let next = 0;
  return {
    self: LIAR,
    to,
    members: [0, 1, 2, 3],
    settings: SETTINGS,
    keys: keysOf(LIAR),
    keysOf: (identity) => (identity === LIAR || identity === CLIENT ? keysOf(identity) : undefined),
    seen: (kind) => SEEN.filter((message) => message.kind === kind),
    draw: (_what, min, max) => min + ((numbers[next++ % numbers.length] ?? 0) % (max - min + 1)),
    recall: () => undefined,
    agree: () => undefined,
  };
}

const VARIATIONS: readonly Variation[] = ['step', 'prior', 'window', 'huge'];
const lie = fc.constantFrom(...PBFT_ATTACK_SURFACE.lies.map(({ name }) => name));

/** What a liar makes of a message: one or two changes, each proved again where it can be. */
const lies = fc
  .tuple(
    fc.constantFrom(...SEEN),
    fc.array(
      fc.oneof(
        lie.map((name) => ({ how: 'lie', name }) as const),
        fc
          .tuple(fc.constantFrom(...PBFT_ATTACK_SURFACE.fields), fc.constantFrom(...VARIATIONS))
          .map(([field, variation]) => ({ how: 'vary', field, variation }) as const),
        fc.constant({ how: 'other' } as const),
      ),
      { minLength: 1, maxLength: 2 },
    ),
    fc.boolean(),
    fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 }),
  )
  .map(([begin, changes, isMalformed, numbers]) => {
    const liar = liarOf(numbers, 1);
    let message: Message = begin;
    for (const change of changes) {
      if (change.how === 'lie') message = PBFT_ATTACK_SURFACE.tell(change.name, message, liar);
      else if (change.how === 'vary')
        message = PBFT_ATTACK_SURFACE.vary(message, change.field, change.variation, liar);
      else message = PBFT_ATTACK_SURFACE.otherStory(message, liar);
    }
    return isMalformed ? malformed(message, (what, min, max) => liar.draw(what, min, max)) : message;
  });

/** Bytes of what a value reaches, roughly: objects and texts, the host and what is shared by all left out. */
function weigh(root: object, left: ReadonlySet<unknown>): number {
  const known = new Set<unknown>(left);
  const open: unknown[] = [root];
  let bytes = 0;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') bytes += value.length;
    if (typeof value !== 'object' || value === null || known.has(value)) continue;
    known.add(value);
    bytes += 16;
    if (ArrayBuffer.isView(value)) bytes += value.byteLength;
    else if (value instanceof Map) for (const [key, item] of value) open.push(key, item);
    else if (value instanceof Set) open.push(...(value as ReadonlySet<unknown>));
    else open.push(...Object.values(value as Readonly<Record<string, unknown>>));
  }
  return bytes;
}

describe('what liars send', () => {
  it('is told apart by the attack surface, too, whatever its form', () => {
    const read: Message = { ...request(1), kind: 'ReadRequest' };
    const draws = fc.array(fc.nat(1000), { minLength: 12, maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...SEEN, read), draws, (whole, drawn) => {
        const liar = liarOf(drawn, 1);
        const message = malformed(whole, (what, min, max) => liar.draw(what, min, max));
        const surface = PBFT_ATTACK_SURFACE;
        const numbers = [surface.viewOf(message), surface.sequenceOf(message), surface.clientOf(message)];
        for (const number of numbers) expect(number).toBeTypeOf('number');
        expect(surface.isOfViewChange(message)).toBe(surface.isOfViewChange(whole));
        expect(() => surface.primaryOf(surface.viewOf(message), [0, 1, 2, 3])).not.toThrow();
      }),
      { numRuns: 3000 },
    );
  });

  it('never makes a replica throw, halt, or execute anything; what is malformed is counted', () => {
    const validator = new Validator(4, SETTINGS);
    fc.assert(
      fc.property(fc.array(lies, { minLength: 1, maxLength: 40 }), (messages) => {
        const bench = new Bench(1, 4, RAW);
        let refused = 0;
        for (const message of messages) {
          if (!validator.accepts(message)) refused++;
          bench.from(LIAR, message);
          bench.sync();
        }
        for (const timer of bench.host.timers.keys()) bench.replica.timerFired(timer);
        expect(bench.host.haltReason).toBeUndefined();
        expect(bench.applied()).toEqual([]);
        expect(bench.rejections().filter((reason) => reason === 'malformed')).toHaveLength(refused);
      }),
      { numRuns: 300 },
    );
  });

  it('never makes a client believe anything, or its driver throw', () => {
    const driver = pbftProtocol().createDriver(SETTINGS);
    const host = {
      self: CLIENT,
      servers: [0, 1, 2, 3],
      authenticator: keysOf(CLIENT),
      send: () => undefined,
      draw: (_: string, min: number) => min,
    };
    driver.request(host, request(1).command, 1);
    fc.assert(
      fc.property(fc.oneof(lies, fc.anything()), fc.nat(6), (message, from) => {
        expect(driver.receive(host, from, message as Message)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('takes no more room the longer it goes on, whatever kind of message it is', () => {
    const make: Readonly<Record<string, (i: number) => PbftMessage>> = {
      prepares: (i) => prepare(LIAR, i % 7, i, i),
      commits: (i) => commit(LIAR, i % 7, i, i),
      proposals: (i) => prePrepare(LIAR, 4 * (i % 50), 1 + (i % 16), [request(1 + (i % 500))]),
      checkpoints: (i) => checkpoint(LIAR, 4 * i + 4, i),
      'view changes': (i) => viewChange(LIAR, i + 1),
      'new views': (i) => newView(LIAR, 4 * i + 4, [viewChange(LIAR, 4 * i + 4)], []),
      requests: (i) => request(i + 1),
      'pieces of a state': (i) => ({
        kind: 'StateData',
        certificate: { sequence: 4 * i + 4, digest: i, proofs: [] },
        path: [],
        part: { shape: 'whole', text: 'x'.repeat(100) },
        proof,
      }),
    };
    for (const [what, each] of Object.entries(make)) {
      const bench = new Bench(1, 4, RAW);
      const left = new Set<unknown>([bench.host, ...keysAround(bench.host)]);
      const sizes: number[] = [];
      for (let i = 0; i < 3000; i++) {
        const message = each(i);
        bench.from(what === 'requests' ? CLIENT : LIAR, message);
        if (i % 50 === 49) bench.sync();
        if (i % 1000 === 999) sizes.push(weigh(bench.replica, left));
      }
      const [first = 0, , last = 0] = sizes;
      expect(last, what).toBeLessThanOrEqual(first * 1.1 + 2000);
      expect(last, what).toBeLessThan(400_000);
    }
  });

  it('holds at most three windows of early messages, and the latest checkpoints, of each sender', () => {
    const bench = new Bench(1, 4, RAW);
    for (let i = 0; i < 500; i++) {
      bench.from(LIAR, prepare(LIAR, 1 + (i % 9), 1 + (i % 16), i));
      bench.from(LIAR, checkpoint(LIAR, 4 * i + 4, i));
    }
    const early = bench.state('early') as readonly (readonly unknown[])[];
    expect(early[LIAR]).toHaveLength(3 * SETTINGS.window);
    const checkpoints = bench.state('checkpoints') as readonly (readonly unknown[])[];
    expect(checkpoints[LIAR]?.length).toBeLessThanOrEqual(SETTINGS.window / SETTINGS.checkpointInterval);
  });

  it('of one client no more requests wait than it may have outstanding', () => {
    const bench = new Bench(1, 4, { ...RAW, 'max-pending-requests': 4096 });
    for (let i = 1; i <= 1000; i++) bench.from(CLIENT, request(i));
    expect((bench.state('pending') as readonly unknown[]).length).toBeLessThanOrEqual(128);
  });
});

/** What a host holds itself: not the replica's. */
function keysAround(host: object): unknown[] {
  return Object.values(host);
}
