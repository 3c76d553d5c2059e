import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchDigest } from '../../../src/protocols/pbft/index.js';
import type { BatchData, FetchBatch, Request } from '../../../src/protocols/pbft/index.js';
import { HELD_PER_PRIMARY, HeldBatches } from '../../../src/protocols/pbft/held.js';
import { LcgStream } from '../raft/random.js';
import {
  Bench,
  checkpoint,
  choice,
  newView,
  prePrepare,
  prepare,
  prepared,
  prove,
  request,
  viewChange,
} from './fixtures.js';

const batch = [request(1), request(2)];
const digest = batchDigest(batch);

/** Replica 0, the faulty primary of view 0, alone is prepared: it has the prepares of 1 and 2, and says no more. */
const alone = prepared(0, [1, 2], 0, 1, digest);
const changes = [0, 1, 3].map((signer) => viewChange(signer, 1, signer === 0 ? [alone] : []));
const begun = newView(1, 1, changes, [choice(1, 1, 1, digest)]);

function fetch(signer: number, sequence: number, wanted: number): FetchBatch {
  const proof = prove(signer, 'fetchBatch', 0, sequence, wanted);
  return { kind: 'FetchBatch', sequence, digest: wanted, proof };
}

function served(bench: Bench): BatchData[] {
  return bench.sent(3).flatMap((message) => (message.kind === 'BatchData' ? [message] : []));
}

describe('pbft batches that were only pre-prepared', () => {
  it('outlive the view: who withholds a batch that it alone was prepared for cannot block the next view', () => {
    const bench = new Bench(2).sync();
    bench
      .receive(prePrepare(0, 0, 1, batch))
      .sync()
      .from(1, begun)
      .sync();
    bench.sent();
    bench.receive(fetch(3, 1, digest)).sync();
    const [answer] = served(bench);
    expect(answer).toMatchObject({ sequence: 1, digest, requests: { length: 2 } });
    expect(answer?.proof.signer).toBe(2);

    // And with it the one that never had it executes.
    const fetcher = new Bench(3).sync();
    fetcher.from(1, begun).receive(answer as BatchData);
    fetcher.receive(prepare(0, 1, 1, digest), prepare(2, 1, 1, digest)).sync();
    for (const signer of [1, 2]) {
      const proof = prove(signer, 'commit', 1, 1, digest);
      fetcher.receive({ kind: 'Commit', view: 1, sequence: 1, digest, proof });
    }
    expect(fetcher.sync().applied()).toEqual([1, 2]);
  });

  it('are served after power failures before, during and after the view change', () => {
    const bench = new Bench(2).sync();
    bench
      .receive(prePrepare(0, 0, 1, batch))
      .sync()
      .crash()
      .sync();
    bench
      .receive(viewChange(0, 1, [alone]), viewChange(3, 1))
      .sync()
      .crash()
      .sync();
    bench.from(1, begun).sync().crash().sync().crash().sync();
    bench.sent();
    bench.receive(fetch(3, 1, digest)).sync();
    expect(served(bench)).toHaveLength(1);
  });

  it('are served in a view that chose something else there', () => {
    const bench = new Bench(2).sync();
    bench.receive(prePrepare(0, 0, 1, batch)).sync();
    const others = [1, 2, 3].map((signer) => viewChange(signer, 1));
    bench.from(1, newView(1, 1, others, [])).sync();
    bench.receive(prePrepare(1, 1, 1, [request(3)])).sync();
    bench.sent();
    bench.receive(fetch(3, 1, digest)).sync();
    expect(served(bench)).toHaveLength(1);
  });

  it('are forgotten when the stable checkpoint has passed them', () => {
    const bench = new Bench(2, 4, { 'checkpoint-interval': 1 }).sync();
    bench
      .receive(prePrepare(0, 0, 1, batch))
      .sync()
      .from(1, begun)
      .sync();
    bench.receive(prepare(3, 1, 1, digest), prepare(0, 1, 1, digest)).sync();
    for (const signer of [1, 3]) {
      bench.receive({
        kind: 'Commit',
        view: 1,
        sequence: 1,
        digest,
        proof: prove(signer, 'commit', 1, 1, digest),
      });
    }
    const said = bench
      .sync()
      .sent()
      .find(({ kind }) => kind === 'Checkpoint');
    const state = said?.kind === 'Checkpoint' ? said.digest : 0;
    bench.receive(checkpoint(0, 1, state), checkpoint(3, 1, state)).sync();
    expect(bench.state('stable')).toEqual([1, state]);
    bench.sent();
    bench.receive(fetch(3, 1, digest)).sync();
    expect(served(bench)).toEqual([]);
  });
});

/** Of all that was noted: by digest the latest view and the batch; of each primary only the latest few. */
class Naive {
  private rows: { view: number; digest: number; requests: readonly Request[] | undefined }[] = [];

  constructor(private readonly replicas: number) {}

  note(view: number, noted: number, requests: readonly Request[] | undefined): void {
    let row = this.rows.find((known) => known.digest === noted);
    if (row === undefined) this.rows.push((row = { view, digest: noted, requests }));
    row.view = Math.max(row.view, view);
    row.requests ??= requests;
    const primary = row.view % this.replicas;
    const own = this.rows.filter((known) => known.view % this.replicas === primary);
    own.sort((a, b) => b.view - a.view);
    const gone = new Set(own.slice(HELD_PER_PRIMARY));
    this.rows = this.rows.filter((known) => !gone.has(known));
  }

  encode(): unknown {
    return this.rows
      .sort((a, b) => a.view - b.view)
      .map(({ view, digest: noted, requests }) => [view, noted, requests !== undefined]);
  }
}

describe('pbft held batches', () => {
  it('are the latest few of each primary, each digest once, whatever comes', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 7 }), (seed, replicas) => {
        const random = new LcgStream(seed);
        const held = new HeldBatches(replicas);
        const naive = new Naive(replicas);
        for (let view = 0; view < 30; view++) {
          const noted = random.below(8);
          const requests = random.below(2) === 0 ? batch : undefined;
          held.note(view, noted, requests);
          naive.note(view, noted, requests);
          expect(held.encode()).toEqual(naive.encode());
        }
        expect(held.entries.length).toBeLessThanOrEqual(HELD_PER_PRIMARY * replicas);
      }),
      { numRuns: 300 },
    );
  });
});
