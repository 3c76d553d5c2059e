/**
 * One process at a time writes a file: another one beside it, `FILE.lock`, says which. A process that was killed leaves
 * its lock behind; whoever comes after it on the same machine sees that it is gone, and takes over.
 */

import { constants, copyFileSync, linkSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { UsageError, excerpt } from '../kernel/index.js';
import { temporaryName } from './atomic-file.js';
import { fileProblem } from './file-errors.js';
import { isSameHolder, isThere, nameOfHolder, ownHolder, readHolder, type Holder } from './lock-holder.js';

/** So often the lock may go to another one, or be given back, while it is looked at. */
const MOST_TRIES = 10;
/** What file systems without hard links answer. */
const WITHOUT_LINKS: readonly (string | undefined)[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

export class FileLock {
  private constructor(
    private readonly path: string,
    private readonly holder: Holder,
  ) {}

  /** `expected`: what the file is, for errors. Throws UsageError where another process has the lock. */
  static take(file: string, expected: string): FileLock {
    const path = `${file}.lock`;
    const own = ownHolder();
    try {
      for (let i = 0; i < MOST_TRIES; i++) {
        if (create(path, own)) return new FileLock(path, own);
        const holder = readHolder(path);
        if (holder === 'unreadable') throw unreadable(file, path);
        if (holder === 'no-lock') continue;
        if (isThere(holder)) throw heldBy(file, path, nameOfHolder(holder));
        removeStale(path, holder);
      }
    } catch (error) {
      throw fileProblem(error, file, expected);
    }
    throw heldBy(file, path, 'another process');
  }

  /** Leaves a lock alone that has come to another process. */
  release(): void {
    const holder = readHolder(this.path);
    if (typeof holder === 'object' && isSameHolder(holder, this.holder)) rmSync(this.path, { force: true });
  }
}

/**
 * Removes the lock of a process that is gone. By another name first: between the look at it and now, others that saw
 * the same may have taken over, and theirs is put back.
 */
export function removeStale(path: string, gone: Holder): void {
  const moved = temporaryName(path);
  try {
    renameSync(path, moved);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    const holder = readHolder(moved);
    if (typeof holder !== 'object' || !isSameHolder(holder, gone)) linkNew(moved, path);
  } finally {
    rmSync(moved, { force: true });
  }
}

/** False where there is one already. By another name first: a lock is never there half-written. */
function create(path: string, own: Holder): boolean {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, JSON.stringify(own), { flag: 'wx' });
    return linkNew(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Gives a file a second name; false where that one is taken. */
function linkNew(from: string, to: string): boolean {
  return (
    succeeds(() => linkSync(from, to), WITHOUT_LINKS) ??
    // Not in one step, and the best there is.
    succeeds(() => copyFileSync(from, to, constants.COPYFILE_EXCL), []) ??
    false
  );
}

/** False where the file is there already; undefined for the other codes named. */
function succeeds(action: () => void, others: readonly (string | undefined)[]): boolean | undefined {
  try {
    action();
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'EEXIST') return false;
    if (others.includes(code)) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function heldBy(file: string, path: string, who: string): UsageError {
  return new UsageError(
    'in-use',
    `${excerpt(file, 300)}: expected a file that nobody else writes, got one that ${who} writes`,
    `remove ${excerpt(path, 300)} if there is no such process any more`,
  );
}

function unreadable(file: string, path: string): UsageError {
  return new UsageError(
    'in-use',
    `${excerpt(file, 300)}: expected a file that nobody else writes, got one with a lock that names no process`,
    `remove ${excerpt(path, 300)} if no process writes the file`,
  );
}
