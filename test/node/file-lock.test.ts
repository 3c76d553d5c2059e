// Locks of processes that are gone, that come back, and that were killed half-way.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileLock, removeStale } from '../../src/node/file-lock.js';
import { ownHolder, type Holder } from '../../src/node/lock-holder.js';

const place = (): string => join(mkdtempSync(join(tmpdir(), 'faultline-lock-')), 'file');
const gone = (): Holder => ({
  ...ownHolder(),
  pid: spawnSync(process.execPath, ['--version']).pid,
  start: '1',
});
const namesBeside = (file: string): string[] => readdirSync(dirname(file));

function problemOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('a lock of a file', () => {
  it('is whole as soon as it is there, and leaves nothing else behind', () => {
    const file = place();
    const lock = FileLock.take(file, 'a file');
    expect(namesBeside(file)).toEqual(['file.lock']);
    expect(JSON.parse(readFileSync(`${file}.lock`, 'utf8'))).toEqual(ownHolder());
    expect(() => FileLock.take(file, 'a file')).toThrow(`got one that process ${process.pid} writes`);
    expect(namesBeside(file)).toEqual(['file.lock']);
    lock.release();
    expect(namesBeside(file)).toEqual([]);
  });

  it('of a process that is gone is not taken from one who was faster', () => {
    const file = place();
    const dead = gone();
    // Both have read the lock of the dead one; the other has taken over meanwhile.
    FileLock.take(file, 'a file');
    removeStale(`${file}.lock`, dead);
    expect(() => FileLock.take(file, 'a file')).toThrow(`got one that process ${process.pid} writes`);
    expect(namesBeside(file)).toEqual(['file.lock']);
    // Or has given it back as well.
    removeStale(`${place()}.lock`, dead);
  });

  it('is released by its holder alone', () => {
    const file = place();
    const lock = FileLock.take(file, 'a file');
    const other = JSON.stringify({ ...ownHolder(), start: 'another' });
    writeFileSync(`${file}.lock`, other);
    lock.release();
    expect(readFileSync(`${file}.lock`, 'utf8')).toBe(other);
  });

  it('of another container with the same name is that of another machine', () => {
    const file = place();
    const { pid } = gone();
    const elsewhere = { pid, host: hostname(), start: '1', namespace: 'pid:[1]' };
    writeFileSync(`${file}.lock`, JSON.stringify(elsewhere));
    expect(() => FileLock.take(file, 'a file')).toThrow(
      `got one that process ${pid} of another container writes`,
    );
  });

  it('that names no process is refused, with the file to remove', () => {
    for (const text of ['', '{"pid":', '{}', 'null']) {
      const file = place();
      writeFileSync(`${file}.lock`, text);
      const hint = `remove ${file}.lock if no process writes the file`;
      const error = problemOf(() => FileLock.take(file, 'a file'));
      expect(error).toMatchObject({ code: 'in-use', hint });
      expect(String(error)).toMatch(/a lock that names no process$/);
      expect(existsSync(`${file}.lock`)).toBe(true);
    }
  });
});
