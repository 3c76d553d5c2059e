/**
 * Traces as text: JSON Lines, one header line, then one line per event; of a compact trace, one line per step.
 *
 * A trace may come from anywhere, so reading is strict and bounded, and whatever is wrong ends in one
 * line: `FILE:LINE: expected …, got …`. Reading keeps no more of a file than its limits allow.
 */

import { UsageError, excerpt } from '../kernel/index.js';
import { processCounts } from '../scenario/index.js';
import { Mismatch, asRecord, mismatchText } from './shape.js';
import {
  DIGEST_INTERVAL,
  TRACE_LIMITS,
  TRACE_VERSION,
  stepsOf,
  type Trace,
  type TraceEvent,
  type TraceHeader,
  type TraceStep,
} from './trace.js';
import { StepReader, StepWriter } from './trace-compact.js';
import {
  claimedVersion,
  eventToLine,
  headerToLine,
  isKnownVersion,
  readEvent,
  readHeader,
} from './trace-schema.js';

/** The text of a trace. Throws UsageError `trace-too-large` beyond the limits. */
export function encodeTrace(trace: Trace): string {
  const lines = [encodeLine(headerToLine(trace.header), 'the header')];
  let length = lines[0]?.length ?? 0;
  const writer = trace.header.form === 'compact' ? new StepWriter(trace.header) : undefined;
  for (const step of stepsOf(trace)) {
    const value = writer === undefined ? eventToLine(step as TraceEvent) : writer.line(step);
    const line = encodeLine(value, `event ${step.number}`);
    length += line.length + 1;
    if (length > TRACE_LIMITS.unpackedBytes || lines.length > TRACE_LIMITS.events) {
      throw tooLarge('a trace', TRACE_LIMITS.unpackedBytes);
    }
    lines.push(line);
  }
  lines.push('');
  return lines.join('\n');
}

