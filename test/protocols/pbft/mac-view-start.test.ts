/** Where a view with MACs begins: at a state that is right, which need not be stable yet. */

import { describe, expect, it } from 'vitest';
import type { DiskSlot } from '../../../src/kernel/index.js';
import {
  StatementType,
  batchDigest,
  fetchStateDigest,
  statusDigest,
  type Checkpointed,
  type MacNewView,
  type MacViewChange,
  type PbftMessage,
  type Request,
  type Tuple,
} from '../../../src/protocols/pbft/index.js';
import { Bench, kinds, request } from './fixtures.js';
import {
  GENESIS,
  acknowledge,
  authenticate,
  checkpoint as said,
  commit,
  newView,
  ownCheckpoints,
  prePrepare,
  prepare,
  viewChange,
} from './mac-fixtures.js';

const SETTINGS = { proofs: 'macs', 'checkpoint-interval': 2, window: 4 };
const batches = [1, 2, 3, 4, 5, 6].map((sequence) => [request(sequence)]);
const digests = batches.map((requests) => batchDigest(requests));

interface Executed {
  readonly bench: Bench;
  /** The one that is asked about, and the one before it: both are this replica's own, and not stable. */
  readonly checkpoint: Checkpointed;
  readonly earlier: Checkpointed;
}

/** Replica 2 executes these batches, of view 0. */
function execute(bench: Bench, all: readonly (readonly Request[])[]): void {
  all.forEach((requests, i) => {
    const digest = requests.length === 0 ? 0 : batchDigest(requests);
    bench
      .receive(prePrepare(0, i + 1, requests))
      .receive(prepare(1, 0, i + 1, digest))
      .sync()
      .receive(commit(0, 0, i + 1, digest), commit(1, 0, i + 1, digest))
      .sync();
  });
}

/** Replica 2 has executed the first four batches, and says what it has come to. */
function executed(): Executed {
  const bench = new Bench(2, 4, SETTINGS).sync();
  execute(bench, batches.slice(0, 4));
  const own = ownCheckpoints(bench);
  expect(own.map(({ sequence }) => sequence)).toEqual([2, 4]);
  const [earlier, checkpoint] = own as [Checkpointed, Checkpointed];
  return { bench, checkpoint, earlier };
}

/** A view change of one that has these checkpoints, the first of them stable, and was prepared for these places. */
function leaveWith(
  signer: number,
  view: number,
  places: readonly Tuple[],
  checkpoints: readonly Checkpointed[],
): MacViewChange {
  return viewChange(signer, view, { checkpoints, prepared: places, prePrepared: places });
}

function leave(signer: number, ...checkpoints: readonly Checkpointed[]): MacViewChange {
  return leaveWith(signer, 1, [], checkpoints);
}

/** What is left of a file when all was torn that came after the promise of a new view. */
function upToNewView(slots: readonly DiskSlot[]): readonly DiskSlot[] {
  const isNewView = ({ record }: DiskSlot): boolean =>
    (record as { content?: { kind: string } }).content?.kind === 'mac-new-view';
  const last = slots.findIndex(isNewView);
  return last < 0 ? slots : slots.slice(0, last + 1);
}

/** Above the window of whoever knows of nothing stable. */
const later = digests.slice(4);
const laterPlaces: readonly Tuple[] = later.map((digest, i) => ({ view: 0, sequence: i + 5, digest }));

/** A view that begins at a checkpoint that two replicas have, and nobody knows to be stable. */
function provisional({ checkpoint, earlier }: Executed): MacNewView {
  const having = [0, 1].map((signer) => leaveWith(signer, 1, laterPlaces, [earlier, checkpoint]));
  return newView(1, [...having, leave(3, GENESIS)], checkpoint, later);
}

function low(bench: Bench): number {
  bench.replica.timerFired('status');
  const status = bench.sent(0).find(({ kind }) => kind === 'Status');
  return (status as { stable: number }).stable;
}

