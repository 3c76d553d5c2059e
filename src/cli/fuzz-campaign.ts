/** A campaign while it runs: portions of seeds planned, what comes of them taken in, and told at the end. */

import {
  FailureGroups,
  FuzzSchedule,
  mergeByStory,
  together,
  type FailedVerdict,
  type FailureGroup,
  type Portion,
} from '../campaign/index.js';
import { UsageError } from '../kernel/index.js';
import type { FuzzLedger, LedgerFailure, Ledgered } from '../node/fuzz-ledger.js';
import type { QueuedRuns } from '../node/queue/queued-runs.js';
import {
  FUZZ_COLUMNS,
  foundLine,
  fuzzLastLine,
  fuzzProgress,
  groupRecord,
  groupText,
  recipeRecord,
  type FuzzFailure,
  type FuzzFigures,
} from '../report/fuzz-report.js';
import { recipeOf, type ReportedRun } from '../report/run-report.js';
import { table } from '../report/table.js';
import { plainRecipe } from '../simulator/index.js';
import { ExitCode, VERDICT_CODES, codeOf, graver } from './exit-codes.js';
import { repetitionOf } from './fuzz-again.js';
import { earlierRuns } from './fuzz-earlier.js';
import { minimiseKinds } from './fuzz-minima.js';
import { reportError } from './report-error.js';
import { ScenarioTrack } from './fuzz-track.js';
import type { SavedMinimum } from './minimise.js';
import { DEFAULT_TRACE_FOLDER, type FuzzOptions } from './option-table.js';
import type { Publisher } from './publish.js';
import { RunReporter, type Planned, type PlannedScenario, type ReportedPortion } from './run-reporter.js';
import type { Session } from './session.js';
import type { Terminal } from './terminal.js';
import { TracesByKind } from './trace-budget.js';

/** A few seeds of a scenario. */
interface PlannedPortion extends Planned {
  readonly track: ScenarioTrack;
  /** How many seeds of the scenario came before. */
  readonly position: number;
}

/** What a campaign works with. */
export interface CampaignParts {
  readonly publisher: Publisher;
  readonly ledger: FuzzLedger | undefined;
  /** What the ledger says of earlier processes. */
  readonly before: Ledgered;
  /** Who runs the seeds; undefined: the session's own pool. */
  readonly elsewhere: QueuedRuns | undefined;
}

export class FuzzCampaign {
  /** Of each kind a run that has a trace is told, where there is one. */
  private readonly groups = new FailureGroups<FuzzFailure>(({ savedTo }) => savedTo !== undefined);
  private readonly traces = new TracesByKind();
  private readonly tracks: readonly ScenarioTrack[];
  private readonly schedule: FuzzSchedule;
  private readonly reporter: RunReporter;
  private readonly publisher: Publisher;
  private readonly ledger: FuzzLedger | undefined;
  private readonly began = performance.now();
  /** When the last run was told of; undefined: not yet. What comes after takes time, and is no run. */
  private ended: number | undefined = undefined;
  private readonly seconds: number | undefined;
  private code: ExitCode = ExitCode.passed;
  private runs = 0;
  private events = 0;
  /** Found by earlier processes of the campaign. */
  private readonly failuresBefore: number;
  private isOver = false;
  /** What ended it before its time. */
  private problem: { readonly error: unknown } | undefined = undefined;
  /** By fingerprint of the kind of failure. */
  private readonly minima = new Map<string, SavedMinimum>();
  /** Scenarios and seeds of all failures, those of earlier processes included. */
  private readonly known = new Set<string>();

