/**
 * Simulations in worker threads. The main thread stays free for signals, progress and a watchdog: a run
 * that stands still (an endless loop in a user's protocol) or eats all memory is ended with its worker and
 * told as such. Reports come in the order of the requests, whatever worker is faster.
 */

import { setMaxListeners } from 'node:events';
import { availableParallelism } from 'node:os';
import { Tinypool } from 'tinypool';
import { learns, type Strategy } from '../campaign/index.js';
import type { Outcome } from '../simulator/outcome.js';
import { inOrder } from './in-order.js';
import { InterruptedError } from './interrupted-error.js';
import { blame } from './module-loader.js';
import {
  Pulse,
  fromWire,
  type Dispatched,
  type Reply,
  type RunTask,
  type Subject,
  type Task,
  type TaskResults,
} from './tasks.js';

export interface PoolSettings {
  /** Default: one for each processor. */
  readonly workers: number | undefined;
  /** How many tasks or runs there will be, about: no more workers are started. */
  readonly tasks: number;
  /** A run that makes no progress for this long is ended. */
  readonly timeoutMillis: number;
  /** Ends everything: what is under way is dropped. */
  readonly signal: AbortSignal;
}

/** How one task is done. */
export interface TaskSettings {
  /** In a worker that has done nothing before. Default false. */
  readonly fresh?: boolean;
  /** Ends the task alone. */
  readonly signal?: AbortSignal | undefined;
}

/** Why the watchdog ended a run. */
export type StopReason = 'no-progress' | 'out-of-memory';

export interface RunRequest extends Subject {
  readonly seeds: readonly string[];
  /** Which runs the seeds stand for. Default: plain ones. */
  readonly strategy?: Strategy;
  /** Whether a run that breaks something is repeated to find what else breaks. Default false. */
  readonly findsAll?: boolean;
  /** Whether the situations that a run reaches are counted. Default false. */
  readonly coverage?: boolean;
}

export interface RunReport {
  readonly request: RunRequest;
  readonly seed: string;
  /** Undefined when the watchdog ended the run. */
  readonly outcome: Outcome | undefined;
  /** Every invariant that broke, as far as was asked for. */
  readonly broken: readonly string[];
  readonly stopped: StopReason | undefined;
}

/** A request, and what came of it. */
export interface ReportedRequest<Request extends RunRequest> {
  readonly request: Request;
  readonly reports: readonly RunReport[];
}

/** The task's value, or where and why the watchdog ended it. */
export type Performed<T> =
  | { readonly value: T; readonly stopped: undefined }
  | { readonly value: undefined; readonly stopped: StopReason; readonly position: number };

const MOST_SEEDS_PER_TASK = 16;
/** Tasks for each worker over a whole request, so that progress shows and no worker is left with a big rest. */
const TASKS_PER_WORKER = 8;
/** Tasks under way for each worker: enough that none waits for the reader of the reports. */
const TASKS_AHEAD = 4;
const LARGEST_HEAP_MIB = 2048;
/** Runs are short and most of what they make dies young: a larger nursery saves a tenth of the time. */
const YOUNG_HEAP_MIB = 192;
/** Tasks that do not count their events all the time (recording, replaying) may stand still so many times as long. */
const PATIENCE = 10;
/** Those that do. */
const COUNTING: readonly Task['kind'][] = ['run', 'attempt'];

export class SimulationPool {
  readonly workers: number;
  private shared: Tinypool | undefined = undefined;
  private fresh: Tinypool | undefined = undefined;
  private isClosed = false;

  constructor(private readonly settings: PoolSettings) {
    this.workers = Math.max(1, Math.min(settings.workers ?? availableParallelism(), settings.tasks));
  }

