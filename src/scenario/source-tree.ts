/**
 * A scenario between text and schema: maps, lists and scalars that remember where they were written, so
 * that an error found much later, after files were merged and options laid over them, still names its
 * line. Trees are immutable and may share parts (YAML aliases), so their size is counted with repetition.
 */

import { UsageError } from '../kernel/index.js';

/** Where text came from: a file, a `--set` option, or a value handed over by a program. */
export interface Source {
  /** How an error names it: the file's path, `--set cluster.nodes=7`, or `scenario`. */
  readonly label: string;
  /** What relative names in it are relative to. */
  readonly path: string;
  /** undefined when lines and columns would mean nothing. */
  readonly text: string | undefined;
}

export interface Place {
  readonly source: Source;
  readonly offset: number;
}

export type Scalar = string | number | boolean | null;

interface NodeBase {
  readonly place: Place;
  /** This node and all below it. */
  readonly size: number;
  /** Levels from here to the deepest leaf; 0 for a scalar. */
  readonly height: number;
}

export interface ScalarNode extends NodeBase {
  readonly kind: 'scalar';
  readonly value: Scalar;
}

export interface ListNode extends NodeBase {
  readonly kind: 'list';
  readonly items: readonly SourceNode[];
}

export interface MapEntry {
  readonly keyPlace: Place;
  readonly value: SourceNode;
}

export interface MapNode extends NodeBase {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, MapEntry>;
}

export type SourceNode = ScalarNode | ListNode | MapNode;

/** A way from the root to a value: keys of maps, positions in lists. */
export type KeyPath = readonly (string | number)[];

/** Most nodes in a tree, those that aliases repeat counted each time. */
export const MAX_TREE_NODES = 50_000;
/** Deepest nesting; far beyond any scenario, far below any stack. */
export const MAX_TREE_DEPTH = 40;

export function scalarNode(place: Place, value: Scalar): ScalarNode {
  return { kind: 'scalar', place, size: 1, height: 0, value };
}

export function listNode(place: Place, items: readonly SourceNode[]): ListNode {
  return { kind: 'list', place, ...measure(items), items };
}

export function mapNode(place: Place, entries: ReadonlyMap<string, MapEntry>): MapNode {
  return { kind: 'map', place, ...measure([...entries.values()].map(({ value }) => value)), entries };
}

function measure(children: readonly SourceNode[]): { readonly size: number; readonly height: number } {
  let size = 1;
  let height = 0;
  for (const node of children) {
    size += node.size;
    if (node.height >= height) height = node.height + 1;
  }
  return { size, height };
}

/** Keys are words, so none is taken for a number and reordered, or for `__proto__`. */
export function isKey(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/.test(text);
}

/** The plain value of a tree. A key without a value counts as not written. */
export function plainValue(node: SourceNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map((item) => plainValue(item));
    case 'map': {
      const result: Record<string, unknown> = {};
      for (const [key, { value }] of node.entries) {
        if (value.kind !== 'scalar' || value.value !== null) result[key] = plainValue(value);
      }
      return result;
    }
  }
}

/** The value at a path, or undefined. */
export function nodeAt(root: SourceNode, path: KeyPath): SourceNode | undefined {
  let node: SourceNode | undefined = root;
  for (const step of path) node = child(node, step);
  return node;
}

/** Where the value at a path was written, or its key; the nearest value around it when it was not written. */
export function placeOf(root: SourceNode, path: KeyPath, part: 'key' | 'value'): Place {
  let node = root;
  let place = root.place;
  for (const step of path) {
    const next = child(node, step);
    if (next === undefined) break;
    const keyPlace = node.kind === 'map' ? node.entries.get(String(step))?.keyPlace : undefined;
    // A block below its key begins on a later line: for maps and lists the key is the better place.
    place = keyPlace !== undefined && (part === 'key' || next.kind !== 'scalar') ? keyPlace : next.place;
    node = next;
  }
  return place;
}

function child(node: SourceNode | undefined, step: string | number): SourceNode | undefined {
  if (node?.kind === 'map') return node.entries.get(String(step))?.value;
  if (node?.kind === 'list') return node.items[Number(step)];
  return undefined;
}

/** `FILE:LINE:COLUMN`, counted from 1; only the label when the source has no lines. */
export function formatPlace(place: Place): string {
  const { label, text } = place.source;
  if (text === undefined) return label;
  const before = text.slice(0, place.offset).split('\n');
  return `${label}:${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

/** Refuses input at a place: one line, and perhaps a hint. */
export function refuse(place: Place, code: string, message: string, hint?: string): never {
  throw new UsageError(code, `${formatPlace(place)}: ${message}`, hint);
}
