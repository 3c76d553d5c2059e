/**
 * Runs done elsewhere: portions go into a queue, workers on any machine take them, and their reports come back in the
 * order of the portions. A portion is in the queue once, by its name; one that a dead worker held is taken again; and
 * whatever the server forgets, or a worker fails at, is put in again. So nothing is left out, and nothing counts twice.
 */

import { setTimeout } from 'node:timers/promises';
import type { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { UsageError, excerpt } from '../../kernel/index.js';
import { inOrder } from '../in-order.js';
import type { ReportedRequest, RunRequest } from '../run-pool.js';
import { connect, loadQueuePackages } from './connection.js';
import { nameOf, queueName, reportsOf, toQueue, type QueuedPortion } from './messages.js';

/** Portions in the queue at a time: enough for many workers, few enough to be dropped at the end. */
const PORTIONS_AHEAD = 256;
const LOOK_MILLIS = 100;
/** For so long a server is asked to forget what nobody waits for. */
const CLOSING_MILLIS = 2000;
/** So often a portion may fail: one worker that is broken must not end the night of the others. */
const MOST_FAILURES = 4;
/** Before a portion that failed is put in again, times its failures: the worker that failed at it stops meanwhile. */
const AGAIN_MILLIS = 1000;
/** Answers that nobody takes are forgotten after a day. */
const KEEP_SECONDS = 86_400;

export class QueuedRuns {
  /** Names of portions that are in the queue for us. */
  private readonly waiting = new Set<string>();
  /** Ends all that asks the server: the caller's signal, or {@link close}. */
  private readonly signal: AbortSignal;
  private readonly closing = new AbortController();

  private constructor(
    private readonly client: Redis,
    private readonly queue: Queue<QueuedPortion>,
    signal: AbortSignal,
  ) {
    this.signal = AbortSignal.any([signal, this.closing.signal]);
  }

  /** Throws UsageError when there is no server. */
  static async open(url: string, signal: AbortSignal): Promise<QueuedRuns> {
    const packages = await loadQueuePackages();
    const client = await connect(packages, url);
    const queue = new packages.bullmq.Queue<QueuedPortion>(queueName(), { connection: client });
    // The connection tells and mends itself.
    queue.on('error', () => undefined);
    return new QueuedRuns(client, queue, signal);
  }

  /** As {@link SimulationPool.portions}. Ends early, without an error, when the signal ends everything. */
  async *portions<Request extends RunRequest>(
    requests: Iterable<Request>,
  ): AsyncGenerator<ReportedRequest<Request>> {
    try {
      yield* inOrder(requests, PORTIONS_AHEAD, async (request) => ({
        request,
        reports: reportsOf(request, await this.answer(toQueue(request))),
      }));
    } catch (error) {
      if (!this.signal.aborted) throw error;
    }
  }

  /** Takes back what no worker has begun, and leaves the server. */
  async close(): Promise<void> {
    // Or those that still wait would put their portions in again.
    this.closing.abort();
    // A server that is silent answers nothing, and must not hold up the end.
    await Promise.race([this.takeBack(), setTimeout(CLOSING_MILLIS, undefined, { ref: false })]);
    this.client.disconnect();
  }

  private async takeBack(): Promise<void> {
    const isThere = this.client.status === 'ready';
    if (isThere) await Promise.all([...this.waiting].map((name) => this.forget(name)));
    await this.queue.close().catch(() => undefined);
  }

  private async answer(portion: QueuedPortion): Promise<unknown> {
    const name = nameOf(portion);
    this.waiting.add(name);
    for (let failures = 0; ;) {
      this.signal.throwIfAborted();
      const job = await this.unlessAborted(this.queue.getJob(name));
      if (job === undefined) await this.unlessAborted(this.put(name, portion));
      else if (job.finishedOn !== undefined && job.finishedOn !== null) {
        const failedReason = (job.failedReason as string | undefined) ?? '';
        const answer = job.returnvalue as unknown;
        await this.unlessAborted(this.forget(name));
        const isDone = failedReason === '';
        if (isDone || ++failures === MOST_FAILURES) this.waiting.delete(name);
        if (isDone) return answer;
        if (failures === MOST_FAILURES) throw gaveUp(failedReason);
        await this.unlessAborted(setTimeout(failures * AGAIN_MILLIS));
      }
      await setTimeout(LOOK_MILLIS);
    }
  }

  /**
   * Rejects with the signal: a server that is away answers nothing, and must not hold up the end. A listener for each:
   * what is raced against one promise that lasts is kept by it to the end.
   */
  private async unlessAborted<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this;
    let onAbort = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => reject(new Error('aborted'));
      signal.addEventListener('abort', onAbort);
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  private async put(name: string, portion: QueuedPortion): Promise<void> {
    await this.queue.add('portion', portion, {
      jobId: name,
      removeOnComplete: { age: KEEP_SECONDS },
      removeOnFail: { age: KEEP_SECONDS },
    });
  }

  /** One that a worker holds stays, and its answer is forgotten in its time. */
  private async forget(name: string): Promise<void> {
    await this.queue.remove(name).catch(() => undefined);
  }
}

function gaveUp(reason: string): UsageError {
  return new UsageError(
    'bad-queue',
    `queue: expected workers that run a portion, got ${MOST_FAILURES} that gave up: ${excerpt(reason, 300)}`,
  );
}
