import { describe, expect, it } from 'vitest';
import { batchDigest, type NewView, type ViewChange } from '../../../src/protocols/pbft/index.js';
import {
  Bench,
  CLIENT,
  choice,
  commit,
  kinds,
  newView,
  prePrepare,
  prepare,
  prepared,
  request,
  stable,
  viewChange,
} from './fixtures.js';

const batch = [request(1), request(2)];
const digest = batchDigest(batch);
const certificate = prepared(0, [1, 2], 0, 1, digest);

/** Replica 2 of four, prepared at place 1 of view 0. */
function preparedBench(): Bench {
  const bench = new Bench(2).sync();
  bench
    .receive(prePrepare(0, 0, 1, batch), prepare(1, 0, 1, digest))
    .sync()
    .sent();
  return bench;
}

describe('pbft view change (OSDI 1999, §4.4)', () => {
  it('a backup that waits in vain leaves the view, with what it has prepared', () => {
    const bench = preparedBench();
    bench.replica.timerFired('view-change');
    expect(bench.sent()).toEqual([]);
    const [message] = bench.sync().sent(0);
    expect(message).toMatchObject({
      kind: 'ViewChange',
      view: 1,
      prepared: [{ view: 0, sequence: 1, digest }],
    });
    expect((message as ViewChange).prepared[0]?.prepares).toHaveLength(2);
  });

  it('a primary whose own place stays open leaves its view as well, and not for want of others to ask it', () => {
    const bench = new Bench(0).sync();
    const timer = (): number | undefined => bench.host.timers.get('view-change')?.[0];
    expect(timer()).toBeUndefined();
    bench.receive(...batch);
    bench.replica.timerFired('batch');
    expect(timer()).toBeDefined();
    bench.sync().sent();
    bench.replica.timerFired('view-change');
    expect(kinds(bench.sync().sent(1))).toEqual(['ViewChange']);
  });

  it('a primary whose places are all executed waits for nothing', () => {
    const bench = new Bench(0).sync();
    bench.receive(...batch);
    bench.replica.timerFired('batch');
    bench
      .sync()
      .receive(prepare(1, 0, 1, digest), prepare(2, 0, 1, digest))
      .sync();
    bench.receive(commit(1, 0, 1, digest), commit(2, 0, 1, digest)).sync();
    expect(bench.applied()).toHaveLength(2);
    expect(bench.host.timers.get('view-change')).toBeUndefined();
  });

  it('a timer that fires late changes nothing', () => {
    const bench = new Bench(2).sync();
    bench.sent();
    bench.replica.timerFired('view-change');
    expect(bench.sync().sent()).toEqual([]);
  });

  it('what was not sent yet for the view that it leaves is never sent', () => {
    const bench = new Bench(2).sync();
    bench.receive(prePrepare(0, 0, 1, batch));
    bench.replica.timerFired('view-change');
    expect(kinds(bench.sync().sent(0))).toEqual(['ViewChange']);
  });

  it('what was not sent yet of why it left is not sent any more once it has entered the view', () => {
    const bench = new Bench(2).sync();
    bench.receive(viewChange(0, 1), viewChange(3, 1));
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, false]);
    const changes = [0, 1, 3].map((signer) => viewChange(signer, 1));
    bench.receive(newView(1, 1, changes, []));
    expect(bench.state('isActive')).toBe(true);
    expect(kinds(bench.sync().sent(0))).not.toContain('ViewChange');
  });

  it('in a view change nothing of the view counts any more', () => {
    const bench = preparedBench();
    bench.replica.timerFired('view-change');
    bench.receive(commit(0, 0, 1, digest), commit(1, 0, 1, digest)).sync();
    expect(bench.applied()).toEqual([]);
  });

  it('f + 1 others take it along, to the lowest of their views', () => {
    const bench = new Bench(2, 7).sync();
    bench.receive(viewChange(3, 9), viewChange(4, 5));
    expect(bench.state('view')).toBe(0);
    bench.receive(viewChange(5, 7));
    expect([bench.state('view'), bench.state('isActive')]).toEqual([5, false]);
  });

  it('one replica that cries wolf takes nobody along', () => {
    const bench = new Bench(2).sync();
    for (let view = 1; view < 20; view++) bench.receive(viewChange(3, view));
    expect(bench.state('view')).toBe(0);
  });

  it.each([
    ['fewer prepares than a quorum takes', viewChange(3, 1, [prepared(0, [1], 0, 1, digest)])],
    ['a prepare by the primary', viewChange(3, 1, [prepared(0, [0, 1], 0, 1, digest)])],
    ['a pre-prepare that is not by its primary', viewChange(3, 1, [prepared(1, [2, 3], 0, 1, digest)])],
    ['prepares for another digest', viewChange(3, 1, [{ ...certificate, digest: digest + 1 }])],
    ['prepares by a stranger', viewChange(3, 1, [prepared(0, [1, 9], 0, 1, digest)])],
    ['a stable checkpoint of too few', viewChange(3, 1, [], stable([0, 1], 16, 5))],
    ['a stable checkpoint of strangers', viewChange(3, 1, [], stable([7, 8, 9], 16, 5))],
    ['contents that are not what was proved', { ...viewChange(3, 1, [certificate]), prepared: [] }],
  ])('a view change with %s is refused', (_, message) => {
    const bench = new Bench(2).sync();
    bench.receive(message);
    expect(bench.rejections()).toEqual(['bad view change']);
  });

  it('time-outs double up to the cap, and begin with a quorum', () => {
    const bench = preparedBench();
    const timer = (): number | undefined => bench.host.timers.get('view-change')?.[0];
    bench.replica.timerFired('view-change');
    expect(timer()).toBeUndefined();
    bench.receive(viewChange(0, 1), viewChange(3, 1));
    expect(timer()).toBe(800_000);
    bench.replica.timerFired('view-change');
    bench.receive(viewChange(0, 2), viewChange(3, 2));
    // This replica is the primary of view 2: it begins it.
    expect(bench.state('isActive')).toBe(true);
  });

  it('whoever has left for a later view counts among those who have left for this one', () => {
    const bench = preparedBench();
    const timer = (): number | undefined => bench.host.timers.get('view-change')?.[0];
    bench.replica.timerFired('view-change');
    bench.receive(viewChange(0, 1));
    expect(timer()).toBeUndefined();
    bench.receive(viewChange(3, 2));
    expect(timer()).toBe(800_000);
    bench.replica.timerFired('view-change');
    expect([bench.state('view'), bench.state('isActive')]).toEqual([2, false]);
  });

  it('a primary that others have left behind does not wait for them', () => {
    const bench = new Bench(1).sync();
    bench.receive(viewChange(0, 1), viewChange(3, 2));
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, false]);
    expect(bench.host.timers.get('view-change')?.[0]).toBe(800_000);
  });

  it('the new primary begins with what a quorum says, and proposes it again', () => {
    const bench = new Bench(1).sync();
    bench.receive(viewChange(2, 1, [certificate]), viewChange(3, 1));
    const sent = bench.sync().sent(0);
    expect(kinds(sent)).toEqual(['ViewChange', 'NewView']);
    expect(sent[1]).toMatchObject({
      view: 1,
      viewChanges: { length: 3 },
      choices: [{ sequence: 1, digest }],
    });
  });

  const changes = [0, 1, 3].map((signer) => viewChange(signer, 1, signer === 0 ? [certificate] : []));
  const valid = newView(1, 1, changes, [choice(1, 1, 1, digest)]);

  it('a backup enters a view that follows from its view changes, and prepares anew', () => {
    const bench = new Bench(2).sync();
    bench.sent();
    bench.receive(valid);
    expect(bench.state('view')).toBe(1);
    expect(kinds(bench.sync().sent(0))).toEqual(['FetchBatch', 'Prepare']);
  });

  it('whoever passes a new view on', () => {
    const bench = new Bench(2).sync();
    bench.from(3, valid);
    expect(bench.state('view')).toBe(1);
  });

  it.each<[string, NewView]>([
    ['omits what was prepared', newView(1, 1, changes, [])],
    ['proposes something else', newView(1, 1, changes, [choice(1, 1, 1, digest + 1)])],
    ['proposes more', newView(1, 1, changes, [choice(1, 1, 1, digest), choice(1, 1, 2, 0)])],
    ['rests on too few', newView(1, 1, changes.slice(0, 2), [choice(1, 1, 1, digest)])],
    [
      'counts one replica twice',
      newView(1, 1, [...changes.slice(0, 2), changes[0] as ViewChange], valid.choices),
    ],
    [
      'rests on a view change to another view',
      newView(1, 1, [...changes.slice(0, 2), viewChange(3, 2)], valid.choices),
    ],
    [
      'rests on an invalid certificate',
      newView(
        1,
        1,
        [viewChange(0, 1, [prepared(0, [1], 0, 1, digest)]), ...changes.slice(1)],
        [choice(1, 1, 1, digest)],
      ),
    ],
    ['is not by its primary', newView(3, 1, changes, valid.choices)],
    ['has pre-prepares of somebody else', newView(1, 1, changes, [choice(3, 1, 1, digest)])],
  ])('a new view that %s is refused', (_, message) => {
    const bench = new Bench(2).sync();
    bench.from(1, message);
    expect(bench.rejections()).toEqual(['bad new view']);
    expect(bench.state('view')).toBe(0);
  });

  it('views never go back: an older quorum played again is ignored', () => {
    const bench = new Bench(2).sync();
    bench.receive(
      newView(
        2 + 1,
        3,
        [0, 1, 3].map((signer) => viewChange(signer, 3)),
        [],
      ),
    );
    expect(bench.state('view')).toBe(3);
    bench.from(1, valid);
    expect(bench.state('view')).toBe(3);
  });

  it('what was committed in the old view commits in the new one, once', () => {
    const bench = preparedBench();
    bench.receive(commit(0, 0, 1, digest), commit(1, 0, 1, digest)).sync();
    expect(bench.applied()).toEqual([1, 2]);
    bench.receive(valid, prepare(0, 1, 1, digest), prepare(3, 1, 1, digest)).sync();
    bench.receive(commit(0, 1, 1, digest), commit(1, 1, 1, digest)).sync();
    expect(bench.applied()).toEqual([1, 2]);
  });

  it('a batch that is missing in the new view is fetched by its digest', () => {
    const bench = new Bench(2).sync();
    bench.receive(valid, prepare(0, 1, 1, digest), prepare(3, 1, 1, digest)).sync();
    bench.receive(commit(0, 1, 1, digest), commit(1, 1, 1, digest)).sync();
    expect(bench.applied()).toEqual([]);
    bench.receive(prePrepare(1, 1, 1, batch));
    expect(bench.sync().applied()).toEqual([1, 2]);
  });

  it('a new primary that lacks the state proposes all the same', () => {
    const bench = new Bench(1).sync();
    const beyond = stable([0, 2, 3], 32, 5);
    bench.receive(viewChange(0, 1, [], beyond), viewChange(2, 1, [], beyond), viewChange(3, 1, [], beyond));
    bench.sync();
    expect([bench.state('isActive'), bench.state('lastExecuted')]).toEqual([true, 0]);
    bench.sent();
    bench.from(CLIENT, request(1));
    bench.replica.timerFired('batch');
    const proposed = bench
      .sync()
      .sent(0)
      .find(({ kind }) => kind === 'PrePrepare');
    expect(proposed).toMatchObject({ view: 1, sequence: 33 });
  });
});
