/**
 * The ledger of hunts: a file of JSON lines, one for each hunt that ended or was ended, the last one of a bug and figure
 * being the one that counts. A hunt belongs to the code and the scenario that it was made with: a line of other ones is
 * passed over. What was found once stays found, and a hunt that found nothing goes on where it was left.
 */

import { closeSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { STRATEGIES } from '../campaign/index.js';
import { UsageError, excerpt } from '../kernel/index.js';
import type { MutatedRecipe } from '../simulator/outcome.js';
import { isMutatedRecipe } from '../simulator/trace-recipe.js';
import { appendLine, appendText, isTorn } from './append-line.js';
import { fileProblem } from './file-errors.js';
import { makeFolder } from './folders.js';

const SCHEMA = 'faultline-hunts/1';

const lineShape = z.strictObject({
  schema: z.literal(SCHEMA),
  bug: z.string(),
  figure: z.enum(['all', 'independent']),
  scenario: z.string(),
  /** Of the program's own files, of the scenario's content, and the first seed. */
  code: z.string(),
  content: z.string(),
  first: z.int().nonnegative(),
  /** Ledgers from before there were several have none. */
  strategy: z.enum(STRATEGIES).default('swarm'),
  seeds: z.int().nonnegative(),
  useless: z.int().nonnegative(),
  cpuMicros: z.int().nonnegative(),
  isStuck: z.boolean(),
  finding: z
    .strictObject({
      seed: z.string(),
      invariant: z.string(),
      message: z.string(),
      events: z.int().nonnegative(),
      recipe: z.custom<MutatedRecipe>(isMutatedRecipe).optional(),
    })
    .nullable(),
});

export type LedgeredHunt = Omit<z.infer<typeof lineShape>, 'schema'>;
export type HuntKey = Pick<LedgeredHunt, 'bug' | 'figure' | 'code' | 'content' | 'first' | 'strategy'>;

export class HuntLedger {
  private readonly hunts = new Map<string, LedgeredHunt>();

  private constructor(
    private readonly file: number | undefined,
    private readonly path: string,
  ) {}

  /** Undefined: one that is forgotten. Throws UsageError for a file that is no ledger of hunts. */
  static open(path: string | undefined): HuntLedger {
    if (path === undefined) return new HuntLedger(undefined, '');
    makeFolder(dirname(path));
    let file: number;
    let text: string;
    try {
      file = openSync(path, 'a+');
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw fileProblem(error, path, 'a ledger of hunts');
    }
    const ledger = new HuntLedger(file, path);
    const lines = text.split('\n');
    // A last line without an end is what a kill left of a write.
    const isTornOff = lines[lines.length - 1] !== '';
    if (!isTornOff) lines.pop();
    lines.forEach((line, i) => ledger.remember(readLine(line, `${path}:${i + 1}`)));
    if (isTornOff) appendText(file, path, '\n');
    return ledger;
  }

  find(key: HuntKey): LedgeredHunt | undefined {
    return this.hunts.get(keyOf(key));
  }

  note(hunt: LedgeredHunt): void {
    this.remember(hunt);
    if (this.file !== undefined) appendLine(this.file, this.path, { schema: SCHEMA, ...hunt });
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
  }

  private remember(hunt: LedgeredHunt | undefined): void {
    if (hunt !== undefined) this.hunts.set(keyOf(hunt), hunt);
  }
}

function keyOf({ bug, figure, code, content, first, strategy }: HuntKey): string {
  return [bug, figure, code, content, first, strategy].join(' ');
}

function readLine(line: string, place: string): LedgeredHunt | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Torn by a kill, and ended by the process after it.
    if (isTorn(line, SCHEMA)) return undefined;
    throw notALine(line, place);
  }
  const parsed = lineShape.safeParse(value);
  if (parsed.success) {
    const { schema: _, ...hunt } = parsed.data;
    return hunt;
  }
  throw notALine(line, place);
}

function notALine(line: string, place: string): UsageError {
  return new UsageError(
    'bad-ledger',
    `${place}: expected a line of a ledger of hunts, got ${excerpt(line, 80)}`,
  );
}
