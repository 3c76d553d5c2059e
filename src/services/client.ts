/**
 * A client: an endpoint of the network that calls a replicated service, measures it and writes the
 * history that checkers judge. A pure state machine over its host, like a replica.
 *
 * An operation ends in one of three ways. `ok`: answered. `fail`: refused, and certain never to happen.
 * `unknown`: given up; it may have happened, or may happen later. Every attempt of an operation carries
 * the same sequence number, so the service's sessions make a retry safe.
 *
 * Open loop: operations arrive at a rate whatever happens, several are outstanding, and an arrival that
 * finds all slots taken is skipped and counted. Closed loop: one operation at a time, then think.
 *
 * Left out: clients that crash. Decomposed on purpose: a bug of the zoo overrides one small method.
 */

import { assert, Family, MICROS_PER_SECOND } from '../kernel/index.js';
import type { Choices, ClientDriver, ClientHost, ClientOutcome, Command } from '../kernel/index.js';
import type { HistoryEvent, Message, Micros, Plain, ProcessId, Result } from '../kernel/index.js';
import { ClientCounters } from './client-counters.js';
import { makeCommand } from './command.js';
import { LatencyHistogram } from './latency.js';
import {
  ATTEMPT_TIMERS,
  BUDGET_TIMER,
  DEADLINE_TIMERS,
  MAX_OUTSTANDING,
  NEXT_TIMER,
  OperationSlot,
  RETRY_TIMERS,
  TimerKind,
  timerCode,
} from './operation-slot.js';
import { backoffMicros, jitteredMicros, RetryBudget } from './retry.js';
import type { ClientWorkload, OperationSource } from './service-kind.js';
import { isSessionExpired } from './sessions.js';

/** The world as a client sees it: what its driver sees, and timers, chance and the history. */
export interface ClientProcessHost extends ClientHost {
  readonly choices: Choices;
  /** True virtual time: for the history, the latency, the retry budget and the end of the workload only. */
  now(): Micros;
  /** Arms a named timer; re-arms it when it is set. */
  setTimerAfter(name: string, micros: Micros): void;
  /** Disarms a named timer; one that is not set is left alone. */
  cancelTimer(name: string): void;
  /** Adds an event to the history. */
  record(event: HistoryEvent, command: Command): void;
}

export class ClientProcess {
  readonly counters: ClientCounters;
  /** Latencies of the operations that ended ok. */
  readonly latency: LatencyHistogram;
  protected readonly host: ClientProcessHost;
  protected readonly driver: ClientDriver;
  protected readonly workload: ClientWorkload;
  /** No operation begins at or after this time. */
  protected stopAtMicros: Micros;
  protected generator: OperationSource;
  protected budget: RetryBudget;
  /** Grows up to {@link MAX_OUTSTANDING}. */
  protected readonly slots: OperationSlot[];
  /** Of the operation begun last. */
  private sequence: number;
  /** Arrivals drawn so far, skipped ones included. */
  private arrivals: number;
  /** Slots that are not free. */
  private busy: number;
  private nextArmed: boolean;
  /** No retry is sent before this time; 0 where retries may come at any rate. */
  private nextRetryAt: Micros;

  /** No operation begins at or after `stopAtMicros`; outstanding ones go on to their end. */
  constructor(host: ClientProcessHost, driver: ClientDriver, workload: ClientWorkload, stopAtMicros: Micros) {
    this.counters = new ClientCounters();
    this.latency = new LatencyHistogram();
    this.host = host;
    this.driver = driver;
    this.workload = workload;
    this.stopAtMicros = stopAtMicros;
    this.generator = workload.createSource(host.self, host.self - host.servers.length);
    const { budgetPercent, minimumPerSecond } = workload.config.retry;
    this.budget = new RetryBudget(budgetPercent, minimumPerSecond);
    this.slots = [];
    this.sequence = 0;
    this.arrivals = 0;
    this.busy = 0;
    this.nextArmed = false;
    this.nextRetryAt = 0;
  }

  /** Called once. */
  start(): void {
    assert(this.arrivals === 0, 'client: starts once');
    this.scheduleNext();
  }

  /** Begins no more operations, as if the stop time were now. */
  stop(): void {
    this.stopAtMicros = 0;
    if (this.nextArmed) this.host.cancelTimer(NEXT_TIMER);
    this.nextArmed = false;
  }

