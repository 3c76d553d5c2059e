/**
 * What the lines of a trace are, field by field: shapes that read them, and their compact form.
 *
 * Header: one object with full names. Events: short names for what every line has (`n` number, `t` virtual
 * time in microseconds, `p` process, `by` cause, `lc` Lamport clock), words for the rest, and nothing for
 * what is empty. Decisions, state changes and facts of the history are arrays:
 *
 *     decision  [group, detail, nth, value, …]
 *     change    [process, event]
 *     fact      [kind, client, sequence, input, output, read, index, time]
 */

import { PROCESS_LIMIT, hex32, received } from '../kernel/index.js';
import type { Command, Decision, HistoryEvent, Membership, Plain, ProtocolEvent } from '../kernel/index.js';
import { EVENT_NAMES, type EventName } from './event-kinds.js';
import {
  Mismatch,
  flag,
  integer,
  list,
  listOrNone,
  maybe,
  mismatch,
  object,
  orElse,
  plain,
  tagged,
  text,
  textLike,
  word,
  type Shape,
} from './shape.js';
import {
  type AuditSummary,
  OLDEST_TRACE_VERSION,
  TRACE_FORMAT,
  TRACE_LIMITS,
  TRACE_VERSION,
  type ImplementationInfo,
  type Minimised,
  type ModuleSource,
  type RunSize,
  type StateChange,
  type TraceEvent,
  type TraceHeader,
  type TraceVerdict,
} from './trace.js';
import { recipeShape } from './trace-recipe.js';
import { readScenario } from './trace-scenario.js';

const natural = integer(0);
const hash32 = integer(-0x80000000, 0x7fffffff);
const process = integer(0, PROCESS_LIMIT - 1);
const anyText = text(TRACE_LIMITS.lineBytes);
const identifier = text(200);
export const readDigest = textLike(/^[0-9a-f]{16}$/, 'a digest of sixteen hexadecimal digits');
const hexHash = textLike(/^[0-9a-f]{8}$/, 'a hash of eight hexadecimal digits');
const eventNumber = integer(0, TRACE_LIMITS.events);

// ---- decisions ----

/** Family, then subject; the rest of a key is checked by the run that asks for it. */
const group = textLike(/^[mtdcfrpo]:/, 'the key of a decision, such as m:0>2:AppendEntries');
/** A message is lost (-1), corrupted (-2), or delayed. */
const firstDelay = integer(-2);
const anyInteger = integer();

export const readDecision: Shape<Decision> = (value) => {
  if (!Array.isArray(value) || value.length < 4 || value.length > 5) {
    return mismatch('a decision: [group, detail, nth, value] or [group, detail, nth, delay, delay]', value);
  }
  const items: readonly unknown[] = value;
  const key = item(items, 0, group);
  const isMessage = key.startsWith('m:');
  const values = [item(items, 3, isMessage ? firstDelay : anyInteger)];
  if (items.length === 5) values.push(item(items, 4, isMessage ? natural : refuseSecond));
  return { group: key, detail: item(items, 1, anyText), nth: item(items, 2, natural), values };
};

const refuseSecond: Shape<number> = () => {
  throw new Mismatch('one value (only messages have two)', 'two');
};

/** One item of a tuple. */
function item<T>(items: readonly unknown[], i: number, shape: Shape<T>): T {
  try {
    return shape(items[i]);
  } catch (error) {
    throw error instanceof Mismatch ? error.within(i) : error;
  }
}

function decisionLine({ group: key, detail, nth, values }: Decision): Plain {
  return [key, detail, nth, ...values];
}

// ---- state changes and history ----

const readMode = word('log', 'read-index', 'lease', 'follower', 'session', 'stale');

const command = object<Command>({
  client: process,
  sequence: natural,
  input: plain,
  read: maybe(readMode),
  hash: hash32,
  bytes: natural,
});

const membership = object<Membership>({
  voters: list(natural),
  outgoing: list(natural),
  learners: list(natural),
  joining: list(natural),
  autoLeave: flag,
});