describe('where a view with MACs begins', () => {
  it('is stable when q of the view changes have it, or f + 1 know that it is', () => {
    for (const changes of [
      (c: Checkpointed) => [leave(0, GENESIS, c), leave(1, GENESIS, c), leave(3, GENESIS, c)],
      (c: Checkpointed) => [leave(0, c), leave(1, c), leave(3, GENESIS)],
    ]) {
      const { bench, checkpoint } = executed();
      bench.receive(newView(1, changes(checkpoint), checkpoint)).sync();
      expect(bench.state('view')).toBe(1);
      expect(low(bench)).toBe(4);
    }
  });

  it('is not stable by the word of f + 1: nothing is voted on before it', () => {
    const before = executed();
    const { bench } = before;
    bench.receive(provisional(before)).sync().sent();
    expect([bench.state('view'), bench.state('isActive')]).toEqual([1, true]);
    expect(low(bench)).toBe(0);
    // A liar's other proposal for what lies before the view.
    bench.receive(prePrepare(1, 4, [request(9)])).sync();
    expect(kinds(bench.sent(0))).toEqual([]);
  });

  it('is not stable by the word of f + 1: whoever leaves again has forgotten nothing', () => {
    const before = executed();
    const { bench, checkpoint, earlier } = before;
    bench.receive(provisional(before)).sync().sent();
    bench.receive(leaveWith(0, 2, [], [GENESIS]), leaveWith(3, 2, [], [GENESIS])).sync();
    const left = bench.sent(0).find((message): message is MacViewChange => message.kind === 'MacViewChange');
    expect(left?.stable).toBe(0);
    expect(left?.checkpoints).toEqual([GENESIS, earlier, checkpoint]);
    expect(left?.prepared.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
  });

  it.each(['at once', 'after a restart'])('is stable when a quorum has said that it has it, %s', (when) => {
    const before = executed();
    const { bench, checkpoint } = before;
    bench.receive(provisional(before)).sync();
    if (when !== 'at once') bench.crash().sync();
    bench.sent();
    expect(low(bench)).toBe(0);
    bench.receive(said(0, checkpoint), said(3, checkpoint)).sync();
    const votes = bench.sent(0).filter(({ kind }) => kind === 'Prepare');
    expect(votes).toMatchObject(later.map((digest, i) => ({ view: 1, sequence: i + 5, digest })));
    expect(low(bench)).toBe(4);
    // And it remembers its vote, wherever the record of the checkpoint lies.
    bench.crash().sync();
    bench.receive(prePrepare(1, 5, [request(9)])).sync();
    expect(bench.sent(0).filter(({ kind }) => kind === 'Prepare')).toEqual([]);
    expect(bench.rejections()).toContain('a second pre-prepare');
  });

  it('leaves no place free that it has chosen something for, though the record of its window is torn', () => {
    const { checkpoint } = executed();
    const bench = new Bench(2, 4, { ...SETTINGS, 'batch-size': 1 }).sync();
    execute(bench, batches.slice(0, 2));
    const places = [5, 6, 7, 8].map((sequence) => ({ view: 0, sequence, digest: 100 + sequence }));
    const changes = [0, 1, 3].map((signer) => leaveWith(signer, 2, places, [checkpoint]));
    const [zero, one, three] = changes as [MacViewChange, MacViewChange, MacViewChange];
    bench.receive(zero, one, three, acknowledge(0, one, three), acknowledge(1, zero, three)).sync();
    const begun = bench.sent(0).find((message): message is MacNewView => message.kind === 'MacNewView');
    expect(begun?.choices).toMatchObject(places.map(({ sequence, digest }) => ({ sequence, digest })));
    expect(low(bench)).toBe(4);
    bench.crash(upToNewView).receive(request(9)).sync();
    expect([bench.state('view'), low(bench)]).toEqual([2, 4]);
    expect(kinds(bench.sent(0))).not.toContain('PrePrepare');
  });

  it('gives the state to whoever asks for it before it is stable', () => {
    const { bench, checkpoint } = executed();
    const body = { kind: 'FetchState', sequence: checkpoint.sequence, paths: [[]] } as const;
    bench.from(3, {
      ...body,
      proof: authenticate(3, StatementType.fetchState, 0, 4, fetchStateDigest(body)),
    } as PbftMessage);
    expect(bench.sync().sent(3)).toMatchObject([{ kind: 'StateData', certificate: { sequence: 4 } }]);
  });
});

describe('a state with MACs that f + 1 have', () => {
  const asks = (bench: Bench): PbftMessage[] => {
    for (let tick = 0; tick < 2; tick++) bench.replica.timerFired('status');
    return bench.sent(0).filter(({ kind }) => kind === 'FetchState');
  };

  it('is fetched before it is known to be stable: it may be what others wait for', () => {
    const { checkpoint } = executed();
    const bench = new Bench(3, 4, SETTINGS).sync();
    bench.receive(said(0, checkpoint));
    expect(asks(bench)).toEqual([]);
    bench.receive(said(1, { ...checkpoint, digest: checkpoint.digest + 1 }));
    expect(asks(bench)).toEqual([]);
    bench.receive(said(2, checkpoint));
    expect(asks(bench)[0]).toMatchObject({ kind: 'FetchState', sequence: 4 });
    expect(low(bench)).toBe(0);
  });

  it('is here at once when it is what this replica has, and nobody need send anything', () => {
    const other = new Bench(2, 4, SETTINGS).sync();
    execute(other, batches.slice(0, 2));
    const [checkpoint] = ownCheckpoints(other) as [Checkpointed];
    // Its second batch is prepared, and executed tentatively.
    const bench = new Bench(2, 4, { ...SETTINGS, tentative: true }).sync();
    execute(bench, batches.slice(0, 1));
    bench.receive(prePrepare(0, 2, batches[1] as Request[]), prepare(1, 0, 2, digests[1] as number));
    bench.sync().sent();
    bench.receive(said(0, checkpoint), said(1, checkpoint), said(3, checkpoint));
    expect(asks(bench)).toEqual([]);
    bench.sync();
    expect(low(bench)).toBe(2);
  });

  it('is remembered when it is there and not stable: no older one may be shown to clients after a restart', () => {
    const settings = { ...SETTINGS, 'read-only': true };
    const [source, bench] = [2, 3].map((self) => new Bench(self, 5, settings).sync()) as [Bench, Bench];
    batches.slice(0, 2).forEach((requests, i) => {
      const digest = digests[i] as number;
      source.receive(prePrepare(0, i + 1, requests));
      source.receive(...[1, 4].map((other) => prepare(other, 0, i + 1, digest))).sync();
      source.receive(...[0, 1, 4].map((other) => commit(other, 0, i + 1, digest))).sync();
    });
    const [checkpoint] = ownCheckpoints(source) as [Checkpointed];
    bench.receive(said(1, checkpoint), said(2, checkpoint)).sync();
    for (let tick = 0; tick < 6; tick++) {
      bench.replica.timerFired('status');
      for (const message of bench.sync().sent(2)) source.from(3, message);
      for (const message of source.sync().sent(3)) bench.from(2, message);
    }
    expect([bench.state('lastExecuted'), low(bench)]).toEqual([2, 0]);
    // Its checkpoint rots; what it has promised does not.
    bench.sync().crash((slots) => ('state' in (slots[0]?.record as object) ? [] : slots));
    expect([bench.state('lastExecuted'), (bench.state('reads') as number[])[0]]).toEqual([0, 2]);
  });

  it('may lie far above what its owner knows to be stable: its view change counts all the same', () => {
    const { bench, checkpoint } = executed();
    const far = { ...checkpoint, sequence: 40 };
    bench.receive(leaveWith(0, 2, [], [GENESIS, far]), leaveWith(3, 2, [], [GENESIS, far])).sync();
    expect(bench.rejections()).toEqual([]);
    expect([bench.state('view'), bench.state('isActive')]).toEqual([2, false]);
  });

  it('is told of again by those for whom it is stable: what they said may have been lost', () => {
    const { bench, checkpoint } = executed();
    bench.receive(said(0, checkpoint), said(3, checkpoint)).sync();
    expect(low(bench)).toBe(4);
    bench.sent();
    const body = {
      kind: 'Status',
      view: 0,
      isActive: true,
      stable: 0,
      executed: 4,
      viewChanges: 0,
      helper: 0,
      slots: [],
    } as const;
    const proof = authenticate(1, StatementType.status, 0, 4, statusDigest(body));
    bench.receive({ ...body, proof }).sync();
    expect(bench.sent(1)).toContainEqual(expect.objectContaining({ kind: 'Checkpoint', ...checkpoint }));
  });
});
