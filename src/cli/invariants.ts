/** `faultline invariants`: every property that is checked, with its statement. */

import { INVARIANTS, renderInvariants, type InvariantInfo } from '../checkers/index.js';
import { counted } from '../report/figures.js';
import { wrap } from '../report/wrap.js';
import { ExitCode } from './exit-codes.js';
import type { InvariantsOptions } from './option-table.js';
import type { Terminal } from './terminal.js';

const WIDTH = 80;

/** The verb. */
export async function invariants(
  terminal: Terminal,
  _words: readonly string[],
  options: InvariantsOptions,
): Promise<ExitCode> {
  terminal.summarize({ invariants: INVARIANTS.length });
  if (terminal.json) for (const info of INVARIANTS) terminal.emit('invariant', { ...info });
  else if (options.markdown) terminal.print(renderInvariants(INVARIANTS).trimEnd());
  else {
    for (const info of INVARIANTS) print(terminal, info);
    terminal.print(`${counted(INVARIANTS.length, 'invariant')}`);
  }
  return ExitCode.passed;
}

function print(terminal: Terminal, info: InvariantInfo): void {
  const { paint } = terminal;
  terminal.print(`${paint.bold(info.id)} ${paint.dim(`(${info.kind}, ${info.family})`)}`);
  for (const line of wrap(info.title, WIDTH - 2)) terminal.print(`  ${line}`);
  const facts = [
    ['statement', info.statement],
    ['model', info.failureModel],
    ['source', info.source],
  ] as const;
  for (const [label, text] of facts) {
    const [first = '', ...more] = wrap(text, WIDTH - 12);
    terminal.print(`  ${paint.dim(label.padEnd(9))} ${first}`);
    for (const line of more) terminal.print(`  ${''.padEnd(9)} ${line}`);
  }
  terminal.print();
}
