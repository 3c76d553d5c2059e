#!/usr/bin/env node
/** The executable: hands the command line over, and the exit code back. */

import { FAULTLINE_VERSION } from '../simulator/version.js';
import { runCommandLine } from './program.js';

const code = await runCommandLine(process.argv.slice(2), FAULTLINE_VERSION);
process.exitCode = code;
// Nothing is left to do; should a worker that cannot be ended keep the process alive, this ends it. A slow reader gets all.
process.stdout.write('', () => setTimeout(() => process.exit(code), 1000).unref());
