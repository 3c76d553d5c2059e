/** Proactive recovery where what it needs comes in an unusual order, or by another way. */

import { describe, expect, it } from 'vitest';
import {
  MacStatementType,
  WATCHDOG_TIMER,
  batchDigest,
  replyStableDigest,
  type Checkpointed,
  type MacViewChange,
  type PbftMessage,
  type ReplyStable,
} from '../../../src/protocols/pbft/index.js';
import { builtInImplementation, plainRecipe, simulate } from '../../../src/simulator/index.js';
import { bundled } from '../../simulator/scenarios.js';
import { keysOf } from '../../world/keys.js';
import { Bench, request } from './fixtures.js';
import {
  authenticate,
  checkpoint,
  commit,
  newView,
  ownCheckpoints,
  prePrepare,
  prepare,
  viewChange,
} from './mac-fixtures.js';

const SETTINGS = {
  proofs: 'macs',
  'checkpoint-interval': 2,
  window: 4,
  'batch-size': 1,
  'recovery-interval': '10s',
};
const RECOVERING = 3;
const OTHERS = [0, 1, 2];
/** By these a batch would be executed. */
const ORDERING: readonly PbftMessage['kind'][] = ['PrePrepare', 'Prepare', 'Commit', 'BatchData', 'Decision'];

/** Four replicas, one of which is recovering, and which messages come to it. */
function cluster(comes: (message: PbftMessage, from: number) => boolean): {
  readonly benches: readonly Bench[];
  readonly turn: () => void;
} {
  const benches = [0, 1, 2, 3].map((self) => new Bench(self, 4, SETTINGS).sync());
  const deliver = (): boolean => {
    const sent = benches.map(({ host }) => host.take());
    sent.forEach((acts, from) => {
      for (const { to, message } of acts) {
        if (to !== RECOVERING || comes(message, from)) benches[to]?.from(from, message);
      }
    });
    for (const bench of benches) bench.sync();
    return sent.some((acts) => acts.length > 0);
  };
  const turn = (): void => {
    for (const { replica } of benches) replica.timerFired('status');
    while (deliver());
  };
  return { benches, turn };
}

/** Nothing is stable, and nothing prepared. */
function extent(signer: number, recovery: number): ReplyStable {
  const body = { kind: 'ReplyStable', recovery, stable: 0, prepared: 0 } as const;
  const digest = replyStableDigest(body);
  return { ...body, proof: authenticate(signer, MacStatementType.replyStable, 0, recovery, digest) };
}

function phases(bench: Bench): string[] {
  return bench.host.events.flatMap((event) => (event.kind === 'proactive-recovery' ? [event.phase] : []));
}

describe('a recovery with MACs whose request is executed in a state', () => {
  it.each([
    ['counts its own execution with those of two others', [2], ['begun', 'completed']],
    ['is not over by its own and that of one other', [1, 2], ['begun']],
  ])('%s', (_, silent, expected) => {
    const { benches, turn } = cluster(
      ({ kind }, from) => !ORDERING.includes(kind) && !(kind === 'RecoveryReply' && silent.includes(from)),
    );
    const recovering = benches[RECOVERING] as Bench;
    recovering.replica.timerFired(WATCHDOG_TIMER);
    recovering.sync().crash();
    for (let tick = 0; tick < 12; tick++) turn();
    expect(phases(recovering)).toEqual(expected);
    expect(recovering.host.events).toContainEqual(expect.objectContaining({ kind: 'snapshot-installed' }));
  });
});

