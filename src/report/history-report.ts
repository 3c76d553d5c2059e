/** What a judge of a recorded history answers, in lines for people. */

import type { HistoryReport } from '../checkers/index.js';
import { wrap } from './wrap.js';

const ANOMALIES_SHOWN = 10;
const WORDS: Readonly<Record<HistoryReport['verdict'], string>> = {
  valid: 'VALID',
  invalid: 'INVALID',
  unknown: 'UNKNOWN',
};

/** The first line is the headline, `VALID NAME`; the others are indented by two. */
export function historyLines(name: string, report: HistoryReport, width: number): string[] {
  const lines = [`${WORDS[report.verdict]} ${name}`];
  const tell = (text: string): void => {
    for (const line of wrap(text, width - 2)) lines.push(`  ${line}`);
  };
  if (report.verdict !== 'invalid') tell(report.message);
  for (const [kind, count] of Object.entries(report.counts)) if (count > 1) tell(`${kind}: ${count} times`);
  for (const { kind, message } of report.anomalies.slice(0, ANOMALIES_SHOWN)) tell(`${kind}: ${message}`);
  const { failure } = report;
  if (failure !== undefined) {
    const prefix = failure.isShortest ? 'the shortest prefix that fails' : 'a prefix that fails';
    tell(
      `${prefix} ends with line ${failure.line}; the longest order found has ${failure.longest.length} operations`,
    );
  }
  const figures = Object.entries(report.figures).map(([name_, value]) => `${name_} ${value}`);
  if (figures.length > 0) tell(figures.join(', '));
  return lines;
}
