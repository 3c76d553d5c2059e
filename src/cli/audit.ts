/**
 * `faultline audit`: who broke agreement in a recorded run. The trace is replayed, what the replicas received and
 * sent is handed to an auditor who trusts nobody, and it names culprits with proofs that anybody can check. With `--log`,
 * what was done instead: the critical actions of the run, each chained to the one before.
 */

import type { CulpritRecord } from '../checkers/index.js';
import type { Performed, StopReason } from '../node/run-pool.js';
import type { AuditedFile, LoggedFile } from '../node/tasks.js';
import { findTraceFiles } from '../node/trace-files.js';
import { auditLogLines, auditLogVerdict } from '../report/audit-log-report.js';
import { auditLines } from '../report/audit-report.js';
import { ExitCode, graver } from './exit-codes.js';
import type { AuditOptions } from './option-table.js';
import { withSession, type Session } from './session.js';
import type { Terminal } from './terminal.js';

/** The verb. */
export async function audit(
  terminal: Terminal,
  words: readonly string[],
  options: AuditOptions,
): Promise<ExitCode> {
  const paths = findTraceFiles(words);
  const settings = { ...options, workers: 1, tasks: paths.length };
  return withSession(terminal, settings, (session) =>
    options.log ? logAll(terminal, session, paths) : auditAll(terminal, session, paths, options),
  );
}

async function auditAll(
  terminal: Terminal,
  session: Session,
  paths: readonly string[],
  { from }: AuditOptions,
): Promise<ExitCode> {
  let forks = 0;
  let culprits = 0;
  const { code, done } = await forEach(session, paths, async (path) => {
    const audited = await session.pool.perform({ kind: 'audit', path, from });
    const { record } = audited.value ?? {};
    if (record?.kind === 'fork') forks++;
    culprits += record?.culprits.length ?? 0;
    return tell(terminal, path, audited);
  });
  terminal.summarize({ traces: done, planned: paths.length, forks, culprits });
  return code;
}

async function logAll(terminal: Terminal, session: Session, paths: readonly string[]): Promise<ExitCode> {
  const { code, done } = await forEach(session, paths, async (path) =>
    tellLog(terminal, path, await session.pool.perform({ kind: 'audit-log', path })),
  );
  terminal.summarize({ traces: done, planned: paths.length });
  return code;
}

/** One trace after another, until a signal comes. */
async function forEach(
  session: Session,
  paths: readonly string[],
  tellOne: (path: string) => Promise<ExitCode>,
): Promise<{ readonly code: ExitCode; readonly done: number }> {
  let code: ExitCode = ExitCode.passed;
  let done = 0;
  try {
    for (const path of paths) {
      code = graver(code, await tellOne(path));
      done++;
    }
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
  return { code: session.isInterrupted() ? ExitCode.interrupted : code, done };
}

/** 1 for a log that is not the one which the trace was written with. */
function tellLog(terminal: Terminal, path: string, { value, stopped }: Performed<LoggedFile>): ExitCode {
  if (value === undefined) return tellStopped(terminal, path, stopped);
  const { header, log } = value;
  const { isRight, text } = auditLogVerdict(log, header.audit);
  if (terminal.json) {
    for (const entry of log) terminal.emit('action', { path, ...entry });
    terminal.emit('log', {
      path,
      entries: log.length,
      head: log.at(-1)?.link ?? null,
      noted: header.audit,
      isRight,
    });
  } else {
    for (const line of auditLogLines(log)) terminal.print(line);
    terminal.print(`${isRight ? text : terminal.paint.red(text)} (${path})`);
  }
  return isRight ? ExitCode.passed : ExitCode.violated;
}

function tellStopped(terminal: Terminal, path: string, stopped: StopReason): ExitCode {
  terminal.note(`${path}: the replay ${stopped === 'out-of-memory' ? 'used up its memory' : 'stood still'}`);
  return ExitCode.boundReached;
}

/** 1 for a fork whose culprits could not all be named: the audit falls short of what it promises. */
function tell(terminal: Terminal, path: string, { value, stopped }: Performed<AuditedFile>): ExitCode {
  if (value === undefined) return tellStopped(terminal, path, stopped);
  const { header, record, faulty } = value;
  if (terminal.json) {
    const { scenario, recipe } = header;
    const { culprits, ...rest } = record;
    terminal.emit('audit', {
      path,
      scenario: scenario.name,
      seed: recipe.seed,
      ...rest,
      culprits: culprits.map(({ culprit }: CulpritRecord) => culprit),
      faulty,
    });
    for (const culprit of culprits) terminal.emit('culprit', { path, ...culprit });
  } else {
    const { paint } = terminal;
    const [headline = '', ...lines] = auditLines(value);
    const isFine = record.kind === 'clean' || record.kind === 'no-proof';
    terminal.print(`${(isFine ? paint.green.bold : paint.red.bold)(headline)} ${path}`);
    for (const line of lines) terminal.print(`  ${line}`);
  }
  const isShort = record.kind === 'fork' && record.culprits.length < record.promised;
  return isShort ? ExitCode.violated : ExitCode.passed;
}
