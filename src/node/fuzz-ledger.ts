/**
 * The ledger of a campaign: a file of JSON lines that says what was run and what was found, so that a campaign
 * which ended, whatever ended it, goes on where it was.
 *
 * The first line is the header. Then a line for each failure, and a line for each portion of seeds that is done.
 * Each is written and synced before anything that rests on it: a failure after its trace is saved and before the
 * portion that it was found in. So a process that is killed loses at most the portions under way, which are run
 * again, and a failure found again is known by its scenario and seed. A last line without an end is what a kill
 * left of a write, and is cut off. One process at a time has the ledger: another would take what is being written for
 * torn, and portions would be there twice.
 *
 * Portions are chained: each carries the hash of the one before of its scenario and of its runs' digests. Two
 * campaigns over the same seeds of the same code end with the same hashes.
 */

import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { STRATEGIES } from '../campaign/index.js';
import { UsageError, canonical, excerpt } from '../kernel/index.js';
import type { MutatedRecipe } from '../simulator/outcome.js';
import { isMutatedRecipe } from '../simulator/trace-recipe.js';
import { appendLine, isTorn } from './append-line.js';
import { fileProblem } from './file-errors.js';
import { FileLock } from './file-lock.js';
import { makeFolder } from './folders.js';

const SCHEMA = 'faultline-ledger/1';

const headerShape = z.strictObject({
  schema: z.literal(SCHEMA),
  type: z.literal('campaign'),
  /** Version of Faultline, and hash of the code that makes its runs; absent in older ledgers. */
  faultline: z.string(),
  code: z.string().optional(),
  /** Hash of the scenarios' content: another scenario of the same name is another campaign. */
  scenarios: z.record(z.string(), z.string()),
  /** sha256 of the file of a user's module, by scenario. Absent where there is none, and in older ledgers. */
  modules: z.record(z.string(), z.string()).optional(),
  bug: z.string().nullable(),
  first: z.int().nonnegative(),
  shard: z.int().nonnegative(),
  of: z.int().positive(),
  /** Ledgers from before there were several have none. */
  strategy: z.enum(STRATEGIES).default('swarm'),
});

const failureShape = z.strictObject({
  type: z.literal('failure'),
  scenario: z.string(),
  seed: z.string(),
  verdict: z.enum(['violated', 'stalled', 'bound-reached', 'diverged']),
  invariant: z.string().nullable(),
  message: z.string(),
  events: z.int().nonnegative(),
  savedTo: z.string().nullable(),
  again: z.string(),
  /** Absent: the plain run of the seed. */
  recipe: z.custom<MutatedRecipe>(isMutatedRecipe).optional(),
});

const portionShape = z.strictObject({
  type: z.literal('portion'),
  scenario: z.string(),
  /** How many seeds of this scenario were done before. */
  position: z.int().nonnegative(),
  runs: z.int().positive(),
  events: z.int().nonnegative(),
  chain: z.string(),
});

const lineShape = z.discriminatedUnion('type', [failureShape, portionShape]);

export type LedgerHeader = Omit<z.infer<typeof headerShape>, 'schema' | 'type'>;
export type LedgerFailure = Omit<z.infer<typeof failureShape>, 'type'>;
export type LedgerPortion = Omit<z.infer<typeof portionShape>, 'type'>;

/** What a ledger says when it is opened again. */
export interface Ledgered {
  readonly failures: readonly LedgerFailure[];
  readonly portions: readonly LedgerPortion[];
}

/** Of a campaign that begins. */
export const NOTHING: Ledgered = { failures: [], portions: [] };

export class FuzzLedger {
  private constructor(
    private readonly path: string,
    private readonly file: number,
    private readonly lock: FileLock,
  ) {}

  /** Begins a ledger. Throws UsageError where there is one already, or no place to write. */
  static create(path: string, header: LedgerHeader): FuzzLedger {
    makeFolder(dirname(path));
    return locked(path, 'a new ledger', (lock) => {
      let file: number;
      try {
        file = openSync(path, 'ax');
      } catch (error) {
        throw fileProblem(error, path, 'a new ledger', '--resume goes on with one that is there');
      }
      const ledger = new FuzzLedger(path, file, lock);
      ledger.write({ schema: SCHEMA, type: 'campaign', ...header });
      return ledger;
    });
  }

  /**
   * Opens a ledger to go on with it. Throws UsageError when it is none, that of another campaign, or one that another
   * process has.
   */
  static resume(
    path: string,
    header: LedgerHeader,
  ): { readonly ledger: FuzzLedger; readonly before: Ledgered } {
    return locked(path, 'a ledger to go on with', (lock) => {
      const { text, isTornOff, before } = read(path, header);
      let file: number;
      try {
        if (isTornOff) truncateSync(path, Buffer.byteLength(text));
        file = openSync(path, 'a');
      } catch (error) {
        throw fileProblem(error, path, 'a ledger to go on with');
      }
      const ledger = new FuzzLedger(path, file, lock);
      if (text === '') ledger.write({ schema: SCHEMA, type: 'campaign', ...header });
      return { ledger, before };
    });
  }

