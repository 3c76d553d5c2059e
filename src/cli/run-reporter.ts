/**
 * From what the pool reports to what is told: each run judged, compared with a second execution when asked
 * for, and its trace saved when it broke something. Keeps the order of scenarios and seeds.
 */

import { Guide, judge, learns } from '../campaign/index.js';
import { UsageError, formatDuration } from '../kernel/index.js';
import { InterruptedError } from '../node/interrupted-error.js';
import type { RunReport, RunRequest, SimulationPool, StopReason } from '../node/run-pool.js';
import { saveRecipe } from '../node/trace-folder.js';
import { replayCommand, runCommand } from '../report/shell.js';
import type { ReportedRun } from '../report/run-report.js';
import type { Scenario } from '../scenario/index.js';
import { compareEventLogs } from '../simulator/determinism.js';
import type { Divergence } from '../simulator/divergence.js';
import type { Outcome, Recipe } from '../simulator/index.js';
import type { TraceBudget } from './trace-budget.js';

/** A scenario, and what the user called it. */
export interface PlannedScenario {
  readonly word: string;
  /** Of its file. */
  readonly path: string;
  readonly scenario: Scenario;
}

export interface ReporterSettings {
  /** Where traces go. */
  readonly folder: string;
  /** Whether violations that a control must have are saved too. */
  readonly savesExpected: boolean;
  /** Which runs that broke something have a trace. */
  readonly traces: TraceBudget;
  readonly set: readonly string[];
  readonly bug: string | undefined;
  readonly beyondModel: boolean;
  readonly timeoutMicros: number;
}

/** Seeds of a scenario, and what the user called it. */
export interface Planned extends RunRequest {
  readonly word: string;
  /** Whether every run is executed again in a fresh worker, and compared. Default false. */
  readonly isRechecked?: boolean;
  /** The line that repeats the run at this place of the seeds. Default: the plain run of its seed. */
  readonly again?: (place: number) => string;
}

export interface ReportedPortion<Portion> {
  readonly portion: Portion;
  readonly runs: readonly ReportedRun[];
}

type Facts = Pick<
  ReportedRun,
  'verdict' | 'isExpectedViolation' | 'reason' | 'savedTo' | 'replayLine' | 'recipe'
>;

export class RunReporter {
  /** What is wrong with the place for traces, say. What was found is told first: it stands without a trace. */
  private problem: { readonly error: unknown } | undefined = undefined;

  constructor(
    private readonly pool: SimulationPool,
    private readonly settings: ReporterSettings,
    /** Who runs portions; what is worth a trace is run again and recorded here. */
    private readonly source: Pick<SimulationPool, 'portions'> = pool,
  ) {}

  /** Every seed of every scenario. Ends early when the pool's signal does. */
  runs(
    planned: readonly PlannedScenario[],
    seeds: readonly string[],
    checksDeterminism = false,
  ): AsyncGenerator<ReportedRun> {
    return untilInterrupted(this.allRuns(planned, seeds, checksDeterminism));
  }

  /**
   * Portion by portion, in their order, which are asked for as there is room: there may be no end of them. Ends early
   * when the pool's signal does.
   */
  portions<Portion extends Planned>(planned: Iterable<Portion>): AsyncGenerator<ReportedPortion<Portion>> {
    return untilInterrupted(this.allPortions(planned));
  }

  private async *allRuns(
    planned: readonly PlannedScenario[],
    seeds: readonly string[],
    checksDeterminism: boolean,
  ): AsyncGenerator<ReportedRun> {
    const { bug, beyondModel: findsAll } = this.settings;
    const requests = planned.map(({ word, scenario }): Planned => ({ word, scenario, bug, seeds, findsAll }));
    const words = new Map(requests.map(({ scenario, word }) => [scenario, word]));
    const second = checksDeterminism ? this.pool.runs(requests, true) : undefined;
    try {
      for await (const report of this.pool.runs(requests)) {
        const again = await second?.next();
        if (second !== undefined && again?.done === true) return;
        const repeated = again?.done === false ? again.value : undefined;
        yield await this.tell(report, repeated, words.get(report.request.scenario) ?? '');
        this.throwProblem();
      }
    } finally {
      // The loop ends the first executions with it; the second ones are asked for by hand.
      await second?.return(undefined);
    }
  }

  private async *allPortions<Portion extends Planned>(
    planned: Iterable<Portion>,
  ): AsyncGenerator<ReportedPortion<Portion>> {
    for await (const { request, reports } of this.source.portions(planned)) {
      const again: RunReport[] = [];
      if (request.isRechecked === true) {
        for await (const report of this.pool.runs([request], true)) again.push(report);
        // Ended before the comparison: as good as not run.
        if (again.length < reports.length) return;
      }
      const runs: ReportedRun[] = [];
      for (const [i, report] of reports.entries()) {
        const run = await this.tell(report, again[i], request.word);
        runs.push(request.again === undefined ? run : { ...run, runLine: request.again(i) });
      }
      yield { portion: request, runs };
      this.throwProblem();
    }
  }

  /** Throws what ends everything, if there is such: also for whoever has enough before the next run is asked for. */
  throwProblem(): void {
    if (this.problem !== undefined) throw this.problem.error;
  }

