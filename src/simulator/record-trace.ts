/**
 * Recording: the hot path records nothing, so a run worth keeping is run again from its recipe with a
 * recorder.
 */

import {
  DecisionIndex,
  GENERATOR,
  RecordedChoices,
  UsageError,
  excerpt,
  type Choices,
  type Decision,
  type Digest,
} from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import { auditLogOf, auditSummary } from './audit-log.js';
import type { Implementation } from './implementation.js';
import type { Outcome, Recipe } from './outcome.js';
import { Simulation } from './simulation.js';
import { stepThrough, type Beat } from './step-through.js';
import {
  TRACE_FORMAT,
  TRACE_LIMITS,
  TRACE_VERSION,
  decisionsOf,
  type ModuleSource,
  type Trace,
  type TraceEvent,
  type TraceHeader,
  type TraceVerdict,
} from './trace.js';
import { TraceRecorder } from './trace-recorder.js';
import { FAULTLINE_VERSION } from './version.js';

export interface RecordOptions {
  /** Where the implementation came from, when it is a user's module. */
  readonly module?: ModuleSource;
  /** Default: drawn from the recipe's seed. */
  readonly choices?: (digest: Digest) => Choices;
  readonly beat?: Beat;
}

/**
 * Runs once more with recording on. Throws UsageError `trace-too-large` for a run that no trace can hold;
 * its recipe repeats it all the same.
 */
export function recordTrace(
  scenario: Scenario,
  recipe: Recipe,
  implementation: Implementation,
  options: RecordOptions = {},
): { readonly outcome: Outcome; readonly trace: Trace } {
  const events: TraceEvent[] = [];
  const recorder = new TraceRecorder((event) => events.push(event));
  const { choices, beat } = options;
  const simulation = Simulation.create(scenario, recipe, {
    implementation,
    recorder,
    ...(choices === undefined ? {} : { choices }),
  });
  const isOver = stepThrough(simulation, () => recorder.leastBytes > TRACE_LIMITS.unpackedBytes, beat);
  if (!isOver) throw tooLarge(recipe);
  const outcome = simulation.outcome();
  recorder.finish(outcome.digest);
  const last = events.at(-1);
  if (last !== undefined) events[events.length - 1] = { ...last, digest: outcome.digest };
  const header = makeHeader(
    simulation.scenario,
    outcome,
    implementation,
    options,
    recorder.setup,
    events.length,
  );
  const trace: Trace = { header, events, steps: [] };
  const audit = auditSummary(auditLogOf(trace, implementation.protocol));
  return { outcome, trace: { ...trace, header: { ...header, audit } } };
}

/**
 * The whole trace of a compact one, by running it again from its decisions: the same run as long as the code is the
 * same. A whole trace is given back.
 */
export function expandTrace(trace: Trace, implementation: Implementation, beat?: Beat): Trace {
  const { header } = trace;
  if (header.form === 'whole') return trace;
  const index = new DecisionIndex(decisionsOf(trace));
  const choices = (digest: Digest): Choices => new RecordedChoices(index, digest);
  const options = beat === undefined ? { choices } : { choices, beat };
  const { implementation: info, expect, minimised } = header;
  const run = recordTrace(header.scenario, header.recipe, implementation, options).trace;
  return { ...run, header: { ...run.header, implementation: info, expect, minimised } };
}

function makeHeader(
  scenario: Scenario,
  outcome: Outcome,
  implementation: Implementation,
  { module }: RecordOptions,
  setup: readonly Decision[],
  events: number,
): TraceHeader {
  return {
    format: TRACE_FORMAT,
    version: TRACE_VERSION,
    form: 'whole',
    faultline: FAULTLINE_VERSION,
    generator: GENERATOR,
    scenario,
    recipe: outcome.recipe,
    implementation: { protocol: implementation.protocol.name, bug: implementation.bug, module },
    digest: outcome.digest,
    events,
    verdict: verdictOf(outcome),
    expect: outcome.violation === undefined ? 'passed' : 'violated',
    minimised: null,
    audit: null,
    setup,
  };
}

/** The verdict of an outcome. */
export function verdictOf(outcome: Outcome): TraceVerdict {
  const { status, violation } = outcome;
  if (violation !== undefined) return { status, ...violation };
  return { status, invariant: undefined, event: outcome.events, timeMicros: outcome.timeMicros, message: '' };
}

function tooLarge(recipe: Recipe): UsageError {
  return new UsageError(
    'trace-too-large',
    `expected a run whose trace has at most ${TRACE_LIMITS.unpackedBytes} bytes, got a longer one`,
    `repeat it from its seed '${excerpt(recipe.seed)}', or lower bounds.end of the scenario`,
  );
}
