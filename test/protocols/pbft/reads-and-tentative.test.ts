/** What keeps read-only requests and tentative execution correct is needed: without it, runs are caught. */

import { describe, expect, it } from 'vitest';
import {
  PbftReplica,
  batchDigest,
  decisionDigest,
  pbftProtocol,
  type PbftReplicaClass,
  type Slot,
} from '../../../src/protocols/pbft/index.js';
import { builtInImplementation, simulate } from '../../../src/simulator/index.js';
import { bundled } from '../../simulator/scenarios.js';
import {
  Bench,
  checkpoint,
  commit,
  kinds,
  prePrepare,
  prepare,
  prove,
  request,
  CLIENT,
  viewChange,
  newView,
} from './fixtures.js';
import type { StateMachine } from '../../../src/kernel/index.js';
import { makeCommand } from '../../../src/services/index.js';
import type { ReadRequest } from '../../../src/protocols/pbft/index.js';

function caught(name: string, Class: PbftReplicaClass, seeds: number): string | undefined {
  const scenario = bundled(name);
  const implementation = { ...builtInImplementation(scenario), protocol: pbftProtocol(Class) };
  for (let seed = 1; seed <= seeds; seed++) {
    const { violation } = simulate(scenario, { seed: String(seed), strategy: 'random' }, { implementation });
    if (violation !== undefined) return violation.invariant;
  }
  return undefined;
}

describe('planted mistakes', () => {
  it('reads answered after a batch was taken back, or a restart, before the replica has come as far again', () => {
    class Forgetful extends PbftReplica {
      protected override raiseReadFloor(): void {
        // Nothing is remembered.
      }
    }
    expect(['any/read-freshness', 'any/linearizability']).toContain(caught('pbft/tentative', Forgetful, 40));
  });

  it('a state that is not taken back', () => {
    class Unrepentant extends PbftReplica {
      protected override returnToCommitted(): void {
        this.index -= 0;
      }
    }
    expect(caught('pbft/tentative', Unrepentant, 5)).toBeDefined();
  });

  it('tentative execution of what is only pre-prepared', () => {
    class Hasty extends PbftReplica {
      protected override isReadyForTentative(slot: Slot): boolean {
        return slot.view >= 0;
      }
      protected override prepare(slot: Slot): void {
        super.prepare(slot);
        this.executeReady();
      }
    }
    expect(caught('pbft/tentative', Hasty, 5)).toBe('pbft/tentative-execution');
  });
});

const ON = { 'read-only': true, tentative: true, 'batch-size': 1 };

function read(sequence: number): ReadRequest {
  const command = makeCommand(CLIENT, sequence, { op: 'get', key: 'k' }, 'read-index');
  return { kind: 'ReadRequest', command, proof: prove(CLIENT, 'readRequest', 0, sequence, command.hash) };
}

/** Replica 1 of four is prepared for one request in view 0, and has executed it tentatively. */
function prepared(): { bench: Bench; digest: number } {
  const bench = new Bench(1, 4, ON);
  const proposal = prePrepare(0, 0, 1, [request(1)]);
  bench.receive(proposal, prepare(2, 0, 1, proposal.digest)).sync();
  return { bench, digest: proposal.digest };
}

describe('tentative execution (OSDI 1999, §5.1)', () => {
  it('answers when the batch is prepared, and reports it as applied when it is committed', () => {
    const { bench, digest } = prepared();
    expect(bench.sent(CLIENT)).toMatchObject([{ kind: 'Reply', isTentative: true, index: 1, view: 0 }]);
    expect(bench.applied()).toEqual([]);
    bench.receive(commit(0, 0, 1, digest), commit(2, 0, 1, digest));
    expect(bench.applied()).toEqual([1]);
    // It is said once; asked again, it is said for good.
    expect(bench.sent(CLIENT)).toEqual([]);
    bench.from(CLIENT, request(1)).sync();
    expect(bench.sent(CLIENT)).toMatchObject([{ kind: 'Reply', isTentative: false, index: 1 }]);
  });

  it('tells of a shadow that has answered otherwise when the batch is confirmed', () => {
    const { bench, digest } = prepared();
    const { service } = bench.replica as unknown as { service: StateMachine };
    service.takeDivergence = (): string => 'otherwise';
    bench.receive(commit(0, 0, 1, digest), commit(2, 0, 1, digest));
    expect(bench.host.events).toContainEqual({ kind: 'shadow-diverged', index: 1, text: 'otherwise' });
  });

  it('takes back what is not committed when the view is left, and executes what comes in its place', () => {
    const { bench } = prepared();
    bench.sent();
    bench.receive(viewChange(2, 2), viewChange(3, 2)).sync();
    expect(bench.host.events).toContainEqual({ kind: 'rolled-back', sequence: 1 });
    const other = request(2, 'y');
    const proposal = prePrepare(2, 2, 1, [other]);
    const changes = [0, 2, 3].map((signer) => viewChange(signer, 2));
    bench
      .receive(newView(2, 2, changes, []))
      .receive(proposal, prepare(0, 2, 1, proposal.digest))
      .sync();
    expect(bench.sent(CLIENT)).toMatchObject([{ isTentative: true, sequence: 2, index: 1, view: 2 }]);
    bench.receive(commit(0, 2, 1, proposal.digest), commit(2, 2, 1, proposal.digest));
    expect(bench.applied()).toEqual([1]);
  });
});

