/**
 * Replay: a trace is executed again from its decisions, without random numbers.
 *
 * *Strict*: the same code must do the same, event by event; the first difference is named. *Adapted*:
 * today's code may have changed; decisions find their place by their keys, and what is new gets the
 * default (prompt delivery, no fault). Then only the verdict counts, and whether enough of the recorded
 * run was followed for it to mean anything.
 */

import { DecisionIndex, MICROS_PER_SECOND, RecordedChoices, type Micros } from '../kernel/index.js';
import { EventRecord, StepRecord, compareDecisions, compareVerdicts, type Divergence } from './divergence.js';
import type { Implementation } from './implementation.js';
import { latestEndMicros } from './patience.js';
import { castOf } from './render-trace.js';
import { verdictOf } from './record-trace.js';
import { Simulation } from './simulation.js';
import { stepThrough, type Beat } from './step-through.js';
import { decisionsOf, stepsOf, type Trace, type TraceVerdict } from './trace.js';
import { TraceRecorder } from './trace-recorder.js';

export type StrictResult =
  | { readonly kind: 'reproduced'; readonly verdict: TraceVerdict; readonly digest: string }
  | ({ readonly kind: 'diverged' } & Divergence);

/**
 * Executes a trace again and compares every event (number, time, process, kind, label, content hash),
 * decision, the digests and the verdict; of a compact trace, what it has of these. Notes and reported changes of
 * state are not compared: they may be worded anew.
 */
export function replayStrict(trace: Trace, implementation: Implementation, beat?: Beat): StrictResult {
  const { header } = trace;
  const cast = castOf(trace);
  const index = new DecisionIndex(decisionsOf(trace));
  let divergence: Divergence | undefined = undefined as Divergence | undefined;
  const record = header.form === 'compact' ? new StepRecord(trace, cast) : new EventRecord(trace, cast);
  const recorder = new TraceRecorder((event, digest) => {
    divergence ??= record.compare(event, digest);
  });
  const simulation = Simulation.create(header.scenario, header.recipe, {
    implementation,
    recorder,
    choices: (digest) => new RecordedChoices(index, digest),
  });
  stepThrough(simulation, () => divergence !== undefined, beat);
  const outcome = simulation.outcome();
  if (divergence === undefined) recorder.finish(outcome.digest);
  const verdict = verdictOf(outcome);
  const first =
    compareSetups(trace, recorder) ??
    divergence ??
    record.compareEnd() ??
    compareVerdicts(header.verdict, verdict) ??
    compareFinalDigests(trace, outcome.digest);
  return first === undefined
    ? { kind: 'reproduced', verdict, digest: outcome.digest }
    : { kind: 'diverged', ...first };
}

function compareSetups(trace: Trace, recorder: TraceRecorder): Divergence | undefined {
  const difference = compareDecisions(trace.header.setup, recorder.setup);
  return difference === undefined ? undefined : { event: 0, ...difference };
}

function compareFinalDigests({ header }: Trace, digest: string): Divergence | undefined {
  if (header.digest === digest) return undefined;
  return { event: header.events, what: 'the final digest', recorded: header.digest, replayed: digest };
}

/**
 * `same`: today's code comes to the recorded verdict. `other`: to another one. `not-reproduced`: the
 * recorded violation does not come. `inconclusive`: too little of the recorded run was followed for any
 * of these, unless the very same violation came nevertheless.
 */
export interface AdaptedResult {
  readonly kind: 'same' | 'other' | 'not-reproduced' | 'inconclusive';
  readonly matchedShare: MatchedShare;
  readonly recorded: TraceVerdict;
  /** Today's verdict. */
  readonly found: TraceVerdict;
  /** The invariant that is violated today, if one is. */
  readonly invariant: string | undefined;
}

/**
 * How much of the recorded run was followed, as a ratio of integers. `matched` counts decisions that
 * found their place; `of` is the greater of two numbers: decisions recorded up to the moment that was
 * reached, and questions asked up to there (never beyond the recorded end).
 *
 * Either denominator alone can be fooled. Code that stands still asks little, and all of that is in the
 * record: of the questions, 100 % are answered, though most of the recorded schedule never took place.
 * Code that sends twice as much finds every recorded decision, though half of the run is made of
 * defaults. With the greater of both below the line, the share is never above either.
 */
