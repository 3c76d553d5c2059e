// A replica that lacks what nobody can prove: all others have come to a state and lost power, and for its certificate
// they lack the word of that very replica, which mostly waits alone for a view (found by a swarm of 15,500 runs).

import { describe, expect, it } from 'vitest';
import {
  batchDigest,
  fetchStateDigest,
  type Checkpoint,
  type FetchState,
} from '../../../src/protocols/pbft/index.js';
import { Bench, checkpoint, commit, kinds, prePrepare, prepare, prove, request } from './fixtures.js';

/** Twice the longest wait for a view, in status intervals. */
const PATIENCE = 8;
const SETTINGS = {
  'checkpoint-interval': 2,
  window: 4,
  'status-interval': '100ms',
  'view-change-timeout': '400ms',
  'view-change-timeout-max': '400ms',
};

/** Replica 2 of five, which has executed so many places, and its word of the state there. */
function ahead(places = 2): { readonly source: Bench; readonly word: Checkpoint } {
  const source = new Bench(2, 5, SETTINGS).sync();
  for (let sequence = 1; sequence <= places; sequence++) {
    const requests = [request(sequence)];
    const digest = batchDigest(requests);
    source.receive(prePrepare(0, 0, sequence, requests));
    source.receive(prepare(1, 0, sequence, digest), prepare(4, 0, sequence, digest)).sync();
    source.receive(...[0, 1, 4].map((signer) => commit(signer, 0, sequence, digest))).sync();
  }
  const words = source.sent(3).filter((message): message is Checkpoint => message.kind === 'Checkpoint');
  return { source, word: words.at(-1) as Checkpoint };
}

/** Replica 3, which has nothing but what others say of their states, and has left for view 1. */
function behind(...words: readonly Checkpoint[]): Bench {
  const bench = new Bench(3, 5, SETTINGS).sync();
  bench.receive(request(9), ...words);
  bench.replica.timerFired('view-change');
  bench.sync().sent();
  return bench;
}

function asks(bench: Bench, ticks: number): FetchState[] {
  for (let tick = 0; tick < ticks; tick++) bench.replica.timerFired('status');
  return bench.sent(2).filter((message): message is FetchState => message.kind === 'FetchState');
}

/** As soon as it asks, it gets all of it; nothing of that is durable yet. */
function fetched(): { readonly bench: Bench; readonly word: Checkpoint } {
  const { source, word } = ahead();
  const bench = behind(word, checkpoint(1, 2, word.digest));
  expect(asks(bench, PATIENCE - 1)).toEqual([]);
  let fetches = asks(bench, 1);
  expect(fetches).toMatchObject([{ kind: 'FetchState', sequence: 2, isUnproved: true }]);
  while (fetches.length > 0) {
    for (const fetch of fetches) source.receive(fetch);
    for (const message of source.sync().sent(3)) bench.from(2, message);
    fetches = asks(bench, 1);
  }
  return { bench, word };
}

describe('a pbft replica that is left alone', () => {
  it('fetches in the end the state that f + 1 have, and says that it has it', () => {
    const { bench, word } = fetched();
    expect([bench.state('lastExecuted'), bench.state('stable')]).toEqual([0, [0, 0]]);
    const said = bench.sync().sent(2);
    expect(bench.state('lastExecuted')).toBe(2);
    expect(said).toContainEqual(
      expect.objectContaining({ kind: 'Checkpoint', sequence: 2, digest: word.digest }),
    );
    // Now a quorum has it.
    bench.receive(checkpoint(0, 2, word.digest)).sync();
    expect(bench.state('stable')).toEqual([2, word.digest]);
  });

  it('takes it for stable at once when the certificate has come meanwhile', () => {
    const { bench, word } = fetched();
    bench.receive(checkpoint(0, 2, word.digest), checkpoint(4, 2, word.digest));
    expect(bench.state('stable')).toEqual([0, 0]);
    bench.sync();
    expect([bench.state('lastExecuted'), bench.state('stable')]).toEqual([2, [2, word.digest]]);
  });

  it('asks for nothing that only f have', () => {
    const { word } = ahead();
    const bench = behind(word, checkpoint(1, 2, word.digest + 1));
    expect(asks(bench, 3 * PATIENCE)).toEqual([]);
  });

  it('fetches it in a view as well, where its primary is silent', () => {
    const { word } = ahead();
    const bench = new Bench(3, 5, SETTINGS).sync();
    bench.receive(word, checkpoint(1, 2, word.digest)).sync();
    expect(asks(bench, PATIENCE - 1)).toEqual([]);
    expect(asks(bench, 1)).toMatchObject([{ sequence: 2, isUnproved: true }]);
  });

  it('takes what it has asked for, though a liar has taken its word of that back by later ones', () => {
    const { source, word } = ahead(4);
    const bench = behind(word, checkpoint(1, 4, word.digest));
    let fetches = asks(bench, PATIENCE);
    bench.receive(checkpoint(1, 6, 1), checkpoint(1, 8, 1));
    for (let round = 0; round < 4; round++) {
      for (const fetch of fetches) source.receive(fetch);
      for (const message of source.sync().sent(3)) bench.from(2, message);
      fetches = asks(bench, 1);
    }
    expect([bench.sync().state('lastExecuted'), bench.rejections()]).toEqual([4, []]);
  });

  it('turns to a state that is proved, and an earlier one, when nobody gives it the other', () => {
    const { word } = ahead(4);
    const bench = behind(word, checkpoint(1, 4, word.digest));
    expect(asks(bench, PATIENCE)).toMatchObject([{ sequence: 4, isUnproved: true }]);
    bench.receive(...[0, 1, 2, 4].map((signer) => checkpoint(signer, 2, 77)));
    const later = asks(bench, 6).find(({ sequence }) => sequence === 2);
    expect(later).toBeDefined();
    expect(later).not.toHaveProperty('isUnproved');
  });

  it('prefers one that is proved from the beginning', () => {
    const { word } = ahead(4);
    const bench = behind(word, checkpoint(1, 4, word.digest));
    bench.receive(...[0, 1, 2, 4].map((signer) => checkpoint(signer, 2, 77)));
    expect(asks(bench, 2 * PATIENCE).every(({ sequence }) => sequence === 2)).toBe(true);
  });

  it('may ask whoever is no member yet: that one has no word of its own', () => {
    const cluster = { servers: 6, members: 5, byzantine: 1, operator: 9 };
    const spare = new Bench(5, 5, SETTINGS, cluster).sync();
    spare.sent();
    for (const more of [{}, { isUnproved: true } as const]) {
      const body = { kind: 'FetchState', sequence: 2, paths: [[]], ...more } as const;
      spare.receive({ ...body, proof: prove(3, 'fetchState', 0, 2, fetchStateDigest(body)) });
    }
    expect(spare.sync().sent(3)).toEqual([]);
  });

  it('alone is given a state that is not stable: others could not show it to anybody', () => {
    const { source } = ahead();
    const fetch = (from: number, more: { readonly isUnproved?: true }): string[] => {
      const body = { kind: 'FetchState', sequence: 2, paths: [[]], ...more } as const;
      const proof = prove(from, 'fetchState', 0, 2, fetchStateDigest(body));
      return kinds(
        source
          .receive({ ...body, proof })
          .sync()
          .sent(from),
      );
    };
    expect(fetch(3, {})).toEqual([]);
    expect(fetch(3, { isUnproved: true })).toEqual(['StateData']);
  });
});
