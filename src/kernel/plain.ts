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
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(',')}]`;
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const parts: string[] = [];
  for (const key of keys) {
    if (record[key] !== undefined) parts.push(`${JSON.stringify(key)}:${canonical(record[key])}`);
  }
  return `{${parts.join(',')}}`;
}

/** The same value without members that are undefined: itself, when it has none. */
export function withoutUndefined(value: Plain): Plain {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = value as readonly Plain[];
    const defined = items.map(withoutUndefined);
    return defined.every((item, i) => item === items[i]) ? items : defined;
  }
  const entries = Object.entries(value as { readonly [key: string]: Plain | undefined });
  const defined: [string, Plain][] = [];
  let isSame = true;
  for (const [key, member] of entries) {
    const wanted = member === undefined ? undefined : withoutUndefined(member);
    if (wanted !== member || wanted === undefined) isSame = false;
    if (wanted !== undefined) defined.push([key, wanted]);
  }
  return isSame ? value : Object.fromEntries(defined);
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
    for (const item of value as readonly Plain[]) bytes += plainBytes(item);
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

/** True when {@link plainBytes} of the value is no more than this; looks at no more of a large one than that takes. */
export function isWithinBytes(value: Plain | undefined, most: number): boolean {
  return bytesLeft(value, most) >= 0;
}

/** What is left of so many bytes; below 0, with a part unseen, when they are not enough. */
function bytesLeft(value: Plain | undefined, bytes: number): number {
  if (typeof value === 'string') return bytes - DELIMITER_BYTES - value.length;
  if (value === null || typeof value !== 'object') return bytes - SCALAR_BYTES;
  let left = bytes - DELIMITER_BYTES;
  if (Array.isArray(value)) {
    const items = value as readonly Plain[];
    for (let i = 0; i < items.length && left >= 0; i++) left = bytesLeft(items[i], left);
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
