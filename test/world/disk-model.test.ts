import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { canonical, Digest, RandomChoices } from '../../src/kernel/index.js';
import type { Disk } from '../../src/world/disk.js';
import { commands, commandsWithFaults, FILES, Mirror, perform } from './disk-commands.js';
import { DiskOracle } from './disk-oracle.js';
import { intact, read, Schedule, setUp, SteadyChoices, syncNow, View } from './disk-world.js';

/** Cheap properties over a large space run more often than the usual. */
const runs = (times: number): number => times * (fc.readConfigureGlobal()?.numRuns ?? 100);

describe('disk against a naive oracle', () => {
  it('what a power loss leaves is a legal mixture of what was written, with everything synced intact', () => {
    fc.assert(
      fc.property(commandsWithFaults, fc.string(), (script, seed) => {
        const { disk } = setUp(new RandomChoices(seed, new Digest()));
        const oracle = new DiskOracle();
        script.forEach((command, index) => perform(command, disk, oracle, index));
        disk.crash();
        expect(oracle.judgeCrash(disk.image())).toBeUndefined();
      }),
      { numRuns: runs(15) },
    );
  });

  it('by default a power loss leaves exactly what was synced', () => {
    fc.assert(
      fc.property(commandsWithFaults, (script) => {
        const { disk } = setUp();
        const oracle = new DiskOracle();
        script.forEach((command, index) => perform(command, disk, oracle, index));
        disk.crash();
        expect(disk.image().files()).toEqual(oracle.durableFiles());
        for (const name of disk.image().files()) {
          const records = read(disk, name).filter((slot) => slot.intact);
          expect(records.map((slot) => slot.record)).toEqual(oracle.durableRecords(name));
        }
      }),
      { numRuns: runs(5) },
    );
  });

  it('by the best of luck a power loss takes nothing', () => {
    fc.assert(
      fc.property(commands, (script) => {
        const { disk } = setUp(new SteadyChoices(1));
        const oracle = new DiskOracle();
        script.forEach((command, index) => perform(command, disk, oracle, index));
        disk.crash();
        expect(oracle.judgeStop(disk.image())).toBeUndefined();
      }),
    );
  });

  it('a process that stops without a power loss finds everything it wrote', () => {
    fc.assert(
      fc.property(commands, (script) => {
        const { disk } = setUp();
        const oracle = new DiskOracle();
        script.forEach((command, index) => perform(command, disk, oracle, index));
        disk.stop();
        expect(oracle.judgeStop(disk.image())).toBeUndefined();
        disk.crash();
        expect(oracle.judgeStop(disk.image())).toBeUndefined();
      }),
      { numRuns: runs(5) },
    );
  });

  it('a view built from the tap alone always equals the durable records', () => {
    fc.assert(
      fc.property(fc.array(commandsWithFaults, { maxLength: 3 }), fc.string(), (lives, seed) => {
        const { disk, view } = setUp(new RandomChoices(seed, new Digest()));
        const agrees = (): void => {
          for (const name of FILES) {
            const seen = (view.files.get(name) ?? []).filter((record) => record !== undefined);
            expect(seen).toEqual(disk.durableRecords(name));
          }
        };
        lives.forEach((script, life) => {
          const oracle = new Mirror(disk);
          script.forEach((command, index) => {
            oracle.perform(command, life * 100 + index);
            agrees();
          });
          if (life % 2 === 0) disk.crash();
          else disk.stop();
          agrees();
          disk.rotRecord();
          agrees();
        });
      }),
      { numRuns: runs(3) },
    );
  });

  it('a disk rebuilt by recovery works like a new one, however often the power goes', () => {
    fc.assert(
      fc.property(fc.array(commands, { minLength: 2, maxLength: 5 }), fc.string(), (lives, seed) => {
        const { disk } = setUp(new RandomChoices(seed, new Digest()));
        for (const [life, script] of lives.entries()) {
          const mirror = new Mirror(disk);
          script.forEach((command, index) => mirror.perform(command, life * 100 + index));
          disk.append('last', { life }, 1);
          expect(syncNow(disk, 'last')).toBe('ok');
          disk.crash();
          const slots = read(disk, 'last');
          expect(slots).toEqual(Array.from({ length: life + 1 }, (_, i) => intact({ life: i })));
        }
      }),
    );
  });
});

describe('disk as a value', () => {
  it('a clone equals its original, goes on equally, and neither disturbs the other', () => {
    fc.assert(
      fc.property(commandsWithFaults, commandsWithFaults, fc.string(), (before, after, seed) => {
        const digest = new Digest();
        const choices = new RandomChoices(seed, digest);
        const { disk } = setUp(choices);
        const mirror = new DiskOracle();
        before.forEach((command, index) => perform(command, disk, mirror, index));
        disk.rememberForRollback();
        const copy = disk.clone(new Schedule(), new View(), choices.clone(digest.clone()));
        (copy as unknown as { tap: View }).tap.disk = copy;
        const frozen = canonical(copy.encode());
        expect(frozen).toBe(canonical(disk.encode()));

        const underWay = mirror.underWay();
        const goOn = (target: Disk): string => {
          for (const operation of underWay) target.complete(operation);
          const life = new Mirror(target);
          after.forEach((command, index) => life.perform(command, 1000 + index));
          target.crash();
          return canonical(target.encode());
        };
        const end = goOn(disk);
        expect(canonical(copy.encode())).toBe(frozen);
        expect(goOn(copy)).toBe(end);
      }),
      { numRuns: runs(3) },
    );
  });

  it('an image is not changed by what happens after it was taken', () => {
    const { disk } = setUp();
    disk.append('wal', 'a', 10);
    syncNow(disk, 'wal');
    const image = disk.image();
    disk.append('wal', 'b', 10);
    disk.append('other', 'c', 10);
    disk.truncate('wal', 0);
    syncNow(disk, 'wal');
    expect(image.files()).toEqual(['wal']);
    expect(image.read('wal')).toEqual([intact('a')]);
    expect(image.read('other')).toEqual([]);
  });
});
