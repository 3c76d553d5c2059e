import { describe, expect, it } from 'vitest';
import type { Plain } from '../../../src/kernel/index.js';
import {
  StatementType,
  batchDigest,
  type Checkpoint,
  type PbftMessage,
  type PhaseMessage,
  type Request,
} from '../../../src/protocols/pbft/index.js';
import { keysOf } from '../../world/keys.js';
import { makeCommand } from '../../../src/services/index.js';
import { Bench, kinds, request } from './fixtures.js';
import { newKey, viewChange } from './mac-fixtures.js';

const ALL = [0, 1, 2, 3];
const SETTINGS = { proofs: 'macs', 'recovery-interval': '1s', 'checkpoint-interval': 1, window: 2 };

function authenticate(signer: number, type: keyof typeof StatementType, said: number) {
  const statement = { type: StatementType[type], configuration: 0, view: 0, sequence: 1, digest: said };
  return keysOf(signer).authenticate(statement, ALL);
}

/** All that has a third replica execute one batch: what the primary and this other backup say. */
function agreedOn(requests: readonly Request[], other: number): PhaseMessage[] {
  const digest = batchDigest(requests);
  const place = { view: 0, sequence: 1, digest } as const;
  return [
    { kind: 'PrePrepare', ...place, requests, proof: authenticate(0, 'prePrepare', digest) },
    { kind: 'Prepare', ...place, proof: authenticate(other, 'prepare', digest) },
    { kind: 'Commit', ...place, proof: authenticate(0, 'commit', digest) },
    { kind: 'Commit', ...place, proof: authenticate(other, 'commit', digest) },
  ];
}

/** Another replica 1 in the same process: others know the keys that it chose before. */
function again(): Bench {
  for (const other of [0, 2, 3]) keysOf(other).learnKeys(1, keysOf(1).keyEpoch);
  return new Bench(1, 4, SETTINGS).sync();
}

/** Replica 2 asks for its recovery of this number to be ordered. */
function recovery(number: number): Request {
  const command = makeCommand(2, number, { do: 'recover', bound: 2 });
  const statement = { type: StatementType.request, configuration: 0, view: 0, sequence: number };
  return { kind: 'Request', command, proof: keysOf(2).sign({ ...statement, digest: command.hash }) };
}

function phases(bench: Bench): string[] {
  return bench.host.events.flatMap((event) => (event.kind === 'proactive-recovery' ? [event.phase] : []));
}

function isCheckpoint(message: PbftMessage): message is Checkpoint {
  return message.kind === 'Checkpoint';
}

describe('pbft watchdog (TOCS 2002, §4.2)', () => {
  // Each test has a replica of its own: keys outlive it, and it chooses new ones.
  it('stops a replica once it has promised to recover, which it does after its start', () => {
    const bench = new Bench(2, 4, SETTINGS).sync();
    bench.replica.timerFired('watchdog');
    expect(bench.host.haltReason).toBeUndefined();
    bench.sync();
    expect(bench.host.haltReason).toContain('proactive recovery');
    bench.crash().sync();
    expect(phases(bench)).toEqual(['begun']);
    expect(kinds(bench.sent(0))).toContain('QueryStable');
  });

  it('counts when a new journal is begun before the replica has stopped', () => {
    const bench = new Bench(3, 4, SETTINGS).sync();
    bench.receive(...agreedOn([request(1)], 1)).sync();
    const own = bench.sent(0).find(isCheckpoint);
    if (own === undefined) throw new Error('the checkpoint was not reached');
    bench.replica.timerFired('watchdog');
    for (const other of [0, 1]) {
      bench.receive({ ...own, proof: authenticate(other, 'checkpoint', own.digest) });
    }
    expect(bench.host.files()).toContain('journal-2');
    bench.sync();
    expect(bench.host.haltReason).toContain('proactive recovery');
    bench.crash().sync();
    expect(phases(bench)).toEqual(['begun']);
  });

  it('has others wait for the places that end a recovery, so that a primary that gives none is left', () => {
    const timer = (bench: Bench): unknown => bench.host.timers.get('view-change');
    const idle = new Bench(1, 4, SETTINGS).sync();
    idle.receive(...agreedOn([request(1)], 2)).sync();
    expect(timer(idle)).toBeUndefined();
    const bench = new Bench(1, 4, SETTINGS).sync();
    const keys = newKey(2);
    bench.receive(keys, ...agreedOn([recovery(keys.epoch)], 2)).sync();
    expect(kinds(bench.sent(2))).toContain('RecoveryReply');
    expect(timer(bench)).toBeDefined();
    bench.replica.timerFired('view-change');
    expect(kinds(bench.sync().sent(0))).toContain('MacViewChange');
  });

  it('numbers each recovery by a choice of keys: no other number is ordered', () => {
    const bench = again();
    const { epoch } = newKey(2);
    const [tooHigh] = agreedOn([recovery(epoch + 1)], 2);
    bench.receive(tooHigh as PhaseMessage).sync();
    expect(bench.rejections()).toEqual(['a request without its client']);
    expect(kinds(bench.sent(0))).not.toContain('Prepare');
    // The primary was right after all: its pre-prepare has waited for this.
    bench.receive(newKey(2)).sync();
    expect(kinds(bench.sent(0))).toContain('Prepare');
  });

  it('learns of keys by the request for a recovery itself: no liar can tell one replica alone', () => {
    const bench = again();
    const { epoch } = newKey(2);
    bench.receive(agreedOn([recovery(epoch)], 2)[0] as PhaseMessage).sync();
    expect(kinds(bench.sent(0))).toContain('Prepare');
  });

  it('says of a recovery that it has not seen executed, or does not remember, that it was by now', () => {
    const bench = again();
    const { epoch } = newKey(2);
    bench.receive(...agreedOn([recovery(epoch)], 2)).sync();
    bench.crash().sync().sent();
    const executed = bench.state('lastExecuted') as number;
    bench.from(2, recovery(epoch)).sync();
    const replies = bench
      .sent(2)
      .flatMap((message) => (message.kind === 'RecoveryReply' ? [message.executed] : []));
    expect(replies).toEqual([executed]);
    expect((bench.state('recovery') as { fillTo: number }).fillTo).toBe(executed + 4);
  });

  it('believes no view change of a recovery that its sender may not have begun: none to come would void it', () => {
    const bench = again();
    const { epoch } = newKey(3);
    const left = viewChange(3, 1, { recovery: epoch + 1 });
    const has = (): Plain => (bench.state('macViewChanges') as { said: readonly Plain[] }).said[3] ?? null;
    bench.receive(left);
    expect([bench.rejections(), has()]).toEqual([['bad view change'], null]);
    bench.receive(newKey(3), left);
    expect(has()).not.toBeNull();
  });
});