describe('a recovering replica that takes nothing in above a bound', () => {
  it('takes what its view began with before what the primary of the view proposed in its place', () => {
    const bench = new Bench(RECOVERING, 4, SETTINGS).sync();
    const batches = [1, 2, 3, 4].map((sequence) => [request(sequence)]);
    const digests = batches.map((requests) => batchDigest(requests));
    const execute = (view: number, sequence: number): void => {
      const digest = digests[sequence - 1] as number;
      bench.receive(prepare(0, view, sequence, digest), prepare(2, view, sequence, digest)).sync();
      bench.receive(...OTHERS.map((other) => commit(other, view, sequence, digest))).sync();
    };
    batches.forEach((requests, i) => bench.receive(prePrepare(0, i + 1, requests)));
    for (const sequence of [1, 2]) execute(0, sequence);
    const start = ownCheckpoints(bench).at(-1) as Checkpointed;
    bench.receive(...OTHERS.map((other) => checkpoint(other, start))).sync();
    bench.replica.timerFired(WATCHDOG_TIMER);
    bench.sync().crash().sync();
    const { keyEpoch } = keysOf(RECOVERING);
    for (const other of OTHERS) keysOf(other).learnKeys(RECOVERING, keyEpoch);
    bench.receive(...OTHERS.map((other) => extent(other, keyEpoch)));

    // H_M is 4. The view begins at 2, with choices up to 6.
    const chosen = [...digests.slice(2), 105, 106].map((digest, i) => ({ view: 0, sequence: i + 3, digest }));
    const words = { checkpoints: [start], prepared: chosen, prePrepared: chosen, recovery: 0 };
    const changes = OTHERS.map((other) => viewChange(other, 1, words));
    bench.receive(
      newView(
        1,
        changes,
        start,
        chosen.map(({ digest }) => digest),
      ),
    );
    bench.receive(prePrepare(1, 5, [request(9)])).sync();
    for (const sequence of [3, 4]) execute(1, sequence);
    const bound = ownCheckpoints(bench).at(-1) as Checkpointed;
    expect(bound.sequence).toBe(4);
    bench.receive(...OTHERS.map((other) => checkpoint(other, bound))).sync();
    expect(bench.sent(0).filter(({ kind }) => kind === 'Prepare')).toMatchObject([
      { view: 1, sequence: 5, digest: 105 },
      { view: 1, sequence: 6, digest: 106 },
    ]);
  });
});

it('a replica that recovers between views tells of the checkpoints that are on its disk', () => {
  const bench = new Bench(RECOVERING, 4, SETTINGS).sync();
  for (const sequence of [1, 2]) {
    const requests = [request(sequence)];
    const digest = batchDigest(requests);
    bench.receive(prePrepare(0, sequence, requests), prepare(2, 0, sequence, digest));
    bench.sync().receive(...OTHERS.map((other) => commit(other, 0, sequence, digest)));
    bench.sync();
  }
  const own = ownCheckpoints(bench);
  expect(own).toMatchObject([{ sequence: 2 }]);
  bench.receive(prePrepare(0, 3, [request(3)])).sync();
  bench.replica.timerFired('view-change');
  bench.sync().replica.timerFired(WATCHDOG_TIMER);
  bench.sync().crash();
  const { ownViewChange } = bench.replica as unknown as { ownViewChange: MacViewChange };
  expect(ownViewChange.checkpoints).toEqual([{ sequence: 0, digest: 0 }, ...own]);
});

it('a view change that is void is acknowledged no more, also when keys have changed since it came', () => {
  const bench = new Bench(2, 4, SETTINGS).sync();
  bench.receive(viewChange(RECOVERING, 1, { recovery: 0 }), viewChange(0, 1, { recovery: 0 })).sync();
  const internals = bench.replica as unknown as {
    acknowledgements: { of: (by: number, view: number) => readonly number[] };
    forgetOldWords: () => void;
    forgetVoid: (rank: number) => void;
  };
  const acknowledged = (): readonly number[] => internals.acknowledgements.of(2, 1);
  expect(acknowledged()).toContain(RECOVERING);
  internals.forgetOldWords();
  internals.forgetVoid(RECOVERING);
  expect(acknowledged()).not.toContain(RECOVERING);
});

describe('a replica that has lost its disk', () => {
  it.each([0, 1])('has lost it still when the power goes after sync %i of its new one', (nth) => {
    const bench = new Bench(RECOVERING, 4, SETTINGS).sync().crash(() => []);
    if (nth < bench.host.syncsUnderWay) bench.host.completeNth(bench.replica, nth);
    bench.crash();
    const recovered = bench.host.events.find(({ kind }) => kind === 'recovered');
    expect(recovered).toMatchObject({ trusted: false });
  });

  it('has voted for nothing that it took in since, also after a restart', () => {
    const bench = new Bench(RECOVERING, 4, SETTINGS)
      .sync()
      .crash(() => [])
      .sync();
    const learn = (): number => {
      const { keyEpoch } = keysOf(RECOVERING);
      for (const other of OTHERS) keysOf(other).learnKeys(RECOVERING, keyEpoch);
      return keyEpoch;
    };
    const recovery = learn();
    bench.receive(...OTHERS.map((other) => extent(other, recovery)));
    bench.receive(prePrepare(0, 1, [request(1)])).sync();
    expect(bench.sent(1).filter(({ kind }) => kind === 'Prepare')).toEqual([]);
    bench.crash().sync();
    learn();
    const window = bench.state('window') as { slots: { view: number; prepares: unknown[] }[] };
    expect(window.slots[0]).toMatchObject({ view: 0, prepares: [] });
  });
});

