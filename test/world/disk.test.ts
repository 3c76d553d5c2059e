import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { Digest, RandomChoices, type Choices } from '../../src/kernel/index.js';
import type { DiskConfig } from '../../src/world/config.js';
import { CONFIG, damaged, intact, read, SECTOR, setUp, SteadyChoices, syncNow } from './disk-world.js';

describe('disk: sync', () => {
  it('reports the sync after its latency, times the slow factor, and nothing for a write', () => {
    const { disk, schedule } = setUp();
    disk.append('wal', 'x', 10);
    const first = disk.sync('wal');
    disk.setSlowFactor(7);
    const second = disk.syncDirectory();
    expect(schedule.entries).toEqual([
      { operation: first, delay: 100 },
      { operation: second, delay: 700 },
    ]);
  });

  it('covers what was issued before it and nothing after', () => {
    const { disk } = setUp();
    disk.append('wal', 'before', 10);
    const sync = disk.sync('wal');
    disk.append('wal', 'after', 10);
    expect(disk.complete(sync)).toBe('ok');
    expect(disk.durableRecords('wal')).toEqual(['before']);
  });

  it('a later sync that completes first covers what an earlier one was to cover', () => {
    const { disk, view } = setUp();
    disk.append('wal', 'one', 10);
    const first = disk.sync('wal');
    disk.append('wal', 'two', 10);
    const second = disk.sync('wal');
    disk.complete(second);
    expect(disk.durableRecords('wal')).toEqual(['one', 'two']);
    expect(disk.complete(first)).toBe('ok');
    expect(view.calls).toEqual(['wal[0]', 'wal[1]']);
  });

  it('reports records in slot order, and only what the slots hold in the end', () => {
    const { disk, view } = setUp();
    for (const record of ['a', 'b', 'c']) disk.append('meta', record, 10);
    disk.writeAt('meta', 2, 'C', 10);
    disk.writeAt('meta', 0, 'A', 10);
    syncNow(disk, 'meta');
    expect(view.calls).toEqual(['meta[0]', 'meta[1]', 'meta[2]']);
    expect(view.files.get('meta')).toEqual(['A', 'b', 'C']);
  });

  it('refuses a write that leaves a gap, and a completion of something that is not under way', () => {
    const { disk } = setUp();
    expect(() => disk.writeAt('wal', 1, 'x', 10)).toThrow('no gap');
    expect(() => disk.rename('none', 'wal')).toThrow('exists');
    expect(() => disk.complete(99)).toThrow('under way');
  });
});

