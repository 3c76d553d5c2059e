/**
 * Writing a file whole or not at all: to a temporary file in the same folder, synced, renamed over the
 * final name, and then the folder synced, since the rename itself is only durable after that. A process
 * that is killed in between leaves at most a temporary file, never half of one under its final name.
 */

import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { UsageError } from '../kernel/index.js';
import { reasonOf } from './system-errors.js';

/** Counts the temporary files of this thread; the process's number tells them from those of others. */
let written = 0;

/** Replaces the file's content; what is no file, such as a pipe, is written into. Throws UsageError `cannot-write`. */
export function writeAtomically(path: string, content: Uint8Array): void {
  let temporary: string | undefined = undefined;
  try {
    if (isStream(path)) return writeFileSync(path, content);
    const target = targetOf(path);
    temporary = temporaryName(target);
    writeSynced(temporary, content);
    renameSync(temporary, target);
    syncFolder(dirname(target));
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw cannotWrite(path, reasonOf(error));
  }
}

/** Throws UsageError `cannot-write` where {@link writeAtomically} would: before hours of work whose result goes there. */
export function requireWritable(path: string): void {
  let isFolder: boolean;
  let temporary: string | undefined = undefined;
  try {
    if (isStream(path)) return;
    const target = targetOf(path);
    isFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() === true;
    temporary = temporaryName(target);
    writeFileSync(temporary, '', { flag: 'wx' });
  } catch (error) {
    throw cannotWrite(path, reasonOf(error));
  } finally {
    if (temporary !== undefined) rmSync(temporary, { force: true });
  }
  if (isFolder) throw cannotWrite(path, 'a folder');
}

function cannotWrite(path: string, found: string): UsageError {
  return new UsageError('cannot-write', `${path}: expected a place to write, got ${found}`);
}

/** Where a link leads: it stays one. */
function targetOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : path;
}

/** A pipe, a terminal, a device. */
function isStream(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

/** A name in the same folder that no other process or call has. */
export function temporaryName(path: string): string {
  written++;
  // Short whatever the final name is: systems limit the length of names.
  const tag = `${process.pid}-${performance.now().toString(36).replace('.', '')}-${written}`;
  return join(dirname(path), `.${basename(path).slice(0, 100)}.${tag}.tmp`);
}

function writeSynced(path: string, content: Uint8Array): void {
  const file = openSync(path, 'wx');
  try {
    let offset = 0;
    while (offset < content.length) offset += writeSync(file, content, offset);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Some systems do not let a folder be opened or synced; there the rename is as durable as it gets. */
function syncFolder(folder: string): void {
  let file: number;
  try {
    file = openSync(folder, 'r');
  } catch {
    return;
  }
  try {
    fsyncSync(file);
  } catch {
    // See above.
  } finally {
    closeSync(file);
  }
}
