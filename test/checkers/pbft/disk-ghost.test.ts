/** What a start counts as promised: the ghost of a disk against recovery itself. */

import { expect, test } from 'vitest';
import type { DiskImage } from '../../../src/kernel/index.js';
import { DiskGhost } from '../../../src/checkers/pbft/disk-ghost.js';
import {
  recover,
  journalFile,
  type JournalRecord,
  type Promised,
} from '../../../src/protocols/pbft/index.js';
import { PbftStage } from './stage.js';

const record = (position: number, content: Promised): JournalRecord => ({ position, synced: 0, content });

function diskOf(records: readonly JournalRecord[]): DiskImage {
  const files: Record<string, readonly unknown[]> = {
    identity: [{ generation: 0 }],
    [journalFile(1)]: [{ position: 1, synced: 0, content: { kind: 'base', promised: [] } }, ...records],
  };
  return {
    files: () => Object.keys(files).sort(),
    read: (file) => (files[file] ?? []).map((entry) => ({ intact: true, record: entry, blankSectors: 0 })),
  };
}

test('behind a record that a full disk refused nothing is promised', () => {
  const stage = new PbftStage();
  const certificate = stage.certificate(0, 1, 7);
  const disk = diskOf([
    record(2, { kind: 'accepted', message: stage.prePrepare(0, 1, 7) }),
    record(4, { kind: 'prepared', certificate }),
  ]);
  const ghost = DiskGhost.of(disk);
  expect(ghost.hasAccepted(0, 1, 7)).toBe(true);
  expect(ghost.hasPrepared(0, 1, 7)).toBe(false);
  expect(ghost.lastRead).toBe(2);
  const found = recover(disk);
  expect(found.kind === 'usable' && found.promised.map(({ kind }) => kind)).toEqual(['accepted']);
  const whole = DiskGhost.of(
    diskOf([
      record(2, { kind: 'accepted', message: stage.prePrepare(0, 1, 7) }),
      record(3, { kind: 'prepared', certificate }),
    ]),
  );
  expect(whole.hasPrepared(0, 1, 7)).toBe(true);
});
