// A replica that waits alone for a view, behind a state that nobody can prove to be stable: all others have it, and for
// the certificate they lack the word of that very replica (found by a swarm of 15,500 runs: power was lost in between).

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

/** Replica 2 of five, which has executed two places, and its word of the state there. */
function ahead(): { readonly source: Bench; readonly word: Checkpoint } {
  const source = new Bench(2, 5, SETTINGS).sync();
  for (const sequence of [1, 2]) {
    const requests = [request(sequence)];
    const digest = batchDigest(requests);
    source.receive(prePrepare(0, 0, sequence, requests));
    source.receive(prepare(1, 0, sequence, digest), prepare(4, 0, sequence, digest)).sync();
    source.receive(...[0, 1, 4].map((signer) => commit(signer, 0, sequence, digest))).sync();
  }
  const word = source.sent(3).find((message) => message.kind === 'Checkpoint');
  return { source, word: word as Checkpoint };
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

  it('asks for nothing while it is in a view: what it lacks may come', () => {
    const { word } = ahead();
    const bench = new Bench(3, 5, SETTINGS).sync();
    bench.receive(word, checkpoint(1, 2, word.digest)).sync();
    expect(asks(bench, 3 * PATIENCE)).toEqual([]);
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
