/** `faultline keep`: promotes a found trace into the regression corpus. */

import { keepTrace } from '../node/trace-file.js';
import { shellWord } from '../report/shell.js';
import { ExitCode } from './exit-codes.js';
import type { KeepOptions } from './option-table.js';
import type { Terminal } from './terminal.js';

/** The verb. */
export async function keep(
  terminal: Terminal,
  words: readonly string[],
  options: KeepOptions,
): Promise<ExitCode> {
  const [from = ''] = words;
  const path = keepTrace(from, options.to, options);
  if (terminal.json) terminal.emit('kept', { from, path });
  else {
    terminal.print(`kept ${path}`);
    terminal.print(
      terminal.paint.dim(`commit it; CI replays it with: faultline replay --adapt ${shellWord(options.to)}`),
    );
  }
  return ExitCode.passed;
}
