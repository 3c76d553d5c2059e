/** `faultline fuzz`: ever new seeds of scenarios, until a budget is used up, something fails, or a signal comes. */

import {
  FailureGroups,
  FuzzSchedule,
  mergeByStory,
  type FailedVerdict,
  type FailureGroup,
  type Portion,
} from '../campaign/index.js';
import { UsageError } from '../kernel/index.js';
import {
  FuzzLedger,
  NOTHING,
  contentHash,
  type LedgerFailure,
  type LedgerHeader,
  type Ledgered,
} from '../node/fuzz-ledger.js';
import {
  FUZZ_COLUMNS,
  foundLine,
  fuzzLastLine,
  fuzzProgress,
  groupRecord,
  groupText,
  type FuzzFailure,
  type FuzzFigures,
} from '../report/fuzz-report.js';
import { table } from '../report/table.js';
import type { ReportedRun } from '../report/run-report.js';
import { QueuedRuns } from '../node/queue/queued-runs.js';
import { FAULTLINE_VERSION } from '../simulator/version.js';
import { ExitCode, VERDICT_CODES, graver } from './exit-codes.js';
import { minimiseKinds } from './fuzz-minima.js';
import { ScenarioTrack } from './fuzz-track.js';
import type { SavedMinimum } from './minimise.js';
import { DEFAULT_FUZZ_MICROS, DEFAULT_TRACE_FOLDER, type FuzzOptions } from './option-table.js';
import { bundledScenarios, planScenarios } from './plan-scenarios.js';
import { Publisher } from './publish.js';
import {
  RunReporter,
  type BrokenRun,
  type Planned,
  type PlannedScenario,
  type ReportedPortion,
} from './run-reporter.js';
import { MANY_TASKS, withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';

/** Few enough that a campaign ends soon after its time, and that little is run again after a kill. */
const SEEDS_PER_PORTION = 4;
/** Traces of one scenario: each is of another kind of failure, or shorter than the last of its kind. */
const MOST_TRACES = 100;
/** Time between two lines of progress where they do not replace each other. */
const PLAIN_LINE_MILLIS = 10_000;

/** A few seeds of a scenario. */
interface PlannedPortion extends Planned {
  readonly track: ScenarioTrack;
  /** How many seeds of the scenario came before. */
  readonly position: number;
}

/** The verb. */
export async function fuzz(
  terminal: Terminal,
  words: readonly string[],
  options: FuzzOptions,
): Promise<ExitCode> {
  if (options.resume && options.ledger === undefined) {
    throw new UsageError('missing-argument', '--resume: expected --ledger FILE, the campaign to go on with');
  }
  const plan = { set: options.set, bug: options.bug, beyondModel: false };
  const isAll = words.length === 0 && options.bug === undefined;
  const planned = isAll ? bundledScenarios(plan) : planScenarios(terminal, words, plan);
  requireDistinctNames(planned);
  const { ledger, before } = openLedger(options, planned);
  try {
    return await withSession(terminal, { ...options, tasks: options.runs ?? MANY_TASKS }, async (session) => {
      const elsewhere = await openQueue(session, options, planned);
      const campaign = new FuzzCampaign(terminal, session, options, planned, ledger, before, elsewhere);
      await campaign.run().finally(() => elsewhere?.close());
      if (options.minimise) await campaign.minimise();
      return campaign.finish();
    });
  } finally {
    ledger?.close();
  }
}

/** The queue that other machines' workers take seeds from. Throws UsageError. */
async function openQueue(
  session: Session,
  { queue, for: micros }: FuzzOptions,
  planned: readonly PlannedScenario[],
): Promise<QueuedRuns | undefined> {
  if (queue === undefined) return undefined;
  const own = planned.find(({ scenario }) => scenario.protocol.module !== undefined);
  if (own !== undefined) {
    throw new UsageError(
      'bad-usage',
      `--queue: ${own.word} has a module of its own, which other machines have not`,
    );
  }
  // Nobody may be there to run anything: the time ends all the same.
  const end = new AbortController();
  session.signal.addEventListener('abort', () => end.abort(), { once: true });
  if (micros !== undefined) setTimeout(() => end.abort(), micros / 1000).unref();
  return QueuedRuns.open(queue, end.signal);
}

/** Ledger and table know scenarios by their names. Throws UsageError. */
function requireDistinctNames(planned: readonly PlannedScenario[]): void {
  const paths = new Map<string, string>();
  for (const { path, scenario } of planned) {
    const other = paths.get(scenario.name);
    if (other !== undefined) {
      throw new UsageError('bad-value', `two scenarios are named '${scenario.name}': ${other} and ${path}`);
    }
    paths.set(scenario.name, path);
  }
}

function openLedger(
  options: FuzzOptions,
  planned: readonly PlannedScenario[],
): { readonly ledger: FuzzLedger | undefined; readonly before: Ledgered } {
  const { ledger: path, first, bug } = options;
  if (path === undefined) return { ledger: undefined, before: NOTHING };
  const header: LedgerHeader = {
    faultline: FAULTLINE_VERSION,
    scenarios: Object.fromEntries(planned.map(({ scenario }) => [scenario.name, contentHash(scenario)])),
    bug: bug ?? null,
    first,
    ...options.shard,
  };
  if (options.resume) return FuzzLedger.resume(path, header);
  return { ledger: FuzzLedger.create(path, header), before: NOTHING };
}

class FuzzCampaign {
  private readonly groups = new FailureGroups<FuzzFailure>();
  private readonly tracks: readonly ScenarioTrack[];
  private readonly schedule: FuzzSchedule;
  private readonly reporter: RunReporter;
  private readonly publisher: Publisher;
  private readonly began = performance.now();
  private readonly seconds: number | undefined;
  private code: ExitCode = ExitCode.passed;
  private runs = 0;
  private events = 0;
  private failures = 0;
  private isOver = false;
  /** By fingerprint of the kind of failure. */
  private minima: ReadonlyMap<string, SavedMinimum> = new Map();
  private lastLine = performance.now();
  /** Scenarios and seeds of all failures. */
  private readonly known = new Set<string>();

  constructor(
    private readonly terminal: Terminal,
    private readonly session: Session,
    private readonly options: FuzzOptions,
    private readonly planned: readonly PlannedScenario[],
    private readonly ledger: FuzzLedger | undefined,
    before: Ledgered,
    elsewhere: QueuedRuns | undefined,
  ) {
    const { runs, untilFailure, first, shard } = options;
    const hasOtherEnd = runs !== undefined || untilFailure;
    const micros = options.for ?? (hasOtherEnd ? undefined : DEFAULT_FUZZ_MICROS);
    this.seconds = micros === undefined ? undefined : micros / 1_000_000;
    this.tracks = planned.map(({ scenario }) => new ScenarioTrack(scenario.name, before));
    const done = this.tracks.map(({ runsBefore }) => runsBefore);
    const settings = { scenarios: planned.length, first, ...shard, size: SEEDS_PER_PORTION, runs };
    this.schedule = new FuzzSchedule(settings, done);
    for (const failure of before.failures) this.remember(failure);
    this.publisher = new Publisher(terminal, 'fuzz', options.reporter);
    this.reporter = new RunReporter(
      session.pool,
      {
        folder: options.out ?? DEFAULT_TRACE_FOLDER,
        savesExpected: false,
        traces: MOST_TRACES,
        isWorthATrace: (run) => this.isNews(run),
        set: options.set,
        bug: options.bug,
        beyondModel: false,
        timeoutMicros: options.timeout,
      },
      elsewhere ?? session.pool,
    );
  }

  async run(): Promise<void> {
    this.showProgress();
    for await (const reported of this.reporter.portions(this.portions())) {
      this.take(reported);
      this.showProgress();
      // What is under way beyond the budget is dropped: a campaign that goes on runs it again.
      if (this.isOver || this.isTimeUp()) return;
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
    const { bug, recheck } = this.options;
    // In another round for each scenario, so that all come to it, whatever their number.
    const round = Math.floor(position / SEEDS_PER_PORTION);
    const isRechecked = recheck !== undefined && (round + scenario) % recheck === 0;
    return { track, word, position, scenario: content, bug, seeds, isRechecked };
  }

  private take({ portion, runs }: ReportedPortion<PlannedPortion>): void {
    for (const run of runs) {
      this.runs++;
      this.events += run.outcome?.events ?? 0;
      this.publisher.add(run);
      this.code = graver(this.code, VERDICT_CODES[run.verdict]);
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
    const isNew = this.remember(failure);
    if (!isNew) return;
    this.failures++;
    const record = { ...failure, savedTo: failure.savedTo ?? null, invariant: failure.invariant ?? null };
    ledger?.failure(record);
    if (terminal.json) terminal.emit('failure', record);
    else if (failure.savedTo !== undefined) terminal.note(foundLine(failure));
  }

  /** True for a failure that is not known already: after a kill, some are found a second time. */
  private remember(failure: FuzzFailure | LedgerFailure): boolean {
    const key = `${failure.scenario} ${failure.seed}`;
    if (this.known.has(key)) return false;
    this.known.add(key);
    this.groups.add({
      ...failure,
      invariant: failure.invariant ?? undefined,
      savedTo: failure.savedTo ?? undefined,
    });
    return true;
  }

  private isNews({ scenario, seed, verdict, outcome }: BrokenRun): boolean {
    if (verdict === 'passed') return false;
    const { violation, events } = outcome;
    const message = violation?.message ?? '';
    return this.groups.isNews({
      scenario: scenario.name,
      seed,
      verdict,
      invariant: violation?.invariant,
      message,
      events,
    });
  }

  private figures(): FuzzFigures {
    const { runs, events, failures, options } = this;
    const seconds = (performance.now() - this.began) / 1000;
    return {
      runs,
      events,
      failures,
      groups: this.groups.size,
      seconds,
      secondsLeft: this.seconds === undefined ? undefined : Math.max(0, this.seconds - seconds),
      runsLeft: options.runs === undefined ? undefined : options.runs - runs,
    };
  }

  /** A line that replaces itself on a terminal; elsewhere a line now and then, for the log of a night. */
  private showProgress(): void {
    const { terminal } = this;
    const line = fuzzProgress(this.figures());
    terminal.progress(line);
    const now = performance.now();
    if (terminal.showsProgress || now - this.lastLine < PLAIN_LINE_MILLIS) return;
    this.lastLine = now;
    terminal.note(line);
  }

  /** Makes the shortest run of each kind small; a signal leaves the others as they are. */
  async minimise(): Promise<void> {
    const { terminal, session, options } = this;
    this.minima = await minimiseKinds(terminal, session, this.groups.all(), options.minimiseFor);
  }

  /** Kinds whose small runs tell the same story are one. */
  private kinds(): readonly FailureGroup<FuzzFailure>[] {
    return mergeByStory(
      this.groups.all(),
      ({ fingerprint }) => this.minima.get(fingerprint)?.story.fingerprint,
    );
  }

  finish(): ExitCode {
    const { terminal, session } = this;
    if (session.isInterrupted()) this.code = ExitCode.interrupted;
    const figures = this.figures();
    const kinds = this.kinds();
    const before = this.tracks.reduce((sum, { runsBefore }) => sum + runsBefore, 0);
    const { runs, events, failures, seconds } = figures;
    terminal.summarize({
      runs,
      runsBefore: before,
      events,
      failures,
      seconds: Math.round(seconds),
      kinds: kinds.map((kind) => groupRecord(kind, this.minima.get(kind.fingerprint))),
      scenarios: this.tracks.map((track) => track.record()),
    });
    if (!terminal.json) this.printResult(kinds, figures, before);
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
    terminal.print(fuzzLastLine(figures, before));
  }
}

function failureOf(run: ReportedRun, verdict: FailedVerdict): FuzzFailure {
  const { scenario, seed, outcome, reason, savedTo, runLine } = run;
  return {
    scenario: scenario.name,
    seed,
    verdict,
    invariant: outcome?.violation?.invariant,
    message: outcome?.violation?.message ?? reason ?? 'the bound of events was reached',
    events: outcome?.events ?? 0,
    savedTo,
    again: runLine,
  };
}
