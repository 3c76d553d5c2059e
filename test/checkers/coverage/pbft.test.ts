/** Each of PBFT's situations is recognised when it comes about, and only then; also by a copy of the observer. */

import { describe, expect, it } from 'vitest';
import { PBFT_REACHED } from '../../../src/checkers/coverage/index.js';
import { SITUATIONS } from '../../../src/checkers/index.js';
import type { DiskSlot } from '../../../src/kernel/index.js';
import { CLIENT, Script } from './script.js';

type Steps = (script: Script) => Script;

const intact = (record: unknown): DiskSlot => ({ intact: true, record, blankSectors: 0 });
const torn: DiskSlot = { intact: false, record: undefined, blankSectors: 1 };

const signed = (signer: number): { readonly signer: number } => ({ signer });
const viewChange = (
  signer: number,
  view: number,
  prepared: readonly unknown[] = [],
  sequence = 0,
): object => ({
  kind: 'ViewChange',
  view,
  stable: { sequence },
  prepared,
  proof: signed(signer),
});
const newView = (
  signer: number,
  view: number,
  digests: readonly number[],
  from: readonly object[] = [],
): object => ({
  kind: 'NewView',
  view,
  viewChanges: from,
  choices: digests.map((digest, i) => ({ sequence: i + 1, digest })),
  proof: signed(signer),
});
const leave =
  (from: number, to: number, ...rest: [number, (readonly unknown[])?, number?]): Steps =>
  (script) =>
    script.send(from, to, viewChange(from, ...rest) as never);
const begin =
  (from: number, ...rest: [number, readonly number[], (readonly object[])?]): Steps =>
  (script) =>
    script.send(from, 2, newView(from, ...rest) as never);
const lead =
  (server: number, term: number): Steps =>
  (script) =>
    script.emit(server, { kind: 'became-leader', term, lastIndex: 0 });
const follow =
  (server: number, term: number): Steps =>
  (script) =>
    script.emit(server, { kind: 'became-follower', term });
const sends =
  (from: number, to: number, kind: string, fields: object = {}): Steps =>
  (script) =>
    script.send(from, to, { kind, ...fields });
const propose = (from: number, to: number, digest: number, fields: object = {}): Steps =>
  sends(from, to, 'PrePrepare', { view: 0, sequence: 1, digest, requests: [1], ...fields });
const execute =
  (server: number, sequence: number, term: number, hash = 7): Steps =>
  (script) =>
    script.emit(server, { kind: 'batch-executed', sequence, term, hash });
const rejects =
  (reason: string): Steps =>
  (script) =>
    script.emit(0, { kind: 'rejected', reason });
const install: Steps = (script) => script.install(0, 16, true);
const crash =
  (...servers: readonly number[]): Steps =>
  (script) =>
    script.crash(...servers);
const restart =
  (files: Readonly<Record<string, readonly DiskSlot[]>> = {}): Steps =>
  (script) =>
    script.crash(0).start(0, 0, { files });
const pause: Steps = (script) => {
  script.paused.add(0);
  return script;
};
const promised = (...kinds: readonly string[]): DiskSlot =>
  intact({
    content: { kind: 'base', promised: kinds.map((kind, i) => ({ kind, message: { view: i + 1 } })) },
  });
const fetch = (to: number, sequence: number): Steps => sends(0, to, 'FetchState', { sequence });
const say = (to: number, sequence: number): Steps => sends(0, to, 'Checkpoint', { sequence, digest: 1 });
const answer = (sequence: number): Steps => sends(0, CLIENT, 'Reply', { sequence });

/** What reaches a situation, and what almost does. */
/** A situation, what leads to it, and what nearly does. */
type Case = readonly [string, readonly Steps[], readonly Steps[]];

