import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCommand, type Message, type Plain, type Proof } from '../../../src/kernel/index.js';
import {
  Validator,
  batchDigest,
  isHandover,
  parsePbftSettings,
  type PbftMessage,
} from '../../../src/protocols/pbft/index.js';
import { LARGEST_COMMAND } from '../../../src/protocols/pbft/validate.js';
import {
  Bench,
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
import { anything, knowsForms, mutationsOf } from './mutations.js';

const batch = [request(1), request(2)];
const digest = batchDigest(batch);
const proof = prove(2, 'status', 0, 0, 0);
const certificate = prepared(0, [1, 2], 0, 1, digest);
const changes = [0, 1, 2].map((signer) => viewChange(signer, 1, [certificate]));

/** One well-formed message of each kind that a replica takes. */
const EXAMPLES: readonly PbftMessage[] = [
  request(1),
  prePrepare(0, 0, 1, batch),
  prepare(2, 0, 1, digest),
  commit(2, 0, 1, digest),
  checkpoint(2, 16, 5),
  viewChange(2, 1, [certificate]),
  viewChange(2, 1, [], stable([0, 1, 2], 16, 5)),
  newView(1, 1, changes, [choice(1, 1, 1, digest)]),
  {
    kind: 'Status',
    view: 0,
    isActive: true,
    stable: 0,
    executed: 0,
    viewChanges: 0,
    helper: 1,
    slots: [1, 3, 2, 2],
    proof,
  },
  { kind: 'Decision', view: 0, sequence: 1, digest, requests: batch, commits: [proof], proof },
  { kind: 'FetchBatch', sequence: 1, digest, proof },
  { kind: 'BatchData', sequence: 1, digest, requests: batch, proof },
  { kind: 'FetchState', sequence: 16, paths: [[], [1, 0]], proof },
  { kind: 'FetchState', sequence: 16, paths: [[]], isUnproved: true, proof },
  {
    kind: 'StateData',
    certificate: stable([0, 1, 2], 16, 5),
    path: [1],
    part: { shape: 'list', count: 2, digests: [3, 4] },
    proof,
  },
];

const KINDS = [...new Set(EXAMPLES.map(({ kind }) => kind)), 'Reply', 'constructor'];

/** A message in which one place, however deep, is something else. */
const mutated = mutationsOf(EXAMPLES);

describe('pbft message forms', () => {
  const validator = new Validator(4, parsePbftSettings({}));

  knowsForms(validator, EXAMPLES);

  it('a replica survives anything, from anybody, and sends nothing that binds for it', () => {
    const bench = new Bench(1);
    bench.sync().sent();
    fc.assert(
      fc.property(
        fc.oneof(
          mutated,
          anything,
          fc.record({ kind: fc.constantFrom(...KINDS), proof: fc.constant(proof), x: fc.anything() }),
        ),
        fc.nat(6),
        (message, from) => {
          bench.from(from, message as Message);
        },
      ),
      { numRuns: 1000 },
    );
    expect(bench.applied()).toEqual([]);
  });

  it('a list with a hole in it is refused', () => {
    const hole = new Array<never>(1);
    const link = { request: request(1), boundary: { ...stable([0, 1, 2], 16, 5), handover: 1 } };
    const ofBoundary = (proofs: readonly Proof[]): object => ({
      ...link,
      boundary: { ...link.boundary, proofs },
    });
    expect(isHandover({ kind: 'Handover', links: [link] } as Message)).toBe(true);
    expect(isHandover({ kind: 'Handover', links: [{ ...link, more: 1 }] } as Message)).toBe(false);
    for (const links of [hole, [ofBoundary(hole)], [ofBoundary([...hole, proof])]])
      expect(isHandover({ kind: 'Handover', links } as Message)).toBe(false);
    const [fetch, data] = EXAMPLES.slice(-2) as readonly Message[] as readonly [Message, Message];
    for (const paths of [hole, [hole]]) expect(validator.accepts({ ...fetch, paths } as Message)).toBe(false);
    for (const part of [
      { shape: 'list', count: 1, digests: hole },
      { shape: 'object', names: hole, digests: [1] },
      { shape: 'state', members: { service: hole } },
    ]) {
      expect(validator.accepts({ ...data, part } as Message)).toBe(false);
    }
  });

  it('an input nested without end is refused', () => {
    let input: unknown = 1;
    for (let i = 0; i < 10_000; i++) input = [input];
    const message = { ...request(1), command: { ...request(1).command, input } };
    expect(validator.accepts(message as Message)).toBe(false);
  });

  it('what one client could put into a state that fits into no message is refused', () => {
    const asked = (input: Plain): boolean =>
      validator.accepts({ kind: 'Request', command: makeCommand(4, 1, input), proof } as Message);
    const long = (bytes: number): string => 'x'.repeat(bytes);
    expect(asked(long(LARGEST_COMMAND - 64))).toBe(true);
    expect(asked(long(LARGEST_COMMAND))).toBe(false);
    const names = (count: number): Plain =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, true]));
    expect(asked({ in: names(32_768) })).toBe(true);
    expect(asked({ in: names(32_769) })).toBe(false);
  });

  it.each<[string, object]>([
    ['a size that is not that of its input', { bytes: 0x7fff_ffff }],
    ['what nobody looks at', { note: 'x' }],
    ['no mode of reading', { read: true }],
    ['a mode of reading that there is not', { read: 'x'.repeat(100) }],
    ['a member that is undefined', { input: { op: 'put', key: 'k', value: 'x', more: undefined } }],
  ])('a request with %s is refused: its hash says nothing of that', (_, wrong) => {
    const whole = request(1);
    expect(validator.accepts({ ...whole, command: { ...whole.command, ...wrong } } as Message)).toBe(false);
    const batchWith = prePrepare(0, 0, 1, [{ ...whole, command: { ...whole.command, ...wrong } }]);
    expect(validator.accepts(batchWith)).toBe(false);
  });

  it('what is in a message beyond what belongs there is not hashed', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    const data = { kind: 'StateData', certificate: stable([0, 1, 2], 16, 5), path: [], proof } as const;
    expect(validator.accepts({ ...data, part: { shape: 'gone' } } as Message)).toBe(true);
    expect(validator.accepts({ ...data, part: { shape: 'gone', deep } } as never)).toBe(false);
    const more = { ...data.certificate, note: 'x' };
    expect(validator.accepts({ ...data, certificate: more } as never)).toBe(false);
    const beginning = { sequence: 0, digest: 0, proofs: [], handover: { valueOf: 1, toString: 1 } };
    expect(validator.accepts({ ...data, certificate: beginning } as never)).toBe(false);
  });

  it.each([false, 1, 'true', null])(
    'a fetch of a state that is as unproved as %j is refused',
    (isUnproved) => {
      const fetch = { kind: 'FetchState', sequence: 16, paths: [[]], isUnproved, proof };
      expect(validator.accepts(fetch as never)).toBe(false);
    },
  );

  it('views and sequences beyond exact arithmetic are refused', () => {
    for (const view of [-1, 0.5, NaN, Infinity, 2 ** 53, '0']) {
      expect(validator.accepts({ ...prepare(2, 0, 1, digest), view } as Message)).toBe(false);
    }
  });

  it('more certificates than the window has places are refused, and so is one below the stable checkpoint', () => {
    const many = Array.from({ length: 33 }, (_, i) => prepared(0, [1, 2], 0, i + 1, digest));
    expect(validator.accepts(viewChange(2, 1, many))).toBe(false);
    expect(validator.accepts(viewChange(2, 1, many.slice(0, 32)))).toBe(true);
    const low = stable([0, 1, 2], 16, 5);
    expect(validator.accepts(viewChange(2, 1, [prepared(0, [1, 2], 0, 16, digest)], low))).toBe(false);
  });

  it('the same signer twice in a certificate is refused', () => {
    expect(validator.accepts(viewChange(2, 1, [prepared(0, [2, 2], 0, 1, digest)]))).toBe(false);
  });
});
