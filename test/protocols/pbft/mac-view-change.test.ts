import { describe, expect, it } from 'vitest';
import type { Message, Proof } from '../../../src/kernel/index.js';
import {
  PbftMacReplica,
  StatementType,
  batchDigest,
  statusDigest,
  type MacNewView,
  type MacViewChange,
  type PrePrepare,
  type Prepare,
  type Request,
  type Tuple,
} from '../../../src/protocols/pbft/index.js';
import { Bench, CLIENT, kinds, request, requestWithMacs } from './fixtures.js';
import {
  ALL,
  GENESIS,
  acknowledge,
  authenticate,
  newView,
  prePrepare,
  prepare,
  viewChange,
  type Leaving,
} from './mac-fixtures.js';

const MACS = { proofs: 'macs' };
const batch = [request(1), request(2)];
const digest = batchDigest(batch);
const prepared: Tuple = { view: 0, sequence: 1, digest };

/** All of it is about place 1 of view 0, and about who leaves for view 1. */
const propose = (requests: readonly Request[]): PrePrepare => prePrepare(0, 1, requests);
const vote = (signer: number, said = digest): Prepare => prepare(signer, 0, 1, said);
const leave = (signer: number, words?: Leaving): MacViewChange => viewChange(signer, 1, words);
const begin = (viewChanges: readonly MacViewChange[], chosen: readonly number[]): MacNewView =>
  newView(1, viewChanges, GENESIS, chosen);

const words: Leaving = { prepared: [prepared], prePrepared: [prepared] };

describe('pbft view change with MACs', () => {
  it('the new primary waits until a quorum has acknowledged what its view rests on', () => {
    const bench = new Bench(1, 4, MACS).sync();
    const [two, three] = [leave(2, words), leave(3, words)];
    bench.receive(two, three).sync();
    expect(kinds(bench.sent(0))).not.toContain('MacNewView');
    // Each has itself and the primary; one more makes three.
    bench.receive(acknowledge(3, two)).sync();
    expect(bench.state('isActive')).toBe(false);
    bench.receive(acknowledge(2, three)).sync();
    const begun = bench.sent(0).find(({ kind }) => kind === 'MacNewView');
    expect(begun).toMatchObject({ view: 1, choices: [{ sequence: 1, digest }] });
  });

  it('the new primary waits when nothing follows yet: a lie about what was prepared is outvoted by more', () => {
    const bench = new Bench(1, 4, MACS).sync();
    const [lie, three] = [leave(2, { prepared: [{ ...prepared, digest: 77 }] }), leave(3)];
    bench.receive(lie, three, acknowledge(3, lie), acknowledge(2, three)).sync();
    expect(bench.state('isActive')).toBe(false);
    const zero = leave(0);
    bench.receive(zero, acknowledge(3, lie, zero)).sync();
    expect(bench.state('isActive')).toBe(true);
    expect(bench.sent(0).find(({ kind }) => kind === 'MacNewView')).toMatchObject({ choices: [] });
  });

  it('a backup whose MAC is bad believes a view change when f + 1 others have it', () => {
    const bench = new Bench(2, 4, MACS).sync();
    const spoilt = leave(0, { ...words, receivers: [1, 3] });
    bench.receive(spoilt);
    expect(bench.rejections()).toEqual(['bad view change']);
    bench.receive(begin([spoilt, leave(1, words), leave(3, words)], [digest])).sync();
    expect(bench.state('view')).toBe(0);
    bench.receive(acknowledge(1, spoilt)).sync();
    expect(bench.state('view')).toBe(0);
    bench.receive(acknowledge(3, spoilt)).sync();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, true]);
  });

  it.each<[string, MacNewView]>([
    ['omits what was prepared', begin([leave(0, words), leave(1, words), leave(3)], [])],
    ['proposes something else', begin([leave(0, words), leave(1, words), leave(3)], [digest + 1])],
    ['rests on too few', begin([leave(0, words), leave(1, words)], [digest])],
    ['counts one replica twice', begin([leave(0, words), leave(0, words), leave(1, words)], [digest])],
    ['proposes what only one has pre-prepared', begin([leave(0, words), leave(1), leave(3)], [digest])],
  ])('a new view that %s is refused', (_, message) => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(message).sync();
    expect(bench.rejections()).toEqual(['bad new view']);
    expect(bench.state('view')).toBe(0);
  });

  it('a new view that a liar has made up, of a view far ahead, keeps nobody from those of others', () => {
    const bench = new Bench(2, 4, MACS).sync();
    const madeUp = [0, 1, 3].map((signer) => ({ ...viewChange(signer, 403), proof: leave(3).proof }));
    const signed = madeUp.map((message, i) => ({
      ...message,
      proof: { ...message.proof, signer: [0, 1, 3][i] as number },
    }));
    bench.receive(newView(403, signed, GENESIS)).sync();
    expect([bench.state('view'), bench.rejections()]).toEqual([0, []]);
    bench.receive(leave(0, words), leave(1, words), leave(3, words));
    bench.receive(begin([leave(0, words), leave(1, words), leave(3, words)], [digest])).sync();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, true]);
  });

  it('a new view whose proofs a liar has spoiled on its way is mended by the one that its primary sends', () => {
    const bench = new Bench(2, 4, MACS).sync();
    const changes = [leave(0, words), leave(1, words), leave(3, words)];
    const whole = begin(changes, [digest]);
    const spoilt = changes.map((said) => ({ ...said, proof: { signer: said.proof.signer } as Proof }));
    bench.from(3, { ...whole, viewChanges: spoilt } as Message).sync();
    expect([bench.state('view'), bench.rejections()]).toEqual([0, []]);
    bench.receive(whole).sync();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, true]);
  });

  it('P and Q outlive restarts, also in the middle of a view change', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(propose(batch), vote(1)).sync().crash().sync();
    bench.receive(leave(0), leave(3)).sync().crash().sync();
    bench.sent();
    bench.replica.timerFired('status');
    expect(bench.replica).toBeInstanceOf(PbftMacReplica);
    expect((bench.state('macViewChanges') as { ownViewChange: number }).ownViewChange).toBe(1);
    bench.receive(begin([leave(0, words), leave(1, words), leave(3, words)], [digest])).sync();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, true]);
  });

  it('what a view rests on is acknowledged also after a restart, to those who have not entered it', () => {
    const bench = new Bench(2, 4, MACS).sync();
    const changes = [leave(0, words), leave(1, words), leave(3, words)];
    bench.receive(...changes, begin(changes, [digest])).sync();
    bench.crash().sync().sent();
    const late = {
      kind: 'Status',
      view: 1,
      isActive: false,
      stable: 0,
      executed: 0,
      viewChanges: 8,
    } as const;
    const body = { ...late, helper: 0, slots: [] };
    const proof = authenticate(3, StatementType.status, 1, 0, statusDigest(body));
    bench.receive({ ...body, proof }).sync();
    const acks = bench.sent(3).filter(({ kind }) => kind === 'ViewChangeAck');
    expect(acks).toMatchObject([{ view: 1, acks: changes.flatMap((said) => acknowledge(2, said).acks) }]);
  });

  it('a clone goes on as the replica would', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(propose(batch), leave(0), leave(3), acknowledge(3, leave(0))).sync();
    expect(bench.replica.clone(bench.host).encode()).toEqual(bench.replica.encode());
  });
});