  /** Begins operations again, or still, before the given time. */
  goOn(untilMicros: Micros): void {
    this.stopAtMicros = untilMicros;
    if (!this.nextArmed && (this.workload.config.mode === 'open' || this.busy === 0)) this.scheduleNext();
  }

  /** True when nothing is outstanding and nothing will begin any more. */
  isIdle(): boolean {
    return this.busy === 0 && !this.nextArmed;
  }

  /** Operations begun and not ended. */
  outstanding(): number {
    return this.busy;
  }

  receive(from: ProcessId, message: Message): void {
    const outcome = this.driver.receive(this.host, from, message);
    if (outcome === undefined) return;
    const slot = this.find(outcome.sequence);
    if (slot === undefined) this.counters.late++;
    else this.conclude(slot, outcome);
  }

  timerFired(name: string): void {
    const code = timerCode(name);
    assert(code >= 0, 'client: knows its timers');
    const kind = Math.floor(code / MAX_OUTSTANDING);
    if (kind === TimerKind.next) {
      this.nextFired();
      return;
    }
    if (kind === TimerKind.budget) {
      this.grantRetries();
      return;
    }
    const slot = this.slots[code % MAX_OUTSTANDING];
    assert(slot !== undefined && slot.phase !== 'free', 'client: a timer belongs to an operation');
    if (kind === TimerKind.attempt) this.attemptTimedOut(slot);
    else if (kind === TimerKind.retry) this.sendAttempt(slot);
    else this.giveUp(slot);
  }

  /** An independent copy that speaks through another host and driver; used by fork. */
  clone(host: ClientProcessHost, driver: ClientDriver): ClientProcess {
    const Self = this.constructor as typeof ClientProcess;
    const copy = new Self(host, driver, this.workload, this.stopAtMicros);
    copy.counters.copyFrom(this.counters);
    copy.latency.merge(this.latency);
    copy.generator = this.generator.clone();
    copy.budget = this.budget.clone();
    for (const slot of this.slots) copy.slots.push(slot.clone());
    copy.sequence = this.sequence;
    copy.arrivals = this.arrivals;
    copy.busy = this.busy;
    copy.nextArmed = this.nextArmed;
    copy.nextRetryAt = this.nextRetryAt;
    return copy;
  }

  /** The whole state but the driver's as plain data. */
  encode(): Plain {
    return {
      client: this.host.self,
      sequence: this.sequence,
      arrivals: this.arrivals,
      stopAtMicros: this.stopAtMicros,
      nextArmed: this.nextArmed,
      nextRetryAt: this.nextRetryAt,
      slots: this.slots.map((slot) => slot.encode()),
      generator: this.generator.encode(),
      budget: this.budget.encode(),
      counters: this.counters.encode(),
      latency: this.latency.encode(),
    };
  }

  /** Arms the next arrival (open loop) or the end of the think time, unless that is past the stop. */
  protected scheduleNext(): void {
    this.arrivals++;
    const delay = this.drawDelay();
    this.nextArmed = this.host.now() + delay < this.stopAtMicros;
    if (this.nextArmed) this.host.setTimerAfter(NEXT_TIMER, delay);
  }

  protected nextFired(): void {
    this.nextArmed = false;
    if (this.workload.config.mode === 'open') this.scheduleNext();
    const slot = this.freeSlot();
    if (slot === undefined) this.counters.skipped++;
    else this.begin(slot);
  }

  protected begin(slot: OperationSlot): void {
    const { host, generator } = this;
    const sequence = ++this.sequence;
    const input = generator.next(host.choices, sequence);
    const read = generator.readMode(host.choices, sequence, input);
    const command = makeCommand(host.self, sequence, input, read);
    slot.open(command, generator.keyIndex, host.now());
    this.busy++;
    this.counters.operations++;
    this.budget.earn(host.now());
    this.record('invoke', command, null);
    host.setTimerAfter(DEADLINE_TIMERS[slot.index] as string, this.workload.config.operationTimeoutMicros);
    this.sendAttempt(slot);
    if (this.budget.hasWaiting()) this.grantRetries();
  }

  /** Sends the operation's next attempt, under the operation's one sequence number. */
  protected sendAttempt(slot: OperationSlot): void {
    const { command } = slot;
    assert(command !== undefined, 'client: an attempt belongs to an operation');
    slot.attempt++;
    slot.phase = 'waiting';
    this.counters.attempts++;
    if (slot.attempt > 1) this.counters.retries++;
    this.host.setTimerAfter(ATTEMPT_TIMERS[slot.index] as string, this.workload.config.attemptTimeoutMicros);
    this.driver.request(this.host, command, slot.attempt);
  }