  failure(failure: LedgerFailure): void {
    this.write({ type: 'failure', ...failure });
  }

  portion(portion: LedgerPortion): void {
    this.write({ type: 'portion', ...portion });
  }

  close(): void {
    closeSync(this.file);
    this.lock.release();
  }

  private write(line: Readonly<Record<string, unknown>>): void {
    appendLine(this.file, this.path, line);
  }
}

/** What the body opens keeps the lock; where it fails, the lock is given back. */
function locked<T>(path: string, expected: string, open: (lock: FileLock) => T): T {
  const lock = FileLock.take(path, expected);
  try {
    return open(lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * The hash of a portion: of the one before it of its scenario (empty for none), and of its runs' digests, one after another.
 * So it is the same wherever the same runs are cut into portions.
 */
export function chainOf(before: string, digests: readonly string[]): string {
  return digests.reduce((chain, digest) => {
    const hash = createHash('sha256').update(`${chain} ${digest}`);
    return hash.digest('hex').slice(0, 32);
  }, before);
}

/** Hash of a scenario's content. */
export function contentHash(content: unknown): string {
  return createHash('sha256').update(canonical(content)).digest('hex').slice(0, 16);
}

interface WholeLines {
  readonly text: string;
  /** Whether there is more, without an end. */
  readonly isTornOff: boolean;
  readonly before: Ledgered;
}

/** The whole lines of a ledger, and what they say. A ledger that was killed before its first line is empty. */
function read(path: string, header: LedgerHeader): WholeLines {
  let whole: string;
  try {
    whole = readFileSync(path, 'utf8');
  } catch (error) {
    throw fileProblem(error, path, 'a ledger to go on with');
  }
  const text = whole.slice(0, whole.lastIndexOf('\n') + 1);
  const isTornOff = text.length < whole.length;
  const lines = text.split('\n').slice(0, -1);
  const [first] = lines;
  if (first === undefined) {
    if (!isTorn(whole, SCHEMA)) throw notALedger(path, 1);
    return { text, isTornOff, before: NOTHING };
  }
  requireSameCampaign(path, parseLine(path, 1, first, headerShape), header);
  const failures: LedgerFailure[] = [];
  const portions: LedgerPortion[] = [];
  const runs = new Map<string, number>();
  lines.slice(1).forEach((line, i) => {
    const { type, ...rest } = parseLine(path, i + 2, line, lineShape);
    if (type === 'failure') failures.push(rest as LedgerFailure);
    else {
      const portion = rest as LedgerPortion;
      requireNextPortion(path, i + 2, portion, runs);
      portions.push(portion);
    }
  });
  return { text, isTornOff, before: { failures, portions } };
}

/** A portion that is missing or there twice would have seeds left out, or counted twice. */
function requireNextPortion(
  path: string,
  number: number,
  { scenario, position, runs }: LedgerPortion,
  before: Map<string, number>,
): void {
  const done = before.get(scenario) ?? 0;
  if (position !== done) throw notALedger(path, number);
  before.set(scenario, done + runs);
}

function parseLine<T>(path: string, number: number, line: string, shape: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw notALedger(path, number);
  }
  const result = shape.safeParse(value);
  if (result.success) return result.data;
  throw notALedger(path, number);
}

function notALedger(path: string, line: number): UsageError {
  return new UsageError('bad-ledger', `${path}:${line}: expected a line of a campaign's ledger (${SCHEMA})`);
}

/** Going on with other code or other scenarios would mix two campaigns. */
function requireSameCampaign(path: string, found: z.infer<typeof headerShape>, header: LedgerHeader): void {
  requireSameModules(path, found.modules ?? {}, header.modules ?? {});
  for (const [key, value] of Object.entries(header)) {
    if (key === 'modules') continue;
    const other = found[key as keyof LedgerHeader];
    if (canonical(other) === canonical(value)) continue;
    throw new UsageError(
      'other-campaign',
      `${path}:1: expected ${key} ${excerpt(canonical(value), 120)}, got ${excerpt(canonical(other), 120)}`,
      'a ledger goes on with the same code, scenarios and seeds; name another file for another campaign',
    );
  }
}

/** A scenario names the module of a user by its path: other code may lie there by now. */
function requireSameModules(
  path: string,
  found: Readonly<Record<string, string>>,
  modules: Readonly<Record<string, string>>,
): void {
  for (const [scenario, hash] of Object.entries(modules)) {
    const other = found[scenario];
    if (other === undefined || other === hash) continue;
    throw new UsageError(
      'other-campaign',
      `${path}:1: expected a campaign with the module of '${excerpt(scenario)}' as it is (sha256 ${hash.slice(0, 12)}), got another one (${excerpt(other.slice(0, 12))})`,
      'a ledger goes on with the same code; name another file for another campaign',
    );
  }
}
