/** Where what a run leaves behind is saved: traces, and recipes of runs of which no trace can be had. */

import { existsSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { Scenario } from '../scenario/index.js';
import type { Recipe } from '../simulator/index.js';
import type { Trace } from '../simulator/trace.js';
import { FAULTLINE_VERSION } from '../simulator/version.js';
import { writeAtomically } from './atomic-file.js';
import { makeFolder } from './folders.js';
import { FOUND_FOLDER, saveFoundTrace, traceFileName, writeTraceFile } from './trace-file.js';

export interface SavedRecipe {
  readonly scenario: Scenario;
  readonly seed: string;
  /** Its recipe; where runs learn from those before them, the strategy and the seeds of those, in their order. */
  readonly repeats:
    Recipe | { readonly seed: string; readonly strategy: string; readonly seeds: readonly string[] };
  readonly bug: string | undefined;
  /** Why there is no trace. */
  readonly reason: string;
}

/**
 * Saves a trace and returns its path. Only the usual folder hides itself from git, not one that was named. `origin`:
 * recipe of the run that a minimised one was made from.
 */
export function saveTrace(folder: string, trace: Trace, origin?: Recipe): string {
  if (isFoundFolder(folder)) return saveFoundTrace(trace, folder, origin);
  makeFolder(folder);
  const path = join(folder, traceFileName(trace.header, origin));
  writeTraceFile(path, trace);
  return path;
}

/** Saves, as JSON, what would repeat a run; returns the path. */
export function saveRecipe(folder: string, { scenario, seed, repeats, bug, reason }: SavedRecipe): string {
  makeRecipeFolder(folder);
  const content = {
    schema: 'faultline/1',
    type: 'recipe',
    faultline: FAULTLINE_VERSION,
    recipe: repeats,
    bug: bug ?? null,
    reason,
    scenario,
  };
  const stem = `${scenario.name}-${seed}`.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 120);
  const path = join(folder, `${stem}.recipe.json`);
  writeAtomically(path, new TextEncoder().encode(`${JSON.stringify(content, undefined, 2)}\n`));
  return path;
}

function isFoundFolder(folder: string): boolean {
  return normalize(folder) === FOUND_FOLDER;
}

function makeRecipeFolder(folder: string): void {
  makeFolder(folder);
  const ignore = join(folder, '.gitignore');
  if (isFoundFolder(folder) && !existsSync(ignore)) writeAtomically(ignore, new TextEncoder().encode('*\n'));
}
