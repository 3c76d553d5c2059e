/** `faultline coverage`: which rare situations the runs of scenarios reach, and which they never do. */

import { CoverageTally, judge, listSeeds, type CoveredSituation } from '../campaign/index.js';
import { SITUATIONS, renderSituations } from '../checkers/index.js';
import { UsageError } from '../kernel/index.js';
import type { RunReport } from '../node/run-pool.js';
import { coverageLine, coverageRecord, coverageText } from '../report/coverage-report.js';
import { counted, groupedCount } from '../report/figures.js';
import { runCommand } from '../report/shell.js';
import { ExitCode, VERDICT_CODES, graver } from './exit-codes.js';
import { DEFAULT_COVERAGE_SEEDS, type CoverageOptions } from './option-table.js';
import { bundledScenarios, planScenarios } from './plan-scenarios.js';
import type { PlannedScenario } from './run-reporter.js';
import { withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';

/** Runs that did not pass and are told of: `run` tells of all. */
const PROBLEMS_TOLD = 10;

const AS_THEY_ARE = { set: [], bug: undefined, beyondModel: false };

/** The verb. */
export async function coverage(
  terminal: Terminal,
  words: readonly string[],
  options: CoverageOptions,
): Promise<ExitCode> {
  if (options.markdown) return printPage(terminal, words);
  const seeds = options.seeds ?? listSeeds(DEFAULT_COVERAGE_SEEDS, '--seeds');
  const planned =
    words.length === 0 ? bundledScenarios(AS_THEY_ARE) : planScenarios(terminal, words, AS_THEY_ARE);
  const tasks = planned.length * seeds.length;
  return withSession(terminal, { ...options, tasks }, async (session) => {
    const survey = new Survey(terminal, session, options, tasks);
    await survey.run(planned, seeds);
    return survey.finish();
  });
}

function printPage(terminal: Terminal, words: readonly string[]): ExitCode {
  if (words.length > 0) {
    throw new UsageError('bad-usage', `--markdown: expected no scenarios, got '${words.join(' ')}'`);
  }
  terminal.summarize({ situations: SITUATIONS.length });
  if (terminal.json) for (const situation of SITUATIONS) terminal.emit('situation', { ...situation });
  else terminal.print(renderSituations(SITUATIONS).trimEnd());
  return ExitCode.passed;
}

/** One invocation: runs come in, a table goes out. */
class Survey {
  private readonly tally = new CoverageTally();
  private code: ExitCode = ExitCode.passed;
  private done = 0;
  private problems = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly session: Session,
    private readonly options: CoverageOptions,
    private readonly total: number,
  ) {}

  async run(planned: readonly PlannedScenario[], seeds: readonly string[]): Promise<void> {
    const requests = planned.map(({ scenario }) => ({ scenario, bug: undefined, seeds, coverage: true }));
    const words = new Map(planned.map(({ scenario, word }) => [scenario, word]));
    for await (const report of this.session.pool.runs(requests)) {
      this.take(report, words.get(report.request.scenario) ?? '');
      this.terminal.progress(`${groupedCount(this.done)} of ${counted(this.total, 'run')}`);
    }
  }

  finish(): ExitCode {
    const { terminal, options, session } = this;
    const situations = this.tally.situations();
    const missing = situations.filter(({ count }) => count === 0);
    if (options.require && missing.length > 0) this.code = graver(this.code, ExitCode.violated);
    if (session.isInterrupted()) this.code = ExitCode.interrupted;
    terminal.summarize({
      runs: this.done,
      planned: this.total,
      situations: situations.length,
      reached: situations.length - missing.length,
      unreached: missing.map(({ id }) => id),
    });
    if (terminal.json) for (const covered of situations) terminal.emit('situation', coverageRecord(covered));
    else this.print(situations);
    return this.code;
  }

  private take({ request, seed, outcome }: RunReport, word: string): void {
    const { scenario } = request;
    this.done++;
    const verdict = outcome === undefined ? 'bound-reached' : judge(scenario, outcome).verdict;
    if (outcome?.coverage !== undefined) this.tally.add(scenario, outcome.coverage);
    if (verdict === 'passed') return;
    this.code = graver(this.code, VERDICT_CODES[verdict]);
    if (++this.problems > PROBLEMS_TOLD) return;
    const again = runCommand({ scenario: word, seed, set: [], bug: undefined, beyondModel: false });
    this.terminal.note(`${scenario.name}, seed ${seed}: ${verdict}; counted as far as it went (${again})`);
  }

  private print(situations: readonly CoveredSituation[]): void {
    const { terminal } = this;
    if (this.done > 0) terminal.print(coverageText(situations, terminal.paint));
    terminal.print(coverageLine(situations, this.done));
  }
}
