/** `faultline minimise`: makes a failing trace small, and saves the small one. */

import type { State } from '../campaign/index.js';
import { minimiseTrace } from '../node/minimise.js';
import { readTraceFile } from '../node/trace-file.js';
import { minimisedRecord, minimisedText, minimiseProgress } from '../report/minimise-report.js';
import { replayCommand } from '../report/shell.js';
import { DivergenceError } from '../kernel/index.js';
import type { Minimised, Trace } from '../simulator/trace.js';
import type { Story } from '../simulator/story.js';
import { ExitCode } from './exit-codes.js';
import { DEFAULT_TRACE_FOLDER, type MinimiseOptions } from './option-table.js';
import { MANY_TASKS, withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';

const WIDTH = 80;

/** The verb. */
export async function minimise(
  terminal: Terminal,
  words: readonly string[],
  options: MinimiseOptions,
): Promise<ExitCode> {
  const [path = ''] = words;
  const trace = readTraceFile(path);
  return withSession(terminal, { ...options, tasks: MANY_TASKS }, async (session) => {
    const budget = { runs: options.runs, millis: options.for / 1000 };
    const saved = await saveMinimised(
      terminal,
      session,
      trace,
      path,
      budget,
      options.out ?? DEFAULT_TRACE_FOLDER,
    );
    if (terminal.json) terminal.emit('minimised', minimisedRecord(path, saved));
    else {
      terminal.print(minimisedText(path, saved, WIDTH, terminal.paint));
      terminal.print(terminal.paint.dim(`replay it with: ${replayCommand(saved.savedTo)}`));
    }
    terminal.summarize({ traces: 1, runs: saved.minimised.runs, decisions: saved.minimised.after.decisions });
    return session.isInterrupted() ? ExitCode.interrupted : ExitCode.passed;
  });
}

export interface SavedMinimum {
  readonly state: State;
  readonly minimised: Minimised;
  readonly story: Story;
  readonly savedTo: string;
}

/** Minimises a trace, and saves what came of it in a folder: when a signal ends the search, what came of it until then. */
export async function saveMinimised(
  terminal: Terminal,
  session: Session,
  trace: Trace,
  path: string,
  budget: { readonly runs: number; readonly millis: number },
  folder: string,
): Promise<SavedMinimum> {
  const { state, minimised } = await minimiseTrace(
    session.pool,
    trace,
    path,
    budget,
    session.signal,
    (progress) => {
      terminal.progress(minimiseProgress(progress));
    },
  );
  const task = {
    kind: 'record-minimised',
    scenario: state.scenario,
    bug: trace.header.implementation.bug,
    recipe: { seed: trace.header.recipe.seed, strategy: 'edited', rest: 'benign', edits: state.edits },
    origin: trace.header.recipe,
    minimised,
    folder,
  } as const;
  const done = await session.saving((pool) => pool.perform(task));
  const digest = done.value?.outcome.digest ?? 'none';
  if (done.value === undefined || digest !== state.kept.digest) {
    throw new DivergenceError(
      `${path}: the minimised run was another one when it was recorded (digests ${state.kept.digest} and ${digest})`,
    );
  }
  return { state, minimised: done.value.minimised, story: done.value.story, savedTo: done.value.path };
}
