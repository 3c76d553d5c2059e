/**
 * The operator: a process that changes a running cluster as people do. It goes through a playbook, draws
 * operations at random while the playbook leaves it idle, and does one thing at a time. It reaches servers over
 * the network like a client, and machines by hand.
 *
 * A request is repeated until it is answered: round robin over the servers, after hints, with a pause when it is
 * turned away for now. Actions are declarative, so repeating one is harmless. A step that takes too long is given
 * up; whatever it has begun stays as it is, but a process that it has stopped is started.
 *
 * Every decision belongs to one step and is keyed by its id. A random operation asks for each step whether it
 * takes place, and the default is no, so that steps can be removed from a trace.
 */

import {
  Family,
  LeaderSearch,
  MICROS_PER_MILLISECOND,
  type AdminAnswer,
  type AdminReply,
  type AdminRequest,
  type Message,
  type Micros,
  type OperatorDriver,
  type Plain,
  type ProcessId,
} from '../kernel/index.js';
import type { OperatorHost } from './operator-controls.js';
import { ordersAfterCanary, ordersOf, type Order } from './operator-orders.js';
import type { OperatorAction, OperatorPlan, OperatorStep, RandomOperations } from './operator-plan.js';
import { orderSentence } from './operator-wording.js';
import type { Draw } from './selectors.js';
import { processName } from './wording.js';

/** An attempt without an answer is given up after this long. */
const ATTEMPT_MICROS: Micros = 300 * MICROS_PER_MILLISECOND;
/** Before asking whom a server has named, and before asking a busy one again. */
const REDIRECT_MICROS: Micros = 20 * MICROS_PER_MILLISECOND;
const BUSY_MICROS: Micros = 100 * MICROS_PER_MILLISECOND;
/** How often a canary is looked at. */
const LOOK_MICROS: Micros = 50 * MICROS_PER_MILLISECOND;
/** Random operations come no faster, so that a plan of zeros cannot stop virtual time. */
const SHORTEST_GAP_MICROS: Micros = MICROS_PER_MILLISECOND;
/** As of a random fault: 0, the default, means that the operation does not take place. */
const ACT_MAX = 0xffff_ffff;

/** The next step begins; the step in hand runs out of time; the order in hand goes on. */
type TimerName = 'step' | 'limit' | 'order';

type Ending = 'ok' | 'refused' | 'timed-out';

type OrderOf<Kind extends Order['kind']> = Extract<Order, { kind: Kind }>;

/** Counts of a run. */
export class OperatorCounters {
  stepsOk = 0;
  stepsRefused = 0;
  stepsTimedOut = 0;
  /** Steps that found no server to fall on, or nothing to do. */
  stepsSkipped = 0;
  /** Processes stopped and started with a version, rollbacks included. */
  upgrades = 0;
  rollbacks = 0;
}

export class Operator {
  readonly counters = new OperatorCounters();
  /** Of the playbook, the step that comes next. */
  private nextStep = 0;
  /** Which random operation comes next, and when; -1: none. */
  private nextRandom = 0;
  private randomAt: Micros = -1;
  /** Id of the step in hand; empty: none. */
  private stepId = '';
  private isRandomStep = false;
  /** What is left of the step in hand; the first is under way. */
  private orders: readonly Order[] = [];
  /** Names the latest request. */
  private request = 0;
  /** Whom the leader is believed to be. */
  private leaders = new LeaderSearch();
  /** True while a request is out, false while the operator pauses before the next attempt. */
  private isAsking = false;
  /** Clients' operations that had ended ok when the window began, and how many did in the window before. */
  private okAtStart = 0;
  private okBefore = 0;
  private failuresBefore = 0;
  private watchUntil: Micros = 0;
  /** Invariant: once true, nothing begins any more. */
  private isOver = false;

  constructor(
    private readonly plan: OperatorPlan,
    private readonly host: OperatorHost,
    private readonly healAtMicros: Micros,
    private readonly driver: OperatorDriver | undefined,
  ) {}

