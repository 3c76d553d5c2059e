/** The first difference between two executions that had to be the same, with both contexts. */

import { formatMicros, type Decision } from '../kernel/index.js';
import { decisionText, describeEvent, hashText, placeName, type Cast } from './render-trace.js';
import type { Trace, TraceEvent, TraceStep, TraceVerdict } from './trace.js';

export interface Divergence {
  /** Number of the first event that differs; 0: before the first event. */
  readonly event: number;
  /** What differs, e.g. `the virtual time`. */
  readonly what: string;
  /** What the recorded (or first) run did there, in one line. */
  readonly recorded: string;
  /** What the replayed (or second) run did there, in one line. */
  readonly replayed: string;
}

/** Values of the field that differs, as text. */
interface Difference {
  readonly what: string;
  readonly recorded: string;
  readonly replayed: string;
}

const RUN_OVER = 'the run is over';

/** The events of a whole trace, with which those of a replay are compared, from the first on. */
export class EventRecord {
  private executed = 0;

  constructor(
    private readonly trace: Trace,
    private readonly cast: Cast,
  ) {}

  /** `digest`: the replayed run's after the event. */
  compare(event: TraceEvent, digest: string): Divergence | undefined {
    return compareEvents(this.trace.events[this.executed++], event, digest, this.cast);
  }

  /** What differs if the replay ends here. */
  compareEnd(): Divergence | undefined {
    return compareEvents(this.trace.events[this.executed], undefined, '', this.cast);
  }
}

/** The same of a compact trace: an event that it leaves out took no decision. */
export class StepRecord {
  private position = 0;

  constructor(
    private readonly trace: Trace,
    private readonly cast: Cast,
  ) {}

  /** `digest`: the replayed run's after the event. */
  compare(event: TraceEvent, digest: string): Divergence | undefined {
    const { steps } = this.trace;
    const step = steps[this.position];
    if (step === undefined) {
      const replayed = describeEvent(event, this.cast);
      return { event: event.number, what: 'the length', recorded: RUN_OVER, replayed };
    }
    const isStep = step.number === event.number;
    if (isStep) this.position++;
    const difference = isStep ? differenceOfStep(step, event, digest) : compareDecisions([], event.decisions);
    if (difference === undefined) return undefined;
    return {
      event: event.number,
      what: difference.what,
      recorded: `event ${event.number} [${difference.recorded}]`,
      replayed: `${describeEvent(event, this.cast)} [${difference.replayed}]`,
    };
  }

  /** What differs if the replay ends here. */
  compareEnd(): Divergence | undefined {
    const step = this.trace.steps[this.position];
    if (step === undefined) return undefined;
    const recorded = `event ${step.number} at ${formatMicros(step.timeMicros)}`;
    return { event: step.number, what: 'the length', recorded, replayed: RUN_OVER };
  }
}

function differenceOfStep(a: TraceStep, b: TraceStep, digest: string): Difference | undefined {
  if (a.timeMicros !== b.timeMicros) return differentTimes(a, b);
  return compareDecisions(a.decisions, b.decisions) ?? differentDigests(a, digest);
}

function differentTimes(a: TraceStep, b: TraceStep): Difference {
  const [recorded, replayed] = [formatMicros(a.timeMicros), formatMicros(b.timeMicros)];
  return { what: 'the virtual time', recorded, replayed };
}

function differentDigests(recorded: TraceStep, digest: string): Difference | undefined {
  if (recorded.digest === undefined || recorded.digest === digest || digest === '') return undefined;
  return { what: 'the digest', recorded: recorded.digest, replayed: digest };
}

/** What tells two executed events apart, if anything. `digest` is the replayed run's after the event. */
export function compareEvents(
  recorded: TraceEvent | undefined,
  replayed: TraceEvent | undefined,
  digest: string,
  cast: Cast,
): Divergence | undefined {
  if (recorded === undefined || replayed === undefined) {
    const number = (recorded ?? replayed)?.number;
    if (number === undefined) return undefined;
    return {
      event: number,
      what: 'the length',
      recorded: recorded === undefined ? RUN_OVER : describeEvent(recorded, cast),
      replayed: replayed === undefined ? RUN_OVER : describeEvent(replayed, cast),
    };
  }
  const difference = differenceOf(recorded, replayed, digest, cast);
  if (difference === undefined) return undefined;
  return {
    event: recorded.number,
    what: difference.what,
    recorded: `${describeEvent(recorded, cast)} [${difference.recorded}]`,
    replayed: `${describeEvent(replayed, cast)} [${difference.replayed}]`,
  };
}

function differenceOf(a: TraceEvent, b: TraceEvent, digest: string, cast: Cast): Difference | undefined {
  if (a.timeMicros !== b.timeMicros) return differentTimes(a, b);
  if (a.process !== b.process) {
    return {
      what: 'the process',
      recorded: placeName(a.process, cast),
      replayed: placeName(b.process, cast),
    };
  }
  if (a.kind !== b.kind || a.label !== b.label) {
    return { what: 'what happens', recorded: `${a.kind} ${a.label}`, replayed: `${b.kind} ${b.label}` };
  }
  if (a.hash !== b.hash) {
    return {
      what: 'the content',
      recorded: `hash ${hashText(a.hash)}`,
      replayed: `hash ${hashText(b.hash)}`,
    };
  }
  return compareDecisions(a.decisions, b.decisions) ?? differentDigests(a, digest);
}

/** The first decision that differs, if any does. */
export function compareDecisions(
  recorded: readonly Decision[],
  replayed: readonly Decision[],
): Difference | undefined {
  const length = Math.max(recorded.length, replayed.length);
  for (let i = 0; i < length; i++) {
    const a = recorded[i];
    const b = replayed[i];
    if (a !== undefined && b !== undefined && isSameDecision(a, b)) continue;
    return {
      what: 'a decision',
      recorded: a === undefined ? 'no further decision' : decisionText(a),
      replayed: b === undefined ? 'no further decision' : decisionText(b),
    };
  }
  return undefined;
}

function isSameDecision(a: Decision, b: Decision): boolean {
  return (
    a.group === b.group &&
    a.detail === b.detail &&
    a.nth === b.nth &&
    a.values.length === b.values.length &&
    a.values[0] === b.values[0] &&
    a.values[1] === b.values[1]
  );
}

/** Verdicts are the same when the same thing was found at the same place; its wording may change. */
export function compareVerdicts(recorded: TraceVerdict, replayed: TraceVerdict): Divergence | undefined {
  const isSame =
    recorded.status === replayed.status &&
    recorded.invariant === replayed.invariant &&
    recorded.event === replayed.event &&
    recorded.timeMicros === replayed.timeMicros;
  if (isSame) return undefined;
  return {
    event: recorded.event,
    what: 'the verdict',
    recorded: verdictText(recorded),
    replayed: verdictText(replayed),
  };
}

export function verdictText({ status, invariant, event, timeMicros, message }: TraceVerdict): string {
  const what = invariant === undefined ? status : `${status} ${invariant}`;
  return `${what} at event ${event}, ${formatMicros(timeMicros)}${message === '' ? '' : `: ${message}`}`;
}
