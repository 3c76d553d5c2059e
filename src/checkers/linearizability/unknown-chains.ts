/**
 * How operations of unknown outcome make a definite operation possible.
 *
 * They are used only in chains that end in a definite operation which needs them. That loses nothing: take
 * an order with the fewest unknown operations; a run of them right before a definite operation x cannot be
 * shortened. So a chain never passes a state twice, never contains an operation whose predecessors could be
 * left out without changing the state after it, and, when x is a read or overwrites, ends where x first
 * becomes legal. Without this, three hundred writes that timed out give 300! orders to refute one read.
 *
 * Where x is legal in a short list of states the chains are found backwards from these, which for appends
 * and compare-and-set means that almost every operation is ruled out at once; otherwise forwards.
 */

import type { Behaviour } from './behaviour.js';
import type { Budget } from './budget.js';
import type { Configuration } from './configuration.js';
import type { Footprints } from './footprints.js';
import { ILLEGAL } from './model.js';
import type { Problem } from './problem.js';

const NONE = -1;

export class ChainFinder<State, Input, Output> {
  /** Chains one after the other: length, then the classes in the order of their use. */
  readonly chains: number[] = [];
  private readonly problem: Problem<State, Input, Output>;
  private readonly configuration: Configuration;
  private readonly footprints: Footprints;
  private readonly budget: Budget;
  private readonly inputs: readonly Input[];
  /** Classes that have a member which can be used now. */
  private readonly available: number[] = [];
  // The search tree of one call: state, class that leads to it (forwards) or from it (backwards), parent.
  private readonly nodeStates: number[] = [];
  private readonly nodeClasses: number[] = [];
  private readonly nodeParents: number[] = [];
  private readonly nodeEnds: boolean[] = [];
  /** Nodes walked that are not yet counted as steps. */
  private walked = 0;

  constructor(
    problem: Problem<State, Input, Output>,
    configuration: Configuration,
    footprints: Footprints,
    budget: Budget,
  ) {
    this.problem = problem;
    this.configuration = configuration;
    this.footprints = footprints;
    this.budget = budget;
    this.inputs = problem.unknown.representatives.map((operation) => operation.input);
  }

  /** Appends to `chains` the chains after which the definite operation becomes legal, or has another result. */
  find(rank: number): void {
    const { definite, model } = this.problem;
    const { legalIn, effect } = definite.behaviours[rank] as Behaviour;
    const statesBefore = model.hints?.statesBefore;
    if (legalIn === undefined || statesBefore === undefined) {
      this.findForwards(rank);
    } else if (effect !== 'update') {
      // Its result is the same from all of them, so one of them is enough, and none better than another.
      if (!legalIn.includes(this.configuration.state)) this.findBackwards(legalIn, statesBefore);
    } else {
      for (const target of legalIn) {
        if (target !== this.configuration.state) this.findBackwards([target], statesBefore);
      }
    }
  }

  private listAvailable(): void {
    const { usedCount } = this.configuration;
    this.available.length = 0;
    this.budget.spend(1 + (usedCount.length >>> 2));
    for (let each = 0; each < usedCount.length; each += 1) {
      if (this.hasMember(each, 0) && this.footprints.hasSelectedClass(each)) this.available.push(each);
    }
  }

  /** Whether one more member of the class can be used after `more` others in this chain. */
  private hasMember(unknownClass: number, more: number): boolean {
    const { start, call } = this.problem.unknown;
    const member =
      (start[unknownClass] as number) + (this.configuration.usedCount[unknownClass] as number) + more;
    if (member >= (start[unknownClass + 1] as number)) return false;
    return (call[member] as number) < (this.problem.definite.return[this.configuration.rank] as number);
  }

  /** Chains from the current state to one of the targets, all of which are other states. */
  private findBackwards(
    targets: readonly number[],
    statesBefore: (after: State, input: Input) => readonly State[] | 'any',
  ): void {
    this.clearNodes();
    for (const target of targets) this.addNode(target, NONE, NONE, false);
    const { classesByResult, openClasses } = this.problem.unknown;
    for (let node = 0; node < this.nodeStates.length; node += 1) {
      const exact = classesByResult.get(this.nodeStates[node] as number);
      if (exact !== undefined) this.stepBackwards(node, exact, statesBefore);
      this.stepBackwards(node, openClasses, statesBefore);
    }
  }

  /** Extends a chain at its front by each of the classes. */
  private stepBackwards(
    node: number,
    classes: readonly number[],
    statesBefore: (after: State, input: Input) => readonly State[] | 'any',
  ): void {
    const { table } = this.problem;
    const after = table.states[this.nodeStates[node] as number] as State;
    for (const each of classes) {
      if (this.budget.isSpent(table.states.length)) return;
      this.budget.spend(1);
      if (!this.hasMember(each, this.countInChain(node, each))) continue;
      if (!this.footprints.hasSelectedClass(each)) continue;
      const before = statesBefore(after, this.inputs[each] as Input);
      if (before === 'any') {
        this.addBackwardChain(node, each);
        continue;
      }
      for (const state of before) {
        const number = table.intern(state);
        if (number === this.configuration.state) this.addBackwardChain(node, each);
        else if (!this.isDominated(number, node, each)) this.addNode(number, each, node, false);
      }
    }
  }