  start(): void {
    this.leaders.found(0);
    this.awaitRandom();
    this.awaitNext();
  }

  /** Faults end and so does this: the step in hand is given up, nothing else begins. */
  stop(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.stepId !== '') this.giveUp('the time of faults and changes is over');
    this.cancel('step');
  }

  receive(from: ProcessId, message: Message): void {
    const [order] = this.orders;
    const answer = this.driver?.receive(this.host, from, message);
    if (order?.kind !== 'ask') return;
    if (answer !== undefined) this.settled(answer, this.nameOf(from));
    if (this.driver !== undefined || message.kind !== 'AdminReply') return;
    const reply = message as AdminReply;
    if (reply.id === this.request) this.answered(order, from, reply);
  }

  timerFired(name: string): void {
    switch (name as TimerName) {
      case 'step':
        this.beginNext();
        break;
      case 'limit':
        this.giveUp('it takes too long');
        break;
      case 'order':
        this.goOn();
        break;
    }
  }

  /** A copy that acts on a copy of this one's world. */
  clone(host: OperatorHost): Operator {
    const copy = new Operator(this.plan, host, this.healAtMicros, this.driver?.clone());
    Object.assign(copy.counters, this.counters);
    copy.nextStep = this.nextStep;
    copy.nextRandom = this.nextRandom;
    copy.randomAt = this.randomAt;
    copy.stepId = this.stepId;
    copy.isRandomStep = this.isRandomStep;
    copy.orders = this.orders;
    copy.request = this.request;
    copy.leaders = this.leaders.clone();
    copy.isAsking = this.isAsking;
    copy.okAtStart = this.okAtStart;
    copy.okBefore = this.okBefore;
    copy.failuresBefore = this.failuresBefore;
    copy.watchUntil = this.watchUntil;
    copy.isOver = this.isOver;
    return copy;
  }

  encode(): Plain {
    return {
      counters: { ...this.counters },
      nextStep: this.nextStep,
      nextRandom: this.nextRandom,
      randomAt: this.randomAt,
      stepId: this.stepId,
      isRandomStep: this.isRandomStep,
      ordersLeft: this.orders.map((order) => orderSentence(order, this.host.machines.servers) ?? order.kind),
      request: this.request,
      leaders: this.leaders.encode(),
      isAsking: this.isAsking,
      okAtStart: this.okAtStart,
      okBefore: this.okBefore,
      failuresBefore: this.failuresBefore,
      watchUntil: this.watchUntil,
      isOver: this.isOver,
      ...(this.driver === undefined ? {} : { driver: this.driver.encode() }),
    };
  }

  // ---- steps ----

  /** Sleeps until the next step of the playbook or the next random operation. */
  private awaitNext(): void {
    const now = this.host.now();
    const step = this.plan.playbook[this.nextStep];
    let at = step === undefined ? -1 : Math.max(step.atMicros, now);
    if (this.randomAt >= 0 && (at < 0 || this.randomAt < at)) at = Math.max(this.randomAt, now);
    if (at >= 0 && at < this.healAtMicros && !this.isOver) this.host.setTimerAfter('step', at - now);
  }

  private beginNext(): void {
    const step = this.plan.playbook[this.nextStep];
    if (step !== undefined && step.atMicros <= this.host.now()) this.beginStep(step);
    else this.beginRandom(this.plan.random as RandomOperations);
  }

  private beginStep({ id, action, withinMicros }: OperatorStep): void {
    this.nextStep++;
    this.isRandomStep = false;
    this.begin(id, action, withinMicros, this.drawFor(id, this.nextStep));
  }

  private beginRandom({ actions, withinMicros }: RandomOperations): void {
    const id = `random.${this.nextRandom}`;
    const draw = this.drawFor(id, 0);
    this.nextRandom++;
    this.isRandomStep = true;
    const total = actions.reduce((sum, { weight }) => sum + weight, 0);
    let place = draw('verb', 0, total - 1, 0);
    const chosen = actions.find(({ weight }) => (place -= weight) < 0);
    if (chosen !== undefined && draw('act', 0, ACT_MAX, 0) !== 0)
      this.begin(id, chosen.action, withinMicros, draw);
    else this.stepIsOver();
  }

  private begin(id: string, action: OperatorAction, withinMicros: Micros, draw: Draw): void {
    const orders = ordersOf(action, this.host.machines, draw);
    if (typeof orders === 'string') {
      this.counters.stepsSkipped++;
      this.host.machines.note(`${action.do} is skipped: ${orders} (${id})`);
      this.stepIsOver();
      return;
    }
    this.stepId = id;
    this.host.setTimerAfter('limit', withinMicros);
    this.carryOut(orders);
  }

  private end(ending: Ending, reason: string): void {
    if (ending === 'ok') this.counters.stepsOk++;
    else if (ending === 'refused') this.counters.stepsRefused++;
    else this.counters.stepsTimedOut++;
    this.note(reason);
    this.cancel('limit');
    this.cancel('order');
    this.stepId = '';
    this.orders = [];
    this.stepIsOver();
  }

  private stepIsOver(): void {
    if (this.isRandomStep) this.awaitRandom();
    this.awaitNext();
  }

  private giveUp(reason: string): void {
    const [order] = this.orders;
    if (order?.kind === 'upgrade') this.host.machines.start(order.server);
    this.end('timed-out', `the operator gives up: ${reason}`);
  }

  /** Draws when the next random operation comes. */
  private awaitRandom(): void {
    const { random } = this.plan;
    if (random === undefined) return;
    const draw = this.drawFor(`random.${this.nextRandom}`, 0);
    const gap = draw('gap', random.everyMinMicros, random.everyMaxMicros, random.everyMaxMicros);
    this.randomAt = this.host.now() + Math.max(gap, SHORTEST_GAP_MICROS);
  }

  // ---- orders ----

  /** Begins the first of these orders; none left: the step is done. */
  private carryOut(orders: readonly Order[]): void {
    this.orders = orders;
    const [order] = orders;
    if (order === undefined) {
      this.end('ok', 'the operator is done');
      return;
    }
    const sentence = orderSentence(order, this.host.machines.servers);
    if (sentence !== undefined) this.note(sentence);
    this.beginOrder(order);
  }

  private beginOrder(order: Order): void {
    const { machines } = this.host;
    switch (order.kind) {
      case 'ask':
        this.request++;
        this.ask(order);
        break;
      case 'upgrade':
        this.counters.upgrades++;
        this.failuresBefore = machines.failures(order.server);
        machines.stop(order.server);
        machines.setVersion(order.server, order.version);
        this.sleep(order.forMicros);
        break;
      case 'format':
        machines.stop(order.server);
        machines.formatDisk(order.server);
        machines.start(order.server);
        this.carryOut(this.orders.slice(1));
        break;
      case 'wait':
        this.sleep(order.micros);
        break;
      case 'observe':
        this.okAtStart = machines.operationsOk();
        this.sleep(order.micros);
        break;
      case 'watch':
        this.okAtStart = machines.operationsOk();
        this.watchUntil = this.host.now() + order.canary.watchMicros;
        this.look(order);
        break;
    }
  }

  /** The order in hand has slept long enough. */
  private goOn(): void {
    const [order] = this.orders as readonly [Order];
    const { machines } = this.host;
    switch (order.kind) {
      case 'ask':
        if (this.isAsking) this.askNext();
        this.ask(order);
        return;
      case 'watch':
        this.look(order);
        return;
      case 'upgrade':
        machines.start(order.server);
        break;
      case 'observe':
        this.okBefore = machines.operationsOk() - this.okAtStart;
        break;
      case 'wait':
      case 'format':
        break;
    }
    this.carryOut(this.orders.slice(1));
  }

  // ---- requests ----

  private ask({ server, action }: OrderOf<'ask'>): void {
    if (this.driver !== undefined) {
      this.isAsking = true;
      const answer = this.driver.request(this.host, action);
      this.sleep(ATTEMPT_MICROS);
      if (answer !== undefined) this.settled(answer, 'itself');
      return;
    }
    const request: AdminRequest = { kind: 'AdminRequest', id: this.request, action };
    this.isAsking = true;
    this.host.send(server < 0 ? this.leaders.target : server, request);
    this.sleep(ATTEMPT_MICROS);
  }

  /** What the protocol's own way of asking has come to. */
  private settled({ status, reason }: AdminAnswer, by: string): void {
    if (status === 'ok') this.carryOut(this.orders.slice(1));
    else if (status === 'refused') this.end('refused', `the operator is refused by ${by}: ${reason}`);
    else this.pause(BUSY_MICROS);
  }

  private askNext(): void {
    this.leaders.next(this.host.machines.servers);
  }

  private answered(order: OrderOf<'ask'>, from: ProcessId, { status, reason, hint }: AdminReply): void {
    switch (status) {
      case 'ok':
        if (order.server < 0) this.leaders.found(from);
        this.carryOut(this.orders.slice(1));
        break;
      case 'refused':
        this.end('refused', `the operator is refused by ${this.nameOf(from)}: ${reason}`);
        break;
      case 'busy':
        this.pause(BUSY_MICROS);
        break;
      case 'not-leader':
        this.redirected(from, hint);
        break;
    }
  }

  /** An answer to an earlier attempt, from a server that is not asked any more, changes nothing. */
  private redirected(from: ProcessId, hint: ProcessId): void {
    if (!this.isAsking || from !== this.leaders.target) return;
    if (!this.leaders.follow(from, hint, this.host.machines.servers)) this.askNext();
    this.pause(REDIRECT_MICROS);
  }

  private pause(micros: Micros): void {
    this.isAsking = false;
    this.sleep(micros);
  }

  // ---- canaries ----

  private look(order: OrderOf<'watch'>): void {
    const { server, canary, before } = order;
    const found = this.reasonToRollBack(order);
    if (found !== undefined) {
      this.counters.rollbacks++;
      this.note(`rollback of ${this.nameOf(server)} to version ${before}: ${found}`);
      this.carryOut([{ kind: 'upgrade', server, version: before, forMicros: canary.forMicros }]);
    } else if (this.host.now() >= this.watchUntil) {
      this.carryOut(ordersAfterCanary(canary, server, this.host.machines));
    } else {
      this.sleep(Math.min(LOOK_MICROS, this.watchUntil - this.host.now()));
    }
  }

  /** Failures tell at once, the rate of operations only when the whole window is over. */
  private reasonToRollBack({ server, canary }: OrderOf<'watch'>): string | undefined {
    const { machines } = this.host;
    const { failures, okBelow } = canary.trigger;
    const failed = machines.failures(server) - this.failuresBefore;
    if (failed > failures) return `it has failed ${failed} times`;
    if (this.host.now() < this.watchUntil) return undefined;
    const ok = machines.operationsOk() - this.okAtStart;
    if (ok * okBelow.denominator >= this.okBefore * okBelow.numerator) return undefined;
    return `${ok} operations ended ok, after ${this.okBefore} in the time before`;
  }

  // ---- small things ----

  private sleep(micros: Micros): void {
    this.host.setTimerAfter('order', micros);
  }

  private cancel(name: TimerName): void {
    this.host.cancelTimer(name);
  }

  private note(sentence: string): void {
    this.host.machines.note(`${sentence} (${this.stepId})`);
  }

  private nameOf(server: ProcessId): string {
    return processName(server, this.host.machines.servers);
  }

  /** Where a step's decisions come from; what leaves no choice is not asked. */
  private drawFor(id: string, stream: number): Draw {
    const { choices } = this.host;
    return (what, min, max, byDefault) =>
      min >= max ? min : choices.integer(Family.operator, stream, id, what, min, max, byDefault);
  }
}