  protected attemptTimedOut(slot: OperationSlot): void {
    assert(slot.phase === 'waiting', 'client: only a waiting attempt times out');
    this.noteSilence(slot);
    this.tryAgain(slot);
  }

  private noteSilence(slot: OperationSlot): void {
    this.counters.timeouts++;
    this.driver.timedOut?.(this.host, slot.command as Command, slot.attempt);
  }

  /** What an answer means for its operation. */
  protected conclude(slot: OperationSlot, outcome: ClientOutcome): void {
    switch (outcome.kind) {
      case 'ok':
        if (isSessionExpired(outcome.result)) this.expired(slot);
        else this.succeed(slot, outcome.result, outcome.index);
        break;
      case 'fail':
        this.refused(slot, outcome.reason);
        break;
      case 'retry':
        this.counters.redirects++;
        this.attemptRejected(slot, true);
        break;
      case 'busy':
        this.counters.rejected++;
        this.attemptRejected(slot, false);
        break;
    }
  }

  protected succeed(slot: OperationSlot, result: Result, index: number): void {
    const command = slot.command as Command;
    this.counters.ok++;
    this.latency.record(this.host.now() - slot.invokedAt);
    this.generator.observe(slot.keyIndex, command.input, result);
    this.settle(slot, 'ok', result, index);
  }

  /**
   * A refusal speaks for one attempt. After two it decides nothing: the first may have been ordered and its
   * answer lost, and then the operation happens although the second was refused.
   */
  protected refused(slot: OperationSlot, reason: string): void {
    this.counters.refused++;
    if (slot.attempt === 1) {
      this.counters.fail++;
      this.settle(slot, 'fail', reason);
    } else {
      this.attemptRejected(slot, false);
    }
  }

  /** The service has forgotten whether it executed this operation, and will not do so now. */
  protected expired(slot: OperationSlot): void {
    this.counters.expired++;
    this.counters.unknown++;
    this.settle(slot, 'unknown', null);
  }

  /**
   * The deadline has come. Where attempts may last as long as operations, none ever times out on its own: there the
   * deadline says that the server is silent, or the client would ask it for ever.
   */
  protected giveUp(slot: OperationSlot): void {
    const { attemptTimeoutMicros, operationTimeoutMicros } = this.workload.config;
    if (slot.phase === 'waiting' && attemptTimeoutMicros >= operationTimeoutMicros) this.noteSilence(slot);
    this.counters.unknown++;
    this.settle(slot, 'unknown', null);
  }

  /** An attempt was turned away. When none is out any more, this was about an earlier one. */
  protected attemptRejected(slot: OperationSlot, isRedirect: boolean): void {
    if (slot.phase !== 'waiting') return;
    this.host.cancelTimer(ATTEMPT_TIMERS[slot.index] as string);
    this.tryAgain(slot, isRedirect);
  }

  /** Retries under the policy; else the operation waits for a retry to be earned, a late answer or its deadline. */
  protected tryAgain(slot: OperationSlot, isRedirect = false): void {
    const { retry } = this.workload.config;
    if (retry.kind === 'none' || slot.attempt >= retry.maxAttempts) slot.phase = 'draining';
    else if (isRedirect || this.budget.spend(this.host.now())) this.backOff(slot);
    else this.queueForRetry(slot);
  }

  /** Sends the next attempt after the delay of the policy. */
  protected backOff(slot: OperationSlot): void {
    const { retry } = this.workload.config;
    if (retry.kind === 'immediate') {
      const wait = this.pace(0);
      if (wait === 0) this.sendAttempt(slot);
      else this.retryAfter(slot, wait);
      return;
    }
    const { host } = this;
    const most = backoffMicros(retry, slot.attempt);
    const least = jitteredMicros(retry, most);
    const delay = host.choices.integer(Family.client, host.self, slot.sequence, 'backoff', least, most, most);
    this.retryAfter(slot, this.pace(delay));
  }

  private retryAfter(slot: OperationSlot, micros: Micros): void {
    slot.phase = 'backing-off';
    this.host.setTimerAfter(RETRY_TIMERS[slot.index] as string, micros);
  }

