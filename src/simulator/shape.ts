/**
 * Strict reading of JSON: a shape takes an unknown value and gives it back typed, or throws a
 * {@link Mismatch} that says where, what was expected and what was there.
 *
 * Traces have up to millions of lines, so reading must cost little when all is well: places are put
 * together only while a mismatch unwinds. The types of the shapes follow from the types that they read:
 * a field that is added to one of these does not compile until its shape is added too.
 */

import { received, suggestion, type Plain } from '../kernel/index.js';

/** Reads a value; throws {@link Mismatch}. */
export type Shape<T> = (value: unknown) => T;

/** One shape for every field of T. */
export type Fields<T> = { readonly [K in keyof T]-?: Shape<T[K]> };

/** A value that is not what it should be. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
  /** Key path of the value, e.g. `scenario.cluster.nodes`; empty for the whole. */
  place = '';

  constructor(
    readonly expected: string,
    readonly got: string,
    readonly hint?: string,
  ) {
    super(expected);
  }

  /** This mismatch, seen from one level further out. */
  within(step: string | number): this {
    const own = typeof step === 'number' ? `[${step}]` : step;
    this.place = this.place === '' || this.place.startsWith('[') ? own + this.place : `${own}.${this.place}`;
    return this;
  }
}

/** How a mismatch reads: place, expectation, what was there. */
export function mismatchText(found: Mismatch): string {
  const place = found.place === '' ? '' : `${found.place}: `;
  return `${place}expected ${found.expected}, got ${found.got}`;
}

/** Stops because the value is not what it should be. */
export function mismatch(expected: string, value: unknown): never {
  throw new Mismatch(expected, received(value));
}

export function text(longest: number): Shape<string> {
  const expected = `a text of at most ${longest} characters`;
  return (value) =>
    typeof value === 'string' && value.length <= longest ? value : mismatch(expected, value);
}

/** A text of a certain form. */
export function textLike(pattern: RegExp, expected: string): Shape<string> {
  return (value) => (typeof value === 'string' && pattern.test(value) ? value : mismatch(expected, value));
}

/** A safe integer in `min … max`. */
export function integer(min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): Shape<number> {
  const isBounded = min > Number.MIN_SAFE_INTEGER && max < Number.MAX_SAFE_INTEGER;
  const expected = isBounded
    ? `a whole number from ${min} to ${max}`
    : min > Number.MIN_SAFE_INTEGER
      ? `a whole number from ${min}`
      : 'a whole number';
  return (value) =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? (value as number)
      : mismatch(expected, value);
}

export const flag: Shape<boolean> = (value) =>
  typeof value === 'boolean' ? value : mismatch('true or false', value);

export function word<const T extends string>(...words: readonly T[]): Shape<T> {
  const known: ReadonlySet<unknown> = new Set(words);
  const expected = words.length === 1 ? `'${words.join('')}'` : `one of ${words.join(', ')}`;
  return (value) => {
    if (known.has(value)) return value as T;
    throw new Mismatch(expected, received(value), suggestion(value, words));
  };
}

export const nothing: Shape<null> = (value) => (value === null ? null : mismatch('null', value));

/** The value, or undefined where it is left out or null. */
export function maybe<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value) => (value === undefined || value === null ? undefined : shape(value));
}

/** The value, or `missing` where it is left out. */
export function orElse<T>(shape: Shape<T>, missing: T): Shape<T> {
  return (value) => (value === undefined ? missing : shape(value));
}

/** One array for all that are empty. */
const NONE: readonly never[] = [];

export function list<T>(shape: Shape<T>, most = Number.MAX_SAFE_INTEGER): Shape<readonly T[]> {
  return (value) => {
    if (!Array.isArray(value)) return mismatch('a list', value);
    if (value.length > most) return mismatch(`a list of at most ${most}`, value);
    if (value.length === 0) return NONE;
    const items = new Array<T>(value.length);
    let i = 0;
    try {
      for (; i < value.length; i++) items[i] = shape(value[i]);
    } catch (error) {
      throw error instanceof Mismatch ? error.within(i) : error;
    }
    return items;
  };
}

/** The list, or an empty one where it is left out. */
export function listOrNone<T>(shape: Shape<T>): Shape<readonly T[]> {
  const whole = list(shape);
  return (value) => (value === undefined ? NONE : whole(value));
}

/** A JSON object, as it stands. */
export function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return mismatch('a map', value);
  return value as Readonly<Record<string, unknown>>;
}

/** An object with these fields and no others. */
export function object<T extends object>(fields: Fields<T>): Shape<T> {
  const names = Object.keys(fields) as (keyof T & string)[];
  const known: ReadonlySet<string> = new Set(names);
  return (value) => {
    const record = asRecord(value);
    for (const key of Object.keys(record)) if (!known.has(key)) refuseKey(key, names);
    const result: Partial<T> = {};
    let name = '';
    try {
      for (const field of names) {
        name = field;
        result[field] = fields[field](record[field]);
      }
    } catch (error) {
      throw error instanceof Mismatch ? error.within(name) : error;
    }
    return result as T;
  };
}

/** Objects that a tag tells apart; each form has the fields given for it, and the tag. */
export function tagged<T extends object, Tag extends keyof T & string>(
  tag: Tag,
  forms: {
    readonly [K in T[Tag] & string]: Fields<Omit<Extract<T, { readonly [key in Tag]: K }>, Tag>>;
  },
): Shape<T> {
  const words = Object.keys(forms);
  const readers = new Map<string, Shape<T>>();
  for (const form of words) {
    const fields = { [tag]: word(form), ...(forms as Readonly<Record<string, object>>)[form] };
    readers.set(form, object<T>(fields as Fields<T>));
  }
  const tagShape = word(...words);
  return (value) => {
    const record = asRecord(value);
    let form: string;
    try {
      form = tagShape(record[tag]);
    } catch (error) {
      throw error instanceof Mismatch ? error.within(tag) : error;
    }
    return (readers.get(form) as Shape<T>)(record);
  };
}

/** The value read by a shape, when it also makes sense. */
export function where<T>(shape: Shape<T>, isRight: (value: T) => boolean, expected: string): Shape<T> {
  return (value) => {
    const read = shape(value);
    return isRight(read) ? read : mismatch(expected, value);
  };
}

/** Nested deeper than this, plain data is refused: whatever walks it may do so recursively. */
const DEEPEST = 32;

/** Any JSON value of limited depth. */
export const plain: Shape<Plain> = (value) => {
  checkDepth(value, 0);
  return value as Plain;
};

/** A JSON object of limited depth. */
export const plainMap: Shape<Readonly<Record<string, unknown>>> = (value) => {
  checkDepth(value, 0);
  return asRecord(value);
};

function checkDepth(value: unknown, depth: number): void {
  if (value === null || typeof value !== 'object') return;
  if (depth >= DEEPEST) throw new Mismatch(`data nested at most ${DEEPEST} deep`, 'deeper data');
  if (Array.isArray(value)) {
    for (const item of value) checkDepth(item, depth + 1);
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') refuseKey(key, []);
    checkDepth(item, depth + 1);
  }
}

function refuseKey(key: string, names: readonly string[]): never {
  const expected = names.length === 0 ? 'another key' : `one of ${names.join(', ')}`;
  throw new Mismatch(expected, `the key ${received(key)}`, suggestion(key, names));
}