const CASES: readonly Case[] = [
  ['view-change-with-prepared-batch', [leave(0, 1, 1, [{ view: 0, sequence: 1 }])], [leave(0, 1, 1)]],
  ['view-change-from-checkpoint', [leave(0, 1, 1, [], 16)], [leave(0, 1, 1)]],
  ['view-skipped', [leave(0, 1, 1), leave(0, 1, 2)], [leave(0, 1, 1), begin(1, 1, []), leave(0, 1, 2)]],
  // Three replicas bear no faulty one.
  ['joined-f-plus-one', [leave(1, 0, 1), leave(0, 1, 1)], [leave(1, 0, 1), leave(0, 1, 2)]],
  ['new-view-proposes-again', [begin(1, 1, [5])], [begin(1, 1, [0])]],
  ['null-request-fill', [begin(1, 1, [0])], [begin(1, 1, [5])]],
  [
    'new-view-over-different-checkpoints',
    [begin(1, 1, [], [viewChange(0, 1), viewChange(1, 1, [], 16)])],
    [begin(1, 1, [], [viewChange(0, 1), viewChange(1, 1)])],
  ],
  [
    'new-view-over-two-certificates',
    [
      begin(
        1,
        2,
        [5],
        [viewChange(0, 2, [{ view: 0, sequence: 1 }]), viewChange(1, 2, [{ view: 1, sequence: 1 }])],
      ),
    ],
    [
      begin(
        1,
        2,
        [5],
        [viewChange(0, 2, [{ view: 0, sequence: 1 }]), viewChange(1, 2, [{ view: 0, sequence: 1 }])],
      ),
    ],
  ],
  ['new-view-with-nothing-to-propose', [begin(1, 1, [])], [begin(1, 1, [5])]],
  ['new-view-passed-on', [(script) => script.send(0, 2, newView(1, 1, []) as never)], [begin(1, 1, [])]],
  ['view-change-sent-again', [leave(0, 1, 1), leave(0, 1, 1)], [leave(0, 1, 1), leave(0, 2, 1)]],
  ['two-primaries-at-once', [lead(0, 0), lead(1, 1)], [lead(0, 0), follow(0, 1), lead(1, 1)]],
  ['primary-paused-and-deposed', [lead(0, 0), pause, lead(1, 1)], [lead(0, 0), lead(1, 1)]],
  ['primary-crashed', [lead(0, 0), crash(0)], [lead(0, 0), crash(1)]],
  ['crash-during-view-change', [leave(0, 1, 1), crash(0)], [leave(0, 1, 1), follow(0, 1), crash(0)]],
  [
    'restart-during-view-change',
    [leave(1, 0, 1), leave(2, 0, 1), restart()],
    [leave(1, 0, 1), follow(1, 1), restart()],
  ],
  ['several-requests-in-a-batch', [propose(0, 1, 5, { requests: [1, 2] })], [propose(0, 1, 5)]],
  ['proposed-far-ahead', [propose(0, 1, 5, { sequence: 17 })], [propose(0, 1, 5, { sequence: 16 })]],
  ['null-request-executed', [execute(0, 1, 0, 0)], [execute(0, 1, 0)]],
  ['decided-in-two-views', [execute(0, 1, 0), execute(1, 1, 1)], [execute(0, 1, 0), execute(1, 2, 1)]],
  ['executed-between-views', [follow(0, 2), execute(0, 1, 1)], [follow(0, 1), execute(0, 1, 1)]],
  ['decision-passed-on', [sends(0, 1, 'Decision')], [sends(0, 1, 'Commit')]],
  ['missing-batch-fetched', [sends(0, 1, 'BatchData')], [sends(0, 1, 'FetchBatch')]],
  [
    'request-passed-on',
    [sends(0, 1, 'Request', { command: {} })],
    [sends(CLIENT, 1, 'Request', { command: {} })],
  ],
  ['answered-from-cache', [answer(1), answer(1)], [answer(1), answer(2)]],
  ['no-quorum-up', [crash(0, 1)], [crash(0)]],
  ['state-fetched', [fetch(1, 16)], [sends(0, 1, 'FetchBatch')]],
  ['state-installed', [install], [(script) => script.install(0, 16, false)]],
  ['state-fetched-from-another', [fetch(1, 16), fetch(2, 16)], [fetch(1, 16), fetch(1, 16)]],
  ['state-fetch-overtaken', [fetch(1, 16), fetch(1, 32)], [fetch(1, 16), install, fetch(1, 32)]],
  ['crash-during-state-fetch', [fetch(1, 16), crash(0)], [fetch(1, 16), install, crash(0)]],
  ['checkpoint-said-again', [say(1, 16), say(1, 16)], [say(1, 16), say(2, 16), say(1, 32)]],
  ['torn-journal-cut', [restart({ 'journal-1': [torn] })], [restart({ 'checkpoint-16': [torn] })]],
  [
    'restart-with-two-journals',
    [restart({ 'journal-1': [], 'journal-2': [] })],
    [restart({ 'journal-1': [] })],
  ],
  [
    'restart-with-unfinished-checkpoint',
    [restart({ 'checkpoint.saving': [] })],
    [restart({ 'checkpoint-16': [] })],
  ],
  [
    'restart-with-prepared-batch',
    [restart({ 'journal-1': [promised('prepared')] })],
    [restart({ 'journal-1': [promised('accepted')] })],
  ],
  [
    'restart-into-view-change',
    [restart({ 'journal-1': [promised('new-view', 'view-change')] })],
    [restart({ 'journal-1': [promised('view-change', 'new-view')] })],
  ],
  [
    'equivocation',
    [lead(0, 0), propose(0, 1, 5), propose(0, 2, 6)],
    [lead(0, 0), propose(0, 1, 5), propose(0, 2, 5)],
  ],
  ['proof-refused', [rejects('bad proof')], [rejects('malformed')]],
  ['batch-refused', [rejects('the batch is not that of its digest')], [rejects('bad proof')]],
  ...Object.keys(PBFT_REACHED).map((situation): Case => [
    situation.slice('pbft/'.length),
    [(script) => script.emit(0, { kind: 'reached', situation })],
    [],
  ]),
];

