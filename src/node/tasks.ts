/**
 * What the main thread and its workers say to each other: plain data, so that it can be copied between
 * threads. Errors lose their class on the way; they travel as data too.
 */

import { DivergenceError, UsageError } from '../kernel/index.js';
import type { AuditRecord } from '../checkers/index.js';
import type { Scenario } from '../scenario/index.js';
import type { Found, Strategy, Target, Trial } from '../campaign/index.js';
import type { ChainedEntry } from '../simulator/audit-log.js';
import type { EventLog } from '../simulator/determinism.js';
import type { EditedRecipe, Outcome, Recipe } from '../simulator/outcome.js';
import type { AdaptedResult, StrictResult } from '../simulator/replay.js';
import type { Story } from '../simulator/story.js';
import type { Minimised, TraceHeader } from '../simulator/trace.js';

/** What every simulation that a worker does is made from. */
export interface Subject {
  readonly scenario: Scenario;
  /** Id of a bug of the zoo, or undefined for correct code or the scenario's module. */
  readonly bug: string | undefined;
}

/** Runs seeds one after the other. */
export interface RunTask extends Subject {
  readonly kind: 'run';
  readonly seeds: readonly string[];
  /** Which runs they stand for. */
  readonly strategy: Strategy;
  /** Runs a seed that breaks something again without what broke, until nothing else does. */
  readonly findsAll: boolean;
  /** Whether the situations that a seed reaches are counted. */
  readonly coverage: boolean;
}

export interface FinishedRun {
  readonly outcome: Outcome;
  /** Every invariant that broke: the outcome's first. */
  readonly broken: readonly string[];
}

/** Runs a recipe again, records it, and saves the trace. */
export interface RecordTask extends Subject {
  readonly kind: 'record';
  readonly recipe: Recipe;
  readonly folder: string;
}

/** Runs trials of the minimiser, until one of them fails as the target does. */
export interface AttemptTask {
  readonly kind: 'attempt';
  readonly bug: string | undefined;
  readonly target: Target;
  /** Not empty; of one protocol. */
  readonly trials: readonly Trial[];
}

export interface Attempted {
  readonly found: Found | undefined;
}

/** Records a minimised run, and saves its trace. */
export interface RecordMinimisedTask extends Subject {
  readonly kind: 'record-minimised';
  readonly recipe: EditedRecipe;
  /** Of the run that it was made from. */
  readonly origin: Recipe;
  readonly minimised: Omit<Minimised, 'story'>;
  readonly folder: string;
}

export interface RecordedMinimum extends RecordedRun {
  readonly minimised: Minimised;
  readonly story: Story;
}

/** Tells a trace file as a story. */
export interface StoryTask {
  readonly kind: 'story';
  readonly path: string;
}

export interface ToldStory {
  readonly header: TraceHeader;
  readonly story: Story;
}

/** Runs a recipe, after the seeds before it, and logs its events for comparison. */
export interface LogTask extends Subject {
  readonly kind: 'log';
  /** Run before, in this worker. */
  readonly seeds: readonly string[];
  readonly strategy: Strategy;
  readonly recipe: Recipe;
}

/** Replays a trace file. */
export interface ReplayTask {
  readonly kind: 'replay';
  readonly path: string;
  readonly mode: 'strict' | 'adapt';
  /** The correct code takes the place of the trace's bug: strictly, that names the first event that it changes. */
  readonly withoutBug: boolean;
  /** The lines of the story to bring back; undefined: none. */
  readonly story: StoryRequest | undefined;
}

/** Replays a trace file, and audits what its servers have said. */
export interface AuditTask {
  readonly kind: 'audit';
  readonly path: string;
  /** Names of the servers whose transcripts are handed in; undefined: all that the run did not make liars. */
  readonly from: readonly string[] | undefined;
}

/** Replays a trace file, and lists the critical actions in it. */
export interface AuditLogTask {
  readonly kind: 'audit-log';
  readonly path: string;
}

export interface StoryRequest {
  /** The last event told. Default: the last of all. */
  readonly until: number | undefined;
  /** Name of the process that it is told of, e.g. `n2`; default: all. */
  readonly node: string | undefined;
  /** Most events told. */
  readonly count: number;
  /** Columns. */
  readonly width: number;
}

export interface RecordedRun {
  readonly outcome: Outcome;
  /** Of the saved trace. */
  readonly path: string;
}

export interface ReplayedTrace {
  readonly header: TraceHeader;
  readonly result:
    | { readonly mode: 'strict'; readonly strict: StrictResult }
    | { readonly mode: 'adapt'; readonly adapted: AdaptedResult };
  /** True when the user's module is another one than the one recorded. */
  readonly isModuleChanged: boolean;
  readonly story: readonly string[];
}

export interface AuditedFile {
  readonly header: TraceHeader;
  readonly record: AuditRecord;
  /** Names of the servers that the run made liars. */
  readonly faulty: readonly string[];
}

export interface LoggedFile {
  readonly header: TraceHeader;
  readonly log: readonly ChainedEntry[];
}

/** Results by kind of task. */
export interface TaskResults {
  readonly run: readonly FinishedRun[];
  readonly record: RecordedRun;
  readonly attempt: Attempted;
  readonly 'record-minimised': RecordedMinimum;
  readonly story: ToldStory;
  readonly log: EventLog;
  readonly replay: ReplayedTrace;
  readonly audit: AuditedFile;
  readonly 'audit-log': LoggedFile;
}

export type Task =
  | RunTask
  | RecordTask
  | AttemptTask
  | RecordMinimisedTask
  | StoryTask
  | LogTask
  | ReplayTask
  | AuditTask
  | AuditLogTask;

/** A task on its way: with the shared memory in which the worker shows that it is alive. */
export interface Dispatched {
  readonly task: Task;
  readonly pulse: SharedArrayBuffer;
}

/** Places in the pulse: which seed of the task is running; a count that grows while it makes progress. */
export const Pulse = { position: 0, beats: 1, length: 2 } as const;

export interface WireError {
  readonly kind: 'usage' | 'divergence' | 'internal';
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly stack: string | undefined;
}

export type Reply<T> = { readonly value: T } | { readonly error: WireError };

export function toWire(error: unknown): WireError {
  if (error instanceof UsageError) {
    return { kind: 'usage', code: error.code, message: error.message, hint: error.hint, stack: undefined };
  }
  const kind = error instanceof DivergenceError ? 'divergence' : 'internal';
  const message = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? error.stack : undefined;
  return { kind, code: kind, message, hint: undefined, stack };
}

export function fromWire(wire: WireError): Error {
  if (wire.kind === 'usage') return new UsageError(wire.code, wire.message, wire.hint);
  if (wire.kind === 'divergence') return new DivergenceError(wire.message);
  const error = new Error(wire.message);
  if (wire.stack !== undefined) error.stack = wire.stack;
  return error;
}
