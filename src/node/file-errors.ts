/** What went wrong with a file, in one line. */

import { UsageError, excerpt } from '../kernel/index.js';

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such file'],
  ['ENOTDIR', 'a part of the path is not a folder'],
  ['EISDIR', 'it is a folder'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'permission denied'],
  ['ENOSPC', 'no space left on the device'],
  ['EDQUOT', 'no space left on the device'],
  ['EROFS', 'the file system is read-only'],
  ['ELOOP', 'a circle of symbolic links'],
  ['ENAMETOOLONG', 'the name is too long'],
  ['EMFILE', 'too many open files'],
  ['EEXIST', 'it exists already'],
  ['EINVAL', 'it is no valid path'],
  ['ERR_INVALID_ARG_VALUE', 'it is no valid path'],
]);

/** The UsageError for an error of the file system; any other error is handed back as it is. */
export function fileProblem(error: unknown, path: string, place?: string, hint?: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const reason = code === undefined ? undefined : REASONS.get(code);
  if (code === undefined || reason === undefined) return error;
  const where = place === undefined ? '' : `${place}: `;
  const id = code === 'ENOENT' ? 'no-such-file' : 'file-error';
  return new UsageError(id, `${where}${excerpt(path, 300)}: ${reason}`, hint);
}
