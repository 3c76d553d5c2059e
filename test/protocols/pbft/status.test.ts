import { describe, expect, it } from 'vitest';
import {
  batchDigest,
  decisionDigest,
  statusDigest,
  type Decision,
  type PbftMessage,
  type Status,
} from '../../../src/protocols/pbft/index.js';
import {
  Bench,
  checkpoint,
  commit,
  kinds,
  prePrepare,
  prepare,
  prove,
  request,
  viewChange,
} from './fixtures.js';

const batch = [request(1), request(2)];
const digest = batchDigest(batch);

function status(from: number, fields: Partial<Status> = {}): Status {
  const { proof: _, ...body } = {
    kind: 'Status' as const,
    view: 0,
    isActive: true,
    stable: 0,
    executed: 0,
    viewChanges: 0,
    helper: 9,
    slots: [],
    ...fields,
  };
  return { ...body, proof: prove(from, 'status', body.view, body.executed, statusDigest(body)) };
}

function decision(from: number, signers: readonly number[], requests = batch): Decision {
  const commits = signers.map((signer) => commit(signer, 0, 1, digest).proof);
  const body = { kind: 'Decision', view: 0, sequence: 1, digest, requests, commits } as const;
  return { ...body, proof: prove(from, 'decision', 0, 1, decisionDigest(body)) };
}

/** Replica 1 of four, which has executed place 1, some time ago. */
function executedBench(): Bench {
  const bench = new Bench(1).sync();
  bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest)).sync();
  bench.receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest)).sync();
  bench.replica.timerFired('status');
  bench.sync().sent();
  return bench;
}

const answerTo = (bench: Bench, message: PbftMessage & Status): string[] =>
  kinds(bench.receive(message).sync().sent(message.proof.signer));

describe('pbft retransmission (thesis, §5.2)', () => {
  it('a replica gets again the votes that it lacks, and no others', () => {
    const bench = executedBench();
    expect(answerTo(bench, status(3))).toEqual(['Prepare', 'Commit']);
    expect(answerTo(bench, status(3, { slots: [1, 3, 0b0010, 0b0001] }))).toEqual(['Commit']);
    expect(answerTo(bench, status(3, { slots: [1, 3, 0b0010, 0b0010] }))).toEqual([]);
    expect(answerTo(bench, status(3, { executed: 1 }))).toEqual([]);
  });

  it('whoever has the proof that a checkpoint is stable passes it on, before it has been there itself', () => {
    const bench = new Bench(1).sync();
    bench
      .receive(checkpoint(0, 16, 5), checkpoint(2, 16, 5), checkpoint(3, 16, 5))
      .sync()
      .sent();
    expect(bench.state('stable')).toEqual([0, 0]);
    const [sent] = bench
      .receive(status(3, { helper: 1, executed: 16 }))
      .sync()
      .sent(3);
    expect(sent).toMatchObject({ kind: 'StateData', certificate: { sequence: 16, digest: 5 } });
    expect(sent).toHaveProperty('part', undefined);
    expect(answerTo(bench, status(3, { helper: 1, stable: 16, executed: 16 }))).toEqual([]);
  });

  it('the helper that it has chosen sends what was decided', () => {
    expect(answerTo(executedBench(), status(3, { helper: 1 }))).toEqual(['Prepare', 'Commit', 'Decision']);
  });

  it('what was said just now may still be on its way', () => {
    const bench = new Bench(1).sync();
    bench
      .receive(prePrepare(0, 0, 1, batch))
      .sync()
      .sent();
    expect(answerTo(bench, status(3))).toEqual([]);
  });

  it('the primary sends a batch again to whoever lacks it', () => {
    const bench = new Bench(0, 4, { 'batch-size': 1 }).sync();
    bench.receive(request(1)).sync();
    bench.replica.timerFired('status');
    bench.sync().sent();
    expect(answerTo(bench, status(3))).toEqual(['PrePrepare']);
    expect(answerTo(bench, status(3, { slots: [1, 1, 0, 0] }))).toEqual(['PrePrepare']);
    expect(answerTo(bench, status(3, { slots: [1, 3, 0, 0] }))).toEqual([]);
  });

  it('nobody is answered without end', () => {
    const bench = executedBench();
    for (let i = 0; i < 1000; i++) bench.receive(status(3));
    expect(bench.sync().sent(3)).toHaveLength(4 * 32);
    bench.replica.timerFired('status');
    bench.sent();
    expect(answerTo(bench, status(3))).toEqual(['Prepare', 'Commit']);
  });

  it('a replica that is alone in a view change executes what the others decide', () => {
    const bench = new Bench(1).sync();
    bench.receive(request(1)).replica.timerFired('view-change');
    bench.receive(decision(3, [0, 2, 3])).sync();
    expect([bench.applied(), bench.state('isActive')]).toEqual([[1, 2], false]);
  });

  it.each([
    ['the commits of too few', decision(3, [0, 2])],
    ['the commits of a stranger', decision(3, [0, 2, 9])],
    ['another batch', decision(3, [0, 2, 3], [request(3)])],
  ])('a decision with %s is refused', (_, message) => {
    const bench = new Bench(1).sync();
    bench.receive(message);
    expect([bench.applied(), bench.rejections()]).toEqual([[], ['bad decision']]);
  });

  it('who waits for the same view gets the view change that it lacks', () => {
    const bench = new Bench(2).sync();
    bench.receive(viewChange(0, 1), viewChange(3, 1)).sync().sent();
    const waiting = { view: 1, isActive: false };
    expect(answerTo(bench, status(3, { ...waiting, viewChanges: 0b1001 }))).toEqual(['ViewChange']);
    expect(answerTo(bench, status(3, { ...waiting, viewChanges: 0b1101 }))).toEqual([]);
    expect(answerTo(bench, status(3, { view: 0 }))).toEqual(['ViewChange']);
  });
});

describe('pbft suspicion', () => {
  it('waits for one request, whatever else is executed meanwhile: a primary cannot leave a client out', () => {
    const bench = new Bench(1).sync();
    bench.receive(request(7, 'x', 41), request(1)).sync();
    bench.receive(prePrepare(0, 0, 1, batch), prepare(2, 0, 1, digest));
    bench.receive(commit(2, 0, 1, digest), commit(3, 0, 1, digest)).sync();
    expect([bench.applied(), bench.state('awaitedRequest')]).toEqual([
      [1, 2],
      [41, 7],
    ]);
    bench.replica.timerFired('view-change');
    expect(bench.state('view')).toBe(1);
  });
});
