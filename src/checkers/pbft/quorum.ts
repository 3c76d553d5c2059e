/**
 * Quorums as checkers count them: searched for by what they are needed for, not by the replica's arithmetic, so that
 * a mistake in that one is seen (Castro and Liskov, OSDI 1999, §3 and §4).
 */

/** Sizes for n replicas of which f may be faulty in any way. */
export interface QuorumSizes {
  readonly n: number;
  readonly f: number;
  /** The least size of which any two sets share more than f replicas. */
  readonly strong: number;
  /** Of every strong quorum at least so many replicas are correct. */
  readonly correct: number;
}

/** `f` undefined: as many as n can bear. */
export function quorumSizes(n: number, f: number | undefined): QuorumSizes {
  let faulty = f ?? 0;
  if (f === undefined) while (3 * (faulty + 1) + 1 <= n) faulty++;
  let strong = 1;
  while (2 * strong - n < faulty + 1) strong++;
  return { n, f: faulty, strong, correct: strong - faulty };
}
