import { describe, expect, it } from 'vitest';
import {
  StatementType,
  batchDigest,
  type Checkpoint,
  type PbftMessage,
  type PhaseMessage,
} from '../../../src/protocols/pbft/index.js';
import { keysOf } from '../../world/keys.js';
import { Bench, kinds, request } from './fixtures.js';

const ALL = [0, 1, 2, 3];
const SETTINGS = { proofs: 'macs', 'recovery-interval': '1s', 'checkpoint-interval': 1, window: 2 };
const batch = [request(1)];
const digest = batchDigest(batch);

function authenticate(signer: number, type: keyof typeof StatementType, said: number) {
  const statement = { type: StatementType[type], configuration: 0, view: 0, sequence: 1, digest: said };
  return keysOf(signer).authenticate(statement, ALL);
}

/** All that has replica 3 execute one batch. */
const agreed: PhaseMessage[] = [
  {
    kind: 'PrePrepare',
    view: 0,
    sequence: 1,
    digest,
    requests: batch,
    proof: authenticate(0, 'prePrepare', digest),
  },
  { kind: 'Prepare', view: 0, sequence: 1, digest, proof: authenticate(1, 'prepare', digest) },
  { kind: 'Commit', view: 0, sequence: 1, digest, proof: authenticate(0, 'commit', digest) },
  { kind: 'Commit', view: 0, sequence: 1, digest, proof: authenticate(1, 'commit', digest) },
];

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
    bench.receive(...agreed).sync();
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
});
