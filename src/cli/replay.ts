/**
 * `faultline replay`: saved traces executed again. Strict: the same code must do the same, event by event.
 * With `--adapt`: today's code is given the recorded decisions, and what it comes to is compared with what
 * the trace expects of it.
 */

import { inOrder } from '../node/in-order.js';
import type { Performed, SimulationPool } from '../node/run-pool.js';
import type { ReplayedTrace } from '../node/tasks.js';
import { findTraceFiles } from '../node/trace-files.js';
import { counted, groupedCount } from '../report/figures.js';
import { ReplayGroups } from '../report/replay-groups.js';
import { replayVerdict, type ReplayVerdict } from '../report/replay-report.js';
import { storyText } from '../report/story.js';
import { wrap } from '../report/wrap.js';
import { ExitCode, graver } from './exit-codes.js';
import type { ReplayOptions } from './option-table.js';
import { withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';

const STORY_EVENTS = 20;
const WIDTH = 80;

/** The verb. */
export async function replay(
  terminal: Terminal,
  words: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const paths = findTraceFiles(words);
  const settings = { ...options, tasks: paths.length };
  return withSession(terminal, settings, (session) => new Replays(terminal, session, options, paths).run());
}

class Replays {
  private readonly kinds = new Map<ReplayVerdict['kind'], number>();
  private readonly groups = new ReplayGroups();
  private readonly asksForDetail: boolean;
  private readonly tellsStory: boolean;
  private code: ExitCode = ExitCode.passed;
  private done = 0;

  constructor(
    private readonly terminal: Terminal,
    private readonly session: Session,
    private readonly options: ReplayOptions,
    private readonly paths: readonly string[],
  ) {
    this.asksForDetail = options.until !== undefined || options.node !== undefined;
    this.tellsStory = paths.length === 1 || this.asksForDetail;
  }

  async run(): Promise<ExitCode> {
    const { terminal, session, paths, kinds } = this;
    const { pool } = session;
    this.showProgress();
    try {
      for await (const replayed of inOrder(paths, pool.workers, (path) => this.perform(pool, path)))
        this.take(replayed);
    } catch (error) {
      if (!session.signal.aborted) throw error;
    }
    if (session.isInterrupted()) this.code = ExitCode.interrupted;
    const { groups } = this;
    terminal.summarize({
      traces: this.done,
      planned: paths.length,
      kinds: Object.fromEntries(kinds),
      groups: groups.records(),
    });
    if (!terminal.json && paths.length > 1) {
      terminal.print(`\n${groups.text(terminal.paint)}\n`);
      terminal.print(this.lastLine());
    }
    return this.code;
  }

  private perform(pool: SimulationPool, path: string): Promise<Performed<ReplayedTrace>> {
    const { until, node, adapt, correct } = this.options;
    return pool.perform({
      kind: 'replay',
      path,
      mode: adapt ? 'adapt' : 'strict',
      withoutBug: correct,
      story: this.tellsStory ? { until, node, count: STORY_EVENTS, width: WIDTH } : undefined,
    });
  }

  private take({ value, stopped }: Performed<ReplayedTrace>): void {
    const { terminal } = this;
    const path = this.paths[this.done++] ?? '';
    const verdict = value === undefined ? endedVerdict(stopped) : replayVerdict(value, this.options.correct);
    this.groups.add(value);
    this.kinds.set(verdict.kind, (this.kinds.get(verdict.kind) ?? 0) + 1);
    this.code = graver(this.code, EXIT_CODES[verdict.kind]);
    if (terminal.json) terminal.emit('replay', replayRecord(path, value, verdict));
    else this.tell(path, value, verdict);
    this.showProgress();
  }

  private tell(path: string, replayed: ReplayedTrace | undefined, verdict: ReplayVerdict): void {
    const { terminal } = this;
    const { paint } = terminal;
    if (replayed !== undefined && this.tellsStory) {
      terminal.print(storyText(replayed, !this.asksForDetail, WIDTH, paint));
      terminal.print();
    }
    const headline = (verdict.kind === 'as-expected' ? paint.green.bold : paint.red.bold)(verdict.headline);
    terminal.print(`${headline} ${path}`);
    for (const text of verdict.lines) for (const line of wrap(text, WIDTH - 2)) terminal.print(`  ${line}`);
  }

  private showProgress(): void {
    this.terminal.progress(`${groupedCount(this.done)} of ${counted(this.paths.length, 'trace')}`);
  }

  private lastLine(): string {
    const counts = [...this.kinds].map(([kind, count]) => `${groupedCount(count)} ${kind.replace('-', ' ')}`);
    return `${counted(this.done, 'trace')}: ${counts.length === 0 ? 'none replayed' : counts.join(', ')}`;
  }
}

const EXIT_CODES = {
  'as-expected': ExitCode.passed,
  violated: ExitCode.violated,
  diverged: ExitCode.divergence,
  changed: ExitCode.divergence,
  inconclusive: ExitCode.divergence,
  ended: ExitCode.boundReached,
} as const;

function endedVerdict(reason: Performed<unknown>['stopped']): ReplayVerdict {
  const text =
    reason === 'out-of-memory' ? 'the replay used up the memory of its worker' : 'the replay stood still';
  return { kind: 'ended', headline: 'ENDED', lines: [text] };
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
