/** "Did you mean": the nearest valid word by edit distance (optimal string alignment). */

/** Names of files are words too. */
const LONGEST_WORD = 256;

/**
 * The hint for a word where another one is expected: "did you mean 'quorum'?". Undefined for what is no word, is one of
 * the candidates, or is near none of them.
 */
export function suggestion(word: unknown, candidates: Iterable<string>): string | undefined {
  if (typeof word !== 'string' || word.length > LONGEST_WORD) return undefined;
  const near = nearest(word, candidates);
  return near === undefined || near === word ? undefined : didYouMean(near);
}

export function didYouMean(word: string): string {
  return `did you mean '${word}'?`;
}

/** The candidate nearest to `word`, when it is near enough to be a likely slip. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.max(2, Math.floor(word.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, substitutions and swaps of neighbours that turn one word into the other. */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