describe('disk: power loss', () => {
  it('a record of one sector is there or not, never torn', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: SECTOR }), (seed, bytes) => {
        const { disk } = setUp(new RandomChoices(seed, new Digest()));
        disk.append('wal', 'old', 10);
        syncNow(disk, 'wal');
        disk.writeAt('wal', 0, 'new', bytes);
        disk.append('wal', 'next', bytes);
        disk.crash();
        const [first, second] = read(disk, 'wal');
        expect([intact('old'), intact('new')]).toContainEqual(first);
        expect([undefined, intact('next')]).toContainEqual(second);
      }),
    );
  });

  it('a torn append has blank sectors, a torn overwrite mixes old and new without any', () => {
    const { disk } = setUp(new SteadyChoices(0.5));
    disk.append('wal', 'old', 4 * SECTOR);
    syncNow(disk, 'wal');
    disk.writeAt('wal', 0, 'new', 4 * SECTOR);
    disk.append('wal', 'tail', 4 * SECTOR);
    disk.crash();
    expect(read(disk, 'wal')).toEqual([damaged(0), damaged(2)]);
  });

  it('an overwrite that grows a record may leave its new sectors blank', () => {
    const { disk } = setUp(new SteadyChoices(0.5));
    disk.append('wal', 'old', SECTOR);
    syncNow(disk, 'wal');
    disk.writeAt('wal', 0, 'new', 4 * SECTOR);
    disk.crash();
    expect(read(disk, 'wal')).toEqual([damaged(2)]);
  });

  it('a torn tail and rot are told apart by the blank sectors', () => {
    const { disk } = setUp(new SteadyChoices(0.5));
    disk.append('wal', 'synced', 2 * SECTOR);
    syncNow(disk, 'wal');
    expect(disk.rotRecord()).toEqual({ file: 'wal', slot: 0 });
    disk.append('wal', 'tail', 2 * SECTOR);
    disk.crash();
    const [rotten, torn] = read(disk, 'wal');
    expect(rotten).toEqual(damaged(0));
    expect(torn).toEqual(damaged(1));
  });

  it('a record lost before one that survived reads as a hole, holes at the end are cut off', () => {
    const survives = [0, 1, 0];
    class Scripted extends SteadyChoices {
      override integer(_f: number, _o: number, _s: unknown, what: string, min: number): number {
        return what === 'crash-survival' ? (survives.shift() as number) : min;
      }
    }
    const { disk } = setUp(new Scripted(0));
    disk.append('wal', 'synced', 10);
    syncNow(disk, 'wal');
    for (const record of ['lost', 'kept', 'end']) disk.append('wal', record, 10);
    disk.crash();
    expect(read(disk, 'wal')).toEqual([intact('synced'), damaged(1), intact('kept')]);
  });

  it('what was appended after a truncate survives only if the truncate does', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const { disk } = setUp(new RandomChoices(seed, new Digest()));
        for (const record of ['a', 'b', 'c']) disk.append('wal', record, 10);
        syncNow(disk, 'wal');
        disk.truncate('wal', 1);
        disk.append('wal', 'B', 10);
        disk.crash();
        const records = read(disk, 'wal').map((slot) => slot.record);
        expect([['a', 'b', 'c'], ['a'], ['a', 'B']]).toContainEqual(records);
      }),
    );
  });

  it('operations under way end without completion', () => {
    const { disk } = setUp();
    disk.append('wal', 'x', 10);
    const sync = disk.sync('wal');
    disk.crash();
    expect(() => disk.complete(sync)).toThrow('under way');
    expect(disk.append('wal', 'y', 10)).toBeGreaterThan(sync);
  });
});

