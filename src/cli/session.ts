/**
 * A verb that simulates: a pool of workers, and the signals that end it. The first Ctrl-C ends what is
 * under way and still reports what was found; the second one ends the process.
 */

import { InterruptedError } from '../node/interrupted-error.js';
import { SimulationPool } from '../node/run-pool.js';
import { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

export interface Session {
  readonly pool: SimulationPool;
  /** Aborted by a signal, or when nobody reads the output any more. */
  readonly signal: AbortSignal;
  /** Whether a signal ended the session. */
  isInterrupted(): boolean;
  /** Has the body save what was found: with a pool that no signal has ended. */
  saving<T>(body: (pool: SimulationPool) => Promise<T>): Promise<T>;
}

export interface SessionOptions {
  readonly workers: number | undefined;
  /** How many runs there will be, about. */
  readonly tasks: number;
  /** In microseconds. */
  readonly timeout: number;
}

/** For a number of tasks that nobody knows: a pool starts as many workers, at most one for each processor. */
export const MANY_TASKS = 1_000_000;

const CLOSING_MILLIS = 2000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Runs the body with a pool, and ends all workers whatever happens. */
export async function withSession<T>(
  terminal: Terminal,
  options: SessionOptions,
  body: (session: Session) => Promise<T>,
): Promise<T> {
  const interruption = new AbortController();
  const signal = AbortSignal.any([interruption.signal, terminal.closed]);
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(ExitCode.interrupted);
    terminal.note('interrupted: ending the runs under way (once more to quit at once)');
    interruption.abort();
  };
  for (const name of SIGNALS) process.on(name, interrupt);
  const { workers, tasks, timeout } = options;
  const pool = new SimulationPool({ workers, tasks, timeoutMillis: timeout / 1000, signal });
  try {
    const isInterrupted = (): boolean => interruption.signal.aborted;
    return await body({ pool, signal, isInterrupted, saving: (save) => saved(pool, timeout, save) });
  } finally {
    for (const name of SIGNALS) process.off(name, interrupt);
    await Promise.race([pool.close(), patience()]);
  }
}

/** A signal ends the pool and all that is under way in it; what there is to save is then done once more, in one of its own. */
async function saved<T>(
  pool: SimulationPool,
  timeout: number,
  save: (pool: SimulationPool) => Promise<T>,
): Promise<T> {
  try {
    return await save(pool);
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
  }
  const signal = new AbortController().signal;
  const last = new SimulationPool({ workers: 1, tasks: 1, timeoutMillis: timeout / 1000, signal });
  try {
    return await save(last);
  } finally {
    await Promise.race([last.close(), patience()]);
  }
}

/** A worker that hangs in native code cannot be ended, and must not hold up the report. */
function patience(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, CLOSING_MILLIS).unref();
  });
}
