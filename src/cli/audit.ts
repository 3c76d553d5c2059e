/**
 * `faultline audit`: who broke agreement in a recorded run. The trace is replayed, what the replicas received and
 * sent is handed to an auditor who trusts nobody, and it names culprits with proofs that anybody can check.
 */

import type { CulpritRecord } from '../checkers/index.js';
import type { Performed } from '../node/run-pool.js';
import type { AuditedFile } from '../node/tasks.js';
import { findTraceFiles } from '../node/trace-files.js';
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
  return withSession(terminal, settings, (session) => auditAll(terminal, session, paths, options));
}

async function auditAll(
  terminal: Terminal,
  session: Session,
  paths: readonly string[],
  { from }: AuditOptions,
): Promise<ExitCode> {
  let code: ExitCode = ExitCode.passed;
  let done = 0;
  let forks = 0;
  let culprits = 0;
  try {
    for (const path of paths) {
      const audited = await session.pool.perform({ kind: 'audit', path, from });
      code = graver(code, tell(terminal, path, audited));
      done++;
      const { record } = audited.value ?? {};
      if (record?.kind === 'fork') forks++;
      culprits += record?.culprits.length ?? 0;
    }
  } catch (error) {
    if (!session.signal.aborted) throw error;
  }
  if (session.isInterrupted()) code = ExitCode.interrupted;
  terminal.summarize({ traces: done, planned: paths.length, forks, culprits });
  return code;
}

/** 1 for a fork whose culprits could not all be named: the audit falls short of what it promises. */
function tell(terminal: Terminal, path: string, { value, stopped }: Performed<AuditedFile>): ExitCode {
  if (value === undefined) {
    terminal.note(
      `${path}: the replay ${stopped === 'out-of-memory' ? 'used up its memory' : 'stood still'}`,
    );
    return ExitCode.boundReached;
  }
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
