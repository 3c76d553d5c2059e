/**
 * From texts to one tree: a file, what it extends, and the `--set` options laid over both.
 *
 * Maps merge key by key; anything else replaces what it lies over, lists included. A key with an empty
 * value takes back what was inherited, so that its default counts again. `name` is never inherited: it
 * belongs to the file.
 */

import { UsageError, excerpt, received } from '../kernel/index.js';
import { readYaml } from './read-yaml.js';
import { MAX_TREE_DEPTH, isKey, listNode, mapNode, refuse } from './source-tree.js';
import type { MapEntry, MapNode, Place, Source, SourceNode } from './source-tree.js';

/** A file that a scenario extends. */
export interface ScenarioFile {
  readonly path: string;
  readonly text: string;
}

/** Finds what `extends` names, given the path of the file that says so; throws UsageError when it is not there. */
export type ResolveScenario = (name: string, from: string) => ScenarioFile;

const MAX_EXTENDS_DEPTH = 8;
const MAX_SET_OPTIONS = 200;

/** Reads a file and, under it, everything that it extends. */
export function composeFile(file: ScenarioFile, resolve: ResolveScenario | undefined): MapNode {
  return compose(file, resolve, []);
}

function compose(
  file: ScenarioFile,
  resolve: ResolveScenario | undefined,
  above: readonly string[],
): MapNode {
  const root = readFile(file);
  const link = root.entries.get('extends');
  const own = withoutKeys(root, ['extends']);
  if (link === undefined || isEmpty(link.value)) return own;
  const { keyPlace, value } = link;
  if (value.kind !== 'scalar' || typeof value.value !== 'string') {
    return refuse(keyPlace, 'bad-value', 'extends: expected the name or path of a scenario');
  }
  if (resolve === undefined)
    return refuse(keyPlace, 'bad-value', 'extends: expected no other file to be needed here');
  const base = follow(resolve, value.value, file.path, keyPlace);
  const chain = [...above, file.path];
  if (chain.includes(base.path)) {
    refuse(
      keyPlace,
      'extends-cycle',
      `extends: expected no circle, got ${[...chain, base.path].map((path) => excerpt(path)).join(' → ')}`,
    );
  }
  if (chain.length > MAX_EXTENDS_DEPTH) {
    refuse(keyPlace, 'too-large', `extends: expected at most ${MAX_EXTENDS_DEPTH} files one upon the other`);
  }
  return mergeMaps(withoutKeys(compose(base, resolve, chain), ['name']), own);
}

function follow(resolve: ResolveScenario, name: string, from: string, place: Place): ScenarioFile {
  try {
    return resolve(name, from);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return refuse(place, error.code, `extends: ${error.message}`, error.hint);
  }
}

function readFile(file: ScenarioFile): MapNode {
  const source: Source = { label: file.path, path: file.path, text: file.text };
  const root = readYaml(source, file.text);
  if (root.kind === 'map') return root;
  const got = root.kind === 'list' ? 'a list' : received(root.value);
  return refuse(
    root.place,
    'bad-value',
    `expected a map of keys such as title, cluster and faults, got ${got}`,
  );
}

/** A `--set` option that was read. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: SourceNode;
  readonly place: Place;
}

/** Reads `key.path=value` options. The value is YAML; a number names a place in a list. */
export function readSettings(settings: readonly string[]): readonly Setting[] {
  if (settings.length > MAX_SET_OPTIONS) {
    throw new UsageError(
      'too-large',
      `--set: expected at most ${MAX_SET_OPTIONS} options, got ${settings.length}`,
    );
  }
  return settings.map(readSetting);
}

/** Lays settings over a tree, in their order. */
export function applySettings(root: MapNode, settings: readonly Setting[]): MapNode {
  let tree: SourceNode = root;
  for (const { path, value, place } of settings) tree = replaceAt(tree, path, value, place, path.join('.'));
  return tree as MapNode;
}

