/** What a hunt of the zoo found, for people and for programs: a row for each bug, and what they come to together. */

import type { Finding } from '../campaign/index.js';
import { BUGS, type Bug } from '../zoo/index.js';
import { counted, groupedCount } from './figures.js';
import type { Column } from './table.js';

/** One of the two figures of a bug. */
export interface Figure {
  readonly seeds: number;
  readonly cpuMicros: number;
  /** Seeds that broke the correct code too. */
  readonly useless: number;
  /** The run after the last of these seeds never ended, or failed: the hunt was given up. */
  readonly isStuck: boolean;
  /** Undefined: not found. One that took more time than the budget counts as not found in it. */
  readonly finding: Finding | undefined;
}

export interface Detection {
  readonly bug: Bug;
  readonly scenario: string;
  readonly all: Figure;
  readonly independent: Figure;
}

export const DETECTION_COLUMNS: readonly Column[] = [
  { head: 'bug' },
  { head: 'seeds', align: 'right' },
  { head: 'CPU', align: 'right' },
  { head: 'first' },
  { head: 'seeds', align: 'right' },
  { head: 'CPU', align: 'right' },
  { head: 'independent' },
];

/** Whether it was found, and no more time was used than there was: a ledger may hold hunts that had more. */
function isWithin({ finding, cpuMicros }: Figure, budgetMicros: number): boolean {
  return finding !== undefined && cpuMicros <= budgetMicros;
}

/** Cells for {@link DETECTION_COLUMNS}. `budgetMicros`: CPU time for each hunt. */
export function detectionRow({ bug, all, independent }: Detection, budgetMicros: number): readonly string[] {
  const short = bug.id.split('-')[0] ?? bug.id;
  return [short, ...figureCells(all, budgetMicros), ...figureCells(independent, budgetMicros)];
}

function figureCells(figure: Figure, budgetMicros: number): readonly string[] {
  const { seeds, cpuMicros, isStuck, finding } = figure;
  const cells = [groupedCount(seeds), secondsText(cpuMicros)];
  if (finding === undefined) return [...cells, isStuck ? 'given up' : 'not found'];
  return [
    ...cells,
    isWithin(figure, budgetMicros) ? finding.invariant : `over the budget: ${finding.invariant}`,
  ];
}

/** `0.42 s`, `13 s`. */
export function secondsText(micros: number): string {
  const seconds = micros / 1_000_000;
  return seconds < 10 ? `${seconds.toFixed(2)} s` : `${groupedCount(Math.round(seconds))} s`;
}

/** The same as data. */
export function detectionRecord(
  { bug, scenario, all, independent }: Detection,
  budgetMicros: number,
): Readonly<Record<string, unknown>> {
  const figure = (one: Figure): object => {
    const { seeds, cpuMicros, useless, isStuck, finding } = one;
    return {
      seeds,
      cpuMicros,
      useless,
      isStuck,
      found: finding ?? null,
      isWithin: isWithin(one, budgetMicros),
    };
  };
  return {
    bug: bug.id,
    protocol: bug.protocol,
    scenario,
    harmless: bug.harmless ?? null,
    all: figure(all),
    independent: figure(independent),
  };
}

/** Counts over all bugs that were hunted; found is what was found within the budget. */
export interface DetectionSummary {
  readonly bugs: number;
  readonly found: number;
  readonly foundWithin10s: number;
  /** Of those that can harm a client. */
  readonly harmful: number;
  readonly foundIndependently: number;
  readonly medianCpuMicros: number | undefined;
  readonly medianCpuMicrosIndependent: number | undefined;
}

const TEN_SECONDS = 10_000_000;

export function summariseDetections(
  detections: readonly Detection[],
  budgetMicros: number,
): DetectionSummary {
  const found = detections.filter(({ all }) => isWithin(all, budgetMicros));
  const harmful = detections.filter(({ bug }) => bug.harmless === undefined);
  const independent = harmful.filter((one) => isWithin(one.independent, budgetMicros));
  return {
    bugs: detections.length,
    found: found.length,
    foundWithin10s: found.filter(({ all }) => all.cpuMicros <= TEN_SECONDS).length,
    harmful: harmful.length,
    foundIndependently: independent.length,
    medianCpuMicros: median(found.map(({ all }) => all.cpuMicros)),
    medianCpuMicrosIndependent: median(independent.map((one) => one.independent.cpuMicros)),
  };
}

