/**
 * Small deterministic 32-bit hashes for states and search positions.
 * Only for hash tables, where a collision costs time and never changes a verdict.
 */

/** Hashes one 32-bit integer (the finaliser of MurmurHash3). */
export function mixInteger(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** Characters that {@link hashText} reads at each end of a text. */
const SAMPLED_CHARACTERS = 32;

/**
 * Hashes a text by its length and the characters at both ends, so that a text grown by a hundred thousand
 * appends costs no more than a short one.
 */
export function hashText(text: string): number {
  const length = text.length;
  let hash = length ^ 0x9e3779b9;
  const headEnd = length < SAMPLED_CHARACTERS ? length : SAMPLED_CHARACTERS;
  for (let index = 0; index < headEnd; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  const tailStart = length - SAMPLED_CHARACTERS > headEnd ? length - SAMPLED_CHARACTERS : headEnd;
  for (let index = tailStart; index < length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return mixInteger(hash);
}
