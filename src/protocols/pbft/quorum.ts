/**
 * Quorums of n replicas of which f may be faulty in any way (Castro and Liskov, OSDI 1999, §4; for any n >= 3f + 1).
 *
 * q = ceil((n + f + 1) / 2): two quorums share at least f + 1 replicas, one of them correct; and n - f >= q, so the
 * correct ones are a quorum by themselves. A weak certificate of f + 1 holds the word of a correct replica. For
 * n = 3f + 1 these are the paper's 2f + 1 and f + 1. Whole numbers only: n + f + 2 is halved by a shift.
 */

import { assert } from '../../kernel/index.js';

/** Sets of replicas are 32-bit masks, whose sign bit stays unused. */
export const MOST_REPLICAS = 31;

export interface Quorum {
  readonly n: number;
  readonly f: number;
  /** Distinct replicas in a quorum. */
  readonly strong: number;
  /** Distinct replicas of which one is correct. */
  readonly weak: number;
}

/** The most faulty replicas that n can bear. */
export function mostFaulty(n: number): number {
  return Math.floor((n - 1) / 3);
}

export function quorumOf(n: number, f: number = mostFaulty(n)): Quorum {
  assert(Number.isInteger(n) && n >= 1 && n <= MOST_REPLICAS, 'pbft: from 1 to 31 replicas');
  assert(Number.isInteger(f) && f >= 0 && 3 * f < n, 'pbft: bearing f faulty replicas takes 3f + 1');
  return { n, f, strong: (n + f + 2) >> 1, weak: f + 1 };
}

/** How many replicas are in a set. */
export function sizeOf(mask: number): number {
  let bits = mask - ((mask >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
