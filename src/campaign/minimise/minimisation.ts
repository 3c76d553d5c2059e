/** Minimising one trace, whoever runs the trials: what to look for, and what came of it. */

import { UsageError } from '../../kernel/index.js';
import { processCounts } from '../../scenario/index.js';
import {
  decisionsOf,
  type Implementation,
  type Minimised,
  type RunSize,
  type Trace,
} from '../../simulator/index.js';
import { decisionsIn, type Draft, type State } from './draft.js';
import { Minimiser } from './minimiser.js';
import { drive, type Found, type Search } from './search.js';
import { attempt, type Target } from './trial.js';

/** The smallest run that was found, and how much smaller it is. */
export interface MinimisedRun {
  readonly state: State;
  readonly minimised: Omit<Minimised, 'story'>;
}

export class Minimisation {
  readonly target: Target;
  readonly search: Search<boolean>;
  private readonly start: Draft;
  private readonly minimiser: Minimiser;
  private before: RunSize | undefined = undefined;

  /** `place` is how errors name the trace. Throws UsageError for a trace of a run that did not fail. */
  constructor(
    private readonly trace: Trace,
    private readonly place: string,
  ) {
    const { scenario, recipe, verdict } = trace.header;
    const { status, invariant, timeMicros } = verdict;
    if (invariant === undefined) {
      throw new UsageError(
        'nothing-to-minimise',
        `${place}: expected a trace of a run that violated or stalled, got one that ended as ${status}`,
      );
    }
    this.target = { status, invariant };
    this.start = { scenario, edits: decisionsOf(trace) };
    this.minimiser = new Minimiser(this.start, recipe.seed, timeMicros);
    this.search = this.minimiser.search();
  }

  /** To be told of every answer that the search is given: the first one is the run as it was found. */
  note(found: Found | undefined): void {
    if (found === undefined) return;
    this.before ??= sizeOf({ ...this.start, edits: found.kept.deviations, kept: found.kept });
  }

  /** Decisions of the smallest run so far. */
  get decisions(): number | undefined {
    const { best } = this.minimiser;
    return best === undefined ? undefined : decisionsIn(best);
  }

  /** Throws UsageError for a trace that today's code does not fail on. */
  result(runs: number, isCut: boolean): MinimisedRun {
    const { before } = this;
    const { best } = this.minimiser;
    if (best === undefined || before === undefined) throw this.notReproduced(isCut);
    const { digest } = this.trace.header;
    return { state: best, minimised: { from: digest, before, after: sizeOf(best), runs, isCut } };
  }

  private notReproduced(isCut: boolean): UsageError {
    const got = isCut ? 'no time to see that' : 'one that does not';
    return new UsageError(
      'not-reproduced',
      `${this.place}: expected a trace whose decisions violate ${this.target.invariant ?? ''} today, got ${got}`,
      isCut ? 'give it more time with --for' : 'faultline replay --adapt says what they come to',
    );
  }
}

/** Minimises in the calling thread, with so many trials at most. */
export function minimise(trace: Trace, implementation: Implementation, mostRuns: number): MinimisedRun {
  const minimisation = new Minimisation(trace, 'the trace');
  const { target, search } = minimisation;
  const run = (trial: Parameters<typeof attempt>[0]): ReturnType<typeof attempt> => {
    const kept = attempt(trial, target, implementation);
    if (kept !== undefined) minimisation.note({ place: 0, kept });
    return kept;
  };
  const { runs, isCut } = drive(search, run, mostRuns, () => false);
  return minimisation.result(runs, isCut);
}

function sizeOf(state: State): RunSize {
  const { servers, clients } = processCounts(state.scenario);
  const { operations, events, timeMicros } = state.kept;
  return { servers, clients, operations, events, timeMicros, decisions: decisionsIn(state) };
}
