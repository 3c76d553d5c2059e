/** The way to a Redis server. The packages for it are loaded when somebody asks for a queue. */

import type * as BullMq from 'bullmq';
import type { Redis } from 'ioredis';
import { UsageError } from '../../kernel/index.js';

export interface QueuePackages {
  readonly bullmq: typeof BullMq;
  readonly Redis: typeof Redis;
}

/** Throws UsageError when they are not installed. */
export async function loadQueuePackages(): Promise<QueuePackages> {
  try {
    const [bullmq, ioredis] = await Promise.all([import('bullmq'), import('ioredis')]);
    return { bullmq, Redis: ioredis.Redis };
  } catch {
    throw new UsageError(
      'missing-package',
      '--queue: expected the packages bullmq and ioredis to be installed',
      'npm install bullmq ioredis',
    );
  }
}

const FIRST_ANSWER_MILLIS = 5000;
const LONGEST_WAIT_MILLIS = 2000;

/** A connection that comes back by itself once it has been there. Throws UsageError when nobody answers at first. */
export async function connect({ Redis: Client }: QueuePackages, url: string): Promise<Redis> {
  const client = new Client(url, {
    // BullMQ's own demand: a blocking command waits as long as it takes.
    maxRetriesPerRequest: null,
    connectTimeout: FIRST_ANSWER_MILLIS,
    lazyConnect: true,
    retryStrategy: (times) => Math.min(50 * times, LONGEST_WAIT_MILLIS),
  });
  let reason = 'no answer';
  client.on('error', (error: Error) => (reason = error.message));
  const patience = setTimeout(() => client.disconnect(), FIRST_ANSWER_MILLIS);
  try {
    await client.connect();
    await client.ping();
  } catch {
    client.disconnect();
    throw new UsageError(
      'no-queue',
      `--queue: expected a Redis server at ${withoutPassword(url)}, got ${reason}`,
    );
  } finally {
    clearTimeout(patience);
  }
  return client;
}

/** For messages. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}