  /** How long a retry waits that would like to wait this long: retries keep their distance from each other. */
  protected pace(delay: Micros): Micros {
    const { mostPerSecond } = this.workload.config.retry;
    if (mostPerSecond === undefined) return delay;
    const now = this.host.now();
    const at = now + delay > this.nextRetryAt ? now + delay : this.nextRetryAt;
    this.nextRetryAt = at + Math.ceil(MICROS_PER_SECOND / mostPerSecond);
    return at - now;
  }

  protected queueForRetry(slot: OperationSlot): void {
    this.counters.budgetExhausted++;
    slot.phase = 'queued';
    const isFirst = !this.budget.hasWaiting();
    this.budget.wait(slot.index);
    if (isFirst) this.armBudget();
  }

  /** Gives the retries that have been earned to those that have waited longest. */
  protected grantRetries(): void {
    const now = this.host.now();
    for (;;) {
      const index = this.budget.grant(now);
      if (index < 0) break;
      this.backOff(this.slots[index] as OperationSlot);
    }
    if (this.budget.hasWaiting()) this.armBudget();
    else this.host.cancelTimer(BUDGET_TIMER);
  }

  private armBudget(): void {
    const micros = this.budget.microsUntilNext(this.host.now());
    if (micros >= 0) this.host.setTimerAfter(BUDGET_TIMER, micros);
  }

  /** Ends an operation: the one place where a slot becomes free. */
  protected settle(slot: OperationSlot, kind: 'ok' | 'fail' | 'unknown', output: Plain, index = 0): void {
    const { host } = this;
    const command = slot.command as Command;
    if (slot.phase === 'waiting') host.cancelTimer(ATTEMPT_TIMERS[slot.index] as string);
    else if (slot.phase === 'backing-off') host.cancelTimer(RETRY_TIMERS[slot.index] as string);
    else if (slot.phase === 'queued') this.leaveQueue(slot);
    host.cancelTimer(DEADLINE_TIMERS[slot.index] as string);
    if (kind !== 'ok') this.generator.missed?.(slot.keyIndex, command.input, kind);
    slot.close();
    this.busy--;
    this.record(kind, command, output, index);
    if (this.workload.config.mode === 'closed') this.scheduleNext();
  }

  private leaveQueue(slot: OperationSlot): void {
    this.budget.leave(slot.index);
    if (!this.budget.hasWaiting()) this.host.cancelTimer(BUDGET_TIMER);
  }

  private record(kind: HistoryEvent['kind'], command: Command, output: Plain, index = 0): void {
    const { client, sequence, input, read } = command;
    const time = this.host.now();
    this.host.record({ kind, client, sequence, input, output, read, index, time }, command);
  }

  /** Open loop: 1 … 2g-1 for a mean gap of g, never 0, so that time always passes. Closed: think time. */
  private drawDelay(): Micros {
    const { host, arrivals } = this;
    const { mode, clients, ratePerSecond, thinkMinMicros, thinkMaxMicros } = this.workload.config;
    if (mode === 'closed') {
      const { choices, self } = host;
      const rest = this.generator.restMicros?.(choices, this.sequence + 1) ?? 0;
      const think = choices.integer(
        Family.client,
        self,
        arrivals,
        'think',
        thinkMinMicros,
        thinkMaxMicros,
        thinkMinMicros,
      );
      return rest + Math.floor(think / this.burstFactor());
    }
    const pace = ratePerSecond * this.burstFactor();
    const twiceMean = Math.floor((2 * MICROS_PER_SECOND * clients) / pace);
    const most = twiceMean > 2 ? twiceMean - 1 : 1;
    const byDefault = (most + 1) >>> 1;
    return host.choices.integer(Family.client, host.self, arrivals, 'gap', 1, most, byDefault);
  }

  /** How many times as fast operations come right now. */
  private burstFactor(): number {
    const { burst } = this.workload.config;
    if (burst === undefined) return 1;
    return this.host.now() % burst.everyMicros < burst.forMicros ? burst.factor : 1;
  }

  private find(sequence: number): OperationSlot | undefined {
    if (sequence < 1) return undefined; // a free slot has sequence 0
    const { slots } = this;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as OperationSlot;
      if (slot.sequence === sequence) return slot;
    }
    return undefined;
  }

  /** The first free slot; undefined when all are taken. */
  private freeSlot(): OperationSlot | undefined {
    const { slots } = this;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as OperationSlot;
      if (slot.phase === 'free') return slot;
    }
    if (slots.length === MAX_OUTSTANDING) return undefined;
    const slot = new OperationSlot(slots.length);
    slots.push(slot);
    return slot;
  }
}
