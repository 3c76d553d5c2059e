import { describe, expect, it } from 'vitest';
import { batchDigest } from '../../../src/protocols/pbft/index.js';
import { Bench, CLIENT, commit, kinds, prePrepare, prepare, prove, request } from './fixtures.js';

const batch = [request(1), request(2)];
const digest = batchDigest(batch);
const other = batchDigest([request(3)]);

describe('pbft agreement (OSDI 1999, §4.2)', () => {
  it('a backup votes once its acceptance is durable, commits when prepared, executes when a quorum has', () => {
    const bench = new Bench(1);
    bench.sync().sent();
    bench.receive(prePrepare(0, 0, 1, batch));
    expect(bench.sent()).toEqual([]);
    expect(kinds(bench.sync().sent())).toEqual(['Prepare', 'Prepare', 'Prepare']);
    bench.receive(prepare(2, 0, 1, digest));
    expect(bench.sent()).toEqual([]);
    expect(kinds(bench.sync().sent(2))).toEqual(['Commit']);
    bench.receive(commit(2, 0, 1, digest));
    expect(bench.applied()).toEqual([]);
    bench.receive(commit(3, 0, 1, digest));
    expect(bench.applied()).toEqual([1, 2]);
    expect(kinds(bench.sync().sent(CLIENT))).toEqual(['Reply', 'Reply']);
  });

  it("the replica's own commit counts only when it is durable", () => {
    const bench = new Bench(1).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest), commit(2, 0, 1, digest));
    bench.receive(commit(0, 0, 1, digest));
    expect(bench.applied()).toEqual([]);
    expect(bench.sync().applied()).toEqual([1, 2]);
  });

  it('votes that come first are kept', () => {
    const bench = new Bench(1).sync();
    bench.receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest), prepare(2, 0, 1, digest));
    bench.receive(prePrepare(0, 0, 1, batch));
    expect(bench.sync().applied()).toEqual([1, 2]);
  });

  it('votes for another digest do not count', () => {
    const bench = new Bench(1).sync();
    bench.receive(prepare(2, 0, 1, other), prepare(3, 0, 1, other), prePrepare(0, 0, 1, batch));
    bench.receive(commit(0, 0, 1, digest), commit(2, 0, 1, other), commit(3, 0, 1, other));
    expect(bench.sync().applied()).toEqual([]);
  });

  it('the primary has no vote in the prepare phase', () => {
    const bench = new Bench(1).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(0, 0, 1, digest));
    expect(bench.rejections()).toEqual(['prepare by the primary']);
    bench.sent();
    expect(kinds(bench.sync().sent(2))).toEqual(['Prepare']);
  });

  it('the same vote again adds nothing: n = 7 takes four prepares of distinct backups', () => {
    const bench = new Bench(1, 7).sync();
    bench.receive(prePrepare(0, 0, 1, batch));
    for (let i = 0; i < 5; i++) bench.receive(prepare(2, 0, 1, digest), prepare(3, 0, 1, digest));
    expect(kinds(bench.sync().sent(2))).not.toContain('Commit');
    bench.receive(prepare(4, 0, 1, digest));
    expect(kinds(bench.sync().sent(2))).toContain('Commit');
  });

  it('of 6 replicas, four must commit', () => {
    const bench = new Bench(1, 6).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest), prepare(3, 0, 1, digest));
    bench.sync().receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest));
    expect(bench.applied()).toEqual([]);
    expect(bench.receive(commit(4, 0, 1, digest)).applied()).toEqual([1, 2]);
  });

  it('execution waits for the places before', () => {
    const bench = new Bench(1).sync();
    const decide = (sequence: number, requests = batch): void => {
      const chosen = batchDigest(requests);
      bench.receive(prePrepare(0, 0, sequence, requests), prepare(2, 0, sequence, chosen));
      bench.receive(commit(2, 0, sequence, chosen), commit(3, 0, sequence, chosen));
      bench.sync();
    };
    decide(2, [request(3)]);
    expect(bench.applied()).toEqual([]);
    decide(1);
    expect(bench.applied()).toEqual([1, 2, 3]);
  });

  it.each([
    ['not the primary', 2, prePrepare(2, 0, 1, batch), 'pre-prepare not by the primary'],
    ['in the name of the primary', 2, prePrepare(0, 0, 1, batch), 'in the name of another'],
    [
      'a digest of another batch',
      0,
      { ...prePrepare(0, 0, 1, batch), requests: [request(3)] },
      'the batch is not',
    ],
    ['a proof of another place', 0, { ...prePrepare(0, 0, 1, batch), sequence: 2 }, 'bad proof'],
    [
      'a request that its client did not prove',
      0,
      prePrepare(0, 0, 1, [{ ...request(1), proof: prove(0, 'request', 0, 1, request(1).command.hash) }]),
      'a request without its client',
    ],
    [
      'a request whose hash is not its own',
      0,
      prePrepare(0, 0, 1, [{ ...request(1), command: { ...request(1).command, input: 'other' } }]),
      'malformed',
    ],
    ['a prepare as a commit', 2, { ...prepare(2, 0, 1, digest), kind: 'Commit' }, 'bad proof'],
  ])('%s is refused with a reason', (_, sender, message, reason) => {
    const bench = new Bench(1).sync();
    bench.from(sender, message);
    expect(bench.rejections()).toEqual([expect.stringContaining(reason)]);
    expect(bench.sync().sent()).toEqual([]);
  });

  it('a second batch for a place of a view is refused, the first one again is not', () => {
    const bench = new Bench(1).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prePrepare(0, 0, 1, batch), prePrepare(0, 0, 1, [request(3)]));
    expect(bench.rejections()).toEqual(['a second pre-prepare']);
  });

  it('what lies above the window waits until the window has moved; what lies far above is dropped', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 1, window: 2 }).sync();
    for (const sequence of [3, 2, 1, 9]) {
      const requests = [request(sequence)];
      const chosen = batchDigest(requests);
      bench.receive(prePrepare(0, 0, sequence, requests), prepare(2, 0, sequence, chosen));
      bench.receive(commit(2, 0, sequence, chosen), commit(3, 0, sequence, chosen));
      bench.sync();
    }
    expect(bench.applied()).toEqual([1, 2]);
    const early = bench.state('early') as readonly (readonly [string, number, number][])[];
    const waiting = early.map((queue) => queue.map(([kind, , sequence]) => `${kind} ${sequence}`));
    expect(waiting).toEqual([['PrePrepare 3'], [], ['Prepare 3', 'Commit 3'], ['Commit 3']]);
  });
});