  constructor(
    private readonly terminal: Terminal,
    private readonly session: Session,
    private readonly options: FuzzOptions,
    private readonly planned: readonly PlannedScenario[],
    { publisher, ledger, before, elsewhere }: CampaignParts,
  ) {
    const { runs, first, shard, for: micros } = options;
    this.seconds = micros === undefined ? undefined : micros / 1_000_000;
    this.tracks = planned.map(({ scenario }) => new ScenarioTrack(scenario.name, before));
    const done = this.tracks.map(({ runsBefore }) => runsBefore);
    const settings = { scenarios: planned.length, first, ...shard, size: together(options.strategy), runs };
    this.schedule = new FuzzSchedule(settings, done);
    for (const failure of before.failures) this.rememberNoted(failure);
    this.failuresBefore = this.known.size;
    this.publisher = publisher;
    planned.forEach(({ scenario }, i) =>
      publisher.addEarlier(earlierRuns(scenario, this.tracks[i] as ScenarioTrack, before.failures, options)),
    );
    this.ledger = ledger;
    this.reporter = new RunReporter(
      session.pool,
      {
        folder: options.out ?? DEFAULT_TRACE_FOLDER,
        savesExpected: false,
        traces: this.traces,
        set: options.set,
        bug: options.bug,
        beyondModel: false,
        timeoutMicros: options.timeout,
      },
      elsewhere ?? session.pool,
    );
  }

  /** Until the budget is used up. What goes wrong on the way ends it, and is told by {@link finish}. */
  async run(): Promise<void> {
    try {
      await this.runPortions();
    } catch (error) {
      // Nothing to tell but the error.
      if (this.runs === 0 && this.known.size === 0) throw error;
      this.endWith(error);
    } finally {
      this.ended = performance.now();
    }
  }

  /** What was found stands. The first problem is told: what comes after may follow from it. */
  private endWith(error: unknown): void {
    this.problem ??= { error };
    this.code = graver(this.code, codeOf(error));
  }

  private async runPortions(): Promise<void> {
    this.showProgress();
    for await (const reported of this.reporter.portions(this.portions())) {
      this.take(reported);
      this.showProgress();
      // What is under way beyond the budget is dropped: a campaign that goes on runs it again.
      if (!this.isOver && !this.isTimeUp()) continue;
      this.reporter.throwProblem();
      return;
    }
  }

  private isTimeUp(): boolean {
    return this.figures().secondsLeft === 0;
  }

  /** Until the budget is used up. */
  private *portions(): Generator<PlannedPortion> {
    for (;;) {
      if (this.isOver || this.isTimeUp()) return;
      const portion = this.schedule.next();
      if (portion === undefined) return;
      yield this.planPortion(portion);
    }
  }

  private planPortion({ scenario, position, seeds }: Portion): PlannedPortion {
    const { word, scenario: content } = this.planned[scenario] as PlannedScenario;
    const track = this.tracks[scenario] as ScenarioTrack;
    const { bug, recheck, strategy } = this.options;
    // In another round for each scenario, so that all come to it, whatever their number.
    const round = Math.floor(position / together(strategy));
    const isRechecked = recheck !== undefined && (round + scenario) % recheck === 0;
    const again = repetitionOf(this.options, word, position);
    return { track, word, position, scenario: content, bug, seeds, strategy, isRechecked, ...again };
  }

  private take({ portion, runs }: ReportedPortion<PlannedPortion>): void {
    for (const run of runs) {
      this.runs++;
      this.events += run.outcome?.events ?? 0;
      this.publisher.add(run);
      const { verdict } = run;
      if (verdict === 'passed') continue;
      this.fail(failureOf(run, verdict));
      if (this.options.untilFailure) this.isOver = true;
    }
    const entry = portion.track.add(portion.position, runs);
    this.ledger?.portion(entry);
  }

  private fail(failure: FuzzFailure): void {
    const { terminal, ledger } = this;
    const kinds = this.groups.size;
    const isNew = this.remember(failure);
    if (!isNew) return;
    const { recipe, ...facts } = failure;
    const { savedTo = null, invariant = null } = facts;
    const record = { ...facts, savedTo, invariant, ...recipeRecord(recipe) };
    ledger?.failure(record);
    if (terminal.json) terminal.emit('failure', record);
    else if (failure.savedTo !== undefined || this.groups.size > kinds) terminal.note(foundLine(failure));
  }

  private rememberNoted(failure: LedgerFailure): void {
    const known = {
      ...failure,
      invariant: failure.invariant ?? undefined,
      savedTo: failure.savedTo ?? undefined,
      recipe: failure.recipe ?? plainRecipe(failure.seed),
    };
    this.remember(known);
    if (known.savedTo !== undefined) this.traces.note(known);
  }

