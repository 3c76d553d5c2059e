/**
 * Minimising in worker threads. The search stays in the main thread; workers run its trials, several at a time, and
 * of those the first one in the search's own order counts: so the result is the same for any number of workers.
 */

import { Minimisation, type Found, type MinimisedRun, type Proposal, type Trial } from '../campaign/index.js';
import type { Trace } from '../simulator/trace.js';
import { inOrder } from './in-order.js';
import { InterruptedError } from './interrupted-error.js';
import type { SimulationPool } from './run-pool.js';
import type { AttemptTask } from './tasks.js';

export interface MinimiseBudget {
  /** Most trials: the result is a function of the trace and of this. */
  readonly runs: number;
  /** Only cuts: what has been found until then is the result. */
  readonly millis: number;
}

export interface MinimiseProgress {
  readonly runs: number;
  readonly decisions: number;
}

/** A task takes about this long, so that little is done in vain and little time goes into messages. */
const TASK_MILLIS = 40;
const MOST_TRIALS_PER_TASK = 16;
/** A timer of more than 31 bits would end at once. */
const LONGEST_TIMER_MILLIS = 2 ** 31 - 1;

/**
 * The smallest run found that fails as the trace's does. Throws UsageError for a trace of a run that did not fail, and
 * for one that today's code does not fail on.
 */
export async function minimiseTrace(
  pool: SimulationPool,
  trace: Trace,
  path: string,
  budget: MinimiseBudget,
  signal: AbortSignal,
  onProgress: (progress: MinimiseProgress) => void,
): Promise<MinimisedRun> {
  const minimisation = new Minimisation(trace, path);
  const { search, target } = minimisation;
  const driver = new PooledTrials(pool, { bug: trace.header.implementation.bug, target }, budget, signal);
  for (let answer: Found | undefined = undefined; ;) {
    const next = search.next(answer);
    if (next.done === true) return minimisation.result(driver.runs, false);
    const found = await driver.firstKept(next.value);
    if (found === 'cut') return minimisation.result(driver.runs, true);
    answer = found;
    minimisation.note(found);
    const { decisions } = minimisation;
    if (decisions !== undefined) onProgress({ runs: driver.runs, decisions });
  }
}

/** Runs the trials of proposals, in order, and counts them. */
class PooledTrials {
  runs = 0;
  private readonly lateAt: number;
  private perTask = 1;
  /** Ends the trials under way when the time is up: one that hangs must not use more. */
  private readonly deadline: AbortSignal;

  constructor(
    private readonly pool: SimulationPool,
    private readonly subject: Pick<AttemptTask, 'bug' | 'target'>,
    private readonly budget: MinimiseBudget,
    private readonly signal: AbortSignal,
  ) {
    this.lateAt = performance.now() + budget.millis;
    this.deadline = AbortSignal.timeout(Math.min(LONGEST_TIMER_MILLIS, Math.ceil(budget.millis)));
  }

  /** The first trial of a proposal that is kept; `cut` when the budget, or a signal, ends before that is known. */
  async firstKept(proposal: Proposal): Promise<Found | undefined | 'cut'> {
    try {
      return await this.firstOf(proposal);
    } catch (error) {
      // Before the first run there is nothing to keep.
      if (error instanceof InterruptedError && this.runs > 0) return 'cut';
      throw error;
    }
  }

  private async firstOf(proposal: Proposal): Promise<Found | undefined | 'cut'> {
    const left = this.budget.runs - this.runs;
    const count = Math.min(proposal.count, left);
    for await (const { from, trials, found } of this.portions(proposal, count)) {
      if (found !== undefined) {
        this.runs += found.place + 1;
        return { place: from + found.place, kept: found.kept };
      }
      this.runs += trials;
      if (this.isLate()) return 'cut';
    }
    return count < proposal.count || this.isLate() ? 'cut' : undefined;
  }

  private async *portions(
    proposal: Proposal,
    count: number,
  ): AsyncGenerator<{ readonly from: number; readonly trials: number; readonly found: Found | undefined }> {
    const ranges = this.ranges(count);
    yield* inOrder(ranges, this.pool.workers, async ({ from, to }) => {
      const trials: Trial[] = [];
      for (let place = from; place < to; place++) trials.push(proposal.trial(place));
      return { from, trials: trials.length, found: await this.attempt(trials) };
    });
  }

  /** A trial that hangs, or eats all memory, did not fail as it should; those behind it are still tried. */
  private async attempt(trials: readonly Trial[]): Promise<Found | undefined> {
    const began = performance.now();
    // The first run, which fails as it should or not, is all that there is to begin with: it is waited for.
    const signal = this.runs === 0 ? undefined : this.deadline;
    for (let from = 0; from < trials.length;) {
      const task = { kind: 'attempt', ...this.subject, trials: trials.slice(from) } as const;
      const done = await this.pool.perform(task, { signal });
      if (done.stopped === undefined) {
        this.learn((performance.now() - began) / trials.length);
        const { found } = done.value;
        return found === undefined ? undefined : { ...found, place: from + found.place };
      }
      from += done.position + 1;
    }
    return undefined;
  }

  private *ranges(count: number): Generator<{ readonly from: number; readonly to: number }> {
    for (let from = 0; from < count && !this.isLate();) {
      const to = Math.min(count, from + this.perTask);
      yield { from, to };
      from = to;
    }
  }

  private learn(millis: number): void {
    this.perTask = Math.max(
      1,
      Math.min(MOST_TRIALS_PER_TASK, Math.floor(TASK_MILLIS / Math.max(millis, 0.1))),
    );
  }

  private isLate(): boolean {
    return this.signal.aborted || performance.now() >= this.lateAt;
  }
}