export interface MatchedShare {
  readonly matched: number;
  readonly of: number;
}

/** Percent of decisions that must have found their place for a replay to be conclusive. */
export const CONCLUSIVE_PERCENT = 90;

export function isConclusive({ matched, of }: MatchedShare): boolean {
  return matched * 100 >= of * CONCLUSIVE_PERCENT;
}

/** Executes a trace's decisions against an implementation that may have changed since. */
export function replayAdapted(trace: Trace, implementation: Implementation, beat?: Beat): AdaptedResult {
  const { header } = trace;
  const index = new DecisionIndex(decisionsOf(trace));
  let choices = undefined as RecordedChoices | undefined;
  const simulation = Simulation.create(header.scenario, header.recipe, {
    implementation,
    choices: (digest) => (choices = new RecordedChoices(index, digest)),
  });
  const recordedEnd = stepsOf(trace).at(-1)?.timeMicros ?? 0;
  const endMicros = lastMoment(trace, recordedEnd);
  const mostEvents = header.events * EVENT_FACTOR + EVENT_ALLOWANCE;
  let matched = choices?.matched ?? 0;
  let asked = choices?.asked ?? 0;
  const follow = (): void => {
    if (choices !== undefined && simulation.now <= recordedEnd) ({ matched, asked } = choices);
  };
  const isEnough = (): boolean => {
    follow();
    return simulation.now > endMicros || simulation.eventNumber >= mostEvents;
  };
  const isOver = stepThrough(simulation, isEnough, beat);
  follow();
  const reached = Math.min(simulation.now, recordedEnd);
  const matchedShare = { matched, of: Math.max(asked, recordedUntil(trace, reached)) };
  const isCutShort = !isOver && simulation.now <= endMicros;
  return judge(trace, verdictOf(simulation.outcome()), endMicros, matchedShare, isCutShort);
}

/** A replay that executes many times the recorded events is given up: the trace does not fit the code. */
const EVENT_FACTOR = 4;
const EVENT_ALLOWANCE = 10_000;

/**
 * Until when today's run is watched. What was found at the end of a run needs the run to its end. What
 * was found in the middle may come a little later in changed code: a tenth more, and a second at least.
 */
function lastMoment(trace: Trace, recordedEnd: Micros): Micros {
  const { scenario, verdict } = trace.header;
  const isOfTheEnd = verdict.status !== 'violated' || recordedEnd >= scenario.bounds.endMicros;
  if (isOfTheEnd) return latestEndMicros(scenario.bounds);
  return recordedEnd + Math.max(Math.floor(recordedEnd / 10), MICROS_PER_SECOND);
}

function recordedUntil(trace: Trace, timeMicros: Micros): number {
  let count = trace.header.setup.length;
  for (const step of stepsOf(trace)) {
    if (step.timeMicros > timeMicros) break;
    count += step.decisions.length;
  }
  return count;
}

function judge(
  trace: Trace,
  found: TraceVerdict,
  endMicros: Micros,
  matchedShare: MatchedShare,
  isCutShort: boolean,
): AdaptedResult {
  const recorded = trace.header.verdict;
  const isViolation = found.invariant !== undefined && found.timeMicros <= endMicros;
  const invariant = isViolation ? found.invariant : undefined;
  const isSame = found.status === recorded.status && invariant === recorded.invariant;
  const isTooLittle = !isConclusive(matchedShare) || isCutShort || isStoppedByBound(recorded, found);
  const kind = ((): AdaptedResult['kind'] => {
    if (isSame && (isViolation || !isTooLittle)) return 'same';
    if (isTooLittle) return 'inconclusive';
    return isViolation || recorded.invariant === undefined ? 'other' : 'not-reproduced';
  })();
  return { kind, matchedShare, recorded, found, invariant };
}

/** Today's run used up its events before it came to the recorded end: it says nothing. */
function isStoppedByBound(recorded: TraceVerdict, found: TraceVerdict): boolean {
  return found.status === 'bound-reached' && recorded.status !== 'bound-reached';
}