it('a recovery that does not end begins anew, each time after twice as long', () => {
  const bench = new Bench(RECOVERING, 4, SETTINGS).sync();
  bench.replica.timerFired(WATCHDOG_TIMER);
  bench.sync().crash();
  const begun: number[] = [];
  for (let tick = 1; tick <= 310; tick++) {
    const before = phases(bench).length;
    bench.replica.timerFired('status');
    bench.sync();
    if (phases(bench).length > before) begun.push(tick);
  }
  expect(begun).toEqual([101, 302]);
});

it('a replica that is trusted again joins those who have left the view meanwhile', () => {
  const bench = new Bench(RECOVERING, 4, SETTINGS)
    .sync()
    .crash(() => [])
    .sync();
  for (const other of OTHERS) keysOf(other).learnKeys(RECOVERING, keysOf(RECOVERING).keyEpoch);
  bench.receive(...[0, 1].map((other) => viewChange(other, 1, { recovery: 0 }))).sync();
  expect(bench.state('view')).toBe(0);
  const internals = bench.replica as unknown as { round: undefined; trustAgain: () => void };
  internals.round = undefined;
  internals.trustAgain();
  expect([bench.state('view'), bench.state('isActive')]).toEqual([1, false]);
});

it('tells of no more checkpoints than others take for well-formed, and of the highest', () => {
  const bench = new Bench(RECOVERING, 4, SETTINGS).sync();
  const { checkpoints } = bench.replica as unknown as {
    checkpoints: { push: (one: Checkpointed) => void }[];
  };
  for (let sequence = 2; sequence <= 20; sequence += 2) {
    checkpoints[RECOVERING]?.push(checkpoint(RECOVERING, { sequence, digest: sequence }));
  }
  bench.receive(prePrepare(0, 1, [request(1)])).sync();
  bench.replica.timerFired('view-change');
  const { ownViewChange } = bench.replica as unknown as { ownViewChange: MacViewChange };
  expect(ownViewChange.checkpoints.map(({ sequence }) => sequence)).toEqual([0, 14, 16, 18, 20]);
});

describe('a replica whose watchdog strikes', () => {
  it('recovers anew, though the recovery that was under way ends before it stops', () => {
    const { benches, turn } = cluster(() => true);
    const bench = benches[RECOVERING] as Bench;
    bench.replica.timerFired(WATCHDOG_TIMER);
    bench.sync().crash();
    let strikes = 0;
    for (let tick = 0; tick < 12; tick++) {
      turn();
      // Once in each state that the recovery goes through.
      const copy = bench.host;
      if (phases(bench).at(-1) !== 'begun' || strikes > 0) continue;
      strikes++;
      bench.replica.timerFired(WATCHDOG_TIMER);
      expect(copy.haltReason).toBeUndefined();
      turn();
      bench.sync().crash();
      expect(phases(bench)).toEqual(['begun']);
    }
    expect(strikes).toBe(1);
  });

  it('stops under load, too', () => {
    const bench = new Bench(RECOVERING, 4, SETTINGS).sync();
    bench.receive(prePrepare(0, 1, [request(1)]));
    bench.replica.timerFired(WATCHDOG_TIMER);
    for (const sequence of [2, 3, 4]) {
      bench.receive(prePrepare(0, sequence, [request(sequence)]));
      if (bench.host.haltReason === undefined) bench.host.completeNth(bench.replica, 0);
    }
    expect(bench.host.haltReason).toContain('proactive recovery');
  });
});

// A seed that once threw: the last vote that a checkpoint was waiting for was this replica's own.
it('a replica that votes again after it has forgotten may pass places by that: its votes end its window', () => {
  const scenario = bundled('pbft/recovery-during-view-change');
  const { violation } = simulate(scenario, plainRecipe('426'), {
    implementation: builtInImplementation(scenario),
  });
  expect(violation).toBeUndefined();
});
