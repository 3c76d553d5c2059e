/** What the process tells its caller. Documented in docs/json.md; scripts and CI depend on the numbers. */

import type { Verdict } from '../campaign/judge.js';
import { DivergenceError, UsageError } from '../kernel/errors.js';
import { InterruptedError } from '../node/interrupted-error.js';

export const ExitCode = {
  passed: 0,
  violated: 1,
  usage: 2,
  divergence: 3,
  boundReached: 4,
  stalled: 5,
  internal: 70,
  interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** What a run's verdict means for the process. */
export const VERDICT_CODES: Readonly<Record<Verdict, ExitCode>> = {
  passed: ExitCode.passed,
  violated: ExitCode.violated,
  stalled: ExitCode.stalled,
  'bound-reached': ExitCode.boundReached,
  diverged: ExitCode.divergence,
};

/** From the gravest on: of many runs, the gravest decides. */
const GRAVITY: readonly ExitCode[] = [
  ExitCode.interrupted,
  ExitCode.internal,
  ExitCode.usage,
  ExitCode.divergence,
  ExitCode.violated,
  ExitCode.stalled,
  ExitCode.boundReached,
  ExitCode.passed,
];

/** The graver of two codes. */
export function graver(a: ExitCode, b: ExitCode): ExitCode {
  return GRAVITY.indexOf(a) <= GRAVITY.indexOf(b) ? a : b;
}

/** What an error that ends a verb means for the process. */
export function codeOf(error: unknown): ExitCode {
  if (error instanceof InterruptedError) return ExitCode.interrupted;
  if (error instanceof UsageError) return ExitCode.usage;
  return error instanceof DivergenceError ? ExitCode.divergence : ExitCode.internal;
}