function readSetting(setting: string): Setting {
  const label = `--set ${excerpt(setting, 80)}`;
  const source: Source = { label, path: '', text: undefined };
  const place: Place = { source, offset: 0 };
  const equals = setting.indexOf('=');
  if (equals < 1)
    return refuse(place, 'bad-value', 'expected KEY.PATH=VALUE', 'for example --set cluster.nodes=7');
  const steps = setting.slice(0, equals).trim().split('.');
  if (steps.length > MAX_TREE_DEPTH)
    refuse(place, 'too-large', `expected at most ${MAX_TREE_DEPTH} keys in the path`);
  if (steps[0] === 'extends') refuse(place, 'bad-value', 'extends: expected to stand in a file');
  const written = readYaml(source, setting.slice(equals + 1));
  return { path: steps, value: relocate(written, place), place };
}

/** An option is one line: whatever is wrong in it is reported as the option as a whole. */
function relocate(node: SourceNode, place: Place): SourceNode {
  switch (node.kind) {
    case 'scalar':
      return { ...node, place };
    case 'list':
      return listNode(
        place,
        node.items.map((item) => relocate(item, place)),
      );
    case 'map':
      return mapNode(
        place,
        new Map(
          [...node.entries].map(([key, { value }]) => [
            key,
            { keyPlace: place, value: relocate(value, place) },
          ]),
        ),
      );
  }
}

function replaceAt(
  node: SourceNode | undefined,
  steps: readonly string[],
  value: SourceNode,
  place: Place,
  path: string,
): SourceNode {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (node?.kind === 'list') {
    const index = /^\d{1,6}$/.test(step) ? Number(step) : -1;
    if (index < 0 || index >= node.items.length) {
      refuse(
        place,
        'bad-value',
        `${excerpt(path)}: expected a position from 0 to ${node.items.length - 1}, got ${received(step)}`,
      );
    }
    const items = node.items.slice();
    items[index] = replaceAt(node.items[index], rest, value, place, path);
    return listNode(node.place, items);
  }
  if (/^\d+$/.test(step)) {
    refuse(place, 'bad-value', `${excerpt(path)}: expected a list above '${excerpt(step)}', got none`);
  }
  if (!isKey(step))
    refuse(place, 'bad-value', `${excerpt(path)}: expected words joined by dots, got ${received(step)}`);
  if (node !== undefined && node.kind !== 'map' && !isEmpty(node)) {
    refuse(place, 'bad-value', `${excerpt(path)}: expected a map above '${step}', got a single value`);
  }
  const entries = new Map<string, MapEntry>(node?.kind === 'map' ? node.entries : []);
  const before = entries.get(step);
  const tree = replaceAt(before?.value, rest, value, place, path);
  entries.set(step, {
    keyPlace: before === undefined || rest.length === 0 ? place : before.keyPlace,
    value: tree,
  });
  return mapNode(node?.kind === 'map' ? node.place : place, entries);
}

function mergeMaps(base: MapNode, over: MapNode): MapNode {
  const entries = new Map(base.entries);
  for (const [key, entry] of over.entries) {
    const inherited = entries.get(key)?.value;
    const merges = inherited?.kind === 'map' && entry.value.kind === 'map' && !isOneOf(entry.value);
    entries.set(key, merges ? { ...entry, value: mergeMaps(inherited, entry.value) } : entry);
  }
  return mapNode(over.place, entries);
}

/** Maps that stand for one choice of several: `{ uniform: … }` laid over `{ constant: … }` is not both. */
const CHOICES: ReadonlySet<string> = new Set(['constant', 'uniform', 'long-tail', 'region', 'zone', 'rack']);

function isOneOf(node: MapNode): boolean {
  return node.entries.size === 1 && [...node.entries.keys()].every((key) => CHOICES.has(key));
}

function isEmpty(node: SourceNode): boolean {
  return node.kind === 'scalar' && node.value === null;
}

function withoutKeys(node: MapNode, keys: readonly string[]): MapNode {
  return mapNode(node.place, new Map([...node.entries].filter(([key]) => !keys.includes(key))));
}
