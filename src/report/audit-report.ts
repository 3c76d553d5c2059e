/** What an audit of a trace came to, in words: first a headline, then what it found, one line for each culprit. */

import type { AuditRecord } from '../checkers/index.js';

export interface AuditedRun {
  readonly record: AuditRecord;
  /** Names of those that the run made liars. */
  readonly faulty: readonly string[];
}

const HEADLINES = {
  clean: 'CLEAN',
  guilt: 'GUILT',
  fork: 'FORK',
  'no-proof': 'NO PROOF IS POSSIBLE',
} as const;

/** The headline and the lines below it. */
export function auditLines({ record, faulty }: AuditedRun): string[] {
  const { kind, culprits, asked, statements } = record;
  if (kind === 'no-proof') {
    return [
      HEADLINES[kind],
      'messages carry MACs, which convince their receivers and nobody else; nobody is accused',
    ];
  }
  const read = `${statements} signed statements of ${asked.join(', ')} were read`;
  const lines: string[] = [HEADLINES[kind], ...forkLines(record)];
  if (culprits.length === 0)
    lines.push(`nobody has signed anything that a correct replica does not; ${read}`);
  for (const { culprit, text, evidence } of culprits) {
    lines.push(`${culprit} ${text}: ${evidence.map((statement) => statement.text).join(' | ')}`);
  }
  if (kind === 'fork') lines.push(verdictOf(record));
  if (culprits.length > 0) lines.push(read);
  if (faulty.length > 0) lines.push(`liars of this run, which no auditor is told: ${faulty.join(', ')}`);
  return lines;
}

function forkLines({ fork }: AuditRecord): string[] {
  if (fork === null) return [];
  return [fork.first, fork.second].map(
    ({ view, digest, signers }) =>
      `batch ${fork.sequence} was committed as ${digest} in view ${view} by ${signers.join(' ')}`,
  );
}

function verdictOf({ culprits, promised }: AuditRecord): string {
  const named = `${culprits.length} culprits are proved`;
  if (culprits.length >= promised) return `${named}; a fork takes ${promised}`;
  return `${named}, fewer than the ${promised} that a fork takes: the new views between the two are not all at hand`;
}
