/** Lines of JSON at the end of a file, each on the disk before anything that rests on it. */

import { fsyncSync, writeSync } from 'node:fs';
import { fileProblem } from './file-errors.js';

/** `path`: of the open file, for errors. Throws UsageError where there is no room. */
export function appendLine(file: number, path: string, line: Readonly<Record<string, unknown>>): void {
  appendText(file, path, `${JSON.stringify(line)}\n`);
}

/** As {@link appendLine}, of any text. */
export function appendText(file: number, path: string, text: string): void {
  const bytes = Buffer.from(text);
  try {
    let offset = 0;
    while (offset < bytes.length) offset += writeSync(file, bytes, offset);
    fsyncSync(file);
  } catch (error) {
    throw fileProblem(error, path, 'a place to write');
  }
}

/** Whether a kill can have left this of a line that begins with its schema: any other text is somebody else's. */
export function isTorn(text: string, schema: string): boolean {
  const beginning = `{"schema":${JSON.stringify(schema)}`;
  return text.startsWith(beginning) || beginning.startsWith(text);
}
