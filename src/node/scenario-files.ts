/**
 * Scenarios on disk: found by name, pattern or path, read within bounds, loaded with what they extend.
 * A word that ends in `.yaml` is a path; any other is a name or a pattern, looked up in `./scenarios`, then
 * among the bundled ones. A local scenario hides the bundled one of the same name.
 */

import { readFileSync, readdirSync, realpathSync, statSync, type Dirent } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UsageError, didYouMean, excerpt, nearest, suggestion } from '../kernel/index.js';
import { loadScenario, nameOfPath, type Scenario, type ScenarioFile } from '../scenario/index.js';
import { builtInImplementation } from '../simulator/implementation.js';
import { prepareProgram } from '../simulator/program.js';
import { fileProblem } from './file-errors.js';
import { withCryptography } from './module-loader.js';

/** A scenario file, not yet read. */
export interface FoundScenario {
  /** E.g. `raft/leader-partition`. */
  readonly name: string;
  /** As messages show it: relative to the current folder where it lies below. */
  readonly path: string;
  readonly isBundled: boolean;
}

const MAX_BYTES = 1024 * 1024;
const MAX_FILES = 5000;
const MAX_FOLDER_DEPTH = 6;

/** The folder of the scenarios that come with the package. */
export const bundledFolder = fileURLToPath(new URL('../../scenarios/', import.meta.url));

/** Every scenario that a name can mean, sorted by name. */
export function listScenarios(cwd: string = process.cwd()): FoundScenario[] {
  const byName = new Map<string, FoundScenario>();
  const local = join(cwd, 'scenarios');
  // The package's own folder may be the current one: then its scenarios are the bundled ones.
  const folders = isSameFolder(local, bundledFolder) ? [bundledFolder] : [bundledFolder, local];
  for (const folder of folders) {
    for (const path of yamlFilesBelow(folder)) {
      const name = relative(folder, path)
        .split(sep)
        .join('/')
        .replace(/\.yaml$/, '');
      byName.set(name, { name, path: shownPath(path, cwd), isBundled: folder === bundledFolder });
    }
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The scenarios that a word means; throws UsageError, with the nearest name, when there are none. */
export function findScenarios(word: string, cwd: string = process.cwd()): FoundScenario[] {
  if (/\.ya?ml$/.test(word)) {
    const path = shownPath(resolve(cwd, word), cwd);
    return [{ name: nameOfPath(path), path, isBundled: false }];
  }
  const all = listScenarios(cwd);
  const isPattern = /[*?]/.test(word);
  const matches = isPattern ? patternOf(word) : undefined;
  const found = all.filter(({ name }) => (matches === undefined ? name === word : matches.test(name)));
  if (found.length > 0) return found;
  if (isPattern) {
    throw new UsageError(
      'unknown-scenario',
      `no scenario matches '${excerpt(word)}'`,
      "'faultline list' shows all",
    );
  }
  throw unknownScenario(word, all);
}

/** Loads a scenario with its `extends` and `--set` options. Throws UsageError for whatever is wrong with it. */
export function loadScenarioFile(
  found: { readonly path: string },
  set: readonly string[] = [],
  cwd: string = process.cwd(),
): Scenario {
  const text = readScenarioText(found.path, cwd);
  return loadScenario(text, {
    path: found.path,
    set,
    resolve: (name, from) => resolveExtends(name, from, cwd),
    locateModule: (specifier, from) => locateModule(specifier, from, cwd),
    check: checkSettings,
  });
}

/** The text of a scenario file. */
export function readScenarioText(path: string, cwd: string = process.cwd()): string {
  const full = resolve(cwd, path);
  const refuse = (got: string, hint?: string): UsageError =>
    new UsageError('bad-file', `${excerpt(path, 300)}: expected a scenario file, got ${got}`, hint);
  try {
    const about = statSync(full);
    if (about.isDirectory()) throw refuse('a folder');
    if (!about.isFile()) throw refuse('something that is no regular file');
    if (about.size > MAX_BYTES) throw refuse(`one of ${about.size} bytes`, 'at most 1 MiB is read');
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(full));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof TypeError) throw refuse('one that is not UTF-8 text');
    throw fileProblem(error, path, 'a scenario file', nearestFile(full));
  }
}

