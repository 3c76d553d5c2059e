/** `faultline check`: judges recorded histories of any system. */

import { checkHistory, HISTORY_MODELS, type HistoryReport } from '../checkers/index.js';
import { UsageError } from '../kernel/index.js';
import { readHistoryFile } from '../node/history-file.js';
import { historyLines } from '../report/history-report.js';
import { ExitCode, graver } from './exit-codes.js';
import { oneOf, type CheckOptions } from './option-table.js';
import type { Terminal } from './terminal.js';
import { HISTORY_MODEL_NAMES } from './words.js';

const WIDTH = 80;
const CODES: Readonly<Record<HistoryReport['verdict'], ExitCode>> = {
  valid: ExitCode.passed,
  invalid: ExitCode.violated,
  unknown: ExitCode.boundReached,
};

/** The verb. */
export function check(terminal: Terminal, words: readonly string[], options: CheckOptions): ExitCode {
  if (options.models) return listModels(terminal);
  if (words.length === 0) throw new UsageError('missing-argument', 'check: expected a FILE with a history');
  if (options.model === undefined) {
    throw new UsageError(
      'missing-option',
      `check: expected --model, one of ${HISTORY_MODEL_NAMES.join(', ')}`,
    );
  }
  const model = oneOf('--model', options.model, HISTORY_MODEL_NAMES);
  const { consistency, whole, maxSteps, initial, order, leases, total, overdraft } = options;
  const settings = {
    consistency,
    whole,
    order,
    leases,
    overdraft,
    ...(initial === undefined ? {} : { initial: /^-?\d{1,15}$/.test(initial) ? Number(initial) : initial }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(total === undefined ? {} : { total }),
  };
  const verdicts = { valid: 0, invalid: 0, unknown: 0 };
  let code: ExitCode = ExitCode.passed;
  for (const path of words) {
    const checked = checkHistory(model, readHistoryFile(path), settings);
    if (checked.kind === 'error') {
      throw new UsageError('bad-history', `${path}:${checked.message.replace(/^line (\d+)/, '$1')}`);
    }
    tell(terminal, path, model, checked.operations, checked.report);
    verdicts[checked.report.verdict] += 1;
    code = graver(code, CODES[checked.report.verdict]);
  }
  terminal.summarize({ histories: words.length, verdicts });
  if (!terminal.json && words.length > 1) terminal.print(lastLine(words.length, verdicts));
  return code;
}

function listModels(terminal: Terminal): ExitCode {
  for (const { name, summary } of HISTORY_MODELS) {
    if (terminal.json) terminal.emit('model', { name, summary });
    else terminal.print(`${terminal.paint.bold(name.padEnd(13))}${summary}`);
  }
  terminal.summarize({ models: HISTORY_MODELS.length });
  return ExitCode.passed;
}

function tell(
  terminal: Terminal,
  path: string,
  model: string,
  operations: number,
  report: HistoryReport,
): void {
  if (terminal.json) {
    terminal.emit('history', { file: path, model, operations, ...report, failure: report.failure ?? null });
    return;
  }
  const { paint } = terminal;
  const [headline = '', ...more] = historyLines(path, report, WIDTH);
  const colour = { valid: paint.green, invalid: paint.red, unknown: paint.yellow }[report.verdict];
  const word = headline.split(' ', 1)[0] ?? '';
  terminal.print(`${colour.bold(word)}${headline.slice(word.length)}`);
  for (const line of more) terminal.print(line);
}

function lastLine(files: number, verdicts: Readonly<Record<HistoryReport['verdict'], number>>): string {
  const { valid, invalid, unknown } = verdicts;
  return `\n${files} histories: ${valid} valid, ${invalid} invalid, ${unknown} unknown`;
}