  /**
   * Reports in the order of requests and their seeds. Ends early, without an error, when the signal ends
   * everything. Throws UsageError when a scenario and its code do not fit.
   */
  async *runs(requests: readonly RunRequest[], inFreshWorkers = false): AsyncGenerator<RunReport> {
    const total = requests.reduce((sum, { seeds }) => sum + seeds.length, 0);
    const wanted = Math.ceil(total / (this.workers * TASKS_PER_WORKER));
    const size = inFreshWorkers ? 1 : Math.min(MOST_SEEDS_PER_TASK, Math.max(1, wanted));
    const chunks = requests.flatMap((request) => split(request, size));
    for await (const { reports } of this.portions(chunks, inFreshWorkers)) yield* reports;
  }

  /**
   * Reports of each request together, in the order of the requests, which are asked for as workers become free:
   * there may be no end of them. A request is one task. Ends and throws as {@link runs} does. Requests that were begun
   * and are not waited for any more, when the reader of the reports has enough, are ended.
   */
  async *portions<Request extends RunRequest>(
    requests: Iterable<Request>,
    inFreshWorkers = false,
  ): AsyncGenerator<ReportedRequest<Request>> {
    const dropped = new AbortController();
    const how = { fresh: inFreshWorkers, signal: dropped.signal };
    try {
      const limit = this.workers * TASKS_AHEAD;
      yield* inOrder(requests, limit, async (request) => ({
        request,
        reports: await this.runChunk(request, how),
      }));
    } catch (error) {
      if (!this.settings.signal.aborted) throw error;
    } finally {
      // Else what comes after them, such as minimising, would wait behind runs that nobody looks at.
      dropped.abort();
    }
  }

  /**
   * Has a worker do one task. Throws InterruptedError when the signal or {@link close} ends everything, or the task's own
   * signal ends this one.
   */
  async perform<T extends Task>(
    task: T,
    { fresh = false, signal }: TaskSettings = {},
  ): Promise<Performed<TaskResults[T['kind']]>> {
    const pulse = new SharedArrayBuffer(Pulse.length * Int32Array.BYTES_PER_ELEMENT);
    const watchdog = new Watchdog(pulse, this.settings, COUNTING.includes(task.kind) ? 1 : PATIENCE, signal);
    const dispatched: Dispatched = { task, pulse };
    let reply: Reply<TaskResults[T['kind']]>;
    try {
      const pool = fresh ? this.freshPool() : this.sharedPool();
      reply = (await pool.run(dispatched, { signal: watchdog.signal })) as typeof reply;
    } catch (error) {
      // No reply: the worker was ended, or died of an error outside of all that it guards.
      const stopped = watchdog.hasBitten ? 'no-progress' : isOutOfMemory(error) ? 'out-of-memory' : undefined;
      if (stopped !== undefined) return { value: undefined, stopped, position: watchdog.position };
      if (watchdog.signal.aborted || this.isClosed) throw new InterruptedError();
      if (isOfAnother(error)) return await this.perform(task, { fresh, signal });
      throw blame(moduleOf(task), error);
    } finally {
      watchdog.end();
    }
    if ('error' in reply) throw fromWire(reply.error);
    return { value: reply.value, stopped: undefined };
  }