  /**
   * True for a failure that is not known already: after a kill, some are found a second time. Those of earlier processes
   * count as any other: a campaign that went on ends as it would have ended in one go.
   */
  private remember(failure: FuzzFailure): boolean {
    this.code = graver(this.code, VERDICT_CODES[failure.verdict]);
    const key = `${failure.scenario} ${failure.seed}`;
    if (this.known.has(key)) return false;
    this.known.add(key);
    this.groups.add(failure);
    return true;
  }

  private figures(): FuzzFigures {
    const { runs, events, options } = this;
    const seconds = ((this.ended ?? performance.now()) - this.began) / 1000;
    return {
      strategy: options.strategy,
      runs,
      events,
      failures: this.known.size,
      groups: this.groups.size,
      seconds,
      secondsLeft: this.seconds === undefined ? undefined : Math.max(0, this.seconds - seconds),
      runsLeft: options.runs === undefined ? undefined : options.runs - runs,
    };
  }

  private showProgress(): void {
    this.terminal.progress(fuzzProgress(this.figures()));
  }

  /**
   * Makes the shortest run of each kind small; a signal leaves the others as they are. What goes wrong is told by
   * {@link finish}, after what was found.
   */
  async minimise(): Promise<void> {
    // Where Faultline itself has failed, it is not asked for more.
    if (this.problem !== undefined && !(this.problem.error instanceof UsageError)) return;
    const { terminal, session, options, minima } = this;
    try {
      await minimiseKinds(terminal, session, this.groups.all(), options.minimiseFor, minima);
    } catch (error) {
      this.endWith(error);
    }
  }

  /** Kinds whose small runs tell the same story are one. */
  private kinds(): readonly FailureGroup<FuzzFailure>[] {
    return mergeByStory(
      this.groups.all(),
      ({ fingerprint }) => this.minima.get(fingerprint)?.story.fingerprint,
    );
  }

  /** Tells what was found, and what ended the campaign before its time. One code for reports and the process. */
  finish(): ExitCode {
    const { terminal, session } = this;
    if (session.isInterrupted()) this.code = ExitCode.interrupted;
    const figures = this.figures();
    const kinds = this.kinds();
    const before = this.tracks.reduce((sum, { runsBefore }) => sum + runsBefore, 0);
    const { runs, events, failures, seconds } = figures;
    terminal.summarize({
      strategy: this.options.strategy,
      runs,
      runsBefore: before,
      events,
      failures,
      failuresBefore: this.failuresBefore,
      seconds: Math.round(seconds),
      kinds: kinds.map((kind) => groupRecord(kind, this.minima.get(kind.fingerprint))),
      scenarios: this.tracks.map((track) => track.record()),
    });
    if (!terminal.json) this.printResult(kinds, figures, before);
    if (this.problem !== undefined) reportError(terminal, this.problem.error);
    this.publisher.finish(this.code);
    return this.code;
  }

  private printResult(
    kinds: readonly FailureGroup<FuzzFailure>[],
    figures: FuzzFigures,
    before: number,
  ): void {
    const { terminal } = this;
    const rows = this.tracks.filter(({ hasRun }) => hasRun).map((track) => track.row());
    if (rows.length > 0) terminal.print(`${table(FUZZ_COLUMNS, rows, terminal.paint)}\n`);
    for (const group of kinds) {
      const planned = this.planned.find(({ scenario }) => scenario.name === group.shortest.scenario);
      terminal.print(
        `${groupText(group, planned?.scenario, this.minima.get(group.fingerprint), terminal.paint)}\n`,
      );
    }
    terminal.print(fuzzLastLine({ ...figures, groups: kinds.length }, before));
  }
}

function failureOf(run: ReportedRun, verdict: FailedVerdict): FuzzFailure {
  const { scenario, seed, outcome, savedTo, runLine } = run;
  return {
    scenario: scenario.name,
    seed,
    verdict,
    invariant: outcome?.violation?.invariant,
    message: messageOf(run, verdict),
    events: outcome?.events ?? 0,
    recipe: recipeOf(run),
    savedTo,
    again: runLine,
  };
}

/** Two executions that differ have no one violation: where they part is what there is to tell. */
function messageOf({ outcome, reason }: ReportedRun, verdict: FailedVerdict): string {
  const violation = verdict === 'diverged' ? undefined : outcome?.violation?.message;
  return violation ?? reason ?? 'the bound of events was reached';
}
