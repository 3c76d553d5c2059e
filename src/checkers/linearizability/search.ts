/**
 * The search for a linearization (Wing & Gong, "Testing and verifying concurrent objects", JPDC 1993;
 * memoisation after Lowe, "Testing for linearizability", Concurrency and Computation 2017, §3): depth
 * first, an operation may come next if it was called before the first return not yet explained.
 *
 * It visits fewer orders than the papers do, and each cut keeps at least one of the shortest orders:
 * - an operation that leaves every state as it is comes as soon as it is legal, without alternatives:
 *   moved there from any later place, it changes nothing for the operations between;
 * - of two definite operations that behave alike the one that returns first comes first;
 * - operations of unknown outcome come only in chains that something definite needs (unknown-chains.ts);
 * - operations that cannot matter to the next return wait until after it (footprints.ts);
 * - a state that is still needed and that nothing can bring back is not left (demand.ts);
 * - states that nothing can tell apart are one state (anonymous-states.ts).
 * The stack of choices is an array: a history of any length needs no recursion.
 */

import type { Budget } from './budget.js';
import { Configuration } from './configuration.js';
import { planDemand } from './demand-plan.js';
import { Footprints } from './footprints.js';
import { Memo } from './memo.js';
import { ILLEGAL } from './model.js';
import type { HistoryOperation, Model } from './model.js';
import { NO_STATE, buildProblem } from './problem.js';
import type { Problem } from './problem.js';
import type { Timeline } from './timeline.js';
import { ChainFinder } from './unknown-chains.js';
import { findZoneConflict } from './zones.js';

export interface SearchOutcome<Input, Output> {
  readonly kind: 'found' | 'exhausted' | 'gave-up';
  /** The longest linearization found. */
  readonly linearization: readonly HistoryOperation<Input, Output>[];
  /** That many first completions it explains. */
  readonly explained: number;
  /** When exhausted: the number of first completions that probably is the least without a linearization. */
  readonly suspect: number;
}

/** Layout of one choice on the stack. */
const MOVES = 0; // moves made before it
const PHASE = 1;
const CURSOR = 2; // the definite operation tried last
const CHAIN_BASE = 3; // where its chains start in the arena
const CHAIN_NEXT = 4; // the next of them to try
const CHOICE_WORDS = 5;

const PHASE_DIRECT = 0;
const PHASE_CHAINS = 1;
const PHASE_STEADY_CHAINS = 2; // for operations that never change the state

const NOT_LEGAL = -1;

class Search<State, Input, Output> {
  private readonly problem: Problem<State, Input, Output>;
  private readonly budget: Budget;
  private readonly configuration: Configuration;
  private readonly memo: Memo;
  private readonly footprints: Footprints;
  /** The rank whose completion shows a conflict of zones, or -1. */
  private readonly conflict: number;
  private readonly finder: ChainFinder<State, Input, Output>;
  private choices = new Int32Array(CHOICE_WORDS * 64);
  private choiceCount = 0;
  private readonly best: Int32Array;
  private bestCount = 0;
  private bestRank = 0;
  /** The largest rank that was in the way of getting further than `bestRank`. */
  private suspectRank = 0;
  /** Whether `bestRank` was reached since `best` was copied, and the moves that both still share. */
  private bestIsStale = false;
  private bestShared = 0;

  constructor(problem: Problem<State, Input, Output>, budget: Budget) {
    this.problem = problem;
    this.budget = budget;
    const untyped = problem as Problem<unknown, unknown, unknown>;
    const plan = planDemand(untyped);
    this.configuration = new Configuration(untyped, plan);
    this.conflict = findZoneConflict(untyped, plan.basins);
    this.footprints = new Footprints(untyped, budget);
    this.memo = new Memo(problem.definite.slotWords, problem.unknown.words, budget.entriesMax);
    this.finder = new ChainFinder(problem, this.configuration, this.footprints, budget);
    this.best = new Int32Array(this.configuration.moves.length);
  }

