/** A message that is none: fields of wrong types, missing ones, numbers out of all bounds, at any depth. */

import type { Message } from '../../kernel/index.js';

type Draw = (what: string, min: number, max: number) => number;

/** What takes the place of a field. Undefined: it is missing. */
const STRANGE: readonly unknown[] = [
  undefined,
  null,
  -1,
  1.5,
  NaN,
  Infinity,
  Number.MAX_SAFE_INTEGER,
  '',
  'a text',
  '__proto__',
  true,
  [],
  [null],
  {},
  { signer: 0 },
  { kind: 'Prepare' },
];

const DEEPEST = 4;

/** Messages are known by their identity: their form tells nobody who made them. */
const MADE = new WeakSet<Message>();

/** The message with one field replaced, at a depth drawn by chance. Its kind stays. */
export function malformed(message: Message, draw: Draw): Message {
  const made = { ...(strange(message, draw, 0) as Message), kind: message.kind };
  MADE.add(made);
  return made;
}

/** True for a message that {@link malformed} has made: lies are told on top of what is well-formed. */
export function isMalformed(message: Message): boolean {
  return MADE.has(message);
}

function strange(value: unknown, draw: Draw, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth === DEEPEST) return replacement(draw);
  const isDeeper = draw('deeper', 0, 2) > 0;
  if (Array.isArray(value)) {
    if (value.length === 0) return replacement(draw);
    const place = draw('place', 0, value.length - 1);
    return (value as readonly unknown[]).with(
      place,
      isDeeper ? strange(value[place], draw, depth + 1) : replacement(draw),
    );
  }
  const keys = Object.keys(value);
  if (keys.length === 0) return replacement(draw);
  const key = keys[draw('field', 0, keys.length - 1)] as string;
  const present = (value as Readonly<Record<string, unknown>>)[key];
  return { ...value, [key]: isDeeper ? strange(present, draw, depth + 1) : replacement(draw) };
}

function replacement(draw: Draw): unknown {
  return STRANGE[draw('value', 0, STRANGE.length - 1)];
}
