/**
 * Assertions stay on. The message is a static text: an eager template string costs ten times as much
 * as the check itself, so build details only after a condition has failed.
 */

/** Thrown by a failed assertion; inside a replica the runner turns it into a violation of kind crash. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws {@link AssertionError} unless the condition holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
