/**
 * `faultline tour`: what Faultline does, in a few seconds. Scenarios that correct code survives, a control
 * that nothing survives, then a published bug: caught, saved, replayed, and gone with the correct code.
 */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findScenarios, loadScenarioFile } from '../node/scenario-files.js';
import type { ReplayedTrace } from '../node/tasks.js';
import {
  RUN_COLUMNS,
  ScenarioTally,
  problemText,
  runRecord,
  type ReportedRun,
} from '../report/run-report.js';
import { replayVerdict, type ReplayVerdict } from '../report/replay-report.js';
import { replayCommand } from '../report/shell.js';
import { elideStory } from '../report/story.js';
import { table } from '../report/table.js';
import { wrap } from '../report/wrap.js';
import { findBug } from '../zoo/index.js';
import { ExitCode } from './exit-codes.js';
import type { TourOptions } from './option-table.js';
import { RunReporter, type PlannedScenario, type ReporterSettings } from './run-reporter.js';
import { withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';
import { TracesByScenario } from './trace-budget.js';

const SCENARIOS = [
  'raft/baseline-quiet',
  'raft/lossy-network',
  'raft/leader-partition',
  'raft/one-way-partition',
  'raft/crash-restart-storm',
  'raft/disk-faults',
  'raft/clock-jumps',
  'raft/amnesia-beyond-model',
];
const SEEDS = ['1', '2', '3'];
const BUG = 'R23-old-term-commit';
/** Enough for a bug that shows in a good share of runs. */
const BUG_SEEDS = 50;
const WIDTH = 80;
const STORY_EVENTS = 8;
const TIMEOUT_MICROS = 30_000_000;

/** The verb. */
export async function tour(
  terminal: Terminal,
  _words: readonly string[],
  options: TourOptions,
): Promise<ExitCode> {
  const tasks = SCENARIOS.length * SEEDS.length;
  const session = { workers: options.workers, tasks, timeout: TIMEOUT_MICROS };
  return withSession(terminal, session, async (open) => new Tour(terminal, open).walk());
}

class Tour {
  private asPromised = true;

  constructor(
    private readonly terminal: Terminal,
    private readonly session: Session,
  ) {}

  async walk(): Promise<ExitCode> {
    await this.runScenarios();
    const caught = await this.catchBug();
    if (caught !== undefined) await this.replayTwice(caught);
    if (this.session.isInterrupted()) return ExitCode.interrupted;
    this.terminal.summarize({ asPromised: this.asPromised });
    this.say();
    this.say('Next: faultline list, faultline show raft/leader-partition, faultline --help');
    return this.asPromised ? ExitCode.passed : ExitCode.violated;
  }

  /** Scenarios over a few seeds: the correct code holds, the control does not. */
  private async runScenarios(): Promise<void> {
    const planned = SCENARIOS.flatMap((word) => plan(word));
    const tallies = planned.map(({ scenario }) => new ScenarioTally(scenario));
    this.title('Raft under faults: every message, crash and disk error comes from a seed');
    let done = 0;
    const problems: ReportedRun[] = [];
    for await (const run of this.reporter({ traces: new TracesByScenario(0), beyondModel: true }).runs(
      planned,
      SEEDS,
    )) {
      tallies.find(({ scenario }) => scenario === run.scenario)?.add(run);
      if (this.terminal.json) this.terminal.emit('run', runRecord(run));
      if (run.verdict !== 'passed') problems.push(run);
      this.terminal.progress(`${++done} of ${planned.length * SEEDS.length} runs`);
    }
    const { paint } = this.terminal;
    this.say(
      table(
        RUN_COLUMNS,
        tallies.map((tally) => tally.row(paint)),
        paint,
      ),
    );
    this.say();
    for (const problem of problems) this.say(`${problemText(problem, paint)}\n`);
    if (problems.length > 0) this.asPromised = false;
    this.say('The last one is a control: its disks forget what they confirmed, which no Raft');
    this.say('survives. A control that passed would mean that the checkers sleep.');
  }

  /** A published bug over seeds, until the first violation. */
  private async catchBug(): Promise<ReportedRun | undefined> {
    const bug = findBug(BUG);
    this.title(`A published bug: ${bug.id}`);
    for (const line of wrap(`${bug.title} Seen in ${bug.source}.`, WIDTH)) this.say(line);
    const folder = mkdtempSync(join(tmpdir(), 'faultline-tour-'));
    const seeds = Array.from({ length: BUG_SEEDS }, (_, i) => String(i + 1));
    const reporter = this.reporter({ folder, traces: new TracesByScenario(1), bug: bug.id });
    for await (const run of reporter.runs(plan(bug.scenario), seeds)) {
      if (run.verdict === 'passed') continue;
      this.say();
      if (this.terminal.json) this.terminal.emit('run', runRecord(run));
      else this.say(problemText(run, this.terminal.paint));
      return run;
    }
    if (!this.session.signal.aborted) {
      this.asPromised = false;
      this.say(`It did not show in ${BUG_SEEDS} runs, which is not as it should be.`);
    }
    return undefined;
  }

  /** The saved trace, strictly; then its decisions against the correct code. */
  private async replayTwice(caught: ReportedRun): Promise<void> {
    const path = caught.savedTo;
    if (path === undefined) return;
    const strict = await this.replay(path, false);
    if (strict === undefined) return;
    const [heading = '', ...story] = strict.story;
    this.title('How it came about: the last events before the violation');
    this.say(this.terminal.paint.dim(heading));
    for (const line of elideStory(story)) this.say(line);
    this.title('The same again, event by event');
    this.tellReplay(replayCommand(path), path, strict, replayVerdict(strict, false));
    this.title('The same decisions, with the correct code in place of the bug');
    const adapted = await this.replay(path, true);
    if (adapted === undefined) return;
    this.tellReplay(`${replayCommand(path)} --adapt --correct`, path, adapted, replayVerdict(adapted, true));
  }

  private async replay(path: string, isAdapted: boolean): Promise<ReplayedTrace | undefined> {
    const story = { until: undefined, node: undefined, count: STORY_EVENTS, width: WIDTH };
    const done = await this.session.pool.perform({
      kind: 'replay',
      path,
      mode: isAdapted ? 'adapt' : 'strict',
      withoutBug: isAdapted,
      story: isAdapted ? undefined : story,
    });
    return done.value;
  }

  private tellReplay(command: string, path: string, replayed: ReplayedTrace, verdict: ReplayVerdict): void {
    const { terminal } = this;
    const isGood = verdict.kind === 'as-expected';
    if (!isGood) this.asPromised = false;
    if (terminal.json) {
      terminal.emit('replay', {
        path,
        mode: replayed.result.mode,
        kind: verdict.kind,
        text: verdict.lines.join('\n'),
      });
      return;
    }
    terminal.print(`${terminal.paint.dim('$')} ${terminal.paint.cyan(command)}`);
    terminal.print((isGood ? terminal.paint.green.bold : terminal.paint.red.bold)(verdict.headline));
    for (const text of verdict.lines) for (const line of wrap(text, WIDTH - 2)) terminal.print(`  ${line}`);
  }

  private reporter(settings: Partial<ReporterSettings>): RunReporter {
    return new RunReporter(this.session.pool, {
      folder: '',
      savesExpected: false,
      traces: new TracesByScenario(0),
      set: [],
      bug: undefined,
      beyondModel: false,
      timeoutMicros: TIMEOUT_MICROS,
      ...settings,
    });
  }

  private title(text: string): void {
    this.say();
    this.say(this.terminal.paint.bold(text));
    this.say();
  }

  private say(text = ''): void {
    if (!this.terminal.json) this.terminal.print(text);
  }
}

function plan(word: string): PlannedScenario[] {
  return findScenarios(word).map((found) => ({
    word: found.name,
    path: found.path,
    scenario: loadScenarioFile(found),
  }));
}
