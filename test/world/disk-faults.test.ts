import { describe, expect, it } from 'vitest';

import { DISK_FAULT_CLASSES } from '../../src/world/disk-contract.js';
import { damaged, intact, read, SECTOR, setUp, syncNow } from './disk-world.js';

describe('disk: faults', () => {
  it('every fault has a class', () => {
    expect(DISK_FAULT_CLASSES['bit-rot']).toBe('detectable');
    expect(DISK_FAULT_CLASSES['lying-sync']).toBe('amnesia');
  });

  it('a failed sync drops what it covered for good: the next sync succeeds without it', () => {
    const { disk } = setUp();
    disk.append('wal', 'a', 10);
    syncNow(disk, 'wal');
    disk.append('wal', 'dropped', 2 * SECTOR);
    disk.failNextSync();
    expect(syncNow(disk, 'wal')).toBe('failed');
    disk.append('wal', 'b', 10);
    expect(syncNow(disk, 'wal')).toBe('ok');
    disk.crash();
    expect(read(disk, 'wal')).toEqual([intact('a'), damaged(2), intact('b')]);
    expect(disk.damaged()).toBe(false);
  });

  it('after a failed sync no other one that is under way confirms what was dropped', () => {
    const { disk } = setUp();
    disk.append('wal', 'a', 10);
    const first = disk.sync('wal');
    const second = disk.sync('wal');
    disk.failNextSync();
    expect(disk.complete(second)).toBe('failed');
    expect(disk.complete(first)).toBe('failed');
    disk.append('wal', 'b', 10);
    expect(syncNow(disk, 'wal')).toBe('ok');
  });

  it('a process that halts on a failed sync does not find what was dropped', () => {
    const { disk } = setUp();
    disk.append('wal', 'dropped', 10);
    disk.failNextSync();
    syncNow(disk, 'wal');
    disk.stop();
    expect(read(disk, 'wal')).toEqual([]);
  });

  it('a lying sync reports ok, taps nothing, and a power loss takes it all', () => {
    const { disk, view } = setUp();
    disk.setLying(true);
    disk.append('wal', 'a', 10);
    expect(syncNow(disk, 'wal')).toBe('ok');
    expect(view.calls).toEqual([]);
    expect(disk.damaged()).toBe(true);
    disk.stop();
    expect(read(disk, 'wal')).toEqual([intact('a')]);
    disk.crash();
    expect(read(disk, 'wal')).toEqual([]);
  });

  it('an honest sync makes up for the lies before it', () => {
    const { disk } = setUp();
    disk.setLying(true);
    disk.append('wal', 'a', 10);
    syncNow(disk, 'wal');
    disk.setLying(false);
    syncNow(disk, 'wal');
    disk.crash();
    expect(read(disk, 'wal')).toEqual([intact('a')]);
  });

  it('rot strikes a durable record, is told to the tap, and counts until it is repaired', () => {
    const { disk, view } = setUp();
    disk.append('wal', 'a', 10);
    expect(disk.rotRecord()).toBeUndefined();
    syncNow(disk, 'wal');
    expect(disk.rotRecord()).toEqual({ file: 'wal', slot: 0 });
    expect(view.files.get('wal')).toEqual([undefined]);
    expect(disk.durableRecords('wal')).toEqual([]);
    expect(disk.rotRecord()).toBeUndefined();
    disk.markRepaired();
    expect(disk.damaged()).toBe(true);
    disk.truncate('wal', 0);
    syncNow(disk, 'wal');
    // Cutting the rot away gives nothing back: the process said that all was well before this rot was found.
    expect(disk.damaged()).toBe(true);
    disk.markRepaired();
    expect(disk.damaged()).toBe(false);
  });

  it('rot that is overwritten still counts until the process says that nothing is missing', () => {
    const { disk } = setUp();
    disk.append('wal', 'a', 10);
    syncNow(disk, 'wal');
    disk.rotRecord();
    disk.truncate('wal', 0);
    syncNow(disk, 'wal');
    expect(disk.damaged()).toBe(true);
    disk.markRepaired();
    expect(disk.damaged()).toBe(false);
  });

  it('a lost write reads as if it had never been written: a hole, or a shorter file', () => {
    const { disk } = setUp();
    disk.append('wal', 'a', 2 * SECTOR);
    disk.append('wal', 'b', 10);
    syncNow(disk, 'wal');
    expect(disk.loseRecord()).toEqual({ file: 'wal', slot: 0 });
    expect(read(disk, 'wal')).toEqual([damaged(2), intact('b')]);
    expect(disk.loseRecord()).toEqual({ file: 'wal', slot: 1 });
    disk.crash();
    expect(read(disk, 'wal')).toEqual([]);
    disk.markRepaired();
    expect(disk.damaged()).toBe(true);
  });

  it('a rollback returns to the remembered image, a wipe to nothing', () => {
    const { disk, view } = setUp();
    disk.append('wal', 'a', 10);
    syncNow(disk, 'wal');
    disk.rememberForRollback();
    disk.append('wal', 'b', 10);
    syncNow(disk, 'wal');
    disk.append('other', 'c', 10);
    syncNow(disk, 'other');
    disk.crash();
    disk.rollback();
    expect(disk.image().files()).toEqual(['wal']);
    expect(read(disk, 'wal')).toEqual([intact('a')]);
    expect(disk.usedBytes()).toBe(SECTOR);
    expect(view.files.get('other')).toEqual([]);
    disk.append('wal', 'B', 10);
    syncNow(disk, 'wal');
    disk.rollback();
    expect(read(disk, 'wal')).toEqual([intact('a')]);
    disk.wipe();
    expect(disk.image().files()).toEqual([]);
    expect(disk.damaged()).toBe(true);
  });

  it('what an operator formats is durable at once, in order, and told to the tap', () => {
    const { disk, view } = setUp();
    disk.format([
      { file: 'meta', record: 'a', bytes: 10 },
      { file: 'wal', record: 'x', bytes: 600 },
      { file: 'meta', record: 'b', bytes: 10 },
    ]);
    expect(view.calls).toEqual(['meta[0]', 'meta[1]', 'wal[0]']);
    expect(disk.usedBytes()).toBe(4 * SECTOR);
    disk.append('meta', 'c', 10);
    disk.crash();
    expect(read(disk, 'meta')).toEqual([intact('a'), intact('b')]);
    expect(read(disk, 'wal')).toEqual([intact('x')]);
    expect(disk.damaged()).toBe(false);
    expect(() => disk.format([{ file: 'meta', record: 'a', bytes: 10 }])).toThrow('a disk is blank');
  });

  it('a lost disk is blank, and counts as damaged until its process is whole again', () => {
    const { disk, view } = setUp();
    disk.append('wal', 'a', 10);
    syncNow(disk, 'wal');
    expect(disk.isBlank()).toBe(false);
    disk.crash();
    disk.lose();
    expect(disk.isBlank()).toBe(true);
    expect(disk.usedBytes()).toBe(0);
    expect(view.files.get('wal')).toEqual([]);
    expect(disk.damaged()).toBe(true);
    disk.format([{ file: 'wal', record: 'b', bytes: 10 }]);
    expect(disk.damaged()).toBe(true);
    disk.markRepaired();
    expect(disk.damaged()).toBe(false);
  });
});