const protocolEvent = tagged<ProtocolEvent, 'kind'>('kind', {
  'term-changed': { term: natural },
  'became-follower': { term: natural },
  'became-candidate': { term: natural },
  'became-leader': { term: natural, lastIndex: natural },
  appended: { index: natural, term: natural, hash: hash32 },
  truncated: { index: natural },
  committed: { index: natural, term: natural },
  applied: { index: natural, term: natural, hash: hash32, digest: hash32, command: maybe(command) },
  'batch-executed': { sequence: natural, term: natural, hash: hash32 },
  'tentatively-executed': { sequence: natural, term: natural, hash: hash32 },
  'rolled-back': { sequence: natural },
  'shadow-diverged': { index: natural, text: anyText },
  recovered: { term: natural, lastIndex: natural, trusted: flag },
  'trust-regained': { term: natural, lastIndex: natural },
  'became-pre-candidate': { term: natural },
  'configuration-changed': { index: natural, configuration: membership },
  'snapshot-saved': { index: natural, term: natural, received: flag },
  'snapshot-installed': { index: natural, term: natural, digest: hash32, received: flag },
  'snapshot-failed': { index: natural, reason: anyText },
  compacted: { index: natural, term: natural },
  'transfer-started': { term: natural, to: process },
  'transfer-ended': { term: natural, outcome: word('done', 'timed-out', 'stepped-down') },
  rejected: { reason: anyText },
  denied: { process, purpose: anyText, reason: anyText },
  'version-activated': { index: natural, version: natural },
  'refused-to-run': { reason: anyText },
  'proactive-recovery': { phase: word('due', 'begun', 'completed'), number: natural },
  'keys-refreshed': { epoch: natural, records: natural, recovering: process, number: natural },
  reached: { situation: identifier },
  note: { text: anyText },
});

const readChange: Shape<StateChange> = (value) => {
  if (!Array.isArray(value) || value.length !== 2)
    return mismatch('a change of state: [process, event]', value);
  return { process: item(value, 0, process), event: item(value, 1, protocolEvent) };
};

const factKind = word('invoke', 'ok', 'fail', 'unknown');

/** In a tuple, what is left out is written as null. */
const readModeOrNone: Shape<HistoryEvent['read']> = (value) => (value === null ? undefined : readMode(value));

const readFact: Shape<HistoryEvent> = (value) => {
  if (!Array.isArray(value) || value.length !== 8) {
    return mismatch(
      'a fact of the history: [kind, client, sequence, input, output, read, index, time]',
      value,
    );
  }
  return {
    kind: item(value, 0, factKind),
    client: item(value, 1, process),
    sequence: item(value, 2, natural),
    input: item(value, 3, plain),
    output: item(value, 4, plain),
    read: item(value, 5, readModeOrNone),
    index: item(value, 6, natural),
    time: item(value, 7, natural),
  };
};

// ---- event lines ----

interface EventLine {
  readonly n: number;
  readonly t: number;
  readonly p: number;
  readonly kind: EventName;
  readonly what: string;
  readonly by: number;
  readonly lc: number;
  readonly hash: string | undefined;
  readonly message: Plain | undefined;
  readonly decisions: readonly Decision[];
  readonly changes: readonly StateChange[];
  readonly history: readonly HistoryEvent[];
  readonly notes: readonly string[];
  readonly digest: string | undefined;
}

const eventLine = object<EventLine>({
  n: eventNumber,
  t: natural,
  p: process,
  kind: word(...EVENT_NAMES),
  what: anyText,
  by: eventNumber,
  lc: natural,
  hash: maybe(hexHash),
  message: (value) => (value === undefined ? undefined : plain(value)),
  decisions: listOrNone(readDecision),
  changes: listOrNone(readChange),
  history: listOrNone(readFact),
  notes: listOrNone(anyText),
  digest: maybe(readDigest),
});

/** Reads an event's line; throws Mismatch. */
export const readEvent: Shape<TraceEvent> = (value) => {
  const line = eventLine(value);
  return {
    number: line.n,
    timeMicros: line.t,
    process: line.p,
    kind: line.kind,
    label: line.what,
    cause: line.by,
    lamport: line.lc,
    hash: line.hash === undefined ? 0 : Number.parseInt(line.hash, 16) | 0,
    message: line.message,
    decisions: line.decisions,
    changes: line.changes,
    history: line.history,
    notes: line.notes,
    digest: line.digest,
  };
};