  /** Ends all workers. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([this.shared?.destroy(), this.fresh?.destroy()]);
  }

  private async runChunk(chunk: RunRequest, how: TaskSettings): Promise<readonly RunReport[]> {
    const { seeds } = chunk;
    if (seeds.length === 0) return [];
    const { scenario, bug, strategy = 'swarm', findsAll = false, coverage = false } = chunk;
    const task: RunTask = { kind: 'run', scenario, bug, seeds, strategy, findsAll, coverage };
    const done = await this.perform(task, how);
    if (done.stopped === undefined) {
      return done.value.map(({ outcome, broken }, i) => ({
        request: chunk,
        seed: seeds[i] as string,
        outcome,
        broken,
        stopped: undefined,
      }));
    }
    // The worker is gone, and with it the outcomes before the run that hung: they are computed again.
    const { position, stopped } = done;
    const before = await this.runChunk({ ...chunk, seeds: seeds.slice(0, position) }, how);
    const hung = { request: chunk, seed: seeds[position] as string, outcome: undefined, broken: [], stopped };
    const after = await this.runChunk({ ...chunk, seeds: seeds.slice(position + 1) }, how);
    return [...before, hung, ...after];
  }

  private sharedPool(): Tinypool {
    return (this.shared ??= this.createPool(false));
  }

  private freshPool(): Tinypool {
    return (this.fresh ??= this.createPool(true));
  }

  private createPool(isolateWorkers: boolean): Tinypool {
    const pool = new Tinypool({
      filename: new URL('./simulation-worker.js', import.meta.url).href,
      name: 'perform',
      // As many at least as at most: only then is a worker that was ended replaced for what still waits.
      minThreads: this.workers,
      maxThreads: this.workers,
      isolateWorkers,
      resourceLimits: { maxOldGenerationSizeMb: LARGEST_HEAP_MIB, maxYoungGenerationSizeMb: YOUNG_HEAP_MIB },
    });
    // A worker that dies while it has nothing to do is replaced, and that is all.
    pool.on('error', () => undefined);
    return pool;
  }
}

/** Ends a task whose pulse stands still. */
class Watchdog {
  hasBitten = false;
  private readonly controller = new AbortController();
  /** What ends the task from outside. A signal made of both would stay among what hangs on them, one for each task. */
  private readonly sources: readonly AbortSignal[];
  private readonly cells: Int32Array;
  private readonly timer: NodeJS.Timeout;
  private readonly timeoutMillis: number;
  private lastBeats = 0;
  /** Looks since the last beat. They are counted, and not the time: the whole process may have been stopped for a while. */
  private looks = 0;

  /** `dropped`: nobody waits for the task any more. */
  constructor(
    pulse: SharedArrayBuffer,
    settings: PoolSettings,
    patience: number,
    dropped: AbortSignal | undefined,
  ) {
    this.timeoutMillis = settings.timeoutMillis * patience;
    this.cells = new Int32Array(pulse);
    this.sources = dropped === undefined ? [settings.signal] : [settings.signal, dropped];
    for (const source of this.sources) {
      // One for each task under way, of which a large machine has many: Node takes more than ten for a leak.
      setMaxListeners(0, source);
      source.addEventListener('abort', this.abort);
      if (source.aborted) this.abort();
    }
    const period = Math.min(250, Math.max(10, this.timeoutMillis / 4));
    this.timer = setInterval(() => {
      if (!this.isStandingStill(period)) return;
      this.hasBitten = true;
      this.abort();
    }, period);
  }

  /** Which seed of the task was running. */
  get position(): number {
    return Atomics.load(this.cells, Pulse.position);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  end(): void {
    clearInterval(this.timer);
    for (const source of this.sources) source.removeEventListener('abort', this.abort);
  }

  private readonly abort = (): void => {
    this.controller.abort();
  };

  /** `period`: milliseconds between looks. */
  private isStandingStill(period: number): boolean {
    const beats = Atomics.load(this.cells, Pulse.beats);
    this.looks = beats === this.lastBeats ? this.looks + 1 : 0;
    this.lastBeats = beats;
    // Without a first beat, the task still waits for a worker.
    return beats > 0 && this.looks * period > this.timeoutMillis;
  }
}

/** The user's module that a task runs, as far as is known. */
function moduleOf(task: Task): string | undefined {
  if (task.kind === 'attempt') return task.trials[0]?.scenario.protocol.module;
  return 'scenario' in task ? task.scenario.protocol.module : undefined;
}

/** Runs that learn from each other stay together. */
function split(request: RunRequest, size: number): RunRequest[] {
  if (learns(request.strategy ?? 'swarm')) return [request];
  const chunks: RunRequest[] = [];
  for (let from = 0; from < request.seeds.length; from += size) {
    chunks.push({ ...request, seeds: request.seeds.slice(from, from + size) });
  }
  return chunks;
}

/**
 * A worker was ended because of the task that it had done, just when that was done: the library had given it the next one
 * already, which is lost with it and has no part in that.
 */
function isOfAnother(error: unknown): boolean {
  return error instanceof Error && error.message === 'Terminating worker thread';
}

function isOutOfMemory(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ERR_WORKER_OUT_OF_MEMORY';
}
