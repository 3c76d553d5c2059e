import { describe, expect, it } from 'vitest';
import { hashCommand } from '../../../src/kernel/index.js';
import {
  StatementType,
  batchDigest,
  type Checkpoint,
  type PbftMessage,
  type PhaseMessage,
  type Request,
} from '../../../src/protocols/pbft/index.js';
import { keysOf } from '../../world/keys.js';
import { Bench, kinds, request } from './fixtures.js';

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

/** Replica 2 asks for its recovery to be ordered. */
function recovery(): Request {
  const input = { do: 'recover', bound: 2 } as const;
  const hash = hashCommand(2, 1, input);
  const command = { client: 2, sequence: 1, input, read: undefined, hash, bytes: 24 };
  const statement = { type: StatementType.request, configuration: 0, view: 0, sequence: 1, digest: hash };
  return { kind: 'Request', command, proof: keysOf(2).sign(statement) };
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
    bench.receive(...agreedOn([recovery()], 2)).sync();
    expect(kinds(bench.sent(2))).toContain('RecoveryReply');
    expect(timer(bench)).toBeDefined();
    bench.replica.timerFired('view-change');
    expect(kinds(bench.sync().sent(0))).toContain('MacViewChange');
  });
});
