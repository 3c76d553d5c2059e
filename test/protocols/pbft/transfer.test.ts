import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainBytes, type Plain } from '../../../src/kernel/index.js';
import { CheckpointState, receivedDigest, type PlainState } from '../../../src/protocols/pbft/checkpoint.js';
import { executedDigest } from '../../../src/protocols/pbft/executed.js';
import { RememberedDigest, plainDigest } from '../../../src/protocols/pbft/plain-digest.js';
import {
  assemble,
  Partition,
  isGenuine,
  partOf,
  partitionAt,
  rootPartition,
} from '../../../src/protocols/pbft/partition.js';
import { StateFetch } from '../../../src/protocols/pbft/state-fetch.js';
import type { StatePart } from '../../../src/protocols/pbft/index.js';

const REPLICAS = 7;
const MOST = 1000;

const scalar = fc.oneof(fc.integer(), fc.string({ maxLength: 8 }), fc.boolean(), fc.constant(null));
/** Lists long enough for groups of groups, and what is nested. */
const service = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(scalar, { minLength: 15, maxLength: 20 }),
    fc.tuple(fc.nat(700), scalar).map(([count, item]) => Array.from({ length: count }, (_, i) => [i, item])),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('value'), { maxKeys: 20 }),
  ),
})).value;
const state = service.map((value): Plain => {
  return { index: 7, configuration: 0, since: 0, change: null, executed: [[4, 1, 3]], service: value };
});
const NOTHING: Plain = { index: 0, configuration: 0, since: 0, change: null, executed: [], service: null };

function fetchOf(wanted: Plain, base = NOTHING, earlier?: StateFetch): StateFetch {
  const certificate = { sequence: 16, digest: receivedDigest(wanted) as number, proofs: [] };
  return new StateFetch(certificate, REPLICAS, 0, base, earlier);
}

/** Answers what is missing, so many times at most; returns how much came, in characters. */
function answer(fetch: StateFetch, wanted: Plain, chunk: number, times = Infinity): number {
  let size = 0;
  const root = new Partition('state', wanted);
  for (let i = 0; i < times; i++) {
    const [missing] = fetch.missing(1);
    if (missing === undefined) break;
    const partition = partitionAt(root, missing.path);
    expect(partition).toBeDefined();
    const part = partOf(partition!, chunk);
    expect(isGenuine(part, missing.expected)).toBe(true);
    if (part.shape !== 'gone') missing.take(part);
    size += JSON.stringify(part).length;
  }
  return size;
}

/** Everything in the part that can be changed a little, each for itself. */
function* lies(part: StatePart): Generator<StatePart> {
  yield { shape: 'gone' };
  yield { shape: 'whole', text: 'no JSON' };
  yield { shape: 'whole', text: '{"index":1}' };
  yield { shape: 'list', count: 0x1000_0000, digests: Array.from({ length: 16 }, (_, i) => i) };
  if (part.shape === 'whole') {
    yield { ...part, text: `[${part.text}]` };
    if (/[0-9]/.test(part.text))
      yield { ...part, text: part.text.replace(/[0-9]/, (digit) => `${Number(digit) ^ 1}`) };
  }
  if (part.shape === 'list') {
    yield { ...part, count: part.count + 1 };
    // So many items are as many groups, and the last 32 bits of their number are the same.
    yield { ...part, count: part.count + (part.digests.length - 1) * 2 ** 32 };
  }
  if ('digests' in part) {
    for (let i = 0; i < part.digests.length; i++) {
      yield { ...part, digests: part.digests.with(i, (part.digests[i] as number) ^ 1) };
    }
    yield { ...part, digests: part.digests.slice(1) };
  }
  if (part.shape === 'object') {
    yield { ...part, names: part.names.with(0, `${part.names[0]}~`) };
    yield { ...part, names: part.names.toReversed(), digests: part.digests.toReversed() };
  }
  if (part.shape === 'state') yield { ...part, members: { ...(part.members as object), index: 8 } };
}

