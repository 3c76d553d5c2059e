/** What clients do, resolved to integers. */

import type { Micros, Ratio, ReadMode } from '../kernel/index.js';

/**
 * How keys are chosen: all alike; zipf with the exponent in thousandths (1000 is the classic 1.0); or a few hot keys,
 * the first ones, that share so many percent of all operations, the other keys sharing the rest.
 */
export type KeyDistribution =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'zipf'; readonly exponentThousandths: number }
  | { readonly kind: 'hot'; readonly hotKeys: number; readonly percent: number };

/** Every so often, for so long, operations come so many times as fast; the run begins with a burst. */
export interface Burst {
  readonly everyMicros: Micros;
  readonly forMicros: Micros;
  readonly factor: number;
}

/**
 * How clients find servers. `hints`: the driver's own way, by the hints of servers that do not lead.
 * `round-robin`: without hints. `name-service`: a client knows only the servers that were up when it asked for their
 * names last; it asks again after `ttlMicros`, and what it asks of others goes to one that it knows. `load-balancer`:
 * whatever a client asks goes to a server that the balancer chose for it; it changes when the client wants another
 * server, but not before `pinMicros` have gone by, and who is up the balancer knows from checks that are
 * `checkMicros` apart.
 */
export type Discovery =
  | { readonly kind: 'hints' }
  | { readonly kind: 'round-robin' }
  | { readonly kind: 'name-service'; readonly ttlMicros: Micros }
  | { readonly kind: 'load-balancer'; readonly checkMicros: Micros; readonly pinMicros: Micros };

/** `optional`: what is turned away first when servers are near their limits. */
export type Priority = 'normal' | 'optional';

/** Relative weights of a service's operations, by name; one that is not there has none. */
export type OperationMix = Readonly<Record<string, number>>;

/** Relative weights of the ways in which gets ask to be served; some weight is above 0. */
export type ReadMix = Readonly<Record<ReadMode, number>>;

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
  /** Most retries per second of each client: they are spaced by its inverse; 0 or undefined: any number. */
  readonly mostPerSecond?: number | undefined;
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
  /** Undefined: operations come evenly. */
  readonly burst?: Burst | undefined;
  /** Undefined: by hints. */
  readonly discovery?: Discovery | undefined;
  /** Undefined: normal. */
  readonly priority?: Priority | undefined;
  /** Clients in groups, each with a policy of its own; `clients` is the sum of theirs. Undefined: one group. */
  readonly cohorts?: readonly Cohort[] | undefined;
}

/** A group of clients. Its clients follow those of the group before it. */
export interface Cohort {
  readonly name: string;
  readonly workload: WorkloadConfig;
}

/** Name of the group where a scenario has only one. */
export const ONLY_COHORT = 'clients';

/** The groups of clients in their order. */
export function cohortsOf(workload: WorkloadConfig): readonly Cohort[] {
  return workload.cohorts ?? [{ name: ONLY_COHORT, workload }];
}

/** What all clients together ask for: the weights of an operation in all groups, summed. */
export function wholeMix(workload: WorkloadConfig): OperationMix {
  const { cohorts } = workload;
  if (cohorts === undefined) return workload.mix;
  const sums = new Map<string, number>();
  for (const cohort of cohorts) {
    for (const [name, weight] of Object.entries(cohort.workload.mix)) {
      sums.set(name, (sums.get(name) ?? 0) + weight);
    }
  }
  return Object.fromEntries(sums);
}