  /** Notes what will end everything once this run is told; returns what is told with it. */
  private note(error: unknown): string {
    if (error instanceof InterruptedError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    // That one run has no trace is no reason to end.
    const isOfOneRun = error instanceof UsageError && error.code.startsWith('trace-');
    if (!isOfOneRun) this.problem ??= { error };
    return `no trace: ${message}`;
  }

  private async tell(report: RunReport, repeated: RunReport | undefined, word: string): Promise<ReportedRun> {
    const { bug, set, beyondModel } = this.settings;
    const { request, seed, outcome } = report;
    const facts = outcome === undefined ? this.ended(report) : await this.judged(report, outcome, repeated);
    return {
      scenario: request.scenario,
      seed,
      bug,
      beyondModel,
      outcome,
      broken: report.broken,
      ...facts,
      runLine: runCommand({ scenario: word, seed, set, bug, beyondModel }),
    };
  }

  /** The watchdog ended it: its recipe is all that can be saved. */
  private ended(report: RunReport): Facts {
    const { request, seed, stopped } = report;
    const reason = this.stopSentence(stopped ?? 'no-progress');
    const { scenario, bug, seeds, strategy = 'swarm' } = request;
    const before = seeds.slice(0, seeds.indexOf(seed));
    // Where runs learn from each other, what a seed stands for rests on those before it.
    const recipe = learns(strategy) ? undefined : new Guide(strategy, scenario).next(seed).recipe;
    const repeats = recipe ?? { seed, strategy, seeds: before };
    const facts = {
      verdict: 'bound-reached',
      isExpectedViolation: false,
      replayLine: undefined,
      recipe,
    } as const;
    try {
      const savedTo = saveRecipe(this.settings.folder, { scenario, seed, repeats, bug, reason });
      return { ...facts, reason, savedTo };
    } catch (error) {
      return { ...facts, reason: `${reason}; ${this.note(error)}`, savedTo: undefined };
    }
  }

  private stopSentence(reason: StopReason): string {
    if (reason === 'out-of-memory') return 'ended: it used up the memory of its worker';
    return `ended: no event was executed for ${formatDuration(this.settings.timeoutMicros)}; an endless loop?`;
  }

  private async judged(report: RunReport, outcome: Outcome, repeated: RunReport | undefined): Promise<Facts> {
    const { request, seed } = report;
    // One that was ended from outside says nothing about the other.
    if (repeated?.outcome !== undefined && repeated.outcome.digest !== outcome.digest) {
      return this.diverged(report, outcome.digest, repeated.outcome.digest);
    }
    const judgement = judge(request.scenario, outcome);
    const isWorthATrace =
      outcome.violation !== undefined && (!judgement.isExpectedViolation || this.settings.savesExpected);
    const run = { scenario: request.scenario, seed, verdict: judgement.verdict, outcome };
    const { traces } = this.settings;
    if (!isWorthATrace || !traces.isFor(run)) {
      return { ...judgement, savedTo: undefined, replayLine: undefined };
    }
    const { path, digest, problem } = await this.record(request, outcome.recipe);
    const isAnother = digest !== undefined && digest !== outcome.digest;
    // The trace of another run shows nothing of this one: the next run has its turn.
    if (path === undefined || isAnother) traces.fail(run);
    else traces.spend(run);
    if (isAnother) return this.diverged(report, outcome.digest, digest);
    return {
      ...judgement,
      reason: [judgement.reason, problem].filter((text) => text !== undefined).join('; ') || undefined,
      savedTo: path,
      replayLine: path === undefined ? undefined : replayCommand(path),
    };
  }

  /** Runs once more with recording on. */
  private async record({ scenario, bug }: RunRequest, recipe: Recipe): Promise<Recording> {
    const { folder } = this.settings;
    try {
      const done = await this.pool.perform({ kind: 'record', scenario, bug, recipe, folder });
      if (done.stopped !== undefined) return { ...NO_RECORDING, problem: 'no trace: recording it was ended' };
      return { path: done.value.path, digest: done.value.outcome.digest, problem: undefined };
    } catch (error) {
      return { ...NO_RECORDING, problem: this.note(error) };
    }
  }

  private async diverged(report: RunReport, first: string, second: string): Promise<Facts> {
    const recipe = report.outcome?.recipe;
    const difference = recipe === undefined ? undefined : await this.firstDifference(report, recipe);
    const lines = [
      `digest ${first}, then ${second} from the same seed`,
      ...(difference === undefined
        ? ['a third and a fourth execution do not tell where they part']
        : [
            `the first different event is number ${difference.event}; what differs: ${difference.what}`,
            `  once ${difference.recorded}`,
            `  then ${difference.replayed}`,
          ]),
    ];
    const reason = lines.join('\n');
    return {
      verdict: 'diverged',
      isExpectedViolation: false,
      reason,
      savedTo: undefined,
      replayLine: undefined,
    };
  }

  /**
   * Where two executions of the recipe part: one in a worker that has run this seed and those before it,
   * one in a worker that has done nothing.
   */
  private async firstDifference(
    { request, seed }: RunReport,
    recipe: Recipe,
  ): Promise<Divergence | undefined> {
    const { scenario, bug, seeds, strategy = 'swarm' } = request;
    const before = seeds.slice(0, seeds.indexOf(seed) + 1);
    const task = { kind: 'log', scenario, bug, strategy, recipe } as const;
    const logs = await Promise.all([
      this.pool.perform({ ...task, seeds: before }, { fresh: true }),
      this.pool.perform({ ...task, seeds: [] }, { fresh: true }),
    ]);
    const [first, second] = logs.map(({ value }) => value);
    return first === undefined || second === undefined ? undefined : compareEventLogs(first, second);
  }
}

/** A run that was cut short while its trace was recorded is as good as not run: it is found again. */
async function* untilInterrupted<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  }
}

interface Recording {
  readonly path: string | undefined;
  /** Of the recorded run. */
  readonly digest: string | undefined;
  readonly problem: string | undefined;
}

const NO_RECORDING: Recording = { path: undefined, digest: undefined, problem: undefined };
