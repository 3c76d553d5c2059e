/**
 * Determinism as a test: the same recipe run twice must be the same run, event by event.
 *
 * The second run usually takes place in a fresh worker, where nothing that the first one left behind
 * (module variables, compiled code) can make the two agree. So the log of a run is small, made of arrays
 * that cross threads, and still names what happened in every event.
 */

import {
  canonical,
  finish32,
  formatMicros,
  hashString,
  mix32,
  mixInteger,
  type Decision,
} from '../kernel/index.js';
import { processCounts, type Scenario } from '../scenario/index.js';
import { verdictText, type Divergence } from './divergence.js';
import { EVENT_NAMES } from './event-kinds.js';
import type { Implementation } from './implementation.js';
import type { Recipe } from './outcome.js';
import { verdictOf } from './record-trace.js';
import { placeName, type Cast } from './render-trace.js';
import { Simulation } from './simulation.js';
import { stepThrough, type Beat } from './step-through.js';
import type { TraceEvent } from './trace.js';
import { TraceRecorder } from './trace-recorder.js';

/** Aspects of an event that are compared one by one, in this order. */
const ASPECTS = ['the content', 'the decisions', 'the effects', 'the digest'] as const;

/** One run, event by event, in columns. Plain data: it may be sent to another thread. */
export interface EventLog {
  readonly cast: Cast;
  /** Hash of the decisions taken before the first event. */
  readonly setup: number;
  /** Columns, one row per event. */
  readonly times: Float64Array;
  readonly processes: Int32Array;
  readonly kinds: Uint8Array;
  /** Index into `texts`. */
  readonly labels: Int32Array;
  readonly texts: readonly string[];
  /** Four hashes per event: content, decisions, effects (changes, history, notes), digest after it. */
  readonly hashes: Int32Array;
  readonly verdict: string;
  readonly digest: string;
}

/** Runs once and logs it. */
export function logEvents(
  scenario: Scenario,
  recipe: Recipe,
  implementation: Implementation,
  beat?: Beat,
): EventLog {
  const columns = new Columns();
  const recorder = new TraceRecorder((event, digest) => columns.add(event, digest), false);
  const simulation = Simulation.create(scenario, recipe, { implementation, recorder });
  stepThrough(simulation, () => false, beat);
  const outcome = simulation.outcome();
  recorder.finish(outcome.digest);
  const cast = processCounts(simulation.scenario);
  const setup = hashDecisions(recorder.setup);
  return columns.log(cast, setup, verdictText(verdictOf(outcome)), outcome.digest);
}

/** Runs twice in this thread. Undefined: both runs were the same. */
export function checkDeterminism(
  scenario: Scenario,
  recipe: Recipe,
  implementation: Implementation,
): Divergence | undefined {
  const first = logEvents(scenario, recipe, implementation);
  return compareEventLogs(first, logEvents(scenario, recipe, implementation));
}

/** The first difference between two logs of one recipe; undefined when there is none. */
export function compareEventLogs(first: EventLog, second: EventLog): Divergence | undefined {
  if (first.setup !== second.setup) {
    return { event: 0, what: 'the decisions', ...both('before the first event', 'before the first event') };
  }
  const length = Math.max(first.times.length, second.times.length);
  for (let row = 0; row < length; row++) {
    const what = differenceAt(first, second, row);
    if (what !== undefined)
      return { event: row + 1, what, ...both(describe(first, row), describe(second, row)) };
  }
  if (first.verdict !== second.verdict) {
    return { event: length, what: 'the verdict', ...both(first.verdict, second.verdict) };
  }
  if (first.digest === second.digest) return undefined;
  return { event: length, what: 'the final digest', ...both(first.digest, second.digest) };
}

function both(recorded: string, replayed: string): { readonly recorded: string; readonly replayed: string } {
  return { recorded, replayed };
}

function differenceAt(a: EventLog, b: EventLog, row: number): string | undefined {
  if (row >= a.times.length || row >= b.times.length) return 'the length';
  if (a.times[row] !== b.times[row]) return 'the virtual time';
  if (a.processes[row] !== b.processes[row]) return 'the process';
  if (a.kinds[row] !== b.kinds[row] || labelAt(a, row) !== labelAt(b, row)) return 'what happens';
  return ASPECTS.find((_, i) => {
    const place = row * ASPECTS.length + i;
    return a.hashes[place] !== b.hashes[place];
  });
}

function labelAt(log: EventLog, row: number): string {
  return log.texts[log.labels[row] ?? -1] ?? '';
}

function describe(log: EventLog, row: number): string {
  const time = log.times[row];
  if (time === undefined) return 'the run is over';
  const where = placeName(log.processes[row] ?? 0, log.cast);
  const what = `${EVENT_NAMES[log.kinds[row] ?? 0] ?? ''} ${labelAt(log, row)}`;
  return `event ${row + 1} at ${formatMicros(time)} on ${where}: ${what}`;
}

class Columns {
  private readonly times: number[] = [];
  private readonly processes: number[] = [];
  private readonly kinds: number[] = [];
  private readonly labels: number[] = [];
  private readonly hashes: number[] = [];
  private readonly texts = new Map<string, number>();

  add(event: TraceEvent, digest: string): void {
    this.times.push(event.timeMicros);
    this.processes.push(event.process);
    this.kinds.push(EVENT_NAMES.indexOf(event.kind));
    this.labels.push(this.textNumber(event.label));
    this.hashes.push(
      mix32(event.hash, event.cause),
      hashDecisions(event.decisions),
      hashEffects(event),
      hashString(digest),
    );
  }

  log(cast: Cast, setup: number, verdict: string, digest: string): EventLog {
    return {
      cast,
      setup,
      times: Float64Array.from(this.times),
      processes: Int32Array.from(this.processes),
      kinds: Uint8Array.from(this.kinds),
      labels: Int32Array.from(this.labels),
      texts: [...this.texts.keys()],
      hashes: Int32Array.from(this.hashes),
      verdict,
      digest,
    };
  }

  private textNumber(text: string): number {
    const known = this.texts.get(text);
    if (known !== undefined) return known;
    const number = this.texts.size;
    this.texts.set(text, number);
    return number;
  }
}

function hashDecisions(decisions: readonly Decision[]): number {
  let hash = decisions.length;
  for (const { group, detail, nth, values } of decisions) {
    hash = mix32(mix32(mix32(hash, hashString(group)), hashString(detail)), nth);
    for (const value of values) hash = mixInteger(hash, value);
  }
  return finish32(hash);
}

function hashEffects({ changes, history, notes }: TraceEvent): number {
  if (changes.length === 0 && history.length === 0 && notes.length === 0) return 0;
  return hashString(canonical([changes, history, notes]));
}
