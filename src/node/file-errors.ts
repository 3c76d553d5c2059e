/** What went wrong with a file, as bad input. */

import { UsageError, excerpt } from '../kernel/index.js';
import { reasonOf } from './system-errors.js';

/**
 * The UsageError for an error of the file system: `PATH: expected …, got …`. Any other error is handed
 * back as it is.
 */
export function fileProblem(error: unknown, path: string, expected: string, hint?: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (error instanceof UsageError || code === undefined) return error;
  const id = code === 'ENOENT' ? 'no-such-file' : 'file-error';
  return new UsageError(id, `${excerpt(path, 300)}: expected ${expected}, got ${reasonOf(error)}`, hint);
}
