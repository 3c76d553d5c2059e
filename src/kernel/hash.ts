/**
 * Hashes over 32-bit integers and strings. They are deterministic on every engine: integer
 * multiplication (`Math.imul`), shifts and xors only. Not cryptographic.
 */

import { byCodeUnits } from './plain.js';

/** Folds one 32-bit word into a running hash (the mixing step of MurmurHash3, x86 variant). */
export function mix32(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593);
  const h = hash ^ k;
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

/** Spreads the entropy of a running hash over all its bits (MurmurHash3's finaliser). */
export function finish32(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

/** What the words of an integer that needs two begin with. */
const WIDE = 0x510e527f;

/**
 * Folds a safe integer of any size, always as one word: were a large one two, its upper one could as well be what is
 * folded next.
 */
export function mixInteger(hash: number, value: number): number {
  const low = value | 0;
  return mix32(hash, low === value ? low : wideWord(low, Math.floor(value / 4294967296)));
}

function wideWord(low: number, high: number): number {
  return finish32(mix32(mix32(WIDE, low), high));
}

/** Hash of a string's UTF-16 code units (FNV-1a by unit, finished). */
export function hashString(text: string, seed = 0x811c9dc5): number {
  let hash = seed | 0;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return finish32(hash);
}

/**
 * Structural hash of plain data; object keys are taken in sorted order. For cold paths and users' protocols.
 *
 * Whoever knows the hash of a value may be shown another value: so whatever has parts folds the hash of each as one word,
 * and no part's words can be read as those of its neighbour. Members that are undefined do not count.
 */
export function hashPlain(value: unknown, seed = 0x9747b28c): number {
  switch (typeof value) {
    case 'number':
      return Number.isSafeInteger(value)
        ? mixInteger(mix32(seed, 1), value)
        : hashString(String(value), seed);
    case 'string':
      return mix32(mix32(seed, 2), hashString(value));
    case 'boolean':
      return mix32(seed, value ? 3 : 4);
    case 'object':
      return value === null ? mix32(seed, 5) : hashObject(value, seed);
    default:
      return mix32(seed, 6);
  }
}

function hashObject(value: object, seed: number): number {
  if (Array.isArray(value)) {
    let hash = mix32(seed, 7);
    for (let i = 0; i < value.length; i++) hash = mix32(hash, hashPlain(value[i]));
    return mix32(hash, value.length);
  }
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record);
  sortKeys(keys);
  let hash = mix32(seed, 8);
  let count = 0;
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] as string;
    const member = record[key];
    if (member === undefined) continue;
    hash = mix32(mix32(hash, hashString(key)), hashPlain(member));
    count++;
  }
  return mix32(hash, count);
}

/** Keys beyond which their number of comparisons would grow too fast. */
const FEW_KEYS = 16;

/** By code units, in place. Most objects are small, and a call of sort costs more than the few comparisons. */
function sortKeys(keys: string[]): void {
  if (keys.length > FEW_KEYS) {
    keys.sort(byCodeUnits);
    return;
  }
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] as string;
    let j = i;
    while (j > 0 && (keys[j - 1] as string) > key) {
      keys[j] = keys[j - 1] as string;
      j--;
    }
    keys[j] = key;
  }
}

/** Eight hexadecimal digits of a 32-bit hash. */
export function hex32(hash: number): string {
  return (hash >>> 0).toString(16).padStart(8, '0');
}
