/**
 * A key-value map of texts: get, put, delete, compare-and-set, append. Two models of the same operations:
 * `kvModel` searches each key on its own (the state is one value), `kvStoreModel` takes the whole map as
 * one object (Horn & Kroening 2015, P-compositionality, says that both give the same verdict).
 */

import { hashText } from './hash.js';
import { ILLEGAL } from './model.js';
import type { Effect, Illegal, Legality, Model, SearchHints } from './model.js';

/** `expected: null` expects an absent key. Appending to an absent key stores the appended text. */
export type KvInput =
  | { readonly op: 'get'; readonly key: string }
  | { readonly op: 'put'; readonly key: string; readonly value: string }
  | { readonly op: 'delete'; readonly key: string }
  | { readonly op: 'cas'; readonly key: string; readonly expected: string | null; readonly value: string }
  | { readonly op: 'append'; readonly key: string; readonly value: string };

/**
 * get → value (`null`: absent), put → ok, delete → existed, cas → swapped, append → the value after it,
 * or ok where the service does not tell. An output of another shape is never legal.
 */
export type KvOutput =
  | { readonly value: string | null }
  | { readonly ok: true }
  | { readonly existed: boolean }
  | { readonly swapped: boolean };

/** The value of one key; `undefined` is absent. */
export type KvState = string | undefined;

export interface KvModelOptions {
  /** What every key holds at first; absent unless given. */
  readonly initialValue?: string;
}

/** All fields of all outputs, so that a mismatched shape reads as `undefined` and compares unequal. */
interface AnyOutput {
  readonly value?: string | null;
  readonly ok?: true;
  readonly existed?: boolean;
  readonly swapped?: boolean;
}

const NO_STATES: readonly KvState[] = [];
const ABSENT: readonly [KvState] = [undefined];

/** One operation on the value of its key. */
function stepValue(state: KvState, input: KvInput, output: AnyOutput | undefined): KvState | Illegal {
  switch (input.op) {
    case 'get':
      return output === undefined || output.value === (state ?? null) ? state : ILLEGAL;
    case 'put':
      return output === undefined || output.ok === true ? input.value : ILLEGAL;
    case 'delete':
      return output === undefined || output.existed === (state !== undefined) ? undefined : ILLEGAL;
    case 'cas': {
      const swapped = (state ?? null) === input.expected;
      if (output !== undefined && output.swapped !== swapped) return ILLEGAL;
      return swapped ? input.value : state;
    }
    case 'append': {
      const after = state === undefined ? input.value : state + input.value;
      return output === undefined || output.ok === true || output.value === after ? after : ILLEGAL;
    }
  }
}

function effect(input: KvInput, output: AnyOutput | undefined): Effect {
  switch (input.op) {
    case 'get':
      return 'none';
    case 'put':
      return 'overwrite';
    case 'delete':
      return output?.existed === false ? 'none' : 'overwrite';
    case 'cas':
      if (input.expected === input.value || output?.swapped === false) return 'none';
      return output === undefined ? 'update' : 'overwrite';
    case 'append':
      return typeof output?.value === 'string' ? 'overwrite' : 'update';
  }
}

const EVERYWHERE: Legality<KvState> = { kind: 'except', states: [] };
const NOWHERE: Legality<KvState> = { kind: 'in', states: [] };
const IF_ABSENT: Legality<KvState> = { kind: 'in', states: ABSENT };
const IF_PRESENT: Legality<KvState> = { kind: 'except', states: ABSENT };

function legality(input: KvInput, output: AnyOutput | undefined): Legality<KvState> {
  if (output === undefined) return EVERYWHERE;
  switch (input.op) {
    case 'get':
      return output.value === undefined ? NOWHERE : { kind: 'in', states: [output.value ?? undefined] };
    case 'put':
      return output.ok === true ? EVERYWHERE : NOWHERE;
    case 'delete':
      if (output.existed === undefined) return NOWHERE;
      return output.existed ? IF_PRESENT : IF_ABSENT;
    case 'cas':
      if (output.swapped === undefined) return NOWHERE;
      return { kind: output.swapped ? 'in' : 'except', states: [input.expected ?? undefined] };
    case 'append':
      if (output.ok === true) return EVERYWHERE;
      if (typeof output.value !== 'string') return NOWHERE;
      return { kind: 'in', states: statesBeforeAppend(output.value, input.value) };
  }
}

function statesBeforeAppend(after: string, appended: string): readonly KvState[] {
  if (!after.endsWith(appended)) return NO_STATES;
  return after.length === appended.length
    ? ['', undefined]
    : [after.slice(0, after.length - appended.length)];
}