describe('pbft primary', () => {
  it('orders full batches at once, others after a delay, each request once', () => {
    const bench = new Bench(0, 4, { 'batch-size': 2 }).sync();
    bench.receive(request(1), request(2), request(2), request(3));
    expect(bench.sync().sent(1)).toMatchObject([
      { kind: 'PrePrepare', sequence: 1, requests: { length: 2 } },
    ]);
    expect(bench.host.timers.has('batch')).toBe(true);
    bench.replica.timerFired('batch');
    expect(bench.sync().sent(1)).toMatchObject([
      { kind: 'PrePrepare', sequence: 2, requests: { length: 1 } },
    ]);
  });

  it('keeps no more batches under way than it may', () => {
    const bench = new Bench(0, 4, { 'batch-size': 1, 'max-inflight': 2 }).sync();
    bench.receive(request(1), request(2), request(3));
    expect(bench.sync().sent(1)).toHaveLength(2);
  });

  it('answers an executed request again, and orders it no more', () => {
    const bench = new Bench(1).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest));
    bench.receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest)).sync();
    const [, first] = bench.sent(CLIENT);
    bench.receive(request(2));
    expect(bench.sync().sent(CLIENT)).toEqual([first]);
    expect(first).toMatchObject({ kind: 'Reply', sequence: 2, index: 2 });
    expect(bench.host.timers.has('view-change')).toBe(false);
  });

  it('orders no request of long ago again, whoever has kept it, nor waits for one', () => {
    const later = [request(200)];
    const chosen = batchDigest(later);
    const bench = new Bench(1).sync();
    bench.receive(request(72)).sync();
    bench.receive(prePrepare(0, 0, 1, later), prepare(2, 0, 1, chosen));
    bench.receive(commit(2, 0, 1, chosen), commit(3, 0, 1, chosen)).sync();
    expect(bench.applied()).toEqual([1]);
    expect(bench.host.timers.has('view-change')).toBe(false);
    bench.sent();
    bench.from(3, request(72)).sync();
    expect(bench.rejections()).toEqual(['a request of long ago']);
    expect(bench.sent()).toEqual([]);
    expect(bench.host.timers.has('view-change')).toBe(false);
  });

  it('a backup passes a request on to it, and waits for its execution', () => {
    const bench = new Bench(1).sync();
    bench.receive(request(1));
    expect(bench.sent()).toMatchObject([{ kind: 'Request' }]);
    expect(bench.host.timers.get('view-change')).toEqual([400_000, 400_000]);
  });
});
