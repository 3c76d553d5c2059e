/**
 * What ended a verb, told: bad input in one line and perhaps a hint, a mistake in Faultline itself with its stack.
 *
 * Imported by every command line: hence single files of the kernel, not all of it.
 */

import { DivergenceError, UsageError } from '../kernel/errors.js';
import { excerpt } from '../kernel/units.js';
import { ExitCode, codeOf } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** Tells the error, and returns what it means for the process. A signal is told when it comes, not here. */
export function reportError(terminal: Terminal, error: unknown): ExitCode {
  const exitCode = codeOf(error);
  if (exitCode === ExitCode.interrupted) return exitCode;
  const { paintError: paint } = terminal;
  const label = paint.red('faultline:');
  if (error instanceof UsageError || error instanceof DivergenceError) {
    const hint = error instanceof UsageError ? error.hint : undefined;
    terminal.note(`${label} ${error.message}`);
    if (hint !== undefined) terminal.note(paint.dim(`  ${hint}`));
    const code = error instanceof UsageError ? error.code : 'divergence';
    if (terminal.json) terminal.emit('error', { code, message: error.message, hint: hint ?? null });
    return exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? String(error)) : excerpt(String(error), 400);
  terminal.note(`${label} internal error: this is a mistake in Faultline, not in your scenario.`);
  terminal.note(stack);
  terminal.note('Please report it, with the command line and the lines above.');
  if (terminal.json) {
    const message = error instanceof Error ? error.message : String(error);
    terminal.emit('error', { code: 'internal', message, hint: null });
  }
  return exitCode;
}
