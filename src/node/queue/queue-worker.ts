/** A worker of a queue: takes portions, has them run in its pool, and answers. */

import type { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { UsageError } from '../../kernel/index.js';
import type { RunReport, SimulationPool } from '../run-pool.js';
import { connect, loadQueuePackages } from './connection.js';
import { answerOf, fromQueue, queueName, type QueuedPortion, type QueuedReport } from './messages.js';

/** A worker that says nothing for so long is taken for dead, and others take what it held. */
const LOCK_MILLIS = 10_000;
/** How often a portion may be taken from a dead worker: as often as it takes. */
const MOST_DEATHS = 1_000_000;

export interface WorkerEvents {
  /** A portion is under way, until `ended` says that it is not, whatever came of it. */
  begun(): void;
  ended(): void;
  /** A portion is answered. */
  done(reports: readonly RunReport[]): void;
  /** Something here does not work, whatever the portion: no more is taken. */
  broken(error: unknown): void;
}

export class QueueWorker {
  private constructor(
    private readonly client: Redis,
    private readonly worker: Worker<QueuedPortion, readonly QueuedReport[]>,
  ) {}

  /** Throws UsageError when there is no server. */
  static async open(url: string, pool: SimulationPool, events: WorkerEvents): Promise<QueueWorker> {
    const packages = await loadQueuePackages();
    const client = await connect(packages, url);
    const worker = new packages.bullmq.Worker<QueuedPortion, readonly QueuedReport[]>(
      queueName(),
      async ({ data }) => {
        const reports = await runPortion(pool, data, events).catch((error: unknown) => {
          // A portion that is nonsense is the fault of who put it in; after anything else, the next would fail as well.
          if (!(error instanceof UsageError)) {
            void worker.pause(true);
            events.broken(error);
          }
          throw error;
        });
        // Cut short by a signal: no answer, so that it is another worker's as soon as nobody renews the lock.
        if (reports.length < data.seeds.length) return new Promise(() => undefined);
        events.done(reports);
        return reports.map(answerOf);
      },
      {
        connection: client,
        concurrency: pool.workers,
        lockDuration: LOCK_MILLIS,
        stalledInterval: LOCK_MILLIS,
        maxStalledCount: MOST_DEATHS,
      },
    );
    worker.on('error', () => undefined);
    return new QueueWorker(client, worker);
  }

  /** Ends at once; what it held is another worker's after a while. */
  async close(): Promise<void> {
    await this.worker.close(true).catch(() => undefined);
    this.client.disconnect();
  }
}

async function runPortion(
  pool: SimulationPool,
  portion: QueuedPortion,
  events: WorkerEvents,
): Promise<readonly RunReport[]> {
  const reports: RunReport[] = [];
  events.begun();
  try {
    for await (const report of pool.runs(fromQueue(portion))) reports.push(report);
  } finally {
    events.ended();
  }
  return reports;
}
