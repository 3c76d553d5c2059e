/** What a client counts. Nothing that it drops, gives up or leaves out goes uncounted. */

import type { Plain } from '../kernel/index.js';

export class ClientCounters {
  /** Operations begun. */
  operations: number;
  /** Requests sent, first ones included. */
  attempts: number;
  /** Requests sent after the first of an operation. */
  retries: number;
  /** Attempts that got no answer in time. */
  timeouts: number;
  /** Answers that asked to try again elsewhere. */
  redirects: number;
  /** Answers that an attempt was turned away by admission control. */
  rejected: number;
  /** Answers that the operation was refused before it was ordered. */
  refused: number;
  /** Times that a retry was wanted and the budget was empty: it had to wait for one. */
  budgetExhausted: number;
  /** Operations by outcome: ok + fail + unknown + outstanding = operations. */
  ok: number;
  fail: number;
  unknown: number;
  /** Of the unknown ones: answered that the session no longer knows the operation. */
  expired: number;
  /** Open loop: arrivals that found all slots taken. */
  skipped: number;
  /** Answers to operations that had already ended: repeated ones, or after the deadline. */
  late: number;
  /** Requests that were not sent: no server was known. */
  unresolved: number;

  constructor() {
    this.operations = 0;
    this.attempts = 0;
    this.retries = 0;
    this.timeouts = 0;
    this.redirects = 0;
    this.rejected = 0;
    this.refused = 0;
    this.budgetExhausted = 0;
    this.ok = 0;
    this.fail = 0;
    this.unknown = 0;
    this.expired = 0;
    this.skipped = 0;
    this.late = 0;
    this.unresolved = 0;
  }

  copyFrom(other: ClientCounters): void {
    Object.assign(this, other);
  }

  encode(): Plain {
    return Object.fromEntries(Object.entries(this));
  }
}
