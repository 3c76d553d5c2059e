/** Loads the bundled scenarios for tests. */

import { readFileSync, readdirSync } from 'node:fs';
import { loadScenario, type Scenario } from '../../src/scenario/index.js';

const ROOT = new URL('../../scenarios/', import.meta.url);

/** Names of the bundled scenarios, e.g. `raft/bridge`. */
export const SCENARIO_NAMES: readonly string[] = readdirSync(ROOT)
  .flatMap((group) => readdirSync(new URL(`${group}/`, ROOT)).map((file) => `${group}/${file}`))
  .filter((path) => path.endsWith('.yaml'))
  .map((path) => path.slice(0, -'.yaml'.length))
  .sort();

export function bundled(name: string, set: readonly string[] = []): Scenario {
  const read = (reference: string): { text: string; path: string } => {
    const path = new URL(`${reference}.yaml`, ROOT);
    return { text: readFileSync(path, 'utf8'), path: path.pathname };
  };
  const { text, path } = read(name);
  return loadScenario(text, { path, resolve: read, set });
}