function leavesIn(input: KvInput, output: AnyOutput | undefined): readonly [KvState] | undefined {
  switch (input.op) {
    case 'get':
      return undefined;
    case 'put':
    case 'cas':
      return [input.value];
    case 'delete':
      return ABSENT;
    case 'append':
      return typeof output?.value === 'string' ? [output.value] : undefined;
  }
}

function statesBefore(after: KvState, input: KvInput): readonly KvState[] | 'any' {
  switch (input.op) {
    case 'get':
      return NO_STATES;
    case 'put':
      return after === input.value ? 'any' : NO_STATES;
    case 'delete':
      return after === undefined ? 'any' : NO_STATES;
    case 'cas':
      return after === input.value && input.expected !== after ? [input.expected ?? undefined] : NO_STATES;
    case 'append':
      if (after === undefined) return NO_STATES;
      return statesBeforeAppend(after, input.value).filter((before) => before !== after);
  }
}

const identity = (input: KvInput, output: KvOutput | undefined): string => JSON.stringify([input, output]);

const hints: SearchHints<KvState, KvInput, KvOutput> = { identity, effect, legality, leavesIn, statesBefore };

/** `get "x" -> "1"`; texts that grew long are cut. */
function describe(input: KvInput, output: AnyOutput | undefined): string {
  const argument = 'value' in input ? ` ${quote(input.value)}` : '';
  const expected = input.op === 'cas' ? ` ${quote(input.expected)} to` : '';
  return `${input.op} ${quote(input.key)}${expected}${argument} -> ${describeOutput(output)}`;
}

function describeOutput(output: AnyOutput | undefined): string {
  if (output === undefined) return 'unknown';
  if (output.ok === true) return 'ok';
  return quote(output.existed ?? output.swapped ?? output.value ?? null);
}

const QUOTED_CHARACTERS_MAX = 60;

function quote(value: string | boolean | null): string {
  if (typeof value !== 'string') return value === null ? 'absent' : String(value);
  if (value.length <= QUOTED_CHARACTERS_MAX) return JSON.stringify(value);
  return `${JSON.stringify(value.slice(0, QUOTED_CHARACTERS_MAX))}... (${value.length} characters)`;
}

/** The map searched key by key: the model for histories of any length. */
export function kvModel(options: KvModelOptions = {}): Model<KvState, KvInput, KvOutput> {
  const initialValue = options.initialValue;
  return {
    name: 'key-value, by key',
    init: () => initialValue,
    step: stepValue,
    hash: (state) => (state === undefined ? 0 : hashText(state)),
    equals: (a, b) => a === b,
    describe,
    key: (input) => input.key,
    hints,
  };
}

/**
 * An immutable map. A key that is not in `values` holds the initial value; `undefined` in `values` is absent.
 * Invariant: no entry equals the initial value, and `hash` is the exclusive or of the entries' hashes.
 */
export interface KvStoreState {
  readonly values: ReadonlyMap<string, KvState>;
  readonly hash: number;
}

const entryHash = (key: string, value: KvState): number =>
  Math.imul(hashText(key), 31) ^ (value === undefined ? 0x5bd1e995 : Math.imul(hashText(value), 0x01000193));

function withValue(state: KvStoreState, key: string, value: KvState, initialValue: KvState): KvStoreState {
  const values = new Map(state.values);
  let hash = state.hash;
  if (values.has(key)) hash ^= entryHash(key, values.get(key));
  if (value === initialValue) {
    values.delete(key);
  } else {
    values.set(key, value);
    hash ^= entryHash(key, value);
  }
  return { values, hash };
}

function sameStore(a: KvStoreState, b: KvStoreState): boolean {
  if (a === b) return true;
  if (a.hash !== b.hash || a.values.size !== b.values.size) return false;
  for (const [key, value] of a.values) {
    if (!b.values.has(key) || b.values.get(key) !== value) return false;
  }
  return true;
}

/** The whole map as one object: slower, and the ground for operations over several keys. */
export function kvStoreModel(options: KvModelOptions = {}): Model<KvStoreState, KvInput, KvOutput> {
  const initialValue = options.initialValue;
  return {
    name: 'key-value, whole map',
    init: () => ({ values: new Map(), hash: 0 }),
    step: (state, input, output) => {
      const before = state.values.has(input.key) ? state.values.get(input.key) : initialValue;
      const after = stepValue(before, input, output);
      if (after === ILLEGAL) return ILLEGAL;
      return after === before ? state : withValue(state, input.key, after, initialValue);
    },
    hash: (state) => state.hash,
    equals: sameStore,
    describe,
    // Only what holds for a whole map: a put overwrites one key, so it is no more than an update.
    hints: {
      identity,
      effect: (input, output) => (effect(input, output) === 'none' ? 'none' : 'update'),
      touches: (input) => [input.key],
    },
  };
}
