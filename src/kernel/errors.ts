/**
 * The three kinds of failure. A `UsageError` is bad input (exit code 2); an assertion inside a replica
 * becomes a violation of kind crash; a `Violation` is a found bug: a value, never an exception.
 */

/** Bad input from a user or a file: one clear line that names place, expectation and nearest valid word. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** A short stable code, e.g. `unknown-key`. */
  readonly code: string;
  /** Optional second line: the nearest valid word or what to do. */
  readonly hint: string | undefined;

  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/** Two executions that had to be the same differ (exit code 3). */
export class DivergenceError extends Error {
  override readonly name = 'DivergenceError';
}