describe('the partition tree of a state', () => {
  it('sends of a state that was digested when it was made what it sends of any other', () => {
    fc.assert(
      fc.property(state, fc.integer({ min: 1, max: MOST }), (wanted, chunk) => {
        const value = wanted as PlainState & Plain;
        const digests = {
          executed: executedDigest(value.executed) as number,
          service: plainDigest(value.service),
        };
        const digest = receivedDigest(wanted) as number;
        const any = rootPartition(new CheckpointState(16, value, digest, 0));
        const made = rootPartition(new CheckpointState(16, value, digest, 0, digests));
        expect(made.digest).toBe(digest);
        for (const path of [[], [0], [1], [1, 0]]) {
          const [one, other] = [partitionAt(any, path), partitionAt(made, path)];
          expect(other && partOf(other, chunk)).toEqual(one && partOf(one, chunk));
        }
      }),
    );
  });

  it('has the digest of every partition in that of its parts, whether remembered or not', () => {
    fc.assert(
      fc.property(state, (wanted) => {
        const root = new Partition('state', wanted);
        const bytes = plainBytes(wanted);
        expect(root.digest).toBe(receivedDigest(wanted));
        expect([root.isWithin(bytes), root.isWithin(bytes - 1)]).toEqual([true, false]);
        const remembered = new RememberedDigest();
        expect(remembered.of(wanted)).toBe(plainDigest(wanted));
      }),
      { numRuns: 300 },
    );
  });

  it('lets a state be put together from its parts, however they are cut', () => {
    fc.assert(
      fc.property(state, fc.integer({ min: 1, max: 600 }), (wanted, chunk) => {
        const fetch = fetchOf(wanted);
        answer(fetch, wanted, chunk);
        expect(fetch.whole()).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });

  it('takes nothing along that no digest is of', () => {
    const described = { shape: 'state', members: { ...(NOTHING as object), more: undefined } } as const;
    expect(Object.keys(assemble(described, 0, [[], null]) as object)).not.toContain('more');
  });

  it('finds every lie in a part by itself', () => {
    fc.assert(
      fc.property(state, fc.integer({ min: 1, max: 600 }), fc.nat(40), (wanted, chunk, steps) => {
        const fetch = fetchOf(wanted);
        answer(fetch, wanted, chunk, steps);
        const [missing] = fetch.missing(1);
        if (missing === undefined) return;
        const genuine = partOf(partitionAt(new Partition('state', wanted), missing.path)!, chunk);
        for (const lie of lies(genuine)) {
          const isSame = JSON.stringify(lie) === JSON.stringify(genuine);
          expect(isGenuine(lie, missing.expected)).toBe(isSame);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('pbft state on its way', () => {
  const large = (changed: number): Plain => ({
    ...(NOTHING as object),
    service: Array.from({ length: 2000 }, (_, i) => [`key ${i}`, i === changed ? 'new' : 'old', i]),
  });

  it('takes what is nested without end for no state', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const text = `{"executed":[],"service":${deep}}`;
    expect(isGenuine({ shape: 'whole', text }, { kind: 'state', digest: 1, count: 0 })).toBe(false);
    expect(isGenuine({ shape: 'whole', text: deep }, { kind: 'plain', digest: 1, count: 0 })).toBe(false);
  });

  it('does not fetch what is the same in a state that is here', () => {
    const all = answer(fetchOf(large(5)), large(5), 256);
    const fetch = fetchOf(large(5), large(-1));
    expect(answer(fetch, large(5), 256)).toBeLessThan(all / 20);
    expect(fetch.whole()).toEqual(large(5));
  });

  it('keeps what has come when a later state is fetched instead, also in a copy', () => {
    const first = fetchOf(large(5));
    const before = answer(first, large(5), 256, 90);
    const all = answer(fetchOf(large(1900)), large(1900), 256);
    const second = fetchOf(large(1900), NOTHING, first);
    const copy = second.clone();
    expect(answer(second, large(1900), 256)).toBeLessThan(all - before / 2);
    expect(second.whole()).toEqual(large(1900));
    expect(copy.missing(1)).toHaveLength(1);
    answer(copy, large(1900), 256);
    expect(copy.whole()).toEqual(large(1900));
  });

  it('asks one after another, but no liar, and nobody who has it no more, until it begins again', () => {
    const fetch = fetchOf(large(0));
    const asked = (): (number | undefined)[] => Array.from({ length: 6 }, () => fetch.nextSource());
    expect(asked()).toEqual([1, 2, 3, 4, 5, 6]);
    fetch.disbelieve(2, MOST);
    fetch.hasNone(3, MOST);
    expect(asked()).toEqual([1, 4, 5, 6, 1, 4]);
    for (const other of [1, 4, 5, 6]) fetch.hasNone(other, MOST);
    expect(fetch.nextSource()).toBeUndefined();
    fetch.beginAgain();
    expect(new Set(asked())).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  });

  it('asks those first that have shown that they have it, and the others when nobody of them is left', () => {
    const fetch = fetchOf(large(0));
    fetch.hear(2);
    fetch.hear(5);
    const copy = fetch.clone();
    for (const each of [fetch, copy]) {
      expect(Array.from({ length: 4 }, () => each.nextSource())).toEqual([2, 5, 2, 5]);
      each.hasNone(2, MOST);
      expect([each.nextSource(), each.nextSource(), each.left(0, REPLICAS)]).toEqual([5, 5, 5]);
      each.hasNone(5, MOST);
      expect([each.nextSource(), each.nextSource(), each.left(0, REPLICAS)]).toEqual([6, 1, 4]);
    }
  });

  it('passes over who says nothing for so long, and nobody else', () => {
    const fetch = fetchOf(large(0));
    for (const source of [1, 2, 3]) fetch.ask(source, 7);
    fetch.hear(1);
    fetch.ask(1, 8);
    fetch.hear(2);
    fetch.passOver(8, 2, MOST);
    expect(fetch.left(0, REPLICAS)).toBe(6);
    // The first was asked again since, of the second nothing is awaited.
    const copy = fetch.clone();
    for (const each of [fetch, copy]) {
      each.passOver(9, 2, MOST);
      expect(each.left(0, REPLICAS)).toBe(5);
      each.passOver(10, 2, MOST);
      expect(each.left(0, REPLICAS)).toBe(4);
      each.beginAgain();
      each.passOver(99, 2, MOST);
      expect(each.left(0, REPLICAS)).toBe(6);
    }
  });

  it('asks others for what a liar was asked for', () => {
    const fetch = fetchOf(large(0));
    answer(fetch, large(0), 256, 3);
    for (const part of fetch.missing(4)) part.askedOf = 5;
    fetch.disbelieve(5, MOST);
    expect(fetch.missing(4).map(({ askedOf }) => askedOf)).toEqual([-1, -1, -1, -1]);
  });
});
