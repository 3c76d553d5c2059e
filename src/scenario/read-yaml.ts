/**
 * YAML text to a source tree, within bounds: the text's length, the number of its tokens, its nesting, and
 * what aliases multiply it to are all limited before they cost anything.
 *
 * The YAML package composes nested collections by recursion, and a deep enough text ends the whole process
 * there; so the depth is watched while its parser, which keeps a stack of its own, eats one token after
 * the other. Only what JSON knows is taken: no tags, no merge keys, no second document; and 1.2's scalars
 * (`on` and `no` are words).
 */

import { Composer, Lexer, Parser, isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { CST, Document, ParsedNode } from 'yaml';

import { excerpt, received } from '../kernel/index.js';
import {
  MAX_TREE_DEPTH,
  MAX_TREE_NODES,
  isKey,
  listNode,
  mapNode,
  refuse,
  scalarNode,
} from './source-tree.js';
import type { MapEntry, Place, Source, SourceNode } from './source-tree.js';

export const MAX_TEXT_LENGTH = 256 * 1024;
const MAX_TOKENS = 100_000;
/** One scalar; descriptions are the longest. */
const MAX_SCALAR_LENGTH = 16 * 1024;

/** Reads one YAML document; throws UsageError with line and column, when the source has such. */
export function readYaml(source: Source, text: string): SourceNode {
  if (text.length > MAX_TEXT_LENGTH) {
    refuse(
      { source: { ...source, text: undefined }, offset: 0 },
      'too-large',
      'expected at most 256 KiB of text',
    );
  }
  const document = compose(source, tokenize(source, text), text.length);
  const contents = document.contents;
  if (contents === null) return scalarNode({ source, offset: 0 }, null);
  return new TreeBuilder(source).build(contents, 0);
}

function tokenize(source: Source, text: string): CST.Token[] {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let count = 0;
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) tokens.push(token);
    // Each level of nesting keeps one token on the stack, besides document and scalar.
    if (parser.stack.length > MAX_TREE_DEPTH + 2) {
      refuse(
        { source, offset: parser.offset },
        'too-large',
        `expected at most ${MAX_TREE_DEPTH} levels of nesting`,
      );
    }
    if (++count > MAX_TOKENS) {
      refuse(
        { source, offset: parser.offset },
        'too-large',
        `expected at most ${MAX_TOKENS} words and signs`,
      );
    }
  }
  for (const token of parser.end()) tokens.push(token);
  return tokens;
}

function compose(source: Source, tokens: readonly CST.Token[], length: number): Document.Parsed {
  // Unique keys are checked while the tree is built: the package compares every pair.
  const composer = new Composer({ schema: 'core', merge: false, uniqueKeys: false, prettyErrors: false });
  let first: Document.Parsed | undefined;
  for (const document of composer.compose(tokens, true, length)) {
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) {
      const message = excerpt(problem.message.replace(/\s+/g, ' '), 160);
      refuse({ source, offset: problem.pos[0] }, 'bad-yaml', `not valid YAML: ${message}`);
    }
    if (first !== undefined) {
      refuse(
        { source, offset: document.range[0] },
        'bad-yaml',
        'expected one YAML document, got a second one',
      );
    }
    first = document;
  }
  return first as Document.Parsed;
}

class TreeBuilder {
  /** What each anchor last stood for; entered when complete, so an alias inside its own anchor finds nothing. */
  private readonly anchors = new Map<string, SourceNode>();
  private built = 0;

  constructor(private readonly source: Source) {}

  build(node: ParsedNode, depth: number): SourceNode {
    const place: Place = { source: this.source, offset: node.range[0] };
    if (isAlias(node)) return this.alias(node.source, place, depth);
    checkDepth(depth, place);
    if (node.tag !== undefined && node.tag.startsWith('!')) {
      refuse(place, 'bad-yaml', `expected a plain value, got the tag ${excerpt(node.tag)}`);
    }
    const tree = this.buildContents(node, place, depth);
    this.count(1, place);
    if (node.anchor !== undefined) this.anchors.set(node.anchor, tree);
    return tree;
  }

  private buildContents(node: ParsedNode, place: Place, depth: number): SourceNode {
    if (isMap(node)) return mapNode(place, this.entries(node.items, place, depth));
    if (isSeq(node)) {
      return listNode(
        place,
        node.items.map((item) => this.build(item, depth + 1)),
      );
    }
    const value: unknown = isScalar(node) ? node.value : undefined;
    if (typeof value === 'string' && value.length > MAX_SCALAR_LENGTH) {
      refuse(place, 'too-large', `expected at most ${MAX_SCALAR_LENGTH} characters in one value`);
    }
    if (value === null || typeof value === 'string' || typeof value === 'boolean')
      return scalarNode(place, value);
    if (typeof value === 'number' && Number.isFinite(value)) return scalarNode(place, value);
    return refuse(
      place,
      'bad-yaml',
      `expected a text, a finite number, true, false, a list or a map, got ${received(value)}`,
    );
  }

  private entries(items: readonly Pair[], place: Place, depth: number): Map<string, MapEntry> {
    const entries = new Map<string, MapEntry>();
    for (const { key, value } of items) {
      const keyPlace: Place = { source: this.source, offset: key?.range[0] ?? place.offset };
      const name: unknown = isScalar(key) ? key.value : undefined;
      if (typeof name !== 'string' || !isKey(name)) {
        const got = isScalar(key) ? received(name) : 'a list or a map';
        refuse(keyPlace, 'bad-yaml', `expected a word as the key, got ${got}`);
      }
      if (entries.has(name)) refuse(keyPlace, 'repeated-key', `${name}: expected once, got a second time`);
      const tree = value === null ? scalarNode(keyPlace, null) : this.build(value, depth + 1);
      entries.set(name, { keyPlace, value: tree });
    }
    return entries;
  }

  private alias(name: string, place: Place, depth: number): SourceNode {
    const tree = this.anchors.get(name);
    if (tree === undefined) {
      return refuse(
        place,
        'bad-yaml',
        `expected an anchor that is complete before this, got '*${excerpt(name)}'`,
      );
    }
    checkDepth(depth + tree.height, place);
    this.count(tree.size, place);
    return tree;
  }

  private count(nodes: number, place: Place): void {
    this.built += nodes;
    if (this.built > MAX_TREE_NODES) {
      refuse(
        place,
        'too-large',
        `expected at most ${MAX_TREE_NODES} values, those repeated by aliases included`,
      );
    }
  }
}

function checkDepth(depth: number, place: Place): void {
  if (depth <= MAX_TREE_DEPTH) return;
  refuse(place, 'too-large', `expected at most ${MAX_TREE_DEPTH} levels of nesting`);
}

interface Pair {
  readonly key: ParsedNode | null;
  readonly value: ParsedNode | null;
}