describe('pbft requests with MACs that are good for some', () => {
  const spoilt = [requestWithMacs(1, 'x', CLIENT, [0])];
  const said = batchDigest(spoilt);

  it('a backup accepts them by the word of f + 1 replicas', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(propose(spoilt)).sync();
    expect(bench.rejections()).toEqual(['a request without its client']);
    expect(kinds(bench.sent(3))).not.toContain('Prepare');
    bench.receive(vote(1, said)).sync();
    expect(kinds(bench.sent(3))).toContain('Prepare');
  });

  it('a backup accepts them when the client sends the same signed', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(propose(spoilt)).sync();
    bench.sent();
    bench.receive(request(1)).sync();
    expect(kinds(bench.sent(3))).toContain('Prepare');
  });

  it('a backup waits for signed requests only, and passes on the others', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(requestWithMacs(1, 'x', CLIENT, ALL)).sync();
    expect(kinds(bench.sent(0))).toEqual(['Request']);
    expect(bench.host.timers.has('view-change')).toBe(false);
    bench.receive(request(1)).sync();
    expect(bench.host.timers.has('view-change')).toBe(true);
  });

  it('a primary whose batch nobody accepts takes only signed requests of its clients afterwards', () => {
    const bench = new Bench(0, 4, { ...MACS, 'batch-size': 1 }).sync();
    bench.receive(...spoilt).sync();
    expect(kinds(bench.sent(1))).toEqual(['PrePrepare']);
    bench.receive(leave(2), leave(3)).sync();
    expect((bench.state('macRequests') as { distrusted: number[] }).distrusted).toEqual([CLIENT]);
  });
});
