/** The audit of the ghost: it agrees with what it followed, and notices what it was not told of. */

import { describe, expect, it } from 'vitest';
import { checkpointFile, journalFile, type JournalRecord } from '../../../src/protocols/pbft/index.js';
import { PbftStage } from './stage.js';

function played(): PbftStage {
  const stage = new PbftStage();
  stage.agree(0, 1, 7);
  stage.agree(0, 2, 8);
  stage.stabiliseAll(2, 3);
  stage.prepareAll(0, 3, 9);
  for (const replica of stage.replicas) stage.leave(replica, 1, [], stage.stable(2, 3));
  return stage;
}

describe("the audit of PBFT's ghost", () => {
  it('agrees with disks that it followed', () => {
    expect(played().checkers.audit()).toBeUndefined();
  });

  it.each([
    ['a certificate', { kind: 'prepared', certificate: new PbftStage().certificate(0, 4, 5) }, /batch 4/],
    [
      'a view',
      { kind: 'view-change', message: { view: 6 } },
      /^n2: the ghost is in view 1, the disk in view 6$/,
    ],
    [
      'a stable checkpoint',
      { kind: 'stable', certificate: { sequence: 4, digest: 1, proofs: [] } },
      /^n2: the ghost has a stable checkpoint at 2, the disk at 4$/,
    ],
  ] as const)('notices %s that it was not told of', (_what, content, message) => {
    const stage = played();
    const record = { position: 1, synced: 0, content } as unknown as JournalRecord;
    stage.hidden(1, journalFile(1), record);
    expect(stage.checkers.audit()).toMatch(message);
  });

  it('counts nothing behind a record that a failed sync has lost', () => {
    const stage = played();
    const content = { kind: 'view-change', message: { view: 6 } };
    stage.hidden(1, journalFile(1), { position: 3, synced: 0, content });
    expect(stage.checkers.audit()).toBeUndefined();
  });

  it('knows nothing of one that was faulty, until it starts again', () => {
    const stage = played();
    stage.faulty.add(1);
    stage.hidden(1, journalFile(1), {
      position: 1,
      synced: 0,
      content: { kind: 'view-change', message: { view: 6 } },
    });
    stage.faulty.delete(1);
    stage.healed.set(1, 1);
    expect(stage.checkers.audit()).toBeUndefined();
    stage.healed.delete(1);
    expect(stage.checkers.audit()).toContain('n2: the ghost is in view 1');
  });

  it('notices a checkpoint that is gone', () => {
    const stage = played();
    stage.durable(2, checkpointFile(4), { sequence: 4, digest: 1, state: {} });
    stage.forgetFile(2, checkpointFile(4));
    expect(stage.checkers.audit()).toBe('n3: the ghost has a checkpoint of batch 4, the disk has none');
  });

  it('notices a replica that is elsewhere than it has said', () => {
    const stage = played();
    stage.emit(1, { kind: 'term-changed', term: 1 });
    const audit = (encoding: object): string | undefined =>
      stage.checkers.audit((server) => (server === 1 ? (encoding as never) : undefined));
    expect(audit({ view: 1, lastExecuted: 2 })).toBeUndefined();
    expect(audit({ view: 2 })).toBe('n2: the ghost is in view 1, the replica in view 2');
    expect(audit({ lastExecuted: 1 })).toBe('n2: the ghost has executed up to batch 2, the replica up to 1');
  });
});
