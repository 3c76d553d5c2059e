import { describe, expect, it } from 'vitest';
import { receivedDigest, type CheckpointState } from '../../../src/protocols/pbft/checkpoint.js';
import { ServedStates, KEPT_TICKS } from '../../../src/protocols/pbft/served-states.js';
import {
  fetchStateDigest,
  stateDataDigest,
  type FetchState,
  type StateData,
  type StatePart,
} from '../../../src/protocols/pbft/index.js';
import { Partition, partOf, partitionAt } from '../../../src/protocols/pbft/partition.js';
import type { Plain } from '../../../src/kernel/index.js';
import { Bench, checkpoint, commit, prepare, prePrepare, prove, request, stable } from './fixtures.js';
import { batchDigest } from '../../../src/protocols/pbft/index.js';

const at = (sequence: number) => ({ sequence, digest: sequence, proofs: [] });
const state = {} as CheckpointState;

describe('states that others fetch', () => {
  const found = (served: ServedStates, rank: number, asked: number, stableAt: number, tick = 0) =>
    served.find(rank, asked, at(stableAt), state, tick)?.certificate.sequence;

  it('what was asked for is kept, though the stable checkpoint moves on', () => {
    const served = new ServedStates(4);
    expect(found(served, 3, 8, 8)).toBe(8);
    expect(found(served, 3, 8, 16)).toBe(8);
    expect(served.find(3, 8, at(16), undefined, 0)?.certificate.sequence).toBe(8);
    expect(found(served, 2, 8, 16)).toBe(16);
  });

  it('whoever turns to a later state has that one kept from then on', () => {
    const served = new ServedStates(4);
    expect([found(served, 3, 8, 8), found(served, 3, 12, 12), found(served, 3, 12, 16)]).toEqual([8, 12, 12]);
    // A request for the first that comes late changes nothing.
    expect([found(served, 3, 8, 16), found(served, 3, 12, 20)]).toEqual([16, 12]);
  });

  it('one replica keeps nothing from another', () => {
    const served = new ServedStates(4);
    expect([found(served, 1, 4, 8), found(served, 3, 8, 8)]).toEqual([8, 8]);
    expect([found(served, 1, 16, 16), found(served, 3, 8, 16)]).toEqual([16, 8]);
    const copy = served.clone();
    expect([found(served, 3, 20, 20), found(copy, 3, 8, 20)]).toEqual([20, 8]);
  });

  it('what nobody asks for any more is forgotten; a state that is not here is not served', () => {
    const served = new ServedStates(4);
    expect(found(served, 3, 9, 8)).toBeUndefined();
    found(served, 3, 8, 8, 0);
    served.expire(KEPT_TICKS);
    expect(found(served, 3, 8, 12, KEPT_TICKS)).toBe(8);
    served.expire(2 * KEPT_TICKS + 1);
    expect(found(served, 3, 8, 12, 2 * KEPT_TICKS + 1)).toBe(12);
  });
});

function stateData(
  from: number,
  sequence: number,
  digest: number,
  path: readonly number[],
  part: StatePart,
): StateData {
  const body = { kind: 'StateData', certificate: stable([0, 2, 3], sequence, digest), path, part } as const;
  return { ...body, proof: prove(from, 'stateData', 0, sequence, stateDataDigest(body)) };
}

function fetchState(from: number, sequence: number, paths: readonly (readonly number[])[]): FetchState {
  const body = { kind: 'FetchState', sequence, paths } as const;
  return { ...body, proof: prove(from, 'fetchState', 0, sequence, fetchStateDigest(body)) };
}

/** Executes so many places, one request each. */
function execute(bench: Bench, from: number, to: number): void {
  for (let sequence = from; sequence <= to; sequence++) {
    const batch = [request(sequence)];
    const digest = batchDigest(batch);
    bench.receive(prePrepare(0, 0, sequence, batch), prepare(2, 0, sequence, digest)).sync();
    bench.receive(commit(2, 0, sequence, digest), commit(3, 0, sequence, digest)).sync();
  }
}

/** The others say the same of this checkpoint as the replica. */
function stabilise(bench: Bench, sequence: number): void {
  const own = bench.sent().find((message) => message.kind === 'Checkpoint' && message.sequence === sequence);
  const { digest } = own as { readonly digest: number };
  bench.receive(checkpoint(2, sequence, digest), checkpoint(3, sequence, digest)).sync();
}

/** Those that are taken to have nothing of what is fetched. */
function withoutIt(bench: Bench): number[] {
  const { fetching } = bench.state('transfer') as { fetching: readonly Plain[] };
  return (fetching[1] as readonly number[]).flatMap((known, source) => ((known & 2) === 0 ? [] : [source]));
}

