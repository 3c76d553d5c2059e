import { describe, expect, it } from 'vitest';
import {
  MacStatementType,
  PbftMacReplica,
  StatementType,
  batchDigest,
  macNewViewDigest,
  macViewChangeDigest,
  viewChangeAckDigest,
  type Checkpointed,
  type MacNewView,
  type MacViewChange,
  type PrePrepare,
  type Prepare,
  type Request,
  type Tuple,
  type ViewChangeAck,
} from '../../../src/protocols/pbft/index.js';
import { keysOf } from '../../world/keys.js';
import { Bench, CLIENT, kinds, request, requestWithMacs } from './fixtures.js';

const ALL = [0, 1, 2, 3];
const MACS = { proofs: 'macs' };
const batch = [request(1), request(2)];
const digest = batchDigest(batch);
const prepared: Tuple = { view: 0, sequence: 1, digest };

function authenticate(
  signer: number,
  type: number,
  view: number,
  sequence: number,
  said: number,
  receivers: readonly number[],
) {
  const statement = { type, configuration: 0, view, sequence, digest: said };
  return keysOf(signer).authenticate(statement, receivers);
}

function prePrepare(requests: readonly Request[], view = 0, receivers = ALL): PrePrepare {
  const said = batchDigest(requests);
  const proof = authenticate(view % 4, StatementType.prePrepare, view, 1, said, receivers);
  return { kind: 'PrePrepare', view, sequence: 1, digest: said, requests, proof };
}

function prepare(signer: number, said = digest): Prepare {
  const proof = authenticate(signer, StatementType.prepare, 0, 1, said, ALL);
  return { kind: 'Prepare', view: 0, sequence: 1, digest: said, proof };
}

interface Words {
  readonly prepared?: readonly Tuple[];
  readonly prePrepared?: readonly Tuple[];
  readonly receivers?: readonly number[];
}

function leave(signer: number, words: Words = {}): MacViewChange {
  const { prepared: p = [], prePrepared: q = [], receivers = ALL } = words;
  const checkpoints: readonly Checkpointed[] = [{ sequence: 0, digest: 0 }];
  const body = {
    kind: 'MacViewChange',
    view: 1,
    stable: 0,
    checkpoints,
    prepared: p,
    prePrepared: q,
  } as const;
  const said = macViewChangeDigest(body);
  return { ...body, proof: authenticate(signer, MacStatementType.viewChange, 1, 0, said, receivers) };
}

function acknowledge(signer: number, ...messages: readonly MacViewChange[]): ViewChangeAck {
  const acks = messages.flatMap((message) => [message.proof.signer, macViewChangeDigest(message)]);
  const body = { kind: 'ViewChangeAck', view: 1, acks } as const;
  const proof = authenticate(signer, MacStatementType.viewChangeAck, 1, 0, viewChangeAckDigest(body), ALL);
  return { ...body, proof };
}

function begin(viewChanges: readonly MacViewChange[], digests: readonly number[]): MacNewView {
  const choices = digests.map((said, i) => ({
    sequence: i + 1,
    digest: said,
    proof: authenticate(1, StatementType.prePrepare, 1, i + 1, said, ALL),
  }));
  const checkpoint = { sequence: 0, digest: 0 };
  const body = { kind: 'MacNewView', view: 1, viewChanges, checkpoint, choices } as const;
  return { ...body, proof: authenticate(1, MacStatementType.newView, 1, 0, macNewViewDigest(body), ALL) };
}

const words: Words = { prepared: [prepared], prePrepared: [prepared] };

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

  it('P and Q outlive restarts, also in the middle of a view change', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(prePrepare(batch), prepare(1)).sync().crash().sync();
    bench.receive(leave(0), leave(3)).sync().crash().sync();
    bench.sent();
    bench.replica.timerFired('status');
    expect(bench.replica).toBeInstanceOf(PbftMacReplica);
    expect((bench.state('macViewChanges') as { ownViewChange: number }).ownViewChange).toBe(1);
    bench.receive(begin([leave(0, words), leave(1, words), leave(3, words)], [digest])).sync();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, true]);
  });

  it('a clone goes on as the replica would', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(prePrepare(batch), leave(0), leave(3), acknowledge(3, leave(0))).sync();
    expect(bench.replica.clone(bench.host).encode()).toEqual(bench.replica.encode());
  });
});

describe('pbft requests with MACs that are good for some', () => {
  const spoilt = [requestWithMacs(1, 'x', CLIENT, [0])];
  const said = batchDigest(spoilt);

  it('a backup accepts them by the word of f + 1 replicas', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(prePrepare(spoilt)).sync();
    expect(bench.rejections()).toEqual(['a request without its client']);
    expect(kinds(bench.sent(3))).not.toContain('Prepare');
    bench.receive(prepare(1, said)).sync();
    expect(kinds(bench.sent(3))).toContain('Prepare');
  });

  it('a backup accepts them when the client sends the same signed', () => {
    const bench = new Bench(2, 4, MACS).sync();
    bench.receive(prePrepare(spoilt)).sync();
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
