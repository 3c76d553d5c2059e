/**
 * The nemesis carries out a fault plan: the explicit schedule at its times, random faults at drawn ones, until
 * the run's heal time; then the run has it end everything.
 *
 * Every decision belongs to one strike of one entry of the plan and is keyed by their names, e.g.
 * `random.1/4` (the entry's id, its strike number), so removing a strike from a trace, or an entry from a
 * plan, leaves the others as they were. A random fault asks for each strike separately whether it takes
 * place, and the default is no: a trace without the decision has no fault. When the next one comes does
 * not depend on that answer.
 */

import {
  Family,
  MICROS_PER_MILLISECOND,
  type Micros,
  type Plain,
  type ProcessId,
  type ProtocolEvent,
} from '../kernel/index.js';
import { located, takeAim } from './aim.js';
import { Aims, type Waiting } from './aims.js';
import { catalogueEntry } from './catalogue.js';
import type { WorldControls } from './controls.js';
import { Effects } from './effects.js';
import { drawOutsiders, type IsCore } from './outsiders.js';
import type { FaultAction, FaultPlan, RandomFault, ScheduledFault } from './plan.js';
import type { Draw } from './selectors.js';

/**
 * The decision whether a random fault strikes is drawn from 0 … this, and 0, the default, means no. Every
 * other number means yes: chance leaves out one strike in four billion, which nobody will meet.
 */
const STRIKE_MAX = 0xffff_ffff;

/** An aimed fault strikes at its moment, or two to the power of up to so many microseconds later. */
const MOST_DOUBLINGS = 12;

/** Random faults and flaps come no faster, so that a plan of zeros cannot stop virtual time. */
const SHORTEST_GAP_MICROS = MICROS_PER_MILLISECOND;

/** Streams of chance are numbered by the number in the entry's id below this, else by its position. */
const STREAM_LIMIT = 1000;
/** Beyond those of all entries. */
const HEAL_STREAM = 2 * STREAM_LIMIT;

/** What a wake-up is for. Immutable. */
type Job =
  | { readonly kind: 'scheduled'; readonly entry: number }
  | {
      readonly kind: 'random';
      readonly entry: number;
      readonly strike: number;
      /** Of an aimed fault: where its moment came. */
      readonly there: ProcessId | undefined;
    }
  | { readonly kind: 'remember' }
  | { readonly kind: 'end'; readonly key: string }
  | { readonly kind: 'flip'; readonly key: string; readonly upMicros: Micros; readonly downMicros: Micros };

export class Nemesis {
  private readonly effects: Effects;
  private readonly jobs = new Map<number, Job>();
  private aims = new Aims();
  private nextToken = 0;
  /** Invariant: once true, nothing strikes any more. */
  private isHealed = false;

  constructor(
    private readonly plan: FaultPlan,
    private readonly controls: WorldControls,
    private readonly healAtMicros: Micros,
    effects?: Effects,
  ) {
    this.effects = effects ?? Effects.create(controls, plan.damagedDiskBudget);
  }

  /** Schedules the explicit entries and the first strike of each random fault. */
  start(): void {
    this.plan.schedule.forEach((fault, entry) => {
      if (fault.atMicros >= this.healAtMicros) return;
      if (fault.action.do === 'rollback') {
        const draw = this.drawFor(fault.id, this.scheduledStream(entry), 0);
        this.rememberBefore(fault.atMicros, Math.floor(fault.atMicros / 2), draw);
      }
      this.schedule(fault.atMicros, { kind: 'scheduled', entry });
    });
    this.plan.random.forEach((_, entry) => this.awaitStrike(entry, 0, this.controls.now()));
  }

  /** Called back at a time that was asked for; a token that has lost its meaning does nothing. */
  wake(token: number): void {
    const job = this.jobs.get(token);
    if (job === undefined || this.isHealed) return;
    this.jobs.delete(token);
    switch (job.kind) {
      case 'scheduled':
        this.strikeScheduled(this.plan.schedule[job.entry] as ScheduledFault, job.entry);
        break;
      case 'random':
        this.strikeRandom(this.plan.random[job.entry] as RandomFault, job);
        break;
      case 'remember':
        this.effects.rememberDisks();
        break;
      case 'end':
        this.effects.end(job.key);
        break;
      case 'flip':
        this.flip(job);
        break;
    }
  }

