/**
 * How much work a check may still do, counted in steps and never in time, so that a bound is hit at the
 * same place on every machine.
 */
export class Budget {
  steps = 0;
  private stepsMax: number;
  /** For the configurations remembered by one search, and for the distinct states it sees. */
  readonly entriesMax: number;

  constructor(stepsMax: number, entriesMax: number) {
    this.stepsMax = stepsMax;
    this.entriesMax = entriesMax;
  }

  /** Sets the bound to this many steps from here. */
  allow(steps: number): void {
    this.stepsMax = this.steps + steps;
  }

  spend(steps: number): void {
    this.steps += steps;
  }

  /** Whether a search that has seen this many distinct states has to end. */
  isSpent(states: number): boolean {
    return !(this.steps < this.stepsMax && states <= this.entriesMax);
  }
}
