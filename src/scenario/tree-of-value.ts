/** A source tree for a value that a program hands over: it has no lines, but obeys the same bounds as text. */

import { received } from '../kernel/index.js';
import {
  MAX_TREE_DEPTH,
  MAX_TREE_NODES,
  isKey,
  listNode,
  mapNode,
  refuse,
  scalarNode,
} from './source-tree.js';
import type { MapEntry, MapNode, Place, SourceNode } from './source-tree.js';

/** Copies a value of maps, lists and scalars, all of it at one place; throws UsageError for circles, functions and the like. */
export function treeOfValue(value: unknown, place: Place): SourceNode {
  return new ValueReader(place).read(value, [], 0);
}

class ValueReader {
  private nodes = 0;

  constructor(private readonly place: Place) {}

  read(value: unknown, path: readonly string[], depth: number): SourceNode {
    const { place } = this;
    if (depth > MAX_TREE_DEPTH) {
      refuse(place, 'too-large', `expected at most ${MAX_TREE_DEPTH} levels of nesting, and no circle`);
    }
    this.nodes++;
    if (this.nodes > MAX_TREE_NODES) refuse(place, 'too-large', `expected at most ${MAX_TREE_NODES} values`);
    if (value === undefined || value === null) return scalarNode(place, null);
    if (typeof value === 'string' || typeof value === 'boolean') return scalarNode(place, value);
    if (typeof value === 'number' && Number.isFinite(value)) return scalarNode(place, value);
    if (Array.isArray(value)) {
      return listNode(
        place,
        value.map((item, index) => this.read(item, [...path, String(index)], depth + 1)),
      );
    }
    if (typeof value === 'object') return this.readMap(value, path, depth);
    const expected = 'a text, a finite number, true, false, a list or a map';
    return refuse(place, 'bad-value', `${prefix(path)}expected ${expected}, got ${received(value)}`);
  }

  private readMap(value: object, path: readonly string[], depth: number): MapNode {
    const entries = new Map<string, MapEntry>();
    for (const [key, item] of Object.entries(value)) {
      if (!isKey(key)) {
        refuse(this.place, 'bad-value', `${prefix(path)}expected a word as the key, got ${received(key)}`);
      }
      entries.set(key, { keyPlace: this.place, value: this.read(item, [...path, key], depth + 1) });
    }
    return mapNode(this.place, entries);
  }
}

function prefix(path: readonly string[]): string {
  return path.length === 0 ? '' : `${path.join('.')}: `;
}
