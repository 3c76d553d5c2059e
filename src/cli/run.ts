/** `faultline run`: scenarios over seeds, judged, with a trace for what broke. */

import { checkPlan } from '../faults/index.js';
import { UsageError } from '../kernel/index.js';
import { counted, groupedCount } from '../report/figures.js';
import {
  RUN_COLUMNS,
  ScenarioTally,
  problemText,
  runRecord,
  singleRunText,
  type ReportedRun,
} from '../report/run-report.js';
import { table } from '../report/table.js';
import { wrap } from '../report/wrap.js';
import { requireDistinctNames } from './distinct-names.js';
import { ExitCode, VERDICT_CODES, codeOf, graver } from './exit-codes.js';
import { DEFAULT_TRACE_FOLDER, type RunOptions } from './option-table.js';
import { planScenarios } from './plan-scenarios.js';
import { Publisher } from './publish.js';
import { reportError } from './report-error.js';
import { RunReporter, type PlannedScenario } from './run-reporter.js';
import { withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';
import { TracesByScenario } from './trace-budget.js';

/** Runs that the watchdog may end before the rest is given up. */
const MOST_STOPPED = 3;
const WIDTH = 80;
/** Problems told in full for each scenario, at least; `--traces` may ask for more. */
const PROBLEMS_TOLD = 10;

/** The verb. */
export async function run(
  terminal: Terminal,
  words: readonly string[],
  options: RunOptions,
): Promise<ExitCode> {
  const seeds = seedsOf(options);
  const planned = planScenarios(terminal, words, options);
  requireDistinctNames(planned);
  const tasks = planned.length * seeds.length;
  return withSession(terminal, { ...options, tasks }, async (session) => {
    const campaign = new CliCampaign(terminal, session, options, planned, seeds);
    await campaign.run();
    return campaign.finish();
  });
}

function seedsOf(options: RunOptions): readonly string[] {
  if (options.seed !== undefined && options.seeds !== undefined) {
    throw new UsageError('bad-usage', '--seed and --seeds exclude each other');
  }
  if (options.seed === '') throw new UsageError('bad-value', '--seed: expected a text, got an empty one');
  return options.seeds ?? [options.seed ?? '1'];
}

/** One invocation: runs come in, lines go out. */
class CliCampaign {
  private code: ExitCode = ExitCode.passed;
  private readonly tallies: readonly ScenarioTally[];
  private readonly reporter: RunReporter;
  private readonly publisher: Publisher;
  private readonly total: number;
  private done = 0;
  private stopped = 0;
  private untold = 0;
  private last: ReportedRun | undefined = undefined;
  /** What ended it before its time. */
  private problem: { readonly error: unknown } | undefined = undefined;

  constructor(
    private readonly terminal: Terminal,
    private readonly session: Session,
    private readonly options: RunOptions,
    private readonly planned: readonly PlannedScenario[],
    private readonly seeds: readonly string[],
  ) {
    this.tallies = planned.map(({ scenario }) => new ScenarioTally(scenario));
    this.total = planned.length * seeds.length;
    this.publisher = new Publisher(terminal, 'run', options.reporter);
    this.reporter = new RunReporter(session.pool, {
      folder: options.out ?? DEFAULT_TRACE_FOLDER,
      savesExpected: options.out !== undefined,
      traces: new TracesByScenario(options.traces),
      set: options.set,
      bug: options.bug,
      beyondModel: options.beyondModel,
      timeoutMicros: options.timeout,
    });
  }

  /** What goes wrong on the way ends it, and is told by {@link finish}, after what was found. */
  async run(): Promise<void> {
    try {
      await this.runAll();
    } catch (error) {
      // Nothing to tell but the error.
      if (this.done === 0) throw error;
      this.problem = { error };
      this.code = graver(this.code, codeOf(error));
    }
  }

  private async runAll(): Promise<void> {
    this.showProgress();
    for await (const run of this.reporter.runs(this.planned, this.seeds, this.options.checkDeterminism)) {
      this.take(run);
      if (this.stopped >= MOST_STOPPED && this.done < this.total) {
        this.terminal.note(
          `${MOST_STOPPED} runs were ended: the other ${this.total - this.done} are not tried`,
        );
        break;
      }
    }
  }

  private take(run: ReportedRun): void {
    const { terminal, options } = this;
    const tally = this.tallies.find(({ scenario }) => scenario === run.scenario);
    tally?.add(run);
    this.publisher.add(run);
    this.done++;
    this.last = run;
    if (run.outcome === undefined) this.stopped++;
    this.code = graver(this.code, VERDICT_CODES[run.verdict]);
    if (terminal.json) terminal.emit('run', runRecord(run));
    else if (run.verdict !== 'passed') {
      const problems = tally === undefined ? 0 : tally.runs - tally.count('passed');
      if (problems <= Math.max(PROBLEMS_TOLD, options.traces))
        terminal.print(`${problemText(run, terminal.paint)}\n`);
      else this.untold++;
    }
    this.showProgress();
  }

  private showProgress(): void {
    const problems = this.tallies.reduce((sum, tally) => sum + tally.runs - tally.count('passed'), 0);
    const found = problems === 0 ? '' : `, ${counted(problems, 'problem')}`;
    this.terminal.progress(`${groupedCount(this.done)} of ${counted(this.total, 'run')}${found}`);
  }

  finish(): ExitCode {
    const { terminal } = this;
    if (this.session.isInterrupted()) this.code = ExitCode.interrupted;
    terminal.summarize({
      runs: this.done,
      planned: this.total,
      verdicts: this.verdicts(),
      scenarios: this.tallies.map((tally) => ({
        scenario: tally.scenario.name,
        runs: tally.runs,
        verdicts: Object.fromEntries(tally.verdicts),
        broken: Object.fromEntries(tally.broken),
        unjudged: tally.unjudged,
      })),
    });
    if (!terminal.json) this.printResult();
    if (this.problem !== undefined) reportError(terminal, this.problem.error);
    this.publisher.finish(this.code);
    return this.code;
  }

  private printResult(): void {
    const { terminal, last } = this;
    const { paint } = terminal;
    if (this.untold > 0) terminal.print(`and ${counted(this.untold, 'problem')} more: --json tells of all\n`);
    if (this.total === 1 && last !== undefined) {
      if (last.verdict === 'passed') terminal.print(this.passedLine(last));
      const text = singleRunText(last, paint);
      if (text !== '') terminal.print(text);
    } else {
      const rows = this.tallies.filter(({ runs }) => runs > 0).map((tally) => tally.row(paint));
      if (rows.length > 0) terminal.print(`${table(RUN_COLUMNS, rows, paint)}\n`);
      this.printUnjudged();
    }
    if (this.options.beyondModel) this.printBroken();
    if (this.total > 1) terminal.print(this.lastLine());
  }

  private passedLine(run: ReportedRun): string {
    const { paint } = this.terminal;
    const broken = run.outcome?.violation;
    const how = broken === undefined ? '' : `: violates ${broken.invariant}, as a control must`;
    return `${paint.green.bold('PASSED')} ${paint.bold(run.scenario.name)}, seed ${run.seed}${how}`;
  }

  /** A pass says nothing of what could not be judged. */
  private printUnjudged(): void {
    const lines = this.tallies.map((tally) => tally.unjudgedLine()).filter((line) => line !== undefined);
    for (const line of lines) this.terminal.print(line);
    if (lines.length > 0) this.terminal.print();
  }

  /** What a run beyond the failure model is for. */
  private printBroken(): void {
    const { terminal } = this;
    for (const tally of this.tallies) {
      const { scenario, runs, broken } = tally;
      const breaches = checkPlan(scenario.faults, scenario.model);
      terminal.print(
        `${scenario.name}: ${breaches.length === 0 ? 'nothing in the plan is beyond the failure model' : 'beyond the failure model:'}`,
      );
      for (const { message } of breaches) {
        for (const line of wrap(message, WIDTH - 2)) terminal.print(`  ${line}`);
      }
      for (const [invariant, count] of broken) {
        terminal.print(
          `  ${terminal.paint.red('broke')} ${invariant} in ${groupedCount(count)} of ${counted(runs, 'run')}`,
        );
      }
      if (broken.size === 0) terminal.print(`  no property broke in ${counted(runs, 'run')}`);
    }
    terminal.print();
  }

  private verdicts(): Readonly<Record<string, number>> {
    const sums = new Map<string, number>();
    for (const tally of this.tallies) {
      for (const [verdict, count] of tally.verdicts) sums.set(verdict, (sums.get(verdict) ?? 0) + count);
    }
    return Object.fromEntries(sums);
  }

  private lastLine(): string {
    const counts = Object.entries(this.verdicts()).map(
      ([verdict, count]) => `${groupedCount(count)} ${WORDS.get(verdict) ?? verdict}`,
    );
    const rest = this.done < this.total ? ` of ${groupedCount(this.total)}` : '';
    return `${groupedCount(this.done)}${rest} runs: ${counts.length === 0 ? 'none judged' : counts.join(', ')}`;
  }
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['bound-reached', 'at the bound'],
  ['diverged', 'not deterministic'],
]);
