// @ts-check

/** Of an even number the upper one; 0 of none. @param {readonly number[]} list */
export function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
}
