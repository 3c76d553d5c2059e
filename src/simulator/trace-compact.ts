/**
 * The compact form of a trace: what a replay needs, and nothing that running again can tell. It is what the corpus
 * is made of.
 *
 * A line stands only where decisions were taken or a digest is due:
 *
 *     [events since the line before, microseconds since then, digest or 0, decision, …]
 *
 * A decision is `[group, what, value, …]`, without `what` for families that have none. The group is written out where
 * it first occurs, later it is its number by first occurrence. Ordinals and occurrences are not written: decisions are
 * in order, so counting gives them back.
 */

import { UsageError, type Decision } from '../kernel/index.js';
import { Mismatch, integer, mismatch } from './shape.js';
import { readDecision, readDigest } from './trace-schema.js';
import { type Trace, type TraceHeader, type TraceStep } from './trace.js';

/** Every so many events, and at the last one, a compact trace carries the run's digest: a multiple of the usual. */
export const COMPACT_DIGEST_INTERVAL = 1024;

/** The compact form; a trace that has it already is given back. Throws UsageError for decisions out of order. */
export function compactTrace(trace: Trace): Trace {
  if (trace.header.form === 'compact') return trace;
  const steps: TraceStep[] = [];
  const writer = new StepWriter(trace.header);
  for (const { number, timeMicros, decisions, digest } of trace.events) {
    const isDue = isDigestDue(number, trace.header);
    if (decisions.length === 0 && !isDue) continue;
    const step = {
      number,
      timeMicros,
      decisions,
      digest: isDue ? digest : undefined,
    };
    writer.line(step);
    steps.push(step);
  }
  return { header: { ...trace.header, form: 'compact' }, events: [], steps };
}

export function isDigestDue(number: number, header: TraceHeader): boolean {
  return number === header.events || number % COMPACT_DIGEST_INTERVAL === 0;
}

function isOfFamily(group: string, family: string): boolean {
  return group.startsWith(family) && group[1] === ':';
}

/** Messages and timers say what they are about; the others are told apart by their group alone. */
function hasDetail(group: string): boolean {
  return isOfFamily(group, 'm') || isOfFamily(group, 't');
}

/** Counts decisions as the run did when it took them. */
class Counts {
  private readonly counts = new Map<string, number>();

  next(key: string): number {
    const count = this.counts.get(key) ?? 0;
    this.counts.set(key, count + 1);
    return count;
  }
}

/** Sums of as many of these as a trace may have lines stay exact. */
const LARGEST_STEP = 1_000_000_000;

type Cell = string | number;

/** Writes steps as lines, in order. */
export class StepWriter {
  private readonly numbers = new Map<string, number>();
  private readonly counts = new Counts();
  private number = 0;
  private timeMicros = 0;

  constructor(header: TraceHeader) {
    for (const decision of header.setup) this.whatOf(decision);
  }

  line({ number, timeMicros, decisions, digest }: TraceStep): readonly unknown[] {
    const line: unknown[] = [number - this.number, timeMicros - this.timeMicros, digest ?? 0];
    this.number = number;
    this.timeMicros = timeMicros;
    for (const decision of decisions) line.push(this.decision(decision));
    return line;
  }

  private decision(decision: Decision): readonly Cell[] {
    const { group, values } = decision;
    const what = this.whatOf(decision);
    const known = this.numbers.get(group);
    if (known === undefined) this.numbers.set(group, this.numbers.size);
    return [known ?? group, ...(what === undefined ? [] : [what]), ...values];
  }

  /** The detail without its occurrence; undefined where there is none. */
  private whatOf({ group, detail, nth }: Decision): string | undefined {
    const what = hasDetail(group) ? detail.slice(0, Math.max(detail.lastIndexOf(':'), 0)) : undefined;
    const isInOrder = nth === this.counts.next(`#${group}`);
    const expected = what === undefined ? '' : `${what}:${this.counts.next(`|${group}|${what}`)}`;
    if (isInOrder && detail === expected) return what;
    throw new UsageError(
      'not-compact',
      `${group}: expected decisions as a run takes them, in order, got others`,
    );
  }
}

/** Reads lines of steps back, in order; throws Mismatch. */
export class StepReader {
  private readonly groups: string[] = [];
  private readonly counts = new Counts();
  private number = 0;
  private timeMicros = 0;

  constructor(private readonly header: TraceHeader) {
    for (const { group, detail } of header.setup) {
      this.counts.next(`#${group}`);
      if (hasDetail(group)) this.counts.next(`|${group}|${detail.slice(0, detail.lastIndexOf(':'))}`);
    }
  }

  isOver(): boolean {
    return this.number >= this.header.events;
  }

  read(value: unknown): TraceStep {
    if (!Array.isArray(value) || value.length < 3) {
      return mismatch('a step: [events, microseconds, digest or 0, decision, …]', value);
    }
    const [events, micros, digest, ...decisions] = value as readonly unknown[];
    this.number += atLeast(1, events, 0);
    this.timeMicros += atLeast(0, micros, 1);
    if (this.number > this.header.events) {
      throw new Mismatch(`at most ${this.header.events} events, as the header says`, `event ${this.number}`);
    }
    const step: TraceStep = {
      number: this.number,
      timeMicros: this.timeMicros,
      decisions: decisions.map((decision, i) => this.decision(decision, i + 3)),
      digest: digest === 0 ? undefined : within(2, () => readDigest(digest)),
    };
    this.checkDigest(step);
    return step;
  }

  private decision(value: unknown, place: number): Decision {
    return within(place, () => {
      if (!Array.isArray(value) || value.length < 2) {
        return mismatch(
          'a decision: [group, what, value, …], or [group, value] where nothing is told apart',
          value,
        );
      }
      const [key, ...rest] = value as readonly unknown[];
      const group = this.group(key);
      if (!hasDetail(group)) return readDecision([group, '', this.counts.next(`#${group}`), ...rest]);
      const [what, ...values] = rest;
      if (typeof what !== 'string') return mismatch('what the decision is about', what);
      const nth = this.counts.next(`#${group}`);
      return readDecision([group, `${what}:${this.counts.next(`|${group}|${what}`)}`, nth, ...values]);
    });
  }

  private group(key: unknown): string {
    if (typeof key === 'string') {
      this.groups.push(key);
      return key;
    }
    const group = this.groups[Number.isSafeInteger(key) ? (key as number) : -1];
    return group ?? within(0, () => mismatch('a group, or the number of an earlier one', key));
  }

  private checkDigest({ number, digest }: TraceStep): void {
    const isDue = isDigestDue(number, this.header);
    if (isDue !== (digest !== undefined)) {
      throw new Mismatch(
        isDue ? 'a digest at this event' : 'no digest at this event',
        isDue ? 'none' : 'one',
      ).within(2);
    }
    if (number === this.header.events && digest !== this.header.digest) {
      throw new Mismatch(`${this.header.digest}, as the header says`, digest ?? 'none').within(2);
    }
  }
}

function atLeast(least: number, value: unknown, place: number): number {
  const read = integer(least, LARGEST_STEP);
  return within(place, () => read(value));
}

function within<T>(place: number, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw error instanceof Mismatch ? error.within(place) : error;
  }
}
