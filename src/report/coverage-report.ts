/** Coverage for people and for programs: a row of a table for each situation, and the record of `--json`. */

import type { ChalkInstance } from 'chalk';
import type { CoveredSituation } from '../campaign/index.js';
import { compactCount, counted } from './figures.js';
import { table, type Column } from './table.js';
import { wrap } from './wrap.js';

const WIDTH = 80;
/** Fewest characters of a scenario's name. */
const NARROWEST = 12;

const COLUMNS: readonly Column[] = [
  { head: 'situation' },
  { head: 'runs', align: 'right' },
  { head: 'times', align: 'right' },
  { head: 'most in' },
];

/** A table for each protocol, of what was reached; then what never was. */
export function coverageText(situations: readonly CoveredSituation[], paint: ChalkInstance): string {
  const reached = situations.filter(({ count }) => count > 0);
  const missing = situations.filter(({ count }) => count === 0);
  const parts: string[] = [];
  for (const protocol of new Set(reached.map(({ id }) => protocolOf(id)))) {
    const own = reached.filter(({ id }) => protocolOf(id) === protocol);
    const head = protocol === 'any' ? 'any protocol' : protocol;
    parts.push(`${paint.bold(head)}\n${table(COLUMNS, rows(own), paint)}\n`);
  }
  if (missing.length > 0) parts.push(missingText(missing, paint));
  return parts.join('\n');
}

/** How many were reached, in a line. */
export function coverageLine(situations: readonly CoveredSituation[], runs: number): string {
  const reached = situations.filter(({ count }) => count > 0).length;
  return `${reached} of ${counted(situations.length, 'situation')} reached in ${counted(runs, 'run')}`;
}

/** The fields of a JSON line of type `situation`. */
export function coverageRecord(covered: CoveredSituation): Readonly<Record<string, unknown>> {
  const { id, situation, runs, runsReaching, count, scenario } = covered;
  return {
    id,
    title: situation?.title ?? null,
    protocol: situation?.protocol ?? null,
    noticedBy: situation?.noticedBy ?? 'replica',
    runs,
    runsReaching,
    count,
    scenario: scenario ?? null,
  };
}

/** Names of scenarios get what room is left. */
function rows(situations: readonly CoveredSituation[]): (readonly string[])[] {
  const cells = situations.map(({ id, runs, runsReaching, count }) => [
    nameOf(id),
    `${compactCount(runsReaching)}/${compactCount(runs)}`,
    compactCount(count),
  ]);
  const widths = COLUMNS.slice(0, 3).map(({ head }, i) =>
    Math.max(head.length, ...cells.map((row) => row[i]?.length ?? 0)),
  );
  const room = Math.max(NARROWEST, WIDTH - widths.reduce((sum, width) => sum + width + 1, 0) - 1);
  return situations.map(({ scenario = '' }, i) => [
    ...(cells[i] ?? []),
    scenario.length > room ? `${scenario.slice(0, room - 1)}…` : scenario,
  ]);
}

function missingText(missing: readonly CoveredSituation[], paint: ChalkInstance): string {
  const lines = [paint.red.bold('NEVER REACHED')];
  for (const { id, situation } of missing) {
    lines.push(
      `  ${id}`,
      ...wrap(situation?.title ?? '', WIDTH - 6).map((line) => `      ${paint.dim(line)}`),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A user's protocol may call its situations what it likes. */
function protocolOf(id: string): string {
  return id.includes('/') ? id.slice(0, id.indexOf('/')) : 'others';
}

function nameOf(id: string): string {
  return id.slice(id.indexOf('/') + 1);
}
