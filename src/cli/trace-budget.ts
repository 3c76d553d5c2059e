/** Which of the runs that broke something get a trace: a night of failures must not fill a disk. */

import { fingerprintOf, type Failure, type Verdict } from '../campaign/index.js';
import type { Scenario } from '../scenario/index.js';
import type { Outcome } from '../simulator/index.js';
import { KindQuota } from './kind-quota.js';

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
  /** It has one. */
  spend(run: BrokenRun): void;
  /** None could be recorded. That takes none from the others, but is not tried for ever: it costs a whole run. */
  fail(run: BrokenRun): void;
}

/** So many recordings in a row may come to nothing. */
const MOST_FAILED = 3;

/** So many for each scenario, whatever broke. */
export class TracesByScenario implements TraceBudget {
  private readonly spent = new Map<Scenario, number>();
  /** Recordings that came to nothing, since the last one that did not. */
  private readonly failed = new Map<Scenario, number>();

  constructor(private readonly most: number) {}

  isFor({ scenario }: BrokenRun): boolean {
    return (this.spent.get(scenario) ?? 0) < this.most && (this.failed.get(scenario) ?? 0) < MOST_FAILED;
  }

  spend({ scenario }: BrokenRun): void {
    this.spent.set(scenario, (this.spent.get(scenario) ?? 0) + 1);
    this.failed.delete(scenario);
  }

  fail({ scenario }: BrokenRun): void {
    this.failed.set(scenario, (this.failed.get(scenario) ?? 0) + 1);
  }
}

/** Most traces of one kind: each is shorter than the last, so there are few anyway. */
const MOST_OF_A_KIND = 100;

interface Kind {
  readonly count: number;
  /** Of the shortest run that has a trace. */
  readonly events: number;
  /** Recordings that came to nothing, since the last one that did not. */
  readonly failed: number;
}

const NEW_KIND: Kind = { count: 0, events: Infinity, failed: 0 };

/** One for the first failure of each kind while there is room for kinds, and one whenever a shorter one comes. */
export class TracesByKind implements TraceBudget {
  /** By fingerprint of the kind. */
  private readonly kinds = new Map<string, Kind>();
  private readonly quota = new KindQuota();

  isFor(run: BrokenRun): boolean {
    const failure = failureOf(run);
    if (failure === undefined) return false;
    const kind = this.kinds.get(fingerprintOf(failure));
    if (kind === undefined) return this.quota.hasRoomFor(failure);
    return failure.events < kind.events && kind.count < MOST_OF_A_KIND && kind.failed < MOST_FAILED;
  }

  spend(run: BrokenRun): void {
    const failure = failureOf(run);
    if (failure !== undefined) this.note(failure);
  }

  fail(run: BrokenRun): void {
    const failure = failureOf(run);
    if (failure !== undefined) this.change(failure, (kind) => ({ ...kind, failed: kind.failed + 1 }));
  }

  /** A failure that has a trace. */
  note(failure: Failure): void {
    this.change(failure, ({ count, events }) => ({
      count: count + 1,
      events: Math.min(events, failure.events),
      failed: 0,
    }));
  }

  private change(failure: Failure, changed: (kind: Kind) => Kind): void {
    const fingerprint = fingerprintOf(failure);
    const kind = this.kinds.get(fingerprint);
    // A kind that was tried takes its room, traced or not: else kinds that cannot be recorded would have no end.
    if (kind === undefined) this.quota.spend(failure);
    this.kinds.set(fingerprint, changed(kind ?? NEW_KIND));
  }
}

/** Undefined for a control that broke what it must break. */
function failureOf({ scenario, seed, verdict, outcome }: BrokenRun): Failure | undefined {
  if (verdict === 'passed') return undefined;
  const { violation, events } = outcome;
  const message = violation?.message ?? '';
  return { scenario: scenario.name, seed, verdict, invariant: violation?.invariant, message, events };
}
