/**
 * One process at a time writes a file: another one beside it, `FILE.lock`, says which. A process that was killed leaves
 * its lock behind; whoever comes after it on the same machine sees that it is gone, and takes over.
 */

import { openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { UsageError, excerpt } from '../kernel/index.js';
import { fileProblem } from './file-errors.js';

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process began, as the system counts: numbers of processes are used again. Empty: unknown. */
  readonly start: string;
}

export class FileLock {
  private constructor(private readonly path: string) {}

  /** `expected`: what the file is, for errors. Throws UsageError where another process has the lock. */
  static take(file: string, expected: string): FileLock {
    const path = `${file}.lock`;
    if (!write(path, file, expected)) {
      const holder = read(path);
      if (holder === undefined || isThere(holder)) throw heldBy(file, path, holder);
      rmSync(path, { force: true });
      if (!write(path, file, expected)) throw heldBy(file, path, read(path));
    }
    return new FileLock(path);
  }

  release(): void {
    rmSync(this.path, { force: true });
  }
}

/** False where there is one already. */
function write(path: string, file: string, expected: string): boolean {
  const holder: Holder = { pid: process.pid, host: hostname(), start: startOf(process.pid) };
  try {
    const handle = openSync(path, 'wx');
    writeSync(handle, JSON.stringify(holder));
    closeSync(handle);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw fileProblem(error, file, expected);
  }
}

/** Undefined for a lock that says nothing, or not yet. */
function read(path: string): Holder | undefined {
  try {
    const { pid, host, start } = JSON.parse(readFileSync(path, 'utf8')) as Partial<Holder>;
    return Number.isInteger(pid) ? { pid: Number(pid), host: String(host), start: String(start) } : undefined;
  } catch {
    return undefined;
  }
}

/** Of a process on another machine nothing can be known. */
function isThere({ pid, host, start }: Holder): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startOf(pid) === start;
}

/** Field 22 of what Linux says of a process; the second one, its name, may have spaces in it. */
function startOf(pid: number): string {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

function heldBy(file: string, path: string, holder: Holder | undefined): UsageError {
  const where = holder === undefined || holder.host === hostname() ? '' : ` on ${excerpt(holder.host)}`;
  const who = holder === undefined ? 'another process' : `process ${holder.pid}${where}`;
  return new UsageError(
    'in-use',
    `${excerpt(file, 300)}: expected a file that nobody else writes, got one that ${who} writes`,
    `remove ${excerpt(path, 300)} if there is no such process any more`,
  );
}
