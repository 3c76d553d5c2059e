/** One pass over operations in the order of time. */

export interface Sweep<Earlier, Later> {
  readonly earlier: readonly Earlier[];
  readonly returnOf: (each: Earlier) => number;
  readonly rankOf: (each: Earlier) => number;
  readonly later: readonly Later[];
  readonly callOf: (each: Later) => number;
}

/**
 * Visits those of `later` in the order of their calls, each with the one of highest rank among those of `earlier`
 * that had returned before it was called: the first of them to return, where several rank alike. O(n log n).
 */
export function withHighestBefore<Earlier, Later>(
  { earlier, returnOf, rankOf, later, callOf }: Sweep<Earlier, Later>,
  visit: (later: Later, highest: Earlier | undefined) => void,
): void {
  const byReturn = [...earlier].sort((a, b) => ascending(returnOf(a), returnOf(b)));
  const byCall = [...later].sort((a, b) => ascending(callOf(a), callOf(b)));
  let next = 0;
  let highest: Earlier | undefined;
  for (const each of byCall) {
    for (; next < byReturn.length; next++) {
      const before = byReturn[next] as Earlier;
      if (returnOf(before) >= callOf(each)) break;
      if (highest === undefined || rankOf(before) > rankOf(highest)) highest = before;
    }
    visit(each, highest);
  }
}

/** By size; what never returns counts as alike, which a difference of two infinities would not. */
function ascending(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
