/**
 * Plain data: what replicas encode themselves to, what disks hold, what traces carry.
 * One canonical text per value (object keys sorted), so that equality and hashing do not depend on
 * the order in which an object was built.
 */

/** JSON-shaped immutable data. `undefined` members are left out of the canonical form. */
export type Plain =
  null | boolean | number | string | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/** The canonical text of a plain value: JSON with sorted keys. */
export function canonical(value: unknown): string {
  const sorted = sort(value);
  // Most of the time goes into text: the engine's own way to it is twice as fast as any of ours.
  return sorted === UNSORTABLE ? spell(value) : spellScalar(sorted);
}

/** Of an object whose keys come in an order of the engine's own, whatever order it is built in. */
const UNSORTABLE = Symbol('unsortable');

/** The same value with keys in order: itself, when it has that; or {@link UNSORTABLE}. */
function sort(value: unknown): unknown {
  if (value === null || typeof value !== 'object') return value;
  return Array.isArray(value) ? sortItems(value) : sortMembers(value as Record<string, unknown>);
}

function sortItems(items: readonly unknown[]): unknown {
  let sorted: unknown[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (typeof item !== 'object' || item === null) continue;
    const other = sort(item);
    if (other === item) continue;
    if (other === UNSORTABLE) return UNSORTABLE;
    sorted ??= items.slice();
    sorted[i] = other;
  }
  return sorted ?? items;
}

function sortMembers(members: Readonly<Record<string, unknown>>): unknown {
  const keys = Object.keys(members);
  const isSorted = areSorted(keys);
  if (!isSorted) {
    if (keys.some(hasOwnOrder)) return UNSORTABLE;
    keys.sort(byCodeUnits);
  }
  let sorted: Record<string, unknown> | undefined = isSorted ? undefined : {};
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const member = members[key];
    const other = sort(member);
    if (other === UNSORTABLE) return UNSORTABLE;
    if (sorted === undefined && other === member) continue;
    // Assigned, it would be no member.
    if (key === '__proto__') return UNSORTABLE;
    sorted ??= { ...members };
    sorted[key] = other;
  }
  return sorted ?? members;
}

function areSorted(keys: readonly string[]): boolean {
  for (let i = 1; i < keys.length; i++) if ((keys[i - 1] as string) > (keys[i] as string)) return false;
  return true;
}

/** Numbers come first, ascending. */
function hasOwnOrder(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 48 && first <= 57;
}

/** The order of canonical texts; that of no language, which engines know differently. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function spellScalar(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

/** The canonical text, key by key. */
function spell(value: unknown): string {
  if (value === null || typeof value !== 'object') return spellScalar(value);
  if (Array.isArray(value)) return `[${value.map(spell).join(',')}]`;
  const record = value as Record<string, unknown>;
  const parts: string[] = [];
  for (const key of Object.keys(record).sort(byCodeUnits)) {
    if (record[key] !== undefined) parts.push(`${JSON.stringify(key)}:${spell(record[key])}`);
  }
  return `{${parts.join(',')}}`;
}

/** The same value without members that are undefined: itself, when it has none. */
export function withoutUndefined(value: Plain): Plain {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return definedItems(value as readonly Plain[]);
  return definedMembers(value as { readonly [key: string]: Plain | undefined });
}

function definedItems(items: readonly Plain[]): Plain {
  let defined: Plain[] | undefined;
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as Plain;
    const wanted = withoutUndefined(item);
    if (wanted === item) continue;
    defined ??= [...items];
    defined[i] = wanted;
  }
  return defined ?? items;
}

/** Each member is looked at once: were it once to see whether it is the same, and again, depth would double the work. */
function definedMembers(members: { readonly [key: string]: Plain | undefined }): Plain {
  const keys = Object.keys(members);
  let defined: [string, Plain][] | undefined;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const member = members[key];
    const wanted = member === undefined ? undefined : withoutUndefined(member);
    if (defined === undefined && wanted === member && wanted !== undefined) continue;
    defined ??= keys.slice(0, i).map((before) => [before, members[before] as Plain]);
    if (wanted !== undefined) defined.push([key, wanted]);
  }
  return defined === undefined ? members : Object.fromEntries(defined);
}

/** Size of a number, a boolean or null, and of what tells where a string, a list or a member ends. */
const SCALAR_BYTES = 8;
const DELIMITER_BYTES = 2;

/**
 * Bytes that plain data take on wire and disk, roughly as their text would, without building it; as there, members that
 * are undefined are nothing.
 */
export function plainBytes(value: Plain | undefined): number {
  if (typeof value === 'string') return DELIMITER_BYTES + value.length;
  if (value === null || typeof value !== 'object') return SCALAR_BYTES;
  let bytes = DELIMITER_BYTES;
  if (Array.isArray(value)) {
    const items = value as readonly Plain[];
    for (let i = 0; i < items.length; i++) {
      const item = items[i];
      // Most are numbers: a call for each would cost more than all the rest.
      bytes += typeof item === 'number' ? SCALAR_BYTES : plainBytes(item);
    }
    return bytes;
  }
  const record = value as { readonly [key: string]: Plain | undefined };
  const keys = Object.keys(record);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const member = record[key];
    if (member !== undefined) bytes += DELIMITER_BYTES + key.length + plainBytes(member);
  }
  return bytes;
}

/**
 * {@link plainBytes} of a value that takes no more than this; undefined: it takes more, and no more of it was looked at
 * than that takes.
 */
export function bytesWithin(value: Plain | undefined, most: number): number | undefined {
  const left = bytesLeft(value, most);
  return left < 0 ? undefined : most - left;
}

/** What is left of so many bytes; below 0, with a part unseen, when they are not enough. */
function bytesLeft(value: Plain | undefined, bytes: number): number {
  if (typeof value === 'string') return bytes - DELIMITER_BYTES - value.length;
  if (value === null || typeof value !== 'object') return bytes - SCALAR_BYTES;
  let left = bytes - DELIMITER_BYTES;
  if (Array.isArray(value)) {
    const items = value as readonly Plain[];
    for (let i = 0; i < items.length && left >= 0; i++) {
      const item = items[i];
      left = typeof item === 'number' ? left - SCALAR_BYTES : bytesLeft(item, left);
    }
    return left;
  }
  const record = value as { readonly [key: string]: Plain | undefined };
  const keys = Object.keys(record);
  for (let i = 0; i < keys.length && left >= 0; i++) {
    const key = keys[i] as string;
    const member = record[key];
    if (member !== undefined) left = bytesLeft(member, left - DELIMITER_BYTES - key.length);
  }
  return left;
}

/** Structural equality of plain data. */
export function plainEquals(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

/** Freezes a value and all that it reaches; used by tests to prove that nothing handed over is changed. */
export function deepFreeze<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value;
  if (ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const key of Reflect.ownKeys(value)) deepFreeze((value as Record<PropertyKey, unknown>)[key]);
  return value;
}
