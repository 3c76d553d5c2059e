/** The audit log of a run, for people: one action a line, and what its chain says. */

import { formatMicros } from '../kernel/index.js';
import type { ChainedEntry } from '../simulator/audit-log.js';
import { counted, groupedCount } from './figures.js';
import { wrap } from './wrap.js';

/** Digits of a link that are enough to compare by eye. */
const SHORT_LINK = 12;
const INDENT = 33;
const WIDTH = 80;

/** `   12  1.234567 s  9f86d081884c  n2 becomes leader of term 3`, folded at 80 columns. */
export function auditLogLines(log: readonly ChainedEntry[]): string[] {
  return log.flatMap(({ number, timeMicros, link, text }) => {
    const [first = '', ...rest] = wrap(text, WIDTH - INDENT);
    const head = `${String(number).padStart(5)}  ${formatMicros(timeMicros).padStart(11)}  ${link.slice(0, SHORT_LINK)} `;
    return [`${head}${first}`, ...rest.map((line) => `${' '.repeat(INDENT)}${line}`)];
  });
}

/** What the trace says of its log, and whether that is so. */
export function auditLogVerdict(
  log: readonly ChainedEntry[],
  noted: { readonly entries: number; readonly head: string } | null,
): { readonly isRight: boolean; readonly text: string } {
  const head = log.at(-1)?.link ?? 'none';
  const what = `${counted(log.length, 'action')}, last link ${head}`;
  if (noted === null) return { isRight: true, text: `${what}; the trace was written without a log` };
  if (noted.entries === log.length && (log.length === 0 || noted.head === head)) {
    return { isRight: true, text: `${what}, as the trace says` };
  }
  return {
    isRight: false,
    text: `${what}; the trace says ${groupedCount(noted.entries)}, last link ${noted.head}`,
  };
}
