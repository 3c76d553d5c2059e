/** Which of the runs that broke something get a trace: a night of failures must not fill a disk. */

import { fingerprintOf, type Failure, type Verdict } from '../campaign/index.js';
import type { Scenario } from '../scenario/index.js';
import type { Outcome } from '../simulator/index.js';

/** A run that broke something, as it comes in. */
export interface BrokenRun {
  readonly scenario: Scenario;
  readonly seed: string;
  readonly verdict: Verdict;
  readonly outcome: Outcome;
}

export interface TraceBudget {
  /** Whether the run is to have a trace. */
  isFor(run: BrokenRun): boolean;
  /** It has one. A run of which none could be recorded costs nothing. */
  spend(run: BrokenRun): void;
}

/** So many for each scenario, whatever broke. */
export class TracesByScenario implements TraceBudget {
  private readonly spent = new Map<Scenario, number>();

  constructor(private readonly most: number) {}

  isFor({ scenario }: BrokenRun): boolean {
    return (this.spent.get(scenario) ?? 0) < this.most;
  }

  spend({ scenario }: BrokenRun): void {
    this.spent.set(scenario, (this.spent.get(scenario) ?? 0) + 1);
  }
}

/** Most traces of one kind: each is shorter than the last, so there are few anyway. */
const MOST_OF_A_KIND = 100;

/** One for the first failure of each kind, whatever was found before, and one whenever a shorter one comes. */
export class TracesByKind implements TraceBudget {
  /** By fingerprint of the kind. */
  private readonly kinds = new Map<string, { readonly count: number; readonly events: number }>();

  isFor(run: BrokenRun): boolean {
    const failure = failureOf(run);
    if (failure === undefined) return false;
    const kind = this.kinds.get(fingerprintOf(failure));
    return kind === undefined || (failure.events < kind.events && kind.count < MOST_OF_A_KIND);
  }

  spend(run: BrokenRun): void {
    const failure = failureOf(run);
    if (failure !== undefined) this.note(failure);
  }

  /** A failure that has a trace. */
  note(failure: Failure): void {
    const fingerprint = fingerprintOf(failure);
    const { count, events } = this.kinds.get(fingerprint) ?? { count: 0, events: failure.events };
    this.kinds.set(fingerprint, { count: count + 1, events: Math.min(events, failure.events) });
  }
}

/** Undefined for a control that broke what it must break. */
function failureOf({ scenario, seed, verdict, outcome }: BrokenRun): Failure | undefined {
  if (verdict === 'passed') return undefined;
  const { violation, events } = outcome;
  const message = violation?.message ?? '';
  return { scenario: scenario.name, seed, verdict, invariant: violation?.invariant, message, events };
}
