/**
 * Makes a failing run small: delta debugging (Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing
 * Input", 2002) over servers, clients, faults, an operator's steps and single decisions.
 *
 * A run is here a scenario and the decisions in it that are not benign. Taking one away makes another run, which may
 * ask other questions; so after each step that still fails, the list is made anew from that run: what it deviated in.
 * It never grows that way, and as edits it makes exactly that run again.
 *
 * Where thousands of small delays hold each other in place, taking away finds no way down. Then quieter runs of
 * smaller scenarios are searched, in which chance answers only a share of the questions, for one that fails alike.
 */

import type { Decision, Micros } from '../../kernel/index.js';
import type { Scenario } from '../../scenario/index.js';
import { decisionsIn, rankOf, type Draft, type State } from './draft.js';
import { concretise } from './concretise.js';
import { withoutProcesses } from './fewer-processes.js';
import { huntsOf, type Hunt } from './hunts.js';
import {
  CLASSES,
  concreteActions,
  earlierBounds,
  familyOf,
  fewerEntries,
  quieter,
  simplerValues,
} from './reductions.js';
import type { Found, Proposal, Search } from './search.js';
import type { Kept, Trial } from './trial.js';

/** A run that takes this much longer than the one in hand, and events, is given up. */
const MORE_MICROS = 300_000;
const MORE_EVENTS = 1000;
/** Fewer decisions than this are a story already: no quieter run is searched. */
const FEW = 12;
/** Rounds of taking away, each of which begins anew when something was found. */
const MOST_ROUNDS = 6;
const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export class Minimiser {
  /** The smallest so far; undefined until the first run has failed as it should. */
  best: State | undefined = undefined;
  private state: State | undefined = undefined;
  /** What is found at the end of a run needs each run to its end. */
  private readonly isOfTheEnd: boolean;

  constructor(
    private readonly start: Draft,
    private readonly seed: string,
    endMicros: Micros,
  ) {
    this.isOfTheEnd = endMicros >= start.scenario.bounds.endMicros;
  }

  /** The whole search; `best` is its result, whenever it is cut off. False: the first run did not fail. */
  *search(): Search<boolean> {
    const { start } = this;
    const found = yield* this.ask([start]);
    if (found === undefined) return false;
    this.settle(start.scenario, found.kept);
    yield* this.withoutClasses(familyOf);
    if (this.size() > FEW * 4) yield* this.hunt(1);
    yield* this.coarse();
    yield* this.fine();
    for (let effort = 2; effort <= 4 && this.size() > FEW; effort++) {
      if (yield* this.hunt(effort)) yield* this.fine();
    }
    this.state = this.best;
    yield* this.finish();
    return true;
  }

  // ---- phases ----

  /** Everything of one kind at once: all delays, all clients' choices. */
  private *coarse(): Search<void> {
    for (const classOf of CLASSES) yield* this.withoutClasses(classOf);
  }

  private *withoutClasses(classOf: (decision: Decision) => string): Search<void> {
    const tried = new Set<string>();
    for (;;) {
      const { scenario, edits } = this.current();
      const classes = [...new Set(edits.map(classOf))].filter((name) => !tried.has(name));
      const drafts = classes.map((name) => ({
        scenario,
        edits: edits.filter((decision) => classOf(decision) !== name),
      }));
      const found = yield* this.take(drafts);
      for (const name of classes.slice(0, found?.place ?? classes.length)) tried.add(name);
      if (found === undefined) return;
    }
  }

  private *fine(): Search<void> {
    yield* this.makeConcrete();
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = this.rank();
      yield* this.fewerServers();
      yield* this.fewerClients();
      yield* this.lists();
      yield* this.coarse();
      yield* this.decisions();
      if (this.rank() >= before) break;
    }
    yield* this.take(simplerValues(this.current()));
    yield* this.exhaust(concreteActions);
  }

  private *makeConcrete(): Search<void> {
    const { scenario, edits, kept } = this.current();
    if (scenario.faults.random.length === 0 && scenario.operator?.random === undefined) return;
    yield* this.take([concretise(scenario, edits, kept.times)]);
  }

  private *fewerServers(): Search<void> {
    yield* this.fewer(() => {
      const { nodes } = this.current().scenario.cluster;
      const numbers = Array.from({ length: nodes }, (_, server) => server);
      const pairs = numbers.flatMap((a) => numbers.slice(a + 1).map((b) => [a, b]));
      return nodes <= 2 ? [] : [...pairs, ...numbers.map((server) => [server])].reverse();
    });
  }

  private *fewerClients(): Search<void> {
    yield* this.fewer(() => {
      const { cluster, workload } = this.current().scenario;
      const numbers = Array.from({ length: workload.clients }, (_, client) => cluster.nodes + client);
      const halves =
        numbers.length < 4 ? [] : [numbers.slice(numbers.length >> 1), numbers.slice(0, numbers.length >> 1)];
      const allButOne =
        numbers.length < 3 ? [] : numbers.map((kept) => numbers.filter((one) => one !== kept));
      return numbers.length < 2 ? [] : [...allButOne, ...halves, ...numbers.map((client) => [client])];
    });
  }

  private *fewer(groups: () => readonly (readonly number[])[]): Search<void> {
    for (;;) {
      const { scenario, edits } = this.current();
      const drafts = groups().flatMap((removed) => withoutProcesses(scenario, edits, new Set(removed)) ?? []);
      if ((yield* this.take(drafts)) === undefined) return;
    }
  }

  /** Faults, liars and steps of the operator. */
  private *lists(): Search<void> {
    for (const list of fewerEntries) {
      yield* this.reduce(
        (state) => list.count(state.scenario),
        ({ scenario, edits }, from, to) => ({ scenario: list.without(scenario, from, to), edits }),
      );
    }
  }

  private *decisions(): Search<void> {
    yield* this.reduce(
      ({ edits }) => edits.length,
      ({ scenario, edits }, from, to) => ({ scenario, edits: [...edits.slice(0, from), ...edits.slice(to)] }),
    );
  }

  /** Runs that are quieter, found by chance. True when one was found. */
  private *hunt(effort: number): Search<boolean> {
    const { start } = this;
    const hunts = huntsOf([this.current().scenario, start.scenario], this.seed, effort);
    const found = yield* this.ask(hunts);
    if (found === undefined) return false;
    this.settle((hunts[found.place] as Hunt).scenario, found.kept);
    return true;
  }

  /** Virtual time, and how much clients do in it. */
  private *finish(): Search<void> {
    yield* this.exhaust(quieter);
    yield* this.exhaust((state) => earlierBounds(state, this.isOfTheEnd));
  }

  // ---- steps ----

  /** Takes ever smaller parts of a list away, as long as that goes. */
  private *reduce(
    count: (state: State) => number,
    without: (state: State, from: number, to: number) => Draft,
  ): Search<void> {
    for (let size = count(this.current()); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let from = 0; from < count(this.current());) {
        const state = this.current();
        const total = count(state);
        const starts = Math.ceil((total - from) / size);
        const first = from;
        const found = yield* this.takeLazily(starts, (place) => {
          const at = first + place * size;
          return without(state, at, Math.min(total, at + size));
        });
        if (found === undefined) break;
        from = first + found.place * size;
      }
    }
  }

  /** Takes one of the drafts after another, as long as one is kept. */
  private *exhaust(draftsOf: (state: State) => readonly Draft[]): Search<void> {
    while ((yield* this.take(draftsOf(this.current()))) !== undefined);
  }

  private *take(drafts: readonly Draft[]): Search<Found | undefined> {
    return yield* this.takeLazily(drafts.length, (place) => drafts[place] as Draft);
  }

  private *takeLazily(count: number, draft: (place: number) => Draft): Search<Found | undefined> {
    if (count === 0) return undefined;
    const found = yield { count, trial: (place) => this.trialOf(draft(place)) };
    if (found !== undefined) this.settle(draft(found.place).scenario, found.kept);
    return found;
  }

  private *ask(drafts: readonly (Draft | Hunt)[]): Search<Found | undefined> {
    const proposal: Proposal = {
      count: drafts.length,
      trial: (place) => this.trialOf(drafts[place] as Draft | Hunt),
    };
    return drafts.length === 0 ? undefined : yield proposal;
  }

  private trialOf(draft: Draft | Hunt): Trial {
    const { scenario, edits } = draft;
    const { state } = this;
    const chance = 'chance' in draft ? draft.chance : undefined;
    const isFree = state === undefined || this.isOfTheEnd;
    return {
      scenario,
      seed: this.seed,
      edits,
      chance,
      untilMicros: isFree ? NO_LIMIT : Math.floor(state.kept.timeMicros * 1.5) + MORE_MICROS,
      mostEvents: state === undefined ? NO_LIMIT : state.kept.events * 2 + MORE_EVENTS,
    };
  }

  private settle(scenario: Scenario, kept: Kept): void {
    const state = { scenario, edits: kept.deviations, kept };
    this.state = state;
    if (this.best === undefined || rankOf(state) <= rankOf(this.best)) this.best = state;
  }

  private current(): State {
    return this.state as State;
  }

  private size(): number {
    return decisionsIn(this.current());
  }

  private rank(): number {
    return rankOf(this.current());
  }
}