it('what is known to be decided, and not executed yet, is in the journal that is begun then', () => {
  const bench = new Bench(1, 4, { ...ON, 'checkpoint-interval': 2, window: 4 }).sync();
  const digests = [1, 2, 3, 4].map((sequence) => batchDigest([request(sequence)]));
  const decide = (sequence: number): void => {
    const digest = digests[sequence - 1] as number;
    const commits = [0, 2, 3].map((signer) => commit(signer, 0, sequence, digest).proof);
    const body = {
      kind: 'Decision',
      view: 0,
      sequence,
      digest,
      requests: [request(sequence)],
      commits,
    } as const;
    bench.receive({ ...body, proof: prove(2, 'decision', 0, sequence, decisionDigest(body)) });
  };
  // The place before it is not known.
  for (const sequence of [4, 1, 2]) decide(sequence);
  const own = bench
    .sync()
    .sent(0)
    .findLast((message) => message.kind === 'Checkpoint');
  if (own?.kind !== 'Checkpoint') throw new Error('the checkpoint was not reached');
  bench.receive(...[0, 2, 3].map((other) => checkpoint(other, 2, own.digest))).sync();
  expect(bench.host.files()).toContain('journal-2');
  decide(3);
  expect(bench.sync().state('lastExecuted')).toBe(4);
  expect(bench.crash().state('reads')).toMatchObject([4]);
});

describe('read-only requests (OSDI 1999, §5.1)', () => {
  it('are answered at once from a state that is committed', () => {
    const bench = new Bench(1, 4, ON).from(CLIENT, read(1)).sync();
    expect(bench.sent(CLIENT)).toMatchObject([{ kind: 'ReadReply', sequence: 1, index: 0 }]);
  });

  it('wait for what is tentative, and, once that is taken back, for its place to be filled again', () => {
    const { bench, digest } = prepared();
    bench.sent();
    bench.from(CLIENT, read(2)).sync();
    expect(bench.sent(CLIENT)).toEqual([]);
    bench.receive(viewChange(2, 2), viewChange(3, 2)).sync();
    expect(kinds(bench.sent(CLIENT))).toEqual([]);
    const changes = [0, 2, 3].map((signer) => viewChange(signer, 2));
    bench.receive(newView(2, 2, changes, []));
    expect(kinds(bench.sent(CLIENT))).toEqual([]);
    const proposal = prePrepare(2, 2, 1, [request(1)]);
    expect(proposal.digest).toBe(digest);
    bench
      .receive(proposal, prepare(0, 2, 1, digest), commit(0, 2, 1, digest), commit(2, 2, 1, digest))
      .sync();
    expect(bench.sent(CLIENT).map(({ kind }) => kind)).toContain('ReadReply');
  });

  it('wait after a restart for all that the replica was prepared for', () => {
    const { bench, digest } = prepared();
    bench.crash().from(CLIENT, read(2)).sync();
    expect(bench.sent(CLIENT)).toEqual([]);
    bench.receive(commit(0, 0, 1, digest), commit(2, 0, 1, digest)).sync();
    expect(kinds(bench.sent(CLIENT))).toContain('ReadReply');
  });

  it('are refused when they would change something, come from another, or the setting is off', () => {
    const put = makeCommand(CLIENT, 1, { op: 'put', key: 'k', value: 'v' }, 'read-index');
    const proof = prove(CLIENT, 'readRequest', 0, 1, put.hash);
    const bench = new Bench(1, 4, ON);
    const bad: ReadRequest = { kind: 'ReadRequest', command: put, proof };
    bench.from(CLIENT, bad).from(2, read(1)).sync();
    expect(bench.rejections()).toEqual(['a read that must be ordered', 'a read that nobody may ask for']);
    const off = new Bench(1).from(CLIENT, read(1)).sync();
    expect(off.rejections()).toEqual(['a read that nobody may ask for']);
    expect([...bench.sent(CLIENT), ...off.sent(CLIENT)]).toEqual([]);
  });
});