const macViewChange = (
  signer: number,
  view: number,
  stable = 0,
  prepared: readonly unknown[] = [],
): object => ({
  ...viewChange(signer, view, prepared),
  kind: 'MacViewChange',
  stable,
});
const leaveWithMac =
  (from: number, to: number, ...rest: [number, number?, (readonly unknown[])?]): Steps =>
  (script) =>
    script.send(from, to, macViewChange(from, ...rest) as never);
const beginWithMac =
  (...rest: [number, number, readonly number[], (readonly object[])?]): Steps =>
  (script) =>
    script.send(rest[0], 2, { ...newView(...rest), kind: 'MacNewView' });
/** The first view of the second configuration, whoever its members are. */
const LATER = 1 << 20;

/** The same with MACs, and in a later configuration. */
const VARIANTS: readonly Case[] = [
  [
    'equivocation',
    [lead(1, LATER), propose(1, 0, 5, { view: LATER }), propose(1, 2, 6, { view: LATER })],
    [lead(0, LATER), propose(1, 0, 5, { view: LATER }), propose(1, 2, 6, { view: LATER })],
  ],
  [
    'view-change-with-prepared-batch',
    [leaveWithMac(0, 1, 1, 0, [{ view: 0, sequence: 1, digest: 5 }])],
    [leaveWithMac(0, 1, 1)],
  ],
  ['view-change-from-checkpoint', [leaveWithMac(0, 1, 1, 16)], [leaveWithMac(0, 1, 1)]],
  ['view-change-sent-again', [leaveWithMac(0, 1, 1), leaveWithMac(0, 1, 1)], [leaveWithMac(0, 1, 1)]],
  ['null-request-fill', [beginWithMac(1, 1, [0])], [beginWithMac(1, 1, [5])]],
  [
    'new-view-over-different-checkpoints',
    [beginWithMac(1, 1, [], [macViewChange(0, 1), macViewChange(1, 1, 16)])],
    [beginWithMac(1, 1, [], [macViewChange(0, 1, 16), macViewChange(1, 1, 16)])],
  ],
];

function reached(steps: readonly Steps[], forks: boolean): readonly string[] {
  const script = steps.reduce((so, step) => step(so), new Script(forks, 'pbft'));
  return Object.keys(script.coverage());
}

describe("coverage: PBFT's situations", () => {
  it.each([...CASES, ...VARIANTS])('%s', (id, steps, almost) => {
    for (const forks of [false, true]) {
      expect(reached(steps, forks)).toContain(`pbft/${id}`);
      expect(reached(almost, forks)).not.toContain(`pbft/${id}`);
    }
  });

  it('are all here', () => {
    const pbft = SITUATIONS.filter(({ protocol }) => protocol === 'pbft');
    const listed = pbft.map(({ id }) => id);
    expect(CASES.map(([id]) => `pbft/${id}`).sort()).toEqual(listed.sort());
    expect(listed.length).toBeGreaterThanOrEqual(25);
  });

  it('are looked for in whatever a liar sends', () => {
    const junk = ['ViewChange', 'NewView', 'PrePrepare', 'Request', 'Reply', 'Checkpoint', 'FetchState'];
    const script = new Script(false, 'pbft');
    for (const kind of junk) for (const to of [1, CLIENT]) script.send(0, to, { kind });
    expect(script.coverage()).toBeDefined();
  });
});