  private findForwards(rank: number): void {
    const { definite, table } = this.problem;
    const origin = this.configuration.state;
    const stopsWhenLegal = (definite.behaviours[rank] as Behaviour).effect !== 'update';
    const direct = this.resultOf(rank, origin);
    if (stopsWhenLegal && direct !== NONE) return;
    this.listAvailable();
    this.clearNodes();
    this.addNode(origin, NONE, NONE, false);
    for (let node = 0; node < this.nodeStates.length; node += 1) {
      if (this.nodeEnds[node] === true) continue;
      for (const each of this.available) {
        if (this.budget.isSpent(table.states.length)) return;
        this.budget.spend(1);
        if (!this.hasMember(each, this.countInChain(node, each))) continue;
        const before = this.nodeStates[node] as number;
        const after = this.stateAfter(before, each);
        if (after === NONE || after === before) continue;
        if (this.canSkipPredecessors(node, each, after) || this.isDominated(after, node, each)) continue;
        const result = this.resultOf(rank, after);
        this.addNode(after, each, node, stopsWhenLegal && result !== NONE);
        if (result !== NONE && result !== direct) this.addForwardChain(this.nodeStates.length - 1);
      }
    }
  }

  /** The number of the state after a definite operation, or `NONE`. */
  private resultOf(rank: number, state: number): number {
    const { model, definite, table } = this.problem;
    const operation = definite.operations[rank] as (typeof definite.operations)[number];
    this.budget.spend(1);
    const after = model.step(table.states[state] as State, operation.input, operation.output);
    return after === ILLEGAL ? NONE : table.intern(after);
  }

  /** The number of the state after a member of a class, or -1. */
  stateAfter(state: number, unknownClass: number): number {
    const { model, table } = this.problem;
    const after = model.step(table.states[state] as State, this.inputs[unknownClass] as Input, undefined);
    return after === ILLEGAL ? NONE : table.intern(after);
  }

  /** Whether an ancestor of `node` could have used the class with the same result. */
  private canSkipPredecessors(node: number, unknownClass: number, after: number): boolean {
    let ancestor = this.nodeParents[node] as number;
    for (; ancestor !== NONE; ancestor = this.nodeParents[ancestor] as number) {
      this.budget.spend(1);
      if (this.stateAfter(this.nodeStates[ancestor] as number, unknownClass) === after) return true;
    }
    return false;
  }

  /** Whether a chain already found has the same end and uses no more than `node` followed by the class. */
  private isDominated(state: number, node: number, unknownClass: number): boolean {
    this.budget.spend(this.nodeStates.length >>> 4);
    for (let other = 0; other < this.nodeStates.length; other += 1) {
      if (this.nodeStates[other] === state && this.usesNoMore(other, node, unknownClass)) return true;
    }
    return false;
  }

  private usesNoMore(other: number, node: number, unknownClass: number): boolean {
    for (let at = other; this.nodeParents[at] !== NONE; at = this.nodeParents[at] as number) {
      const each = this.nodeClasses[at] as number;
      const available = this.countInChain(node, each) + (each === unknownClass ? 1 : 0);
      if (this.countInChain(other, each) > available) return false;
    }
    return true;
  }

  private countInChain(node: number, unknownClass: number): number {
    let count = 0;
    for (let at = node; at !== NONE; at = this.nodeParents[at] as number) {
      if (this.nodeClasses[at] === unknownClass) count += 1;
      this.walked += 1;
    }
    this.budget.spend(this.walked >>> 3);
    this.walked &= 7;
    return count;
  }

  private addBackwardChain(node: number, first: number): void {
    const lengthAt = this.chains.length;
    this.chains.push(0, first);
    for (let at = node; this.nodeParents[at] !== NONE; at = this.nodeParents[at] as number) {
      this.chains.push(this.nodeClasses[at] as number);
    }
    this.chains[lengthAt] = this.chains.length - lengthAt - 1;
  }

  private addForwardChain(node: number): void {
    const reversed: number[] = [];
    for (let at = node; this.nodeParents[at] !== NONE; at = this.nodeParents[at] as number) {
      reversed.push(this.nodeClasses[at] as number);
    }
    this.chains.push(reversed.length);
    for (let index = reversed.length - 1; index >= 0; index -= 1) this.chains.push(reversed[index] as number);
  }

  private clearNodes(): void {
    this.nodeStates.length = 0;
    this.nodeClasses.length = 0;
    this.nodeParents.length = 0;
    this.nodeEnds.length = 0;
  }

  private addNode(state: number, unknownClass: number, parent: number, ends: boolean): void {
    this.nodeStates.push(state);
    this.nodeClasses.push(unknownClass);
    this.nodeParents.push(parent);
    this.nodeEnds.push(ends);
  }
}