function resolveExtends(name: string, from: string, cwd: string): ScenarioFile {
  if (/\.ya?ml$/.test(name)) {
    const path = shownPath(resolve(cwd, dirname(from), name), cwd);
    return { path, text: readScenarioText(path, cwd) };
  }
  const all = listScenarios(cwd);
  const found = all.find((candidate) => candidate.name === name);
  if (found === undefined) throw unknownScenario(name, all);
  return { path: found.path, text: readScenarioText(found.path, cwd) };
}

/** `./mine.js#counter`, relative to the file that names it, becomes absolute. */
function locateModule(specifier: string, from: string, cwd: string): string {
  const mark = specifier.lastIndexOf('#');
  const path = specifier.slice(0, mark);
  return `${isAbsolute(path) ? path : resolve(cwd, dirname(from), path)}${specifier.slice(mark)}`;
}

/** A user's module reads its settings where it is loaded; those of built-in protocols are read here. */
function checkSettings(scenario: Scenario): void {
  if (scenario.protocol.module !== undefined) return;
  prepareProgram(scenario, withCryptography(builtInImplementation(scenario)));
}

function unknownScenario(name: string, all: readonly FoundScenario[]): UsageError {
  const near = nearestName(name, all);
  const hint = near === undefined ? "'faultline list' shows all" : didYouMean(near);
  return new UsageError('unknown-scenario', `unknown scenario '${excerpt(name)}'`, hint);
}

/** The nearest whole name, or the one whose last part is nearest. */
function nearestName(word: string, all: readonly FoundScenario[]): string | undefined {
  const whole = nearest(
    word,
    all.map(({ name }) => name),
  );
  if (whole !== undefined) return whole;
  const lastParts = new Map(all.map(({ name }) => [name.slice(name.lastIndexOf('/') + 1), name]));
  const part = nearest(word.slice(word.lastIndexOf('/') + 1), lastParts.keys());
  return part === undefined ? undefined : lastParts.get(part);
}

/** A hint for a file that is not there: the nearest one beside it. */
function nearestFile(path: string): string | undefined {
  const folder = dirname(path);
  const files = yamlFilesBelow(folder, 1).map((file) => relative(folder, file));
  return suggestion(relative(folder, path), files);
}

function patternOf(word: string): RegExp {
  const source = word.replace(/\*\*|\*|\?|[\\^$+.()|[\]{}]/g, (mark) => {
    if (mark === '**') return '.*';
    if (mark === '*') return '[^/]*';
    return mark === '?' ? '[^/]' : `\\${mark}`;
  });
  return new RegExp(`^${source}$`, 'u');
}

function yamlFilesBelow(folder: string, depth: number = MAX_FOLDER_DEPTH): string[] {
  const files: string[] = [];
  const visit = (path: string, rest: number): void => {
    for (const entry of entriesOf(path)) {
      if (files.length >= MAX_FILES) return;
      const below = join(path, entry.name);
      if (entry.isDirectory()) {
        if (rest > 1 && !entry.name.startsWith('.') && entry.name !== 'node_modules') visit(below, rest - 1);
      } else if (entry.name.endsWith('.yaml')) files.push(below);
    }
  };
  visit(folder, depth);
  return files;
}

/** Nothing, for a folder that is not there or cannot be read. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isSameFolder(a: string, b: string): boolean {
  try {
    return realpathSync(a) === realpathSync(b);
  } catch {
    return false;
  }
}

function shownPath(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return below === '' || below.startsWith('..') || isAbsolute(below) ? path : below;
}
