/**
 * `faultline replay`: saved traces executed again. Strict: the same code must do the same, event by event.
 * With `--adapt`: today's code is given the recorded decisions, and what it comes to is compared with what
 * the trace expects of it.
 */

import { UsageError, formatMicros } from '../kernel/index.js';
import { inOrder } from '../node/in-order.js';
import type { Performed } from '../node/run-pool.js';
import type { ReplayedTrace } from '../node/tasks.js';
import { findTraceFiles } from '../node/trace-files.js';
import { counted, groupedCount } from '../report/figures.js';
import { replayVerdict, type ReplayVerdict } from '../report/replay-report.js';
import { wrap } from '../report/wrap.js';
import { ExitCode, graver } from './exit-codes.js';
import type { ReplayOptions } from './option-table.js';
import { withSession } from './session.js';
import type { Terminal } from './terminal.js';

const STORY_EVENTS = 20;
const WIDTH = 80;

/** The verb. */
export async function replay(
  terminal: Terminal,
  words: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  if (options.correct && !options.adapt) {
    throw new UsageError('bad-usage', '--correct: it needs --adapt: other code cannot replay a trace event by event');
  }
  const paths = findTraceFiles(words);
  const tellsStory = paths.length === 1 || options.until !== undefined || options.node !== undefined;
  const story = { until: options.until, node: options.node, count: STORY_EVENTS, width: WIDTH };
  return withSession(terminal, options, async ({ pool, signal, isInterrupted }) => {
    const kinds = new Map<ReplayVerdict['kind'], number>();
    let code: ExitCode = ExitCode.passed;
    const work = (path: string): Promise<Performed<ReplayedTrace>> =>
      pool.perform({
        kind: 'replay',
        path,
        mode: options.adapt ? 'adapt' : 'strict',
        withoutBug: options.correct,
        story: tellsStory ? story : undefined,
      });
    let done = 0;
    terminal.progress(`0 of ${counted(paths.length, 'trace')}`);
    try {
      for await (const { value, stopped } of inOrder(paths, pool.workers, work)) {
        const path = paths[done++] ?? '';
        const verdict = value === undefined ? endedVerdict(stopped ?? 'no-progress') : replayVerdict(value, options.correct);
        kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1);
        code = graver(code, EXIT_CODES[verdict.kind]);
        tell(terminal, path, value, verdict, tellsStory);
        terminal.progress(`${groupedCount(done)} of ${counted(paths.length, 'trace')}`);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
    if (isInterrupted()) code = ExitCode.interrupted;
    terminal.summarize({ traces: done, planned: paths.length, kinds: Object.fromEntries(kinds) });
    if (!terminal.json && paths.length > 1) terminal.print(summaryLine(done, kinds));
    return code;
  });
}

const EXIT_CODES = {
  'as-expected': ExitCode.passed,
  violated: ExitCode.violated,
  diverged: ExitCode.divergence,
  changed: ExitCode.divergence,
  inconclusive: ExitCode.divergence,
  ended: ExitCode.boundReached,
} as const;

function endedVerdict(reason: string): ReplayVerdict {
  const text = reason === 'out-of-memory' ? 'the replay used up the memory of its worker' : 'the replay stood still';
  return { kind: 'ended', headline: 'ENDED', lines: [text] };
}

function tell(
  terminal: Terminal,
  path: string,
  replayed: ReplayedTrace | undefined,
  verdict: ReplayVerdict,
  tellsStory: boolean,
): void {
  if (terminal.json) {
    terminal.emit('replay', replayRecord(path, replayed, verdict));
    return;
  }
  const { paint } = terminal;
  if (replayed !== undefined && tellsStory) {
    const { scenario, recipe, implementation, verdict: found } = replayed.header;
    const bug = implementation.bug === undefined ? '' : `, bug ${implementation.bug}`;
    terminal.print(`${paint.bold(scenario.name)}, seed ${recipe.seed}${bug}`);
    const [heading = '', ...lines] = replayed.story;
    terminal.print(paint.dim(heading));
    for (const line of lines) terminal.print(line);
    const what = found.invariant === undefined ? found.status : `${found.status} ${found.invariant}`;
    terminal.print();
    for (const line of wrap(`recorded: ${what}${found.message === '' ? '' : `: ${found.message}`}`, WIDTH)) terminal.print(line);
    terminal.print(`          at ${formatMicros(found.timeMicros)}, event ${groupedCount(found.event)}`);
    terminal.print();
  }
  const headline = verdict.kind === 'as-expected' ? paint.green.bold(verdict.headline) : paint.red.bold(verdict.headline);
  terminal.print(`${headline} ${path}`);
  for (const text of verdict.lines) for (const line of wrap(text, WIDTH - 2)) terminal.print(`  ${line}`);
}

function replayRecord(
  path: string,
  replayed: ReplayedTrace | undefined,
  verdict: ReplayVerdict,
): Readonly<Record<string, unknown>> {
  const { header, result, isModuleChanged, story } = replayed ?? {};
  return {
    path,
    scenario: header?.scenario.name ?? null,
    seed: header?.recipe.seed ?? null,
    bug: header?.implementation.bug ?? null,
    mode: result?.mode ?? null,
    kind: verdict.kind,
    expect: header?.expect ?? null,
    recorded: header?.verdict ?? null,
    digest: header?.digest ?? null,
    result: result === undefined ? null : result.mode === 'strict' ? result.strict : result.adapted,
    isModuleChanged: isModuleChanged ?? false,
    text: verdict.lines.join('\n'),
    story: story ?? [],
  };
}

function summaryLine(done: number, kinds: ReadonlyMap<string, number>): string {
  const counts = [...kinds].map(([kind, count]) => `${groupedCount(count)} ${kind.replace('-', ' ')}`);
  return `${counted(done, 'trace')}: ${counts.length === 0 ? 'none replayed' : counts.join(', ')}`;
}
