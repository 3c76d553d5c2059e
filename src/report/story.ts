/** What a trace tells, for a screen: its last events, shortened; or the whole of it as a numbered story. */

import type { ChalkInstance } from 'chalk';
import { formatMicros } from '../kernel/index.js';
import type { Story } from '../simulator/story.js';
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

/** Columns of number and time before a sentence. */
const STORY_INDENT = 17;

/** A numbered story, one thing a line with its virtual time, and how it ends; without a line end. */
export function numberedStory({ beats, omitted, end }: Story, width: number, paint: ChalkInstance): string {
  const lines: string[] = [];
  const indent = ' '.repeat(STORY_INDENT);
  beats.forEach(({ timeMicros, text }, i) => {
    if (omitted > 0 && i === omittedAfter(beats.length))
      lines.push(paint.dim(`${indent}… ${omitted} more …`));
    const number = `${i + 1}.`.padStart(4);
    const time = formatMicros(timeMicros).padStart(11);
    const [first = '', ...more] = wrap(text, width - STORY_INDENT);
    lines.push(`${number} ${paint.dim(time)} ${first}`, ...more.map((line) => indent + line));
  });
  const [first = '', ...more] = wrap(end, width - STORY_INDENT);
  lines.push(
    `${' '.repeat(STORY_INDENT - 2)}→ ${paint.red.bold(first)}`,
    ...more.map((line) => indent + line),
  );
  return lines.join('\n');
}

/** Of a story of which the middle is left out, a quarter is the beginning. */
function omittedAfter(beats: number): number {
  return Math.floor(beats / 4);
}

/** The same as data. */
export function storyRecord({ beats, omitted, end, fingerprint }: Story): Readonly<Record<string, unknown>> {
  return { beats, omitted, end, fingerprint };
}