  /** Ends every fault for good and starts every server that is down. A second call does nothing. */
  healAll(): void {
    if (this.isHealed) return;
    this.isHealed = true;
    this.jobs.clear();
    this.aims.clear();
    this.effects.healAll();
  }

  /** Like {@link healAll}, but some stay broken for good; returns who. */
  healCore(isCore: IsCore): ProcessId[] {
    if (this.isHealed) return [];
    this.healAll();
    const draw = this.drawFor('heal', HEAL_STREAM, 0);
    const outsiders = drawOutsiders(this.controls.servers, isCore, draw);
    for (const { server, action } of outsiders) {
      const id = 'outside the core';
      this.effects.begin({ key: `${id}/${server}`, id, action, groups: [[server]], isCutting: true });
    }
    return outsiders.map(({ server }) => server);
  }

  /** True while a fault wants the server down: a supervisor must not start it. */
  holdsDown(server: ProcessId): boolean {
    return this.effects.holdsDown(server);
  }

  /** A copy that acts on another world, itself a copy of this one's, whose wake-ups carry the same tokens. */
  clone(controls: WorldControls): Nemesis {
    const copy = new Nemesis(this.plan, controls, this.healAtMicros, this.effects.clone(controls));
    for (const [token, job] of this.jobs) copy.jobs.set(token, job);
    copy.aims = this.aims.clone();
    copy.nextToken = this.nextToken;
    copy.isHealed = this.isHealed;
    return copy;
  }

  encode(): Plain {
    const jobs = [...this.jobs].sort(([a], [b]) => a - b).map(([token, job]) => [token, { ...job }]);
    const { isHealed, nextToken, aims, effects } = this;
    return { isHealed, nextToken, jobs, aims: aims.encode(), effects: effects.encode() };
  }

  private strikeScheduled(fault: ScheduledFault, entry: number): void {
    const draw = this.drawFor(fault.id, this.scheduledStream(entry), 0);
    this.strike(fault.id, 0, fault.action, fault.forMicros, draw);
  }

  /** A server reports something: faults that are aimed at it strike at once, or in a moment. */
  heard(process: ProcessId, kind: ProtocolEvent['kind']): void {
    if (this.aims.isEmpty) return;
    for (const waiting of this.aims.hear(kind, this.controls.now())) this.takeMoment(waiting, process);
  }

  private takeMoment({ entry, strike }: Waiting, process: ProcessId): void {
    const { id } = this.plan.random[entry] as RandomFault;
    const { choices } = this.controls;
    const stream = this.randomStream(entry);
    // No choice, but a fact that an edited run must know.
    const there = choices.integer(Family.fault, stream, strikeKey(id, strike), 'there', process, process, -1);
    const doubling = this.drawFor(id, stream, strike)('delay', 0, MOST_DOUBLINGS, 0);
    const delay = doubling === 0 ? 0 : 1 << doubling;
    this.schedule(this.controls.now() + delay, { kind: 'random', entry, strike, there });
  }

  private strikeRandom(fault: RandomFault, { entry, strike, there }: Extract<Job, { kind: 'random' }>): void {
    const draw = this.drawFor(fault.id, this.randomStream(entry), strike);
    const isLasting = catalogueEntry(fault.action.do).duration !== 'never';
    const forMicros = isLasting
      ? draw('lasts', fault.forMinMicros, fault.forMaxMicros, fault.forMinMicros)
      : 0;
    const action = there === undefined ? fault.action : located(fault.action, there);
    if (draw('strike', 0, STRIKE_MAX, 0) !== 0) this.strike(fault.id, strike, action, forMicros, draw);
    this.awaitStrike(entry, strike + 1, this.controls.now() + forMicros);
  }

