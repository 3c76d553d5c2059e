/**
 * Which operations can matter to the next return, for models that say what an operation touches.
 *
 * Operations that touch disjoint parts of the state commute. So what is open and connected to the next
 * returning operation only through untouched parts can wait until after it: it is open there as well, since
 * nothing returns earlier, and the state comes out the same. The connected ones are a persistent set
 * (Godefroid, "Partial-order methods for the verification of concurrent systems", LNCS 1032, ch. 4).
 * This is what splitting by key does, also where some operations touch several keys.
 */

import type { Budget } from './budget.js';
import type { Configuration } from './configuration.js';
import type { Problem } from './problem.js';

export class Footprints {
  private readonly problem: Problem<unknown, unknown, unknown>;
  private readonly budget: Budget;
  /** By rank and by unknown class: numbers of the touched parts; empty when the model does not say. */
  private readonly ofDefinite: readonly (readonly number[])[];
  private readonly ofClass: readonly (readonly number[])[];
  private readonly isKnown: boolean;
  /** Whether some operation touches several parts, so that they connect others. */
  private readonly connects: boolean;
  /** By part: the last `select` that found it connected to the next return. */
  private readonly selected: Int32Array;
  private selection = 0;

  constructor(problem: Problem<unknown, unknown, unknown>, budget: Budget) {
    const { definite, unknown, model } = problem;
    const touches = model.hints?.touches;
    const numbers = new Map<string, number>();
    const number = (part: string): number => {
      const known = numbers.get(part) ?? numbers.size;
      numbers.set(part, known);
      return known;
    };
    const list = (operations: readonly { readonly input: unknown }[]): number[][] =>
      touches === undefined ? [] : operations.map(({ input }) => touches(input).map(number));
    this.problem = problem;
    this.budget = budget;
    this.isKnown = touches !== undefined;
    this.ofDefinite = list(definite.operations);
    this.ofClass = list(unknown.representatives);
    this.connects = [...this.ofDefinite, ...this.ofClass].some((parts) => parts.length > 1);
    this.selected = new Int32Array(numbers.size);
  }

  /** Selects what is connected to the next return of the configuration. */
  select(configuration: Configuration): void {
    if (!this.isKnown) return;
    this.selection += 1;
    this.add(this.ofDefinite[configuration.rank] as readonly number[]);
    if (!this.connects) return;
    for (let hasGrown = true; hasGrown;) hasGrown = this.grow(configuration);
  }

  hasSelected(rank: number): boolean {
    return !this.isKnown || this.isSelected(this.ofDefinite[rank] as readonly number[]);
  }

  hasSelectedClass(unknownClass: number): boolean {
    return !this.isKnown || this.isSelected(this.ofClass[unknownClass] as readonly number[]);
  }

  /** Adds the open operations that share a part with those selected; false when there was nothing to add. */
  private grow(configuration: Configuration): boolean {
    const { unknown } = this.problem;
    let hasGrown = false;
    for (const head of [configuration.changing, configuration.steady]) {
      let rank = configuration.next[head] as number;
      for (; configuration.isOpen(rank); rank = configuration.next[rank] as number) {
        this.budget.spend(1);
        if (this.hasSelected(rank) && this.add(this.ofDefinite[rank] as readonly number[])) hasGrown = true;
      }
    }
    this.budget.spend(unknown.classes);
    for (let each = 0; each < unknown.classes; each += 1) {
      if (this.hasSelectedClass(each) && this.add(this.ofClass[each] as readonly number[])) hasGrown = true;
    }
    return hasGrown;
  }

  private isSelected(parts: readonly number[]): boolean {
    for (const part of parts) if (this.selected[part] === this.selection) return true;
    return false;
  }

  /** True when one of the parts is new. */
  private add(parts: readonly number[]): boolean {
    let isNew = false;
    for (const part of parts) {
      if (this.selected[part] === this.selection) continue;
      this.selected[part] = this.selection;
      isNew = true;
    }
    return isNew;
  }
}