function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** Some lines: what share was found, and how fast. */
export function summaryLines(summary: DetectionSummary, cpuMicros: number): readonly string[] {
  const { bugs, found, foundWithin10s, harmful, foundIndependently } = summary;
  const share = (part: number, whole: number): string =>
    `${part} of ${whole}${whole === 0 ? '' : ` (${Math.round((100 * part) / whole)} %)`}`;
  const half = (micros: number | undefined): string =>
    micros === undefined ? '' : `, half of them within ${secondsText(micros)}`;
  return [
    `with all properties: found ${share(found, bugs)} within ${secondsText(cpuMicros)} of CPU time each${half(summary.medianCpuMicros)}`,
    ...(cpuMicros > TEN_SECONDS
      ? [`with all properties: found ${share(foundWithin10s, bugs)} within 10 s of CPU time each`]
      : []),
    `with protocol-independent properties alone: found ${share(foundIndependently, harmful)} of those that can harm a client${half(summary.medianCpuMicrosIndependent)}`,
  ];
}

/** The page for the documentation. */
export function detectionPage(detections: readonly Detection[], cpuMicros: number): string {
  const lines = [
    '# Detection',
    '',
    'What you get from this page: how long the generic swarms take to find each bug of the [zoo](zoo.md), measured. It is',
    'printed by `faultline zoo hunt --markdown`; [fuzzing.md](fuzzing.md#hunting-the-zoo) says how it is measured.',
    '',
    `Of the ${BUGS.length} bugs of the zoo ${detections.length} were hunted:`,
    '',
    ...summaryLines(summariseDetections(detections, cpuMicros), cpuMicros).map((line) => `- ${line}`),
    '',
    'Of each bug the first two columns are seeds and CPU time until the first violation with all properties on; the',
    'third names the property. The last three are the same with those properties alone that know nothing of how a',
    'protocol works. A bug that no client can ever be harmed by is marked with an asterisk.',
    '',
  ];
  for (const scenario of [...new Set(detections.map((one) => one.scenario))].sort()) {
    lines.push(
      ...pageTable(
        scenario,
        detections.filter((one) => one.scenario === scenario),
        cpuMicros,
      ),
    );
  }
  return [...lines, ...pageMisses(detections, cpuMicros), ...pageHarmless(detections)].join('\n');
}

function pageTable(
  scenario: string,
  detections: readonly Detection[],
  budgetMicros: number,
): readonly string[] {
  const head = ['Bug', 'Seeds', 'CPU', 'First violation', 'Seeds', 'CPU', 'Protocol-independent'];
  const rows = detections.map(({ bug, all, independent }) => {
    const cells = [all, independent].flatMap((figure) => [
      groupedCount(figure.seeds),
      secondsText(figure.cpuMicros),
      pageFinding(figure, budgetMicros),
    ]);
    return [`\`${bug.id}\`${bug.harmless === undefined ? '' : ' \\*'}`, ...cells];
  });
  const align = ['---', '---:', '---:', '---', '---:', '---:', '---'];
  return [`## ${scenario}`, '', ...[head, align, ...rows].map((cells) => `| ${cells.join(' | ')} |`), ''];
}

function pageFinding(figure: Figure, budgetMicros: number): string {
  const { finding, isStuck } = figure;
  if (finding === undefined) return isStuck ? '_given up_' : '_not found_';
  return `${isWithin(figure, budgetMicros) ? '' : '_over the budget:_ '}\`${finding.invariant}\``;
}

function pageMisses(detections: readonly Detection[], budgetMicros: number): readonly string[] {
  const misses = detections.filter(
    ({ bug, all, independent }) =>
      !isWithin(all, budgetMicros) || (!isWithin(independent, budgetMicros) && bug.harmless === undefined),
  );
  if (misses.length === 0) return [];
  return [
    '## Not found',
    '',
    ...misses.map(({ bug, all, independent }) => {
      const isAll = !isWithin(all, budgetMicros);
      const how = isAll ? 'by any property' : 'by a protocol-independent property';
      return `- \`${bug.id}\`: ${missText(isAll ? all : independent, how, budgetMicros)}`;
    }),
    '',
  ];
}

function missText({ seeds, cpuMicros, isStuck, finding }: Figure, how: string, budgetMicros: number): string {
  const spent = `${counted(seeds, 'seed')}, ${secondsText(cpuMicros)} of CPU time`;
  if (isStuck) return `given up after ${spent}: the next run failed, or never ended`;
  if (finding === undefined) return `not ${how} in ${spent}`;
  return `not ${how} within ${secondsText(budgetMicros)}; \`${finding.invariant}\` after ${spent}, over the budget`;
}

function pageHarmless(detections: readonly Detection[]): readonly string[] {
  const harmless = detections.filter(({ bug }) => bug.harmless !== undefined);
  if (harmless.length === 0) return [];
  return [
    '## Bugs that harm no client',
    '',
    ...harmless.map(({ bug }) => `- \`${bug.id}\`: ${bug.harmless ?? ''}`),
    '',
  ];
}
