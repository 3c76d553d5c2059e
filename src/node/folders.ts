/** Making folders. */

import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileProblem } from './file-errors.js';

/**
 * Makes a folder and those above it; throws UsageError. Step by step, because Node's own recursive way
 * never comes back where the system says ENOENT to any new folder, as below /proc.
 */
export function makeFolder(path: string): void {
  try {
    makeSteps(resolve(path));
  } catch (error) {
    throw fileProblem(error, path, 'a folder to write to');
  }
}

function makeSteps(path: string): void {
  if (isFolder(path)) return;
  const above = dirname(path);
  if (above !== path) makeSteps(above);
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been faster.
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
