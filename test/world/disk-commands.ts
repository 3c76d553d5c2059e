// Random lives of a disk: commands, and two ways to perform them.

import fc from 'fast-check';
import { expect } from 'vitest';

import { deepFreeze, type OperationId } from '../../src/kernel/index.js';
import type { Disk } from '../../src/world/disk.js';
import type { DiskOracle, Stamp } from './disk-oracle.js';
import { SECTOR } from './disk-world.js';

export const FILES = ['a', 'b', 'c'];

export type Command =
  | { do: 'append'; file: number; sectors: number }
  | { do: 'writeAt'; file: number; at: number; sectors: number }
  | { do: 'truncate'; file: number; at: number }
  | { do: 'rename'; file: number; to: number }
  | { do: 'remove'; file: number }
  | { do: 'sync'; file: number }
  | { do: 'syncDirectory' }
  | { do: 'complete'; which: number }
  | { do: 'failNextSync' }
  | { do: 'setLying'; lying: boolean };

const file = fc.nat(2);
const sectors = fc.integer({ min: 1, max: 3 });
const at = fc.nat(5);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), file, sectors }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('writeAt' as const), file, at, sectors }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), file, at }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('rename' as const), file, to: file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('remove' as const), file }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('sync' as const), file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('syncDirectory' as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('complete' as const), which: fc.nat(3) }) },
);
const fault: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ do: fc.constant('failNextSync' as const) }),
  fc.record({ do: fc.constant('setLying' as const), lying: fc.boolean() }),
);
export const commands = fc.array(command, { maxLength: 40, size: 'max' });
export const commandsWithFaults = fc.array(
  fc.oneof({ weight: 12, arbitrary: command }, { weight: 1, arbitrary: fault }),
  { maxLength: 40, size: 'max' },
);

/** Does a command on the disk and on the oracle; every completion must end the same way. */
export function perform(command: Command, disk: Disk, oracle: DiskOracle, id: number): void {
  const name = 'file' in command ? (FILES[command.file] as string) : '';
  switch (command.do) {
    case 'append':
    case 'writeAt': {
      const stamp: Stamp = deepFreeze({ id, sectors: command.sectors });
      const bytes = command.sectors * SECTOR - (id % SECTOR);
      const slot = command.do === 'append' ? oracle.length(name) : Math.min(command.at, oracle.length(name));
      const operation =
        command.do === 'append' ? disk.append(name, stamp, bytes) : disk.writeAt(name, slot, stamp, bytes);
      oracle.write(operation, name, slot, stamp);
      break;
    }
    case 'truncate':
      oracle.truncate(disk.truncate(name, command.at), name, command.at);
      break;
    case 'rename': {
      const to = FILES[command.to] as string;
      if (oracle.files().includes(name)) oracle.rename(disk.rename(name, to), name, to);
      break;
    }
    case 'remove':
      oracle.remove(disk.remove(name), name);
      break;
    case 'sync':
      oracle.sync(disk.sync(name), name);
      break;
    case 'syncDirectory':
      oracle.syncDirectory(disk.syncDirectory());
      break;
    case 'complete': {
      const underWay = oracle.underWay();
      const operation = underWay[command.which % Math.max(1, underWay.length)];
      if (operation !== undefined) expect(disk.complete(operation)).toBe(oracle.complete(operation));
      break;
    }
    case 'failNextSync':
      disk.failNextSync();
      oracle.failsNext = true;
      break;
    case 'setLying':
      disk.setLying(command.lying);
      oracle.isLying = command.lying;
      break;
  }
}

/** Performs commands in a life that began with a used disk; knows lengths and names from the disk's image. */
export class Mirror {
  private syncs: OperationId[] = [];
  constructor(private readonly disk: Disk) {}

  perform(command: Command, id: number): void {
    const { disk } = this;
    const name = 'file' in command ? (FILES[command.file] as string) : '';
    switch (command.do) {
      case 'append':
        disk.append(name, deepFreeze({ id, sectors: command.sectors }), command.sectors * SECTOR);
        break;
      case 'writeAt':
        disk.writeAt(
          name,
          Math.min(command.at, this.length(name)),
          deepFreeze({ id }),
          command.sectors * SECTOR,
        );
        break;
      case 'truncate':
        disk.truncate(name, command.at);
        break;
      case 'rename':
        if (disk.image().files().includes(name)) disk.rename(name, FILES[command.to] as string);
        break;
      case 'remove':
        disk.remove(name);
        break;
      case 'sync':
        this.syncs.push(disk.sync(name));
        break;
      case 'syncDirectory':
        this.syncs.push(disk.syncDirectory());
        break;
      case 'complete': {
        const index = command.which % Math.max(1, this.syncs.length);
        const [operation] = this.syncs.splice(index, 1);
        if (operation !== undefined) disk.complete(operation);
        break;
      }
      case 'failNextSync':
        disk.failNextSync();
        break;
      case 'setLying':
        disk.setLying(command.lying);
        break;
    }
  }

  private length(name: string): number {
    return this.disk.image().read(name).length;
  }
}