/** The line of an event, to be written as JSON. */
export function eventToLine(event: TraceEvent): Readonly<Record<string, unknown>> {
  const line: Record<string, unknown> = {
    n: event.number,
    t: event.timeMicros,
    p: event.process,
    kind: event.kind,
    what: event.label,
    by: event.cause,
    lc: event.lamport,
  };
  if (event.hash !== 0) line['hash'] = hex32(event.hash);
  if (event.message !== undefined) line['message'] = event.message;
  if (event.decisions.length > 0) line['decisions'] = event.decisions.map(decisionLine);
  if (event.changes.length > 0)
    line['changes'] = event.changes.map((change) => [change.process, change.event]);
  if (event.history.length > 0) line['history'] = event.history.map(factLine);
  if (event.notes.length > 0) line['notes'] = event.notes;
  if (event.digest !== undefined) line['digest'] = event.digest;
  return line;
}

function factLine({ kind, client, sequence, input, output, read, index, time }: HistoryEvent): Plain {
  return [kind, client, sequence, input, output, read ?? null, index, time];
}

// ---- header ----

/** True for versions that are read. */
export function isKnownVersion(version: unknown): boolean {
  return Number.isSafeInteger(version) && between(OLDEST_TRACE_VERSION, version as number, TRACE_VERSION);
}

function between(least: number, value: number, most: number): boolean {
  return value >= least && value <= most;
}

const readRecipe = recipeShape(readDecision);

const runSize = object<RunSize>({
  servers: natural,
  clients: natural,
  operations: natural,
  events: eventNumber,
  timeMicros: natural,
  decisions: natural,
});

const readMinimised: Shape<Minimised | null> = (value) => (value === null ? null : minimisedShape(value));
const minimisedShape = object<Minimised>({
  from: readDigest,
  before: runSize,
  after: runSize,
  runs: natural,
  isCut: flag,
  story: hexHash,
});

const auditShape = object<AuditSummary>({
  entries: natural,
  head: textLike(/^[0-9a-f]{64}$/, '64 hexadecimal digits'),
});
const readAudit: Shape<AuditSummary | null> = (value) => (value === null ? null : auditShape(value));

/** Reads a header; throws Mismatch. Format and version have been looked at before. */
export const readHeader: Shape<TraceHeader> = object<TraceHeader>({
  format: word(TRACE_FORMAT),
  version: (value) => (isKnownVersion(value) ? TRACE_VERSION : mismatch(`version ${TRACE_VERSION}`, value)),
  form: orElse(word('whole', 'compact'), 'whole'),
  faultline: identifier,
  generator: identifier,
  scenario: readScenario,
  recipe: readRecipe,
  implementation: object<ImplementationInfo>({
    protocol: identifier,
    bug: maybe(identifier),
    module: maybe(object<ModuleSource>({ specifier: text(4096), hash: identifier })),
  }),
  digest: readDigest,
  events: eventNumber,
  verdict: object<TraceVerdict>({
    status: word('passed', 'violated', 'stalled', 'bound-reached'),
    invariant: maybe(identifier),
    event: eventNumber,
    timeMicros: natural,
    message: anyText,
  }),
  expect: word('violated', 'passed'),
  minimised: readMinimised,
  audit: orElse(readAudit, null),
  setup: list(readDecision),
});

/** The line of a header, to be written as JSON. */
export function headerToLine(header: TraceHeader): Readonly<Record<string, unknown>> {
  const { recipe, setup } = header;
  const recipeLine =
    recipe.strategy === 'edited' ? { ...recipe, edits: recipe.edits.map(decisionLine) } : recipe;
  return { ...header, recipe: recipeLine, setup: setup.map(decisionLine) };
}

/** The format and version that a first line claims, before anything else in it is believed. */
export function claimedVersion(header: Readonly<Record<string, unknown>>): number {
  if (header['format'] !== TRACE_FORMAT) {
    throw new Mismatch(`"format": "${TRACE_FORMAT}"`, received(header['format']));
  }
  const version = header['version'];
  if (!Number.isSafeInteger(version)) mismatch('a whole number as version', version);
  return version as number;
}