  /** `forMicros` undefined: until it is undone by another entry or healed. */
  private strike(
    id: string,
    strike: number,
    action: FaultAction,
    forMicros: Micros | undefined,
    draw: Draw,
  ): void {
    const { controls, effects } = this;
    const groups = takeAim(action, controls, (server) => effects.isEligible(action.do, server), draw);
    if (typeof groups === 'string') {
      controls.note(`${action.do} is skipped: ${groups} (${id})`);
      return;
    }
    const key = strikeKey(id, strike);
    effects.begin({ key, id, action, groups, isCutting: true });
    if (!effects.isInForce(key)) return;
    if (action.do === 'flap') {
      const { upMicros, downMicros } = action;
      this.scheduleFlip({ kind: 'flip', key, upMicros, downMicros }, downMicros);
    }
    if (forMicros !== undefined) this.schedule(controls.now() + forMicros, { kind: 'end', key });
  }

  private flip(job: Extract<Job, { kind: 'flip' }>): void {
    if (!this.effects.isInForce(job.key)) return;
    this.effects.flip(job.key);
    this.scheduleFlip(job, this.effects.isCutting(job.key) ? job.downMicros : job.upMicros);
  }

  private scheduleFlip(job: Job, afterMicros: Micros): void {
    this.schedule(this.controls.now() + Math.max(afterMicros, SHORTEST_GAP_MICROS), job);
  }

  /** Schedules a random fault's next strike; the gap is counted from the end of the one before. */
  private awaitStrike(entry: number, strike: number, fromMicros: Micros): void {
    const fault = this.plan.random[entry] as RandomFault;
    const draw = this.drawFor(fault.id, this.randomStream(entry), strike);
    const { aim } = fault;
    if (aim !== undefined) {
      const left = draw('gap', aim.least, aim.most, aim.most);
      this.aims.wait({ entry, strike, aim, from: fromMicros, left });
      return;
    }
    const gap = draw('gap', fault.everyMinMicros, fault.everyMaxMicros, fault.everyMaxMicros);
    const at = fromMicros + Math.max(gap, SHORTEST_GAP_MICROS);
    if (at >= this.healAtMicros) return;
    if (fault.action.do === 'rollback') this.rememberBefore(at, this.controls.now(), draw);
    this.schedule(at, { kind: 'random', entry, strike, there: undefined });
  }

  /** Draws the moment, from now to the strike, to which a rollback will return. */
  private rememberBefore(strikeMicros: Micros, byDefault: Micros, draw: Draw): void {
    this.schedule(draw('remember', this.controls.now(), strikeMicros, byDefault), { kind: 'remember' });
  }

  /** Nothing is scheduled at or after the heal time. */
  private schedule(atMicros: Micros, job: Job): void {
    if (atMicros >= this.healAtMicros) return;
    const token = this.nextToken++;
    this.jobs.set(token, job);
    this.controls.schedule(atMicros, token);
  }

  /** Where this strike's decisions come from; what leaves no choice is not asked. */
  private drawFor(id: string, stream: number, strike: number): Draw {
    const { choices } = this.controls;
    const subject = strikeKey(id, strike);
    return (what, min, max, byDefault) =>
      min >= max ? min : choices.integer(Family.fault, stream, subject, what, min, max, byDefault);
  }

  private scheduledStream(entry: number): number {
    return streamOf((this.plan.schedule[entry] as ScheduledFault).id, entry) * 2;
  }

  private randomStream(entry: number): number {
    return streamOf((this.plan.random[entry] as RandomFault).id, entry) * 2 + 1;
  }
}

function strikeKey(id: string, strike: number): string {
  return `${id}/${strike}`;
}

/** The number at the end of an id: it stays when other entries leave the plan. */
function streamOf(id: string, position: number): number {
  const digits = /\d+$/.exec(id);
  const number = digits === null ? position : Number(digits[0]);
  return number < STREAM_LIMIT ? number : position;
}
