/**
 * What lies in the queue: a portion of seeds to run, and what came of it. Plain JSON, and checked by whoever takes it
 * out: a Redis server is a place where anybody may write.
 */

import { z } from 'zod';
import { UsageError } from '../../kernel/index.js';
import { drawScenario, type Scenario } from '../../scenario/index.js';
import type { Outcome } from '../../simulator/index.js';
import { readScenario } from '../../simulator/trace-scenario.js';
import { FAULTLINE_VERSION } from '../../simulator/version.js';
import { codeHash } from '../code-hash.js';
import { contentHash } from '../fuzz-ledger.js';
import type { RunReport, RunRequest } from '../run-pool.js';

/** Other code makes other runs of the same seeds: each build has a queue of its own, and no answer of another one's. */
export function queueName(): string {
  return `faultline-${FAULTLINE_VERSION.replace(/[^\w.-]/g, '-')}-${codeHash()}`;
}

/** Most seeds of a portion. */
const MOST_SEEDS = 1000;

/** A portion on its way: of a swarm the scenario that each seed has drawn, else one for all. */
export interface QueuedPortion {
  readonly bug: string | null;
  readonly seeds: readonly string[];
  readonly scenarios: readonly Scenario[];
}

export function toQueue({ scenario, bug, seeds }: RunRequest): QueuedPortion {
  const scenarios =
    scenario.swarm === undefined ? [scenario] : seeds.map((seed) => drawScenario(scenario, seed));
  return { bug: bug ?? null, seeds, scenarios };
}

/** The same portion has the same name: put in twice, it lies there once. */
export function nameOf(portion: QueuedPortion): string {
  return contentHash(portion);
}

const portionShape = z.object({
  bug: z.string().max(100).nullable(),
  seeds: z.array(z.string().max(1000)).min(1).max(MOST_SEEDS),
  scenarios: z.array(z.unknown()).min(1).max(MOST_SEEDS),
});

/** What a worker runs for a portion: requests whose reports, one after the other, are those of its seeds. */
export function fromQueue(data: unknown): readonly RunRequest[] {
  const { bug, seeds, scenarios } = read(portionShape, data, 'a portion of seeds');
  const requests = scenarios.map((scenario) => ({ scenario: readScenario(scenario), bug: bug ?? undefined }));
  const [first] = requests;
  if (first !== undefined && requests.length === 1) return [{ ...first, seeds }];
  if (requests.length !== seeds.length)
    throw new UsageError('bad-queue', 'queue: expected a scenario for each seed');
  return requests.map((request, i) => ({ ...request, seeds: [seeds[i] as string] }));
}

/** One run's part of an answer. */
export interface QueuedReport {
  readonly outcome: Outcome | null;
  readonly broken: readonly string[];
  readonly stopped: 'no-progress' | 'out-of-memory' | null;
}

export function answerOf({ outcome, broken, stopped }: RunReport): QueuedReport {
  return { outcome: outcome ?? null, broken, stopped: stopped ?? null };
}

const answerShape = z.array(
  z.object({
    outcome: z
      .looseObject({
        status: z.enum(['passed', 'violated', 'stalled', 'bound-reached']),
        digest: z.string().regex(/^[0-9a-f]{16}$/),
        events: z.int().nonnegative(),
        timeMicros: z.int().nonnegative(),
        statistics: z.looseObject({}),
      })
      .nullable(),
    broken: z.array(z.string()),
    stopped: z.enum(['no-progress', 'out-of-memory']).nullable(),
  }),
);

/** The reports that an answer to a request holds. Throws UsageError. */
export function reportsOf(request: RunRequest, answer: unknown): readonly RunReport[] {
  const parts = read(answerShape, answer, 'the reports of a portion');
  const { seeds } = request;
  if (parts.length !== seeds.length) {
    throw new UsageError(
      'bad-queue',
      `queue: expected ${seeds.length} reports of a portion, got ${parts.length}`,
    );
  }
  return parts.map(({ outcome, broken, stopped }, i) => ({
    request,
    seed: seeds[i] as string,
    outcome: (outcome ?? undefined) as Outcome | undefined,
    broken,
    stopped: stopped ?? undefined,
  }));
}

function read<T>(shape: z.ZodType<T>, value: unknown, what: string): T {
  const found = shape.safeParse(value);
  if (found.success) return found.data;
  const issue = found.error.issues[0];
  const place = issue === undefined ? '' : ` (${issue.path.join('.')}: ${issue.message})`;
  throw new UsageError('bad-queue', `queue: expected ${what}, got something else${place}`);
}
