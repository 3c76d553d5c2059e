/**
 * A trace for people: what happened in an event, in one sentence and in lines of limited width. Plain
 * text; whoever prints it adds colour.
 */

import { processName } from '../faults/index.js';
import {
  UsageError,
  excerpt,
  formatMicros,
  hex32,
  suggestion,
  type Command,
  type Decision,
  type HistoryEvent,
  type Plain,
  type ProcessId,
} from '../kernel/index.js';
import { processCounts, type ProcessCounts } from '../scenario/index.js';
import { Control } from './event-kinds.js';
import type { StateChange, Trace, TraceEvent } from './trace.js';

/** Who takes part: servers are 0 … servers-1, then clients, then the operator if any; the world comes after. */
export type Cast = ProcessCounts;

export const WORLD = 'world';
const OPERATOR = 'operator';

export function castOf(trace: Trace): Cast {
  return processCounts(trace.header.scenario);
}

/** `n1` is process 0, clients are `c1`, `c2`, …, and then there are the `operator` and the `world`. */
export function placeName(process: ProcessId, cast: Cast): string {
  if (process >= cast.processes) return WORLD;
  if (process >= cast.firstTwin) return `twin${process - cast.firstTwin + 1}`;
  return process >= cast.servers + cast.clients ? OPERATOR : processName(process, cast.servers);
}

/** The process of a name; throws UsageError. */
export function placeOf(name: string, cast: Cast): ProcessId {
  const names = Array.from({ length: cast.processes + 1 }, (_, process) => placeName(process, cast));
  const process = names.indexOf(name);
  if (process >= 0) return process;
  const { servers, clients, firstTwin } = cast;
  const known = [`n1 to n${servers}`];
  if (clients > 0) known.push(`c1 to c${clients}`);
  if (firstTwin > servers + clients) known.push(OPERATOR);
  for (let twin = firstTwin; twin < cast.processes; twin++) known.push(placeName(twin, cast));
  known.push(WORLD);
  throw new UsageError(
    'unknown-process',
    `expected ${known.slice(0, -1).join(', ')} or ${WORLD}, got '${excerpt(name)}'`,
    suggestion(name, names),
  );
}

export interface TailOptions {
  /** The last event shown. Default: the last one of the trace. */
  readonly until?: number;
  /** Only events of this process, or in which it changed. */
  readonly process?: ProcessId;
  /** Events shown at most. Default 20. */
  readonly count?: number;
  /** Columns. Default 100. */
  readonly width?: number;
}

/** The last events up to a point, oldest first, one or a few lines each, under a line of headings. */
export function renderTail(trace: Trace, options: TailOptions = {}): string[] {
  const { until = trace.events.length, process, count = 20, width = 100 } = options;
  const cast = castOf(trace);
  const shown: TraceEvent[] = [];
  for (let i = Math.min(until, trace.events.length) - 1; i >= 0 && shown.length < count; i--) {
    const event = trace.events[i] as TraceEvent;
    if (process === undefined || concerns(event, process)) shown.push(event);
  }
  shown.reverse();
  return [HEADINGS, ...shown.flatMap((event) => renderEvent(event, cast, width))];
}

function concerns(event: TraceEvent, process: ProcessId): boolean {
  return (
    event.process === process ||
    event.changes.some((change) => change.process === process) ||
    event.history.some((fact) => fact.client === process)
  );
}

const HEADINGS = '  event     time (s)  where  what';
/** The column of `what`. */
const INDENT = 29;
const SEPARATOR = '; ';
/** Lines that one part may take: a message, say, with everything that it carries. */
const MOST_LINES = 3;

/**
 * Lines of an event: number, virtual time, process, then what happened; what does not fit goes on in
 * further lines.
 */
export function renderEvent(event: TraceEvent, cast: Cast, width = 100): string[] {
  const number = String(event.number).padStart(7);
  const time = formatMicros(event.timeMicros).replace(/ s$/, '').padStart(11);
  const room = Math.max(width - INDENT, MIN_ROOM);
  const lines: string[] = [];
  for (const part of partsOf(event, cast)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + SEPARATOR.length + part.length <= room) {
      lines[lines.length - 1] = last + SEPARATOR + part;
    } else {
      lines.push(...wrap(part, room));
    }
  }
  const first = `${number}  ${time}  ${placeName(event.process, cast).padEnd(5)}  `;
  return lines.map((line, i) => (i === 0 ? first : ' '.repeat(INDENT)) + line);
}

const MIN_ROOM = 20;

/** Breaks a text at spaces into lines of at most `room` columns; cuts it after a few lines. */
function wrap(text: string, room: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > room && lines.length < MOST_LINES - 1) {
    const space = rest.lastIndexOf(' ', room);
    const end = space > 0 ? space : room;
    lines.push(rest.slice(0, end));
    rest = rest.slice(space > 0 ? end + 1 : end);
  }
  lines.push(rest.length > room ? `${rest.slice(0, room - 1)}…` : rest);
  return lines;
}

