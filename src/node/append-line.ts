/** Lines of JSON at the end of a file, each on the disk before anything that rests on it. */

import { fsyncSync, writeSync } from 'node:fs';
import { fileProblem } from './file-errors.js';

/** `path`: of the open file, for errors. Throws UsageError where there is no room. */
export function appendLine(file: number, path: string, line: Readonly<Record<string, unknown>>): void {
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  try {
    let offset = 0;
    while (offset < bytes.length) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
  } catch (error) {
    throw fileProblem(error, path, 'a place to write');
  }
}
