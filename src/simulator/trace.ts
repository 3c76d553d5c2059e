/**
 * A trace: everything needed to execute a run again without random numbers, and to read what happened.
 *
 * These are its types. How one is recorded: record-trace.ts. How it becomes text and back: trace-text.ts.
 * What is compared when it is executed again: replay.ts.
 */

import type { Decision, HistoryEvent, Micros, Plain, ProcessId, ProtocolEvent } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import type { EventName } from './event-kinds.js';
import type { Recipe, Status } from './outcome.js';

export const TRACE_FORMAT = 'faultline-trace';
/** A change in draw order, keys or fields is another version. */
export const TRACE_VERSION = 5;
/**
 * Version 4 knows no mutated recipes, version 3 neither edited ones nor minimised traces, version 2 no compact form
 * either; all are read as version 5.
 */
export const OLDEST_TRACE_VERSION = 2;
/** Every so many events, and at the last one, the trace carries the run's digest. */
export const DIGEST_INTERVAL = 64;

/** Limits of what is read and written; beyond them, a run is repeated from its seed instead. */
export const TRACE_LIMITS = {
  unpackedBytes: 64 * 1024 * 1024,
  // The decisions of an edited run stand in one line: those of a stall that shows at the end are a hundred thousand.
  lineBytes: 8 * 1024 * 1024,
  events: 2_000_000,
} as const;

/** A user's protocol: where it came from, and what it was. */
export interface ModuleSource {
  /** E.g. `./mine.js#counter`. */
  readonly specifier: string;
  /** Content hash of the module's file. */
  readonly hash: string;
}

/** What ran: a built-in protocol, with or without a bug of the zoo, or a module. */
export interface ImplementationInfo {
  readonly protocol: string;
  readonly bug: string | undefined;
  readonly module: ModuleSource | undefined;
}

/** How the run ended, and where. */
export interface TraceVerdict {
  readonly status: Status;
  /** The violated invariant; undefined unless `violated` or `stalled`. */
  readonly invariant: string | undefined;
  /** Number of the event at which it was found, or of the last one. */
  readonly event: number;
  readonly timeMicros: Micros;
  readonly message: string;
}

/** How a trace was made small: from which run, and what that took. */
export interface Minimised {
  /** Digest of the run that it was made from. */
  readonly from: string;
  readonly before: RunSize;
  readonly after: RunSize;
  /** Runs that were tried. */
  readonly runs: number;
  /** Whether a budget ended the search before it was through. */
  readonly isCut: boolean;
  /** Fingerprint of its story: eight hexadecimal digits. */
  readonly story: string;
}

/** How long a run's audit log is, and its last link: 64 hexadecimal digits. */
export interface AuditSummary {
  readonly entries: number;
  readonly head: string;
}

/** How much there is to tell of a run. */
export interface RunSize {
  readonly servers: number;
  readonly clients: number;
  /** Operations that clients began. */
  readonly operations: number;
  readonly events: number;
  readonly timeMicros: Micros;
  /** What differs from the uneventful run: faults, liars, an operator's steps, and single decisions. */
  readonly decisions: number;
}

export interface TraceHeader {
  readonly format: typeof TRACE_FORMAT;
  readonly version: typeof TRACE_VERSION;
  /** whole: every event, to be read; compact: only what a replay needs. */
  readonly form: 'whole' | 'compact';
  /** Version of Faultline that wrote the trace. */
  readonly faultline: string;
  /** Name of the random generator: another one draws another run from the same seed. */
  readonly generator: string;
  readonly scenario: Scenario;
  readonly recipe: Recipe;
  readonly implementation: ImplementationInfo;
  readonly digest: string;
  /** How many events the run had. */
  readonly events: number;
  readonly verdict: TraceVerdict;
  /** What a replay against today's code should find. */
  readonly expect: 'violated' | 'passed';
  /** How the trace was minimised; null: it was not. */
  readonly minimised: Minimised | null;
  /** Of the critical actions; null in traces written before there was a log. */
  readonly audit: AuditSummary | null;
  /** Decisions taken before the first event: clocks, for instance. */
  readonly setup: readonly Decision[];
}

/** A replica reported a change of its state. */
export interface StateChange {
  readonly process: ProcessId;
  readonly event: ProtocolEvent;
}

/** What a replay needs of one executed event. */
export interface TraceStep {
  /** Of the event, from 1. */
  readonly number: number;
  readonly timeMicros: Micros;
  readonly decisions: readonly Decision[];
  /** The run's digest after this event, at intervals and for the last one. */
  readonly digest: string | undefined;
}

/** One executed event and everything that happened in it. Events are numbered without gaps. */
export interface TraceEvent extends TraceStep {
  /** The process that handled it; the number after the last process is the world itself. */
  readonly process: ProcessId;
  readonly kind: EventName;
  readonly label: string;
  /** Number of the event that caused it, or 0. */
  readonly cause: number;
  /** Lamport clock: above that of the cause, and of the process's event before. */
  readonly lamport: number;
  /** Content hash of the message; 0 for other events. */
  readonly hash: number;
  /** The message's main fields, for readers; undefined for other events. */
  readonly message: Plain | undefined;
  readonly changes: readonly StateChange[];
  readonly history: readonly HistoryEvent[];
  readonly notes: readonly string[];
}

export interface Trace {
  readonly header: TraceHeader;
  /** Of a whole trace: every event. A compact one tells none; see `expandTrace`. */
  readonly events: readonly TraceEvent[];
  /** Of a compact trace: the events in which decisions were taken, and those with a digest. */
  readonly steps: readonly TraceStep[];
}

/** Every event in which a decision was taken, in order, and the last event; there may be others. */
export function stepsOf(trace: Trace): readonly TraceStep[] {
  return trace.header.form === 'compact' ? trace.steps : trace.events;
}

/** Every recorded decision, in the order in which they were taken. */
export function decisionsOf(trace: Trace): Decision[] {
  const decisions = trace.header.setup.slice();
  for (const step of stepsOf(trace)) for (const decision of step.decisions) decisions.push(decision);
  return decisions;
}
