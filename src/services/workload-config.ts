/** What clients do, resolved to integers. */

import type { Micros, Ratio, ReadMode } from '../kernel/index.js';

/** How keys are chosen: all alike, or zipf with the exponent in thousandths (1000 is the classic 1.0). */
export type KeyDistribution =
  { readonly kind: 'uniform' } | { readonly kind: 'zipf'; readonly exponentThousandths: number };

/** Relative weights of a service's operations, by name; one that is not there has none. */
export type OperationMix = Readonly<Record<string, number>>;

/** Relative weights of the ways in which gets ask to be served; some weight is above 0. */
export type ReadMix = Readonly<Record<ReadMode, number>>;

/** Every {@link ReadMode}, in the order in which draws stand for them. */
export const READ_MODES = [
  'log',
  'read-index',
  'lease',
  'follower',
  'session',
  'stale',
] as const satisfies readonly ReadMode[];

/** All gets ask for one mode. */
export function onlyReads(mode: ReadMode): ReadMix {
  return { ...NO_READS, [mode]: 1 };
}

const NO_READS: ReadMix = { log: 0, 'read-index': 0, lease: 0, follower: 0, session: 0, stale: 0 };

/** When an attempt goes unanswered or is redirected. All delays are drawn; the budget bounds attempts. */
export interface RetryPolicy {
  readonly kind: 'none' | 'immediate' | 'backoff';
  readonly baseMicros: Micros;
  readonly capMicros: Micros;
  /** Share of each delay that is drawn by chance: 1/2 draws from [d/2, d]. */
  readonly jitter: Ratio;
  /** Most attempts of one operation, the first included. */
  readonly maxAttempts: number;
  /** Retries that a client may have in hand: each operation earns a share, each retry spends one. */
  readonly budgetPercent: number;
  /** Retries that time earns for each client, whatever its operations do; 0: none. */
  readonly minimumPerSecond: number;
}

export interface WorkloadConfig {
  readonly clients: number;
  /** Open: operations arrive at a rate whatever happens. Closed: each client waits, thinks, goes on. */
  readonly mode: 'open' | 'closed';
  /** Open loop: operations per second over all clients. */
  readonly ratePerSecond: number;
  /** Closed loop: think time between an answer and the next operation. */
  readonly thinkMinMicros: Micros;
  readonly thinkMaxMicros: Micros;
  readonly keys: number;
  readonly keyDistribution: KeyDistribution;
  readonly mix: OperationMix;
  readonly reads: ReadMix;
  /** One attempt is given up after this long, and tried again under the retry policy. */
  readonly attemptTimeoutMicros: Micros;
  /** The operation is given up (outcome unknown) after this long. */
  readonly operationTimeoutMicros: Micros;
  readonly retry: RetryPolicy;
}