  run(): SearchOutcome<Input, Output> {
    const { size, impossible } = this.problem.definite;
    const { unmet } = this.configuration.demand;
    if (impossible >= 0) return this.outcome('exhausted', impossible + 1);
    if (unmet >= 0) return this.outcome('exhausted', unmet + 1);
    if (this.conflict >= 0) return this.outcome('exhausted', this.conflict + 1);
    this.takeSteady();
    if (this.configuration.rank === size) return this.outcome('found', size);
    this.pushChoice();
    while (this.choiceCount > 0) {
      if (this.budget.isSpent(this.problem.table.states.length)) return this.outcome('gave-up', size);
      this.returnToChoice();
      if (!this.makeNextMove()) {
        this.popChoice();
        continue;
      }
      this.takeSteady();
      if (this.configuration.rank === size) return this.outcome('found', size);
      if (!this.isDeadEnd() && this.isNew()) this.pushChoice();
    }
    // A budget that ended within the last choice may have hidden moves.
    if (this.budget.isSpent(this.problem.table.states.length)) return this.outcome('gave-up', size);
    return this.outcome('exhausted', this.suspectRank + 1);
  }

  /** Linearizes all that is open and legal and leaves the state as it is. */
  private takeSteady(): void {
    const { next, steady, state } = this.configuration;
    let rank = next[steady] as number;
    while (this.configuration.isOpen(rank)) {
      const following = next[rank] as number;
      this.budget.spend(1);
      if (this.isLegal(rank)) this.configuration.linearize(rank, state);
      rank = following;
    }
    if (this.configuration.rank > this.bestRank) {
      this.bestRank = this.configuration.rank;
      this.suspectRank = this.bestRank;
      this.bestIsStale = true;
    }
  }

  /** Whether the next return needs a change of the state, and a later call needs that it does not change. */
  private isDeadEnd(): boolean {
    const { demand, rank, state } = this.configuration;
    const position = this.problem.definite.return[rank] as number;
    if (!demand.mustLastBeyond(state, position) || this.stateAfter(rank) === state) return false;
    if (rank === this.bestRank) this.suspectRank = Math.max(this.suspectRank, demand.lostRank);
    return true;
  }

  /** Takes back a move that lost a demand. */
  private refuseMove(top: number): void {
    const { configuration } = this;
    configuration.undoTo(this.choices[top + MOVES] as number);
    if (configuration.rank === this.bestRank) {
      this.suspectRank = Math.max(this.suspectRank, configuration.demand.lostRank);
    }
  }

  private isLegal(rank: number): boolean {
    const required = this.problem.definite.required[rank] as number;
    return required === NO_STATE
      ? this.stateAfter(rank) !== NOT_LEGAL
      : required === this.configuration.state;
  }

  /** The number of the state after a definite operation, or `NOT_LEGAL`. */
  private stateAfter(rank: number): number {
    const { model, table, definite } = this.problem;
    const operation = definite.operations[rank] as (typeof definite.operations)[number];
    const state = table.states[this.configuration.state] as State;
    const after = model.step(state, operation.input, operation.output);
    return after === ILLEGAL ? NOT_LEGAL : table.intern(after);
  }

  private isNew(): boolean {
    const { rank, state, slots, slotsHash, used } = this.configuration;
    const isNew = this.memo.enter(rank, state, slots, slotsHash, used);
    this.budget.spend(this.memo.cost);
    this.memo.cost = 0;
    return isNew;
  }

  /** Makes the next untried move of the choice on top; false when there is none. */
  private makeNextMove(): boolean {
    const top = (this.choiceCount - 1) * CHOICE_WORDS;
    this.footprints.select(this.configuration);
    if (this.choices[top + PHASE] === PHASE_DIRECT) {
      if (this.makeDirectMove(top)) return true;
      if (this.problem.unknown.classes === 0) return false;
      this.choices[top + PHASE] = PHASE_CHAINS;
      this.choices[top + CURSOR] = this.configuration.changing;
    }
    return this.makeChainMove(top);
  }

  private makeDirectMove(top: number): boolean {
    const { configuration } = this;
    const { required } = this.problem.definite;
    let rank = configuration.next[this.choices[top + CURSOR] as number] as number;
    for (; configuration.isOpen(rank); rank = configuration.next[rank] as number) {
      this.budget.spend(1);
      if (this.canWait(rank)) continue;
      const needed = required[rank] as number;
      if (needed !== NO_STATE && needed !== configuration.state) continue;
      const after = this.stateAfter(rank);
      if (after === NOT_LEGAL) continue;
      if (configuration.linearize(rank, after)) {
        this.choices[top + CURSOR] = rank;
        return true;
      }
      this.refuseMove(top);
    }
    return false;
  }