/** The event in one sentence of any length. */
export function describeEvent(event: TraceEvent, cast: Cast): string {
  const where = placeName(event.process, cast);
  const parts = partsOf(event, cast).join(SEPARATOR);
  return `event ${event.number} at ${formatMicros(event.timeMicros)} on ${where}: ${parts}`;
}

function partsOf(event: TraceEvent, cast: Cast): string[] {
  return [
    occurrence(event, cast),
    ...event.changes.map((change) => changeText(change, event.process, cast)),
    ...event.history.map((fact) => factText(fact, cast)),
    ...event.notes.map((note) => `* ${onOneLine(note)}`),
  ];
}

// ---- what happened ----

const CONTROLS: ReadonlyMap<string, string> = new Map([
  [String(Control.start), 'the run starts'],
  [String(Control.heal), 'faults end, everything is healed'],
  [String(Control.end), 'the run ends'],
  [String(Control.restart), 'a halted server starts again'],
]);

function occurrence(event: TraceEvent, cast: Cast): string {
  const { kind, label } = event;
  switch (kind) {
    case 'message': {
      const { from, name } = messageLabel(label);
      const sender = from === undefined ? '' : ` from ${placeName(from, cast)}`;
      const fields = event.message === undefined ? '' : fieldsText(event.message);
      return `${onOneLine(name)}${sender}${fields === '' ? '' : `: ${fields}`}`;
    }
    case 'timer':
      return `timer ${onOneLine(withoutOwner(label))}`;
    case 'disk':
      return withoutOwner(label) === 'disk'
        ? 'disk operation done'
        : `disk ${onOneLine(withoutOwner(label))} done`;
    case 'control':
      return CONTROLS.get(withoutOwner(label)) ?? onOneLine(label);
    case 'fault':
      return 'faults';
    case 'work':
      return 'takes up waiting work';
  }
}

/** `0>2:AppendEntries` is from process 0. */
function messageLabel(label: string): { readonly from: ProcessId | undefined; readonly name: string } {
  const parts = /^(\d{1,4})>\d{1,4}:(.*)$/s.exec(label);
  return parts === null ? { from: undefined, name: label } : { from: Number(parts[1]), name: parts[2] ?? '' };
}

/** `1:election` is about process 1, which stands on the line already. */
function withoutOwner(label: string): string {
  return label.replace(/^[a-z0-9]+:/, '');
}

function changeText({ process, event }: StateChange, here: ProcessId, cast: Cast): string {
  const who = process === here ? '' : `${placeName(process, cast)} `;
  if (event.kind === 'note') return `${who}note: ${onOneLine(event.text)}`;
  if (event.kind === 'applied') {
    const what = event.command === undefined ? 'a no-op' : commandText(event.command, cast);
    return `${who}applied ${event.index} (term ${event.term}): ${what}`;
  }
  const { kind, ...fields } = event;
  const told = Object.entries(fields as Readonly<Record<string, Plain>>).filter(([key]) => !SILENT.has(key));
  return `${who}${[kind, ...told.map(([key, value]) => `${key} ${plainText(value)}`)].join(' ')}`;
}

const SILENT: ReadonlySet<string> = new Set(['hash', 'digest']);

function commandText({ client, sequence, input }: Command, cast: Cast): string {
  return `${placeName(client, cast)}#${sequence} ${plainText(input)}`;
}

function factText({ kind, client, sequence, input, output }: HistoryEvent, cast: Cast): string {
  const operation = `${placeName(client, cast)}#${sequence}`;
  switch (kind) {
    case 'invoke':
      return `${operation} is invoked: ${plainText(input)}`;
    case 'ok':
      return `${operation} ok: ${plainText(output)}`;
    case 'fail':
      return `${operation} failed: ${plainText(output)}`;
    case 'unknown':
      return `${operation} gets no answer: ${plainText(input)}`;
  }
}

/** A decision with its key and its outcome. */
export function decisionText({ group, detail, nth, values }: Decision): string {
  return `${onOneLine(`${group}#${nth}${detail === '' ? '' : `|${detail}`}`)} = ${values.join(', ')}`;
}

/** A content hash as traces write it. */
export function hashText(hash: number): string {
  return hash === 0 ? 'none' : hex32(hash);
}

// ---- plain data on one line ----

function fieldsText(value: Plain): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return plainText(value);
  return mapText(value as Readonly<Record<string, Plain | undefined>>);
}

function mapText(map: Readonly<Record<string, Plain | undefined>>): string {
  return Object.entries(map)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${onOneLine(key)} ${plainText(value ?? null)}`)
    .join(', ');
}

function plainText(value: Plain): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return /^[\w.:/-]+$/.test(value) ? value : `'${onOneLine(value)}'`;
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Plain[]).map(plainText).join(', ')}]`;
  return `{${mapText(value as Readonly<Record<string, Plain | undefined>>)}}`;
}

const LONGEST_PART = 1000;

function onOneLine(text: string): string {
  return excerpt(text, LONGEST_PART);
}
