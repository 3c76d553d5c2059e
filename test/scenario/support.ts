// What the scenario tests share: the bundled files, and loading that names errors as a user sees them.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { UsageError } from '../../src/kernel/index.js';
import { loadScenario } from '../../src/scenario/index.js';
import type { LoadOptions, Scenario, ScenarioFile } from '../../src/scenario/index.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Every bundled scenario file, sorted by path; paths are relative to the repository. */
export const bundledFiles: readonly ScenarioFile[] = readdirSync(join(root, 'scenarios'), {
  recursive: true,
  withFileTypes: true,
})
  .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
  .map((entry) => join(entry.parentPath, entry.name))
  .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  .map((path) => ({ path: relative(root, path), text: readFileSync(path, 'utf8') }));

/** A resolver over files in memory: a path is relative to the file that extends, a name is one of scenarios/. */
export function resolverOf(files: readonly ScenarioFile[]): (name: string, from: string) => ScenarioFile {
  return (name, from) => {
    const path = name.endsWith('.yaml') ? join(dirname(from), name) : `scenarios/${name}.yaml`;
    const file = files.find((candidate) => candidate.path === path);
    if (file === undefined) throw new UsageError('no-such-scenario', `there is no scenario '${name}'`);
    return file;
  };
}

export function loadBundled(file: ScenarioFile, set: readonly string[] = []): Scenario {
  return loadScenario(file.text, { path: file.path, resolve: resolverOf(bundledFiles), set });
}

/** The smallest scenario, with more YAML after its three lines. */
export function minimal(more = ''): string {
  return `title: T\ndescription: D\nprotocol: { name: raft }\n${more}`;
}

export function load(text: string, options: Partial<LoadOptions> = {}): Scenario {
  return loadScenario(text, { path: 'a.yaml', ...options });
}

/** The error as the command line prints it: one line, and the hint on a second. */
export function errorOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.hint === undefined ? error.message : `${error.message}\n${error.hint}`;
  }
  return 'no error';
}
