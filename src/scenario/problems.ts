/**
 * What is wrong with a scenario, from the schema's issues or from checks of meaning, as one line:
 * `FILE:LINE:COLUMN: KEY.PATH: expected …, got …`, and the nearest valid word as the hint.
 *
 * Every message of the schema is an expectation ("a duration such as 150ms"). The words that would have
 * been right may follow it after a line end: see {@link expectation}.
 */

import type { z } from 'zod';

import { RATIO, formatDuration, received, suggestion, type Micros } from '../kernel/index.js';
import { nodeAt, placeOf, plainValue, refuse } from './source-tree.js';
import type { KeyPath, SourceNode } from './source-tree.js';

/** A problem at a key path. `got` is what stands there, when left out. */
export interface Problem {
  readonly path: KeyPath;
  readonly code: string;
  readonly expected: string;
  readonly got?: string | undefined;
  readonly hint?: string | undefined;
}

/** Thrown by checks of meaning; the loader turns it into a UsageError that knows the line. */
export class ProblemFound extends Error {
  override readonly name = 'ProblemFound';
  constructor(readonly problem: Problem) {
    super(problem.expected);
  }
}

/** Stops with an impossible value: right in form, wrong in meaning. */
export function impossible(path: KeyPath, expected: string, got?: string, hint?: string): never {
  throw new ProblemFound({ path, code: 'impossible', expected, got, hint });
}

/** Two durations of which the first may not be longer. */
export function inOrder(path: KeyPath, low: Micros, high: Micros, highName: string): void {
  if (low <= high) return;
  impossible(path, `at most ${highName} (${formatDuration(high)})`, `'${formatDuration(low)}'`);
}

/** The message of a schema: what was expected, and the words from which a slip's correction is chosen. */
export function expectation(expected: string, words: readonly string[] = []): string {
  return words.length === 0 ? expected : `${expected}\n${words.join(' ')}`;
}

export function oneOf(words: readonly string[]): string {
  return expectation(words.length === 1 ? `'${words[0] ?? ''}'` : `one of ${words.join(', ')}`, words);
}

/** Throws the problem as a UsageError. */
export function refuseProblem(root: SourceNode, problem: Problem): never {
  const { path, code, expected, hint } = problem;
  const got = problem.got ?? received(valueAt(root, path));
  const key = path.length === 0 ? '' : `${path.join('.')}: `;
  return refuse(placeOf(root, path, partOf(problem)), code, `${key}expected ${expected}, got ${got}`, hint);
}

/** The issue to report: an unknown key before all (it explains missing ones), else the first in the text. */
export function chooseProblem(root: SourceNode, issues: readonly z.core.$ZodIssue[]): Problem {
  const problems = issues.map((issue) => problemOf(root, issue, []));
  const unknown = problems.find(({ code }) => code === 'unknown-key');
  return (
    unknown ?? problems.reduce((best, next) => (offsetOf(root, next) < offsetOf(root, best) ? next : best))
  );
}

/** The schema's wording of issues that no part of it words by itself. */
export function wordIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'unrecognized_keys':
      return oneOf(keysOf(issue.inst));
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'invalid_union':
      return Array.isArray(issue['options']) ? oneOf(issue['options'].map(String)) : 'another form';
    case 'invalid_key':
      return 'a name of lower-case letters, digits and dashes that begins with a letter';
    case 'invalid_type':
      return TYPES.get(issue.expected) ?? 'a value of another type';
    case 'too_big':
      return `at most ${String(issue.maximum)} ${UNITS.get(issue.origin) ?? ''}`.trim();
    case 'too_small':
      return `at least ${String(issue.minimum)} ${UNITS.get(issue.origin) ?? ''}`.trim();
    default:
      return 'another value';
  }
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ['object', 'a map'],
  ['record', 'a map'],
  ['array', 'a list'],
  ['string', 'a text'],
  ['number', 'a number'],
  ['int', 'a whole number'],
  ['boolean', 'true or false'],
]);

const UNITS: ReadonlyMap<string, string> = new Map([
  ['array', 'items'],
  ['string', 'characters'],
]);

function keysOf(schema: unknown): readonly string[] {
  const shape = (schema as { readonly shape?: object } | undefined)?.shape;
  return Object.keys(shape ?? {});
}

function problemOf(root: SourceNode, issue: z.core.$ZodIssue, above: KeyPath): Problem {
  const path = [...above, ...(issue.path as (string | number)[])];
  const [expected = '', words = ''] = issue.message.split('\n');
  const candidates = words === '' ? [] : words.split(' ');
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const hint = suggestion(key, candidates);
    return { path: [...path, key], code: 'unknown-key', expected, got: received(key), hint };
  }
  if (issue.code === 'invalid_key') return { path, code: 'bad-key', expected, got: received(path.at(-1)) };
  if (issue.code === 'invalid_union') {
    const branch = chosenBranch(issue.errors);
    if (branch !== undefined) return problemOf(root, branch, path);
  }
  const value = valueAt(root, path);
  return { path, code: 'bad-value', expected, hint: hintFor(value, expected, candidates) };
}

function hintFor(value: unknown, expected: string, candidates: readonly string[]): string | undefined {
  if (typeof value === 'string') return suggestion(value, candidates);
  if (typeof value !== 'number' || value < 0) return undefined;
  if (expected.startsWith('a duration')) return `write the unit: ${value}ms or ${value}s`;
  if (expected === RATIO) return 'write a fraction or a percentage, such as 1/20 or 5%';
  return undefined;
}

/** Of the forms that a value may have, the one that it plainly has: the issue lies within it. */
function chosenBranch(branches: readonly (readonly z.core.$ZodIssue[])[]): z.core.$ZodIssue | undefined {
  const within = branches
    .map((issues) => issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0])
    .filter((issue) => issue !== undefined)
    .filter(({ path, code }) => path.length > 0 || code === 'unrecognized_keys' || code === 'custom');
  return within.length === 1 ? within[0] : undefined;
}

function valueAt(root: SourceNode, path: KeyPath): unknown {
  const node = nodeAt(root, path);
  return node === undefined ? undefined : plainValue(node);
}

function partOf({ code }: Problem): 'key' | 'value' {
  return code === 'unknown-key' || code === 'bad-key' ? 'key' : 'value';
}

/** Position in the text, to compare places of one file; files that were extended count as later. */
function offsetOf(root: SourceNode, problem: Problem): number {
  const place = placeOf(root, problem.path, partOf(problem));
  return place.source === root.place.source ? place.offset : Number.MAX_SAFE_INTEGER;
}
