/** What minimising came to: how much there was to tell before, and how much is left. */

import type { ChalkInstance } from 'chalk';
import { formatMicros } from '../kernel/index.js';
import type { Story } from '../simulator/story.js';
import type { Minimised, RunSize } from '../simulator/trace.js';
import { counted, groupedCount } from './figures.js';
import { numberedStory, storyRecord } from './story.js';

export interface MinimisedTrace {
  readonly minimised: Minimised;
  readonly story: Story;
  /** Where the small trace is. */
  readonly savedTo: string;
}

/** The rows of the comparison. */
const ROWS: readonly (readonly [name: string, value: (size: RunSize) => string])[] = [
  ['decisions', ({ decisions }) => groupedCount(decisions)],
  ['servers', ({ servers }) => groupedCount(servers)],
  ['clients', ({ clients }) => groupedCount(clients)],
  ['operations', ({ operations }) => groupedCount(operations)],
  ['events', ({ events }) => groupedCount(events)],
  ['virtual time', ({ timeMicros }) => formatMicros(timeMicros)],
];

/** A few lines, without a line end. */
export function minimisedText(
  path: string,
  { minimised, story, savedTo }: MinimisedTrace,
  width: number,
  paint: ChalkInstance,
): string {
  const { before, after, runs, isCut } = minimised;
  const column = Math.max(...ROWS.map(([, value]) => value(before).length));
  return [
    `${paint.bold('minimised')} ${path}`,
    ...ROWS.map(
      ([name, value]) => `  ${name.padEnd(14)}${value(before).padStart(column)}  →  ${value(after)}`,
    ),
    `${counted(runs, 'run')} tried${isCut ? '; the budget was used up before the search was through' : ''}`,
    '',
    numberedStory(story, width, paint),
    '',
    `saved to ${savedTo}`,
  ].join('\n');
}

/** The line of a terminal that replaces itself. */
export function minimiseProgress(progress: { readonly runs: number; readonly decisions: number }): string {
  return `${counted(progress.runs, 'run')} tried, ${counted(progress.decisions, 'decision')} left`;
}

export function minimisedRecord(
  path: string,
  { minimised, story, savedTo }: MinimisedTrace,
): Readonly<Record<string, unknown>> {
  return { path, savedTo, ...minimised, story: storyRecord(story) };
}
