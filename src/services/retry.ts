/**
 * How often and how fast a client tries again: exponential backoff with jitter, and a budget that keeps
 * retries to a share of the operations, so that clients do not multiply the load of a service that is
 * already slow.
 */

import type { Micros, Plain } from '../kernel/index.js';
import type { RetryPolicy } from './workload-config.js';

/** Retries that a fresh client has in hand, in hundredths. */
const RESERVE_HUNDREDTHS = 1_000;
/** Operations whose earnings may be saved on top of the reserve. */
const SAVED_OPERATIONS = 10;

/** Tokens in hundredths of a retry. Starts full: ten retries, and what ten operations earn. */
export class RetryBudget {
  private hundredths: number;
  private readonly capHundredths: number;

  constructor(private readonly percent: number) {
    this.capHundredths = RESERVE_HUNDREDTHS + SAVED_OPERATIONS * percent;
    this.hundredths = this.capHundredths;
  }

  /** A new operation begins. */
  earn(): void {
    const sum = this.hundredths + this.percent;
    this.hundredths = sum > this.capHundredths ? this.capHundredths : sum;
  }

  /** Takes one retry; false, and nothing taken, when there is none. */
  spend(): boolean {
    if (this.hundredths < 100) return false;
    this.hundredths -= 100;
    return true;
  }

  clone(): RetryBudget {
    const copy = new RetryBudget(this.percent);
    copy.hundredths = this.hundredths;
    return copy;
  }

  encode(): Plain {
    return this.hundredths;
  }
}

/** Longest wait after attempt number `attempt` (from 1): the base, doubled per attempt, up to the cap. */
export function backoffMicros(policy: RetryPolicy, attempt: number): Micros {
  let delay = policy.baseMicros;
  for (let i = 1; i < attempt && delay > 0 && delay < policy.capMicros; i++) delay *= 2;
  return delay > policy.capMicros ? policy.capMicros : delay;
}

/** Shortest wait that jitter may make of a delay. */
export function jitteredMicros(policy: RetryPolicy, delay: Micros): Micros {
  return delay - Math.floor((delay * policy.jitter.numerator) / policy.jitter.denominator);
}
