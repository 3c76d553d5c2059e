/** The recipe of a run of which no trace can be had, as JSON: what would repeat it. */

import type { Scenario } from '../scenario/index.js';
import { FAULTLINE_VERSION } from '../simulator/version.js';
import { writeIntoTraceFolder } from './trace-folder.js';

export interface SavedRecipe {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly bug: string | undefined;
  /** Why there is no trace. */
  readonly reason: string;
}

/** Saves it and returns its path. Throws UsageError when the folder cannot be written. */
export function saveRecipe(folder: string, { scenario, seed, bug, reason }: SavedRecipe): string {
  const content = {
    schema: 'faultline/1',
    type: 'recipe',
    faultline: FAULTLINE_VERSION,
    recipe: { seed, strategy: 'random' },
    bug: bug ?? null,
    reason,
    scenario,
  };
  const stem = `${scenario.name}-${seed}`.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 120);
  return writeIntoTraceFolder(folder, `${stem}.recipe.json`, `${JSON.stringify(content, undefined, 2)}\n`);
}
