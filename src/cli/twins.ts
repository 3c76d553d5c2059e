/**
 * `faultline twins`: every scenario of a small cluster in which some replicas run twice under one identity, up to a
 * number of rounds: all partitions, all leaders, on the real replica code.
 */

import { UsageError } from '../kernel/index.js';
import { groupedCount } from '../report/figures.js';
import { roundLines, twinsLines } from '../report/twins-report.js';
import {
  Choices,
  MOST_FOUND,
  TwinsExplorer,
  TwinsTerms,
  pbftClassOf,
  playScenario,
  type FoundFork,
  type Round,
} from '../simulator/twins/index.js';
import { ExitCode } from './exit-codes.js';
import type { TwinsOptions } from './option-table.js';
import type { Terminal } from './terminal.js';

/** More choices of a round than this, and their renamings fill the memory. */
const MOST_CHOICES = 4000;

/** The verb. */
export async function twins(
  terminal: Terminal,
  _words: readonly string[],
  options: TwinsOptions,
): Promise<ExitCode> {
  const { nodes, twins: wanted, parts, depth, bug } = options;
  const count = wanted ?? Math.floor((nodes - 1) / 3);
  if (count >= nodes)
    throw new UsageError('bad-value', `--twins: expected fewer than ${nodes}, got ${count}`);
  const shape = { replicas: nodes, twins: count, mostParts: parts ?? nodes + count };
  requireFeasible(shape.replicas + shape.twins, shape.mostParts, nodes);
  const Class = pbftClassOf(bug);
  if (options.only !== undefined) {
    return playOne(terminal, new Choices(shape), new TwinsTerms(shape, Class), options.only, depth);
  }
  const { shard, of } = options.shard;
  const explorer = new TwinsExplorer({ shape, depth, Class, shard, of });
  return exploreAll(terminal, explorer, options);
}

/** Counted without building them: Stirling numbers of the second kind, summed. */
function requireFeasible(nodes: number, mostParts: number, leaders: number): void {
  let row = [1];
  for (let node = 1; node <= nodes; node++) {
    row = Array.from({ length: node + 1 }, (_, part) => part * (row[part] ?? 0) + (row[part - 1] ?? 0));
  }
  const partitions = row.slice(0, mostParts + 1).reduce((sum, count) => sum + count, 0);
  if (partitions * leaders <= MOST_CHOICES) return;
  throw new UsageError(
    'too-many-choices',
    `expected at most ${MOST_CHOICES} choices of a round, got ${partitions * leaders}`,
    'lower --parts, --nodes or --twins',
  );
}

// ---- one scenario ----

function playOne(
  terminal: Terminal,
  choices: Choices,
  terms: TwinsTerms,
  only: number,
  depth: number,
): ExitCode {
  const total = choices.count(depth);
  if (only >= total) {
    throw new UsageError('bad-value', `--only: expected a scenario from 0 to ${total - 1}, got ${only}`);
  }
  const rounds = choices.scenario(only, depth).map((choice) => choices.rounds[choice] as Round);
  const { violation } = playScenario(terms, rounds);
  terminal.summarize({ total, played: 1, violations: violation === undefined ? 0 : 1 });
  if (violation !== undefined) tell(terminal, terms, { scenario: only, rounds, ...violation });
  else if (terminal.json)
    terminal.emit('twins-scenario', { scenario: only, rounds, invariant: null, message: '' });
  else {
    terminal.print(`${terminal.paint.green.bold('PASSED')} scenario ${only}`);
    for (const line of roundLines(rounds, terms)) terminal.print(`  ${line}`);
  }
  return violation === undefined ? ExitCode.passed : ExitCode.violated;
}

function tell(terminal: Terminal, terms: TwinsTerms, found: FoundFork): void {
  const { scenario, rounds, invariant, message } = found;
  if (terminal.json) {
    terminal.emit('twins-scenario', { scenario, rounds, invariant, message });
    return;
  }
  terminal.print(`${terminal.paint.red.bold('VIOLATED')} ${invariant} in scenario ${scenario}: ${message}`);
  for (const line of roundLines(rounds, terms)) terminal.print(`  ${line}`);
}

// ---- all of them ----

async function exploreAll(
  terminal: Terminal,
  explorer: TwinsExplorer,
  { depth, shard, json }: TwinsOptions,
): Promise<ExitCode> {
  const interruption = watchForInterrupt();
  const { progress, total, found, terms } = explorer;
  const before = process.cpuUsage();
  const seconds = (): number => {
    const { user, system } = process.cpuUsage(before);
    return Math.max((user + system) / 1e6, 1e-6);
  };
  let told = 0;
  const tellFound = (): void => {
    for (; told < found.length; told++) tell(terminal, terms, found[told] as FoundFork);
  };
  for (const { played, known, behind } of explorer.explore()) {
    tellFound();
    const rate = Math.round(played / seconds());
    terminal.progress(
      `${groupedCount(played + known + behind)} of ${groupedCount(total)} scenarios, ${groupedCount(rate)} played a second`,
    );
    await new Promise((resolve) => setImmediate(resolve));
    if (interruption.signal.aborted || terminal.closed.aborted) break;
  }
  tellFound();
  interruption.end();
  const perSecond = Math.round(progress.played / seconds());
  const isInterrupted = interruption.signal.aborted;
  terminal.summarize({ ...progress, total, depth, ...shard, perSecond, isComplete: !isInterrupted });
  if (!json) {
    const lines = twinsLines({ progress, total, depth, ...shard, seconds: seconds(), isInterrupted, told });
    for (const line of lines) terminal.print(line);
    if (progress.violations > MOST_FOUND) terminal.print(`the first ${MOST_FOUND} violations are told above`);
  }
  if (isInterrupted) return ExitCode.interrupted;
  return progress.violations > 0 ? ExitCode.violated : ExitCode.passed;
}

/** The first Ctrl-C ends the exploration and reports; the second one ends the process. */
function watchForInterrupt(): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(ExitCode.interrupted);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: controller.signal,
    end: () => {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
