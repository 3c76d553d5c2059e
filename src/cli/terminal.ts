/**
 * The two streams of the command line. Results go to stdout; progress and diagnostics go to stderr, where a
 * terminal has one line of progress that replaces itself, and a log a line now and then. Colour is used when NO_COLOR is not set and FORCE_COLOR or a terminal asks
 * for it. A reader that goes away (`| head`) ends output quietly.
 */

import { Chalk, type ChalkInstance } from 'chalk';

/** The version of everything that `--json` prints. */
export const JSON_SCHEMA = 'faultline/1';

/** Least time between two states of the line of progress. */
const PROGRESS_MILLIS = 50;
/** Time between two lines of progress where they do not replace each other. */
const PLAIN_LINE_MILLIS = 10_000;

type Environment = Readonly<Record<string, string | undefined>>;

/** What of a stream is used here; tests pass their own. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** chalk's level of colour for a stream: NO_COLOR, then FORCE_COLOR, then whether it is a terminal. */
export function colourLevel(environment: Environment, isTerminal: boolean): 0 | 1 | 2 | 3 {
  if ((environment['NO_COLOR'] ?? '') !== '') return 0;
  const force = environment['FORCE_COLOR'];
  if (force !== undefined && force !== '') {
    if (force === '0' || force === 'false') return 0;
    return force === '2' || force === '3' ? (Number(force) as 2 | 3) : 1;
  }
  return isTerminal && environment['TERM'] !== 'dumb' ? 1 : 0;
}

export class Terminal {
  /** Colours for stdout. */
  readonly paint: ChalkInstance;
  /** Colours for stderr. */
  readonly paintError: ChalkInstance;
  /** Aborted when the reader of stdout has gone. */
  readonly closed: AbortSignal;
  /** Why stdout takes nothing any more, when that is not that its reader has gone. */
  failed: Error | undefined = undefined;
  /** True when lines of progress are shown, and replace each other. */
  private readonly showsProgress: boolean;
  private progressShown = false;
  private lastProgress = -Infinity;
  private lastPlainLine = performance.now();
  private summaryFields: Readonly<Record<string, unknown>> = {};

  constructor(
    private readonly stdout: OutputStream,
    private readonly stderr: OutputStream,
    environment: Environment,
    /** True: stdout carries JSON Lines and nothing else. */
    readonly json: boolean,
  ) {
    this.paint = new Chalk({ level: colourLevel(environment, stdout.isTTY === true) });
    this.paintError = new Chalk({ level: colourLevel(environment, stderr.isTTY === true) });
    this.showsProgress = stderr.isTTY === true && environment['TERM'] !== 'dumb';
    const controller = new AbortController();
    this.closed = controller.signal;
    stdout.on('error', (error) => {
      if (error.code !== 'EPIPE') this.failed ??= error;
      controller.abort();
    });
    stderr.on('error', () => undefined);
  }

  /** One or more lines of result. */
  print(text = ''): void {
    if (this.closed.aborted) return;
    this.clearProgress();
    this.stdout.write(`${text}\n`);
  }

  /** One JSON line of result. */
  emit(type: string, fields: Readonly<Record<string, unknown>>): void {
    this.print(JSON.stringify({ schema: JSON_SCHEMA, type, ...fields }));
  }

  /** Remembers what the last JSON line shall say besides verb and exit code. */
  summarize(fields: Readonly<Record<string, unknown>>): void {
    this.summaryFields = fields;
  }

  /** The last JSON line; nothing in text mode. */
  emitSummary(verb: string, exitCode: number): void {
    if (this.json) this.emit('summary', { verb, exitCode, ...this.summaryFields });
  }

  /** One or more lines of diagnostics. */
  note(text: string): void {
    this.clearProgress();
    this.stderr.write(`${text}\n`);
  }

  /** Replaces the line of progress, though not more often than eyes can follow; elsewhere a line for the log of a night. */
  progress(text: string): void {
    const now = performance.now();
    if (!this.showsProgress) {
      if (now - this.lastPlainLine < PLAIN_LINE_MILLIS) return;
      this.lastPlainLine = now;
      this.note(text);
      return;
    }
    if (now - this.lastProgress < PROGRESS_MILLIS) return;
    this.lastProgress = now;
    // Some terminals say that they have no columns.
    const width = (this.stderr.columns || 80) - 1;
    this.stderr.write(`\r\u001b[K${this.paintError.dim(text.slice(0, width))}`);
    this.progressShown = true;
  }

  clearProgress(): void {
    if (!this.progressShown) return;
    this.stderr.write('\r\u001b[K');
    this.progressShown = false;
  }
}
