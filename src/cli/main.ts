#!/usr/bin/env node
/** The executable: hands the command line over, and the exit code back. */

import { readFileSync } from 'node:fs';
import { runCommandLine } from './program.js';

const about = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};
process.exitCode = await runCommandLine(process.argv.slice(2), about.version);