describe('disk: names', () => {
  const prepare = (choices?: Choices) => {
    const world = setUp(choices);
    world.disk.append('snapshot', 'old', 10);
    syncNow(world.disk, 'snapshot');
    world.disk.append('new', 'new', 10);
    return world;
  };

  it('a new file is durable, name and all, with the first sync of its content', () => {
    const { disk } = prepare();
    disk.crash();
    expect(disk.image().files()).toEqual(['snapshot']);
    disk.append('new', 'x', 10);
    syncNow(disk, 'new');
    disk.crash();
    expect(disk.image().files()).toEqual(['new', 'snapshot']);
  });

  it('a rename without a sync of the directory may be undone by a power loss', () => {
    const { disk } = prepare();
    syncNow(disk, 'new');
    disk.rename('new', 'snapshot');
    syncNow(disk, 'snapshot');
    expect(read(disk, 'snapshot')).toEqual([intact('new')]);
    disk.crash();
    expect(read(disk, 'snapshot')).toEqual([intact('old')]);
    expect(read(disk, 'new')).toEqual([intact('new')]);
  });

  it('a rename is durable after a sync of the directory, and the tap tells of both names', () => {
    const { disk, view } = prepare();
    syncNow(disk, 'new');
    disk.rename('new', 'snapshot');
    expect(disk.complete(disk.syncDirectory())).toBe('ok');
    disk.crash();
    expect(disk.image().files()).toEqual(['snapshot']);
    expect(read(disk, 'snapshot')).toEqual([intact('new')]);
    expect(view.calls).toEqual(['snapshot[0]', 'new[0]', 'new cut to 0', 'snapshot cut to 0', 'snapshot[0]']);
    expect(view.files.get('snapshot')).toEqual(['new']);
  });

  it('renaming a file that was never synced can leave the name without its content', () => {
    const { disk } = prepare();
    disk.rename('new', 'snapshot');
    disk.complete(disk.syncDirectory());
    disk.crash();
    expect(disk.image().files()).toEqual(['snapshot']);
    expect(read(disk, 'snapshot')).toEqual([]);
  });

  it('a removal waits for a sync of the directory', () => {
    const { disk } = prepare();
    disk.remove('snapshot');
    disk.crash();
    expect(disk.image().files()).toEqual(['snapshot']);
    disk.remove('snapshot');
    disk.complete(disk.syncDirectory());
    disk.crash();
    expect(disk.image().files()).toEqual([]);
  });

  it('changes of names survive a power loss in the order in which they were issued', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const { disk } = setUp(new RandomChoices(seed, new Digest()));
        for (const name of ['a', 'b', 'c']) {
          disk.append(name, name, 10);
          syncNow(disk, name);
        }
        for (const name of ['a', 'b', 'c']) disk.remove(name);
        disk.crash();
        expect([['a', 'b', 'c'], ['b', 'c'], ['c'], []]).toContainEqual(disk.image().files());
      }),
    );
  });

  it('a sync under way follows its file through a rename', () => {
    const { disk } = prepare();
    const sync = disk.sync('new');
    disk.rename('new', 'snapshot');
    expect(disk.complete(sync)).toBe('ok');
    expect(disk.durableRecords('new')).toEqual(['new']);
    disk.complete(disk.syncDirectory());
    expect(disk.durableRecords('snapshot')).toEqual(['new']);
  });
});

describe('disk: space', () => {
  const capacity = (sectors: number): DiskConfig => ({ ...CONFIG, capacityBytes: sectors * SECTOR });

  it('a write that does not fit is refused, reports full, and leaves nothing', () => {
    const { disk, schedule } = setUp(undefined, capacity(3));
    disk.append('wal', 'a', SECTOR + 1);
    const refused = disk.append('wal', 'b', SECTOR + 1);
    disk.append('wal', 'c', SECTOR);
    expect(disk.usedBytes()).toBe(3 * SECTOR);
    expect(schedule.entries.map(({ operation }) => operation)).toEqual([refused]);
    expect(disk.complete(refused)).toBe('full');
    syncNow(disk, 'wal');
    expect(disk.durableRecords('wal')).toEqual(['a', 'c']);
  });

  it('a full disk still overwrites in place, and truncating, removing and replacing free space', () => {
    const { disk } = setUp(undefined, capacity(3));
    for (const name of ['a', 'b', 'c']) disk.append(name, name, SECTOR);
    disk.writeAt('a', 0, 'A', SECTOR);
    disk.setFull(true);
    disk.writeAt('b', 0, 'B', SECTOR);
    disk.truncate('a', 0);
    disk.remove('b');
    expect(disk.usedBytes()).toBe(SECTOR);
    expect(disk.complete(disk.append('a', 'x', 1))).toBe('full');
    disk.setFull(false);
    disk.append('a', 'x', 1);
    disk.rename('a', 'c');
    expect(disk.usedBytes()).toBe(SECTOR);
  });

  it('a write behind one that was refused is refused too, as the process cannot know yet', () => {
    const { disk } = setUp(undefined, capacity(2));
    disk.writeAt('meta', 0, 'first', 3 * SECTOR);
    const second = disk.writeAt('meta', 1, 'second', SECTOR);
    expect(disk.complete(second)).toBe('full');
  });

  it('space is counted anew after a power loss', () => {
    const { disk } = setUp(undefined, capacity(2));
    disk.append('wal', 'a', SECTOR);
    syncNow(disk, 'wal');
    disk.append('wal', 'b', SECTOR);
    disk.crash();
    expect(disk.usedBytes()).toBe(SECTOR);
  });
});
