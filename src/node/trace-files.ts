/** Finding trace files. */

import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError, excerpt } from '../kernel/index.js';
import { fileProblem } from './file-errors.js';

const MOST_FILES = 100_000;
/** Found traces lie in a folder of this name below the corpus; they do not belong to it. */
const FOUND = 'found';

/** The trace files that paths mean: files themselves, and what lies below folders, sorted. Throws UsageError. */
export function findTraceFiles(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    if (!isFolder(path)) return [path];
    const files = tracesBelow(path);
    if (files.length > 0) return files;
    throw new UsageError('no-traces', `${excerpt(path, 300)}: expected a folder with traces, got none in it`);
  });
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw fileProblem(error, path, 'a trace file, or a folder of them');
  }
}

function tracesBelow(folder: string): string[] {
  const files: string[] = [];
  const visit = (path: string): void => {
    const entries = readdirSync(path, { withFileTypes: true });
    entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    for (const entry of entries) {
      if (files.length >= MOST_FILES) return;
      const below = join(path, entry.name);
      if (entry.isDirectory()) {
        if (entry.name !== FOUND) visit(below);
      } else if (/\.trace\.jsonl(?:\.gz)?$/.test(entry.name)) files.push(below);
    }
  };
  try {
    visit(folder);
  } catch (error) {
    throw fileProblem(error, folder, 'a folder of traces');
  }
  return files;
}