  private makeChainMove(top: number): boolean {
    const { configuration, finder } = this;
    const { table } = this.problem;
    const base = this.choices[top + CHAIN_BASE] as number;
    for (;;) {
      let chain = this.choices[top + CHAIN_NEXT] as number;
      while (chain < finder.chains.length) {
        const length = finder.chains[chain] as number;
        this.choices[top + CHAIN_NEXT] = chain + 1 + length;
        if (this.followChain(chain, this.choices[top + CURSOR] as number)) return true;
        this.refuseMove(top);
        chain = this.choices[top + CHAIN_NEXT] as number;
      }
      finder.chains.length = base;
      this.choices[top + CHAIN_NEXT] = base;
      let rank = configuration.next[this.choices[top + CURSOR] as number] as number;
      if (!configuration.isOpen(rank) && this.choices[top + PHASE] === PHASE_CHAINS) {
        this.choices[top + PHASE] = PHASE_STEADY_CHAINS;
        rank = configuration.next[configuration.steady] as number;
      }
      if (!configuration.isOpen(rank) || this.budget.isSpent(table.states.length)) return false;
      this.choices[top + CURSOR] = rank;
      this.budget.spend(1);
      if (!this.canWait(rank)) finder.find(rank);
    }
  }

  /** Uses the operations of a chain and linearizes the definite operation that it is for. */
  private followChain(chain: number, rank: number): boolean {
    const { configuration, finder } = this;
    const end = chain + 1 + (finder.chains[chain] as number);
    for (let index = chain + 1; index < end; index += 1) {
      const unknownClass = finder.chains[index] as number;
      const after = finder.stateAfter(configuration.state, unknownClass);
      if (after === NOT_LEGAL || !configuration.use(unknownClass, after)) return false;
    }
    const after = this.stateAfter(rank);
    return after !== NOT_LEGAL && configuration.linearize(rank, after);
  }

  /** Whether the next return can do without it, or an open operation that behaves alike returns earlier. */
  private canWait(rank: number): boolean {
    if (!this.footprints.hasSelected(rank)) return true;
    const { alike } = this.configuration;
    let other = alike.first(this.problem.definite.group[rank] as number);
    for (; other < rank; other = alike.after(other)) {
      this.budget.spend(1);
      if (this.configuration.isOpen(other)) return true;
    }
    return false;
  }

  private pushChoice(): void {
    const base = this.choiceCount * CHOICE_WORDS;
    if (base === this.choices.length) {
      const larger = new Int32Array(base * 2);
      larger.set(this.choices);
      this.choices = larger;
    }
    this.choices[base + MOVES] = this.configuration.moveCount;
    this.choices[base + PHASE] = PHASE_DIRECT;
    this.choices[base + CURSOR] = this.configuration.changing;
    this.choices[base + CHAIN_BASE] = this.finder.chains.length;
    this.choices[base + CHAIN_NEXT] = this.finder.chains.length;
    this.choiceCount += 1;
  }

  private popChoice(): void {
    this.choiceCount -= 1;
    this.finder.chains.length = this.choices[this.choiceCount * CHOICE_WORDS + CHAIN_BASE] as number;
  }

  private returnToChoice(): void {
    const moves = this.choices[(this.choiceCount - 1) * CHOICE_WORDS + MOVES] as number;
    if (this.bestIsStale) this.copyBest();
    if (moves < this.bestShared) this.bestShared = moves;
    const ranks = this.configuration.rank;
    this.configuration.undoTo(moves);
    this.budget.spend((ranks - this.configuration.rank) >>> 2);
  }

  private copyBest(): void {
    const { moves, moveCount } = this.configuration;
    this.best.set(moves.subarray(this.bestShared, moveCount), this.bestShared);
    this.bestCount = moveCount;
    this.bestShared = moveCount;
    this.bestIsStale = false;
  }

  private outcome(kind: SearchOutcome<Input, Output>['kind'], suspect: number): SearchOutcome<Input, Output> {
    if (this.bestIsStale) this.copyBest();
    const { definite, unknown } = this.problem;
    const linearization: HistoryOperation<Input, Output>[] = [];
    for (let index = 0; index < this.bestCount; index += 1) {
      const move = this.best[index] as number;
      const operation = move >= 0 ? definite.operations[move] : unknown.operations[~move];
      linearization.push(operation as HistoryOperation<Input, Output>);
    }
    return { kind, linearization, explained: this.bestRank, suspect };
  }
}

/** Searches for a linearization of a timeline cut after its first `completions` returns. */
export function searchPrefix<State, Input, Output>(
  model: Model<State, Input, Output>,
  timeline: Timeline<Input, Output>,
  completions: number,
  budget: Budget,
): SearchOutcome<Input, Output> {
  return new Search(buildProblem(model, timeline, completions), budget).run();
}
