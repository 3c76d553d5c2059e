/** What the operating system says, in a few words for the end of an error line. */

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or folder'],
  ['EACCES', 'no permission'],
  ['EPERM', 'no permission'],
  ['EROFS', 'a read-only file system'],
  ['EISDIR', 'a folder'],
  ['ENOTDIR', 'a file where a folder is needed'],
  ['EEXIST', 'a file of that name'],
  ['ENOSPC', 'no space left'],
  ['EDQUOT', 'no space left'],
  ['EMFILE', 'too many open files'],
  ['ENAMETOOLONG', 'a name that is too long'],
  ['ELOOP', 'a circle of links'],
  ['EINVAL', 'an invalid path'],
  ['ERR_INVALID_ARG_VALUE', 'an invalid path'],
]);

/** E.g. `no such file or folder`; the system's own words for what is not in the table. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an error';
  const code = (error as NodeJS.ErrnoException).code;
  return (code === undefined ? undefined : REASONS.get(code)) ?? error.message;
}