describe('pbft state transfer', () => {
  it('a replica that turned to a later state gets that one to the end, while the window moves on', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 2, 'state-chunk': 1 }).sync();
    const answers = (message: FetchState): unknown[] =>
      bench
        .receive(message)
        .sync()
        .sent(3)
        .map((answer) => {
          const { certificate, part } = answer as StateData;
          return [certificate.sequence, part?.shape];
        });
    execute(bench, 1, 2);
    stabilise(bench, 2);
    expect(answers(fetchState(3, 2, [[]]))).toEqual([[2, 'state']]);
    execute(bench, 3, 4);
    stabilise(bench, 4);
    expect(answers(fetchState(3, 4, [[]]))).toEqual([[4, 'state']]);
    execute(bench, 5, 6);
    stabilise(bench, 6);
    expect(answers(fetchState(3, 4, [[1]]))).toEqual([[4, 'object']]);
    expect(answers(fetchState(3, 2, [[1]]))).toEqual([[6, 'gone']]);
  });

  it('the stable state can be had after a loss of power, though a later one is on the disk', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 2 }).sync();
    execute(bench, 1, 2);
    stabilise(bench, 2);
    execute(bench, 3, 4);
    bench.crash().sync();
    expect([bench.state('lastExecuted'), bench.state('stableState')]).toEqual([4, 2]);
    bench.sent();
    const root = bench
      .receive(fetchState(3, 2, [[]]))
      .sync()
      .sent(3)
      .find(({ kind }) => kind === 'StateData');
    expect(root).toMatchObject({ certificate: { sequence: 2 }, part: { shape: 'whole' } });
    // The later one is there as well, once the others have said that it is stable.
    const own = bench.state('ownStates') as readonly (readonly [number, number])[];
    const digest = own[0]?.[1] as number;
    bench.receive(checkpoint(2, 4, digest), checkpoint(3, 4, digest)).sync();
    expect(bench.state('stableState')).toBe(4);
  });

  it('that a state is gone is believed of the state that is fetched, and not of one before it', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 2 }).sync();
    const wanted: Plain = { index: 9, configuration: 0, since: 0, change: null, executed: [], service: [1] };
    const digest = receivedDigest(wanted) as number;
    bench.receive(checkpoint(0, 8, digest), checkpoint(2, 8, digest), checkpoint(3, 8, digest)).sync();
    bench.replica.timerFired('status');
    expect(
      bench
        .sync()
        .sent()
        .filter(({ kind }) => kind === 'FetchState'),
    ).toHaveLength(3);
    bench.receive(stateData(0, 6, 5, [], { shape: 'gone' })).sync();
    expect(withoutIt(bench)).toEqual([]);
    bench.receive(stateData(0, 10, 5, [], { shape: 'gone' })).sync();
    expect(withoutIt(bench)).toEqual([0]);
  });

  it('of one that says anything but what it is asked for, that is asked of others', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 2, 'state-chunk': 1 }).sync();
    const wanted: Plain = { index: 9, configuration: 0, since: 0, change: null, executed: [], service: [1] };
    const digest = receivedDigest(wanted) as number;
    bench.receive(checkpoint(0, 8, digest), checkpoint(2, 8, digest), checkpoint(3, 8, digest)).sync();
    const root = partOf(new Partition('state', wanted), 1);
    const asked = new Set<number>();
    for (let tick = 0; tick < 8; tick++) {
      bench.replica.timerFired('status');
      for (const { to, message } of bench.sync().host.take()) {
        if (message.kind === 'FetchState' && message.paths.some((path) => path.length > 0)) asked.add(to);
      }
      bench.receive(stateData(2, 8, digest, [], root)).sync();
    }
    expect([...asked].sort()).toEqual([0, 2, 3]);
  });

  it('a lost answer is no silence, but a replica that has said nothing at all is passed over', () => {
    const bench = new Bench(1, 4, { 'checkpoint-interval': 2, 'state-chunk': 1 }).sync();
    const wanted: Plain = { index: 9, configuration: 0, since: 0, change: null, executed: [], service: [1] };
    const digest = receivedDigest(wanted) as number;
    bench.receive(checkpoint(0, 8, digest), checkpoint(2, 8, digest), checkpoint(3, 8, digest)).sync();
    bench.replica.timerFired('status');
    // Of the three that were asked for the root only one answers.
    const root = partOf(new Partition('state', wanted), 1);
    bench.receive(stateData(2, 8, digest, [], root)).sync();
    const asked = (): [number, FetchState][] =>
      [0, 2, 3].flatMap((other) =>
        bench.host.acts.flatMap((act): [number, FetchState][] =>
          act.kind === 'sent' && act.to === other && act.message.kind === 'FetchState'
            ? [[other, act.message]]
            : [],
        ),
      );
    const forParts = asked().filter(([, { paths }]) => paths.some((path) => path.length > 0));
    expect(forParts.map(([other]) => other)).toEqual([2]);
    // It sends one of the parts, and the other is lost: others are asked, of whom nobody answers, and then it again.
    const askedAgain = (): number[] => {
      bench.host.take();
      bench.replica.timerFired('status');
      const acts = bench.sync().host.take();
      return acts.flatMap(({ to, message }) => (message.kind === 'FetchState' ? [to] : []));
    };
    expect(askedAgain()).toEqual([3]);
    bench
      .receive(
        stateData(
          2,
          8,
          digest,
          [0],
          partOf(partitionAt(new Partition('state', wanted), [0]) as Partition, 1),
        ),
      )
      .sync();
    expect([askedAgain(), askedAgain()]).toEqual([[], [2]]);
  });
});