/** Characters beyond ASCII are escaped, so that lengths in characters and in bytes are the same. */
function encodeLine(value: unknown, what: string): string {
  let line: string;
  try {
    line = JSON.stringify(value);
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('\n', 1)[0] : 'something else';
    throw new UsageError('trace-not-plain', `${what}: expected plain data, got ${reason}`);
  }
  const escaped = line.replace(/[^\x20-\x7e]/g, escapeUnit);
  if (escaped.length > TRACE_LIMITS.lineBytes) throw tooLarge(what, TRACE_LIMITS.lineBytes);
  return escaped;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function tooLarge(what: string, most: number): UsageError {
  return new UsageError(
    'trace-too-large',
    `${what}: expected at most ${most} bytes, got more`,
    'repeat the run from its seed, or lower bounds.end of the scenario',
  );
}

/** Reads the text of a trace; `path` is how errors name it. Throws UsageError. */
export function parseTrace(text: string, path: string): Trace {
  const reader = new LineReader(text, path);
  if (text.length > TRACE_LIMITS.unpackedBytes) reader.refuse(tooLong());
  const header = reader.next('a header line', parseHeader);
  return header.form === 'compact' ? parseSteps(reader, header) : parseEvents(reader, header);
}

function parseSteps(lines: LineReader, header: TraceHeader): Trace {
  const reader = new StepReader(header);
  const steps: TraceStep[] = [];
  while (!reader.isOver()) {
    const step = lines.next(
      `steps up to event ${header.events}, as the header says`,
      (value) => reader.read(value),
      () => `${steps.at(-1)?.number ?? 0}: the file is cut off`,
    );
    steps.push(step);
  }
  lines.end(`the end of the file after event ${header.events}, as the header says`);
  return { header, events: [], steps };
}

function parseEvents(reader: LineReader, header: TraceHeader): Trace {
  const count = header.events;
  const events: TraceEvent[] = [];
  const order = new EventOrder(header);
  while (events.length < count) {
    const event = reader.next(
      `${count} events, as the header says`,
      readEvent,
      () => `${events.length}: the file is cut off`,
    );
    reader.check(() => order.check(event));
    events.push(event);
  }
  reader.end(`the end of the file after ${count} events, as the header says`);
  return { header, events, steps: [] };
}

function tooLong(): Mismatch {
  return new Mismatch(`a trace of at most ${TRACE_LIMITS.unpackedBytes} bytes`, 'a longer one');
}

function parseHeader(value: unknown): TraceHeader {
  const record = asRecord(value);
  const version = claimedVersion(record);
  if (isKnownVersion(version)) return readHeader(record);
  const writer = record['faultline'];
  const by = typeof writer === 'string' ? `Faultline ${excerpt(writer)}` : 'another version of Faultline';
  throw new Mismatch(
    `trace format version ${TRACE_VERSION}`,
    `version ${version}`,
    `it was written by ${by}`,
  );
}

/** Takes a text line by line and knows where it is. */
class LineReader {
  private position = 0;
  private lineNumber = 0;

  constructor(
    private readonly text: string,
    private readonly path: string,
  ) {}

  /** The next line as JSON, read by `read`; `missing` says what is there when the text is over. */
  next<T>(expected: string, read: (value: unknown) => T, missing: () => string = () => 'an empty file'): T {
    this.lineNumber++;
    const { text, position } = this;
    if (position >= text.length) this.refuse(new Mismatch(expected, missing()));
    const newline = text.indexOf('\n', position);
    const end = newline < 0 ? text.length : newline;
    if (end - position > TRACE_LIMITS.lineBytes) {
      this.refuse(new Mismatch(`a line of at most ${TRACE_LIMITS.lineBytes} bytes`, 'a longer one'));
    }
    const line = text.slice(position, end);
    this.position = newline < 0 ? end : end + 1;
    const value = this.parse(line, newline < 0);
    return this.check(() => read(value));
  }

  /** Nothing may follow. */
  end(expected: string): void {
    this.lineNumber++;
    if (this.position < this.text.length) this.refuse(new Mismatch(expected, 'more'));
  }

  /** Runs a check whose mismatch belongs to the current line. */
  check<T>(body: () => T): T {
    try {
      return body();
    } catch (error) {
      if (error instanceof Mismatch) this.refuse(error);
      throw error;
    }
  }

  refuse(found: Mismatch): never {
    const line = this.lineNumber === 0 ? '' : `:${this.lineNumber}`;
    throw new UsageError('bad-trace', `${this.path}${line}: ${mismatchText(found)}`, found.hint);
  }

  private parse(line: string, isLast: boolean): unknown {
    try {
      return JSON.parse(line);
    } catch {
      const got = line.trim() === '' ? 'an empty line' : `'${excerpt(line)}'`;
      const why = isLast && line.startsWith('{') ? ': the file is cut off' : '';
      return this.refuse(new Mismatch('a line of JSON', got + why));
    }
  }
}

/** What must be right between events. */
class EventOrder {
  private number = 0;
  private timeMicros = 0;

  constructor(private readonly header: TraceHeader) {}

  check(event: TraceEvent): void {
    const { header } = this;
    this.number++;
    if (event.number !== this.number) refuse('n', `event ${this.number}`, `event ${event.number}`);
    if (event.timeMicros < this.timeMicros) {
      refuse('t', `a time of at least ${this.timeMicros}`, String(event.timeMicros));
    }
    this.timeMicros = event.timeMicros;
    const world = processCounts(header.scenario).processes;
    if (event.process > world) refuse('p', `a process from 0 to ${world}`, String(event.process));
    if (event.cause >= event.number) refuse('by', 'an earlier event', String(event.cause));
    this.checkDigest(event);
  }

  private checkDigest({ number, digest }: TraceEvent): void {
    const { header } = this;
    const isLast = number === header.events;
    const isDue = isLast || number % DIGEST_INTERVAL === 0;
    if (isDue !== (digest !== undefined)) {
      refuse('digest', isDue ? 'a digest at this event' : 'no digest at this event', isDue ? 'none' : 'one');
    }
    if (isLast && digest !== header.digest) {
      refuse('digest', `${header.digest}, as the header says`, digest ?? 'none');
    }
  }
}

function refuse(place: string, expected: string, got: string): never {
  throw new Mismatch(expected, got).within(place);
}
