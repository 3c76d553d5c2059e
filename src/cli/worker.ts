/**
 * `faultline worker`: runs the seeds of campaigns that others have put into a queue, until a signal comes, or until it
 * finds itself broken: it stops with its error then, and what it held is another worker's.
 */

import { setTimeout } from 'node:timers/promises';
import { UsageError } from '../kernel/index.js';
import { withoutPassword } from '../node/queue/connection.js';
import { QueueWorker } from '../node/queue/queue-worker.js';
import { counted, groupedCount } from '../report/figures.js';
import { ExitCode } from './exit-codes.js';
import type { WorkerOptions } from './option-table.js';
import { MANY_TASKS, withSession } from './session.js';
import type { Terminal } from './terminal.js';

const LOOK_MILLIS = 200;

/** The verb. */
export async function worker(
  terminal: Terminal,
  _words: readonly string[],
  options: WorkerOptions,
): Promise<ExitCode> {
  const { queue: url, idle } = options;
  if (url === undefined) {
    throw new UsageError('missing-argument', 'worker: expected --queue URL, e.g. redis://host:6379');
  }
  return withSession(terminal, { ...options, tasks: MANY_TASKS }, async (session) => {
    let runs = 0;
    let portions = 0;
    let underWay = 0;
    const broken: unknown[] = [];
    let last = performance.now();
    const queue = await QueueWorker.open(url, session.pool, {
      begun: () => underWay++,
      ended: () => {
        underWay--;
        last = performance.now();
      },
      done: (reports) => {
        runs += reports.length;
        portions++;
        terminal.progress(`${counted(runs, 'run')} in ${counted(portions, 'portion')}`);
      },
      broken: (error) => broken.push(error),
    });
    terminal.note(`waiting for seeds at ${withoutPassword(url)}, ${counted(session.pool.workers, 'worker')}`);
    // A portion may take longer than the time without work after which the worker is to end.
    const isIdle = (): boolean =>
      idle !== undefined && underWay === 0 && performance.now() - last > idle / 1000;
    while (!session.signal.aborted && !isIdle() && broken.length === 0) await setTimeout(LOOK_MILLIS);
    await queue.close();
    terminal.summarize({ runs, portions });
    if (!terminal.json) terminal.print(`${groupedCount(runs)} runs in ${counted(portions, 'portion')}`);
    if (broken.length > 0) throw broken[0];
    return session.isInterrupted() ? ExitCode.interrupted : ExitCode.passed;
  });
}
