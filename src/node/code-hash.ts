/** Which program this is: builds of one version may be different ones while it is worked on. */

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

let known: string | undefined = undefined;

/** Sixteen hexadecimal digits that say which program this is: any other file in it is another program. */
export function codeHash(): string {
  known ??= hashOfCode();
  return known;
}

function hashOfCode(): string {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const hash = createHash('sha256');
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.js'),
  );
  // Reports and verbs change no run.
  const runs = files.filter((file) => !/^(?:cli|report|node)[/\\]/.test(file)).sort();
  for (const file of runs)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}
