/**
 * How often and how fast a client tries again: exponential backoff with jitter, and a budget that keeps
 * retries to a share of the operations, so that clients do not multiply the load of a service that is
 * already slow.
 *
 * The budget is a token bucket as in Finagle (`RetryBudget`): operations earn retries, and so does time, because a
 * client whose operations all wait begins none, and would otherwise never earn the retry that frees one of them.
 */

import { MICROS_PER_SECOND } from '../kernel/index.js';
import type { Micros, Plain } from '../kernel/index.js';
import type { RetryPolicy } from './workload-config.js';

/** Of a retry: what a rate of one per second earns in a microsecond. */
const MILLION = MICROS_PER_SECOND;
/** Retries that a fresh client has in hand. */
const RESERVE = 10;
/** Operations whose earnings may be saved on top of the reserve. */
const SAVED_OPERATIONS = 10;
const MILLIONTHS_PER_PERCENT = MILLION / 100;

/** Millionths of a retry. Starts full: ten retries, and what ten operations earn. */
export class RetryBudget {
  private millionths: number;
  /** Until when time has been paid for. */
  private paidUntil: Micros;
  private readonly cap: number;
  /** Slots of the operations that wait for a retry, the longest waiting first. */
  private readonly queue: number[];

  constructor(
    private readonly percent: number,
    private readonly minimumPerSecond: number,
  ) {
    this.cap = RESERVE * MILLION + SAVED_OPERATIONS * percent * MILLIONTHS_PER_PERCENT;
    this.millionths = this.cap;
    this.paidUntil = 0;
    this.queue = [];
  }

  /** A new operation begins. */
  earn(now: Micros): void {
    this.payFor(now);
    this.add(this.percent * MILLIONTHS_PER_PERCENT);
  }

  /** Takes one retry; false, and nothing taken, when there is none or others have waited for it. */
  spend(now: Micros): boolean {
    return this.queue.length === 0 && this.take(now);
  }

  /** The operation in this slot, which was denied a retry, waits for the next one. */
  wait(slot: number): void {
    this.queue.push(slot);
  }

  /** The operation in this slot needs no retry any more. */
  leave(slot: number): void {
    const place = this.queue.indexOf(slot);
    if (place >= 0) this.queue.splice(place, 1);
  }

  hasWaiting(): boolean {
    return this.queue.length > 0;
  }

  /** Takes one retry for the longest waiting operation and returns its slot; -1: none waits, or there is no retry. */
  grant(now: Micros): number {
    return this.queue.length > 0 && this.take(now) ? (this.queue.shift() as number) : -1;
  }

  /** How long until time alone has earned a whole retry, at least 1; -1: it never does. */
  microsUntilNext(now: Micros): Micros {
    if (this.minimumPerSecond === 0) return -1;
    this.payFor(now);
    const micros = Math.ceil((MILLION - this.millionths) / this.minimumPerSecond);
    return micros > 1 ? micros : 1;
  }

  clone(): RetryBudget {
    const copy = new RetryBudget(this.percent, this.minimumPerSecond);
    copy.millionths = this.millionths;
    copy.paidUntil = this.paidUntil;
    for (const slot of this.queue) copy.queue.push(slot);
    return copy;
  }

  encode(): Plain {
    return { millionths: this.millionths, paidUntil: this.paidUntil, queue: this.queue.slice() };
  }

  private take(now: Micros): boolean {
    this.payFor(now);
    if (this.millionths < MILLION) return false;
    this.millionths -= MILLION;
    return true;
  }

  private payFor(now: Micros): void {
    this.add((now - this.paidUntil) * this.minimumPerSecond);
    this.paidUntil = now;
  }

  private add(millionths: number): void {
    const sum = this.millionths + millionths;
    this.millionths = sum > this.cap ? this.cap : sum;
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
