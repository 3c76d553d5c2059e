/**
 * One outstanding operation of a client, and the names of its timers. A client has a fixed number of
 * slots; they and the names are made once and used again, so that an operation allocates neither.
 */

import type { Command, Micros, Plain } from '../kernel/index.js';

/** Most operations that one client has outstanding. */
export const MAX_OUTSTANDING = 64;

/** Timer of the next arrival (open loop) or the end of the think time (closed loop). */
export const NEXT_TIMER = 'next';

/** Timer of the next retry that time earns, while operations wait for one. */
export const BUDGET_TIMER = 'budget';

/** What a timer is for; with its slot it makes the code of the timer. */
export const TimerKind = { attempt: 0, retry: 1, deadline: 2, next: 3, budget: 4 } as const;

export const ATTEMPT_TIMERS = timerNames('attempt');
export const RETRY_TIMERS = timerNames('retry');
export const DEADLINE_TIMERS = timerNames('deadline');

const TIMER_CODES = new Map<string, number>([
  ...ATTEMPT_TIMERS.map((name, slot) => [name, TimerKind.attempt * MAX_OUTSTANDING + slot] as const),
  ...RETRY_TIMERS.map((name, slot) => [name, TimerKind.retry * MAX_OUTSTANDING + slot] as const),
  ...DEADLINE_TIMERS.map((name, slot) => [name, TimerKind.deadline * MAX_OUTSTANDING + slot] as const),
  [NEXT_TIMER, TimerKind.next * MAX_OUTSTANDING],
  [BUDGET_TIMER, TimerKind.budget * MAX_OUTSTANDING],
]);

/** Kind times {@link MAX_OUTSTANDING} plus slot; -1 for a name that is none of ours. */
export function timerCode(name: string): number {
  return TIMER_CODES.get(name) ?? -1;
}

function timerNames(kind: string): readonly string[] {
  return Array.from({ length: MAX_OUTSTANDING }, (_, slot) => `${kind}.${slot}`);
}

/**
 * `free`: no operation. `waiting`: an attempt is out and its timer runs. `backing-off`: the retry timer
 * runs. `queued`: waits for a retry to be earned. `draining`: no more retries. In all of them an answer to an earlier
 * attempt may still come before the deadline.
 */
export type SlotPhase = 'free' | 'waiting' | 'backing-off' | 'queued' | 'draining';

export class OperationSlot {
  phase: SlotPhase;
  /** The outstanding operation's; 0 when free. */
  sequence: number;
  command: Command | undefined;
  /** Number of its key in the workload. */
  keyIndex: number;
  invokedAt: Micros;
  /** Attempts made. */
  attempt: number;

  constructor(readonly index: number) {
    this.phase = 'free';
    this.sequence = 0;
    this.command = undefined;
    this.keyIndex = 0;
    this.invokedAt = 0;
    this.attempt = 0;
  }

  open(command: Command, keyIndex: number, now: Micros): void {
    this.sequence = command.sequence;
    this.command = command;
    this.keyIndex = keyIndex;
    this.invokedAt = now;
    this.attempt = 0;
  }

  close(): void {
    this.phase = 'free';
    this.sequence = 0;
    this.command = undefined;
  }

  clone(): OperationSlot {
    const copy = new OperationSlot(this.index);
    copy.phase = this.phase;
    copy.sequence = this.sequence;
    copy.command = this.command;
    copy.keyIndex = this.keyIndex;
    copy.invokedAt = this.invokedAt;
    copy.attempt = this.attempt;
    return copy;
  }

  /** The whole slot as plain data; null when free. */
  encode(): Plain {
    if (this.command === undefined) return null;
    const { phase, sequence, keyIndex, invokedAt, attempt } = this;
    return { phase, sequence, keyIndex, invokedAt, attempt, input: this.command.input };
  }
}
