/** The lines of a trace's story, shortened for a screen. */

import type { ChalkInstance } from 'chalk';
import { formatMicros } from '../kernel/index.js';
import type { TraceHeader } from '../simulator/trace.js';
import { groupedCount } from './figures.js';
import { wrap } from './wrap.js';

/** Lines kept of a longer event: its beginning and its end. */
const FIRST_LINES = 4;
const LAST_LINES = 2;
const DEEP_INDENT = / {20}/;

/** Shortens events of many lines; an event's further lines are indented deeply. */
export function elideStory(lines: readonly string[]): string[] {
  const shown: string[] = [];
  for (let from = 0; from < lines.length;) {
    let to = from + 1;
    while (to < lines.length && DEEP_INDENT.test((lines[to] ?? '').slice(0, 20))) to++;
    shown.push(...elide(lines.slice(from, to)));
    from = to;
  }
  return shown;
}

function elide(lines: readonly string[]): readonly string[] {
  const left = lines.length - FIRST_LINES - LAST_LINES;
  if (left < 2) return lines;
  const indent = /^ */.exec(lines[1] ?? '')?.[0] ?? '';
  return [...lines.slice(0, FIRST_LINES), `${indent}… ${left} lines …`, ...lines.slice(-LAST_LINES)];
}

/** What a trace holds: whose it is, its last events, and how it ended. */
export interface ToldTrace {
  readonly header: TraceHeader;
  /** A line of headings, then events. */
  readonly story: readonly string[];
}

/** The story of a trace, without a line end. */
export function storyText(
  { header, story }: ToldTrace,
  elides: boolean,
  width: number,
  paint: ChalkInstance,
): string {
  const { scenario, recipe, implementation, verdict } = header;
  const bug = implementation.bug === undefined ? '' : `, bug ${implementation.bug}`;
  const [headings = '', ...events] = story;
  const what = verdict.invariant === undefined ? verdict.status : `${verdict.status} ${verdict.invariant}`;
  const message = verdict.message === '' ? '' : `: ${verdict.message}`;
  return [
    `${paint.bold(scenario.name)}, seed ${recipe.seed}${bug}`,
    paint.dim(headings),
    ...(elides ? elideStory(events) : events),
    '',
    ...wrap(`recorded: ${what}${message}`, width),
    `at ${formatMicros(verdict.timeMicros)}, event ${groupedCount(verdict.event)}`,
  ].join('\n');
}
