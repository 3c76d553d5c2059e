/**
 * Turns what a recorded run tells of itself into trace events, with Lamport clocks (Lamport, "Time,
 * Clocks, and the Ordering of Events in a Distributed System", 1978): an event's clock is one above the
 * greater of its cause's and that of the event before it on the same process.
 *
 * A recorder is called in the middle of a run, whose exceptions are taken for bugs of the code under
 * test: it never throws. What is only for readers is shortened here, decisions never are.
 */

import type { Decision, HistoryEvent, Plain, ProcessId, Proof, ProtocolEvent } from '../kernel/index.js';
import type { RecordedEvent, Recorder } from './recorder.js';
import { DIGEST_INTERVAL, type StateChange, type TraceEvent } from './trace.js';

/** State changes, facts of the history and notes kept of one event; more are counted in a note. */
const MOST_FACTS = 1000;
const LONGEST_NOTE = 1000;

export class TraceRecorder implements Recorder {
  /** Decisions taken before the first event. */
  setup: readonly Decision[] = [];
  /** A lower bound of the trace's size as text: what stops a recording that grows too large. */
  leastBytes = 0;
  private current: RecordedEvent | undefined = undefined;
  private hasBegun = false;
  private decisions: Decision[] = [];
  private changes: StateChange[] = [];
  private facts: HistoryEvent[] = [];
  private notes: string[] = [];
  private omitted = 0;
  /** Clock of every event by number, and of each process's latest event. */
  private readonly clocks: number[] = [0];
  private readonly processClocks: number[] = [];

  /**
   * `onEvent` is given the run's digest after the event; the event itself carries it only at intervals.
   * Messages are kept for readers only; whoever compares runs needs none.
   */
  constructor(
    private readonly onEvent: (event: TraceEvent, digest: string) => void,
    private readonly keepsMessages = true,
  ) {}

  event(event: RecordedEvent): void {
    // An event whose handler threw has no end of its own.
    if (this.current !== undefined) this.eventEnd('');
    if (!this.hasBegun) this.begin();
    this.current = event;
  }

  decision(decision: Decision): void {
    this.decisions.push(decision);
    this.leastBytes += decision.group.length + decision.detail.length + 10;
  }

  protocolEvent(process: ProcessId, event: ProtocolEvent): void {
    if (this.changes.length < MOST_FACTS) this.changes.push({ process, event });
    else this.omitted++;
  }

  history(event: HistoryEvent): void {
    if (this.facts.length < MOST_FACTS) this.facts.push(event);
    else this.omitted++;
  }

  note(text: string): void {
    if (this.notes.length < MOST_FACTS) this.notes.push(shorten(text, LONGEST_NOTE));
    else this.omitted++;
  }

  eventEnd(digest: string): void {
    const { current } = this;
    if (current === undefined) return;
    this.current = undefined;
    if (this.omitted > 0) this.notes.push(`and ${this.omitted} more, left out`);
    const event: TraceEvent = {
      number: current.number,
      timeMicros: current.time,
      process: current.process,
      kind: current.kind,
      label: current.label,
      cause: current.cause,
      lamport: this.tick(current),
      hash: current.hash,
      message: this.keepsMessages && current.payload !== undefined ? summary(current.payload) : undefined,
      decisions: this.decisions,
      changes: this.changes,
      history: this.facts,
      notes: this.notes,
      digest: current.number % DIGEST_INTERVAL === 0 && digest !== '' ? digest : undefined,
    };
    this.leastBytes += 56 + current.label.length + 24 * (this.changes.length + this.facts.length);
    this.decisions = [];
    this.changes = [];
    this.facts = [];
    this.notes = [];
    this.omitted = 0;
    this.onEvent(event, digest);
  }

  /** The run is over; closes an event that it ended in the middle of. */
  finish(digest: string): void {
    if (this.current !== undefined) this.eventEnd(digest);
    if (!this.hasBegun) this.begin();
  }

  private begin(): void {
    this.setup = this.decisions;
    this.decisions = [];
    this.hasBegun = true;
  }

  private tick(event: RecordedEvent): number {
    const ofCause = event.cause < event.number ? (this.clocks[event.cause] ?? 0) : 0;
    const ofProcess = this.processClocks[event.process] ?? 0;
    const clock = (ofCause > ofProcess ? ofCause : ofProcess) + 1;
    this.clocks[event.number] = clock;
    this.processClocks[event.process] = clock;
    return clock;
  }
}

// ---- a message for readers ----

const DEEPEST = 6;
/** Values kept of one message. */
const MOST_VALUES = 200;
const MOST_ITEMS = 3;
const LONGEST_TEXT = 64;
/** Fields that say nothing to a reader: the kind is in the label, hashes and sizes follow from the rest. */
const SILENT: ReadonlySet<string> = new Set(['hash', 'bytes']);

/**
 * The main fields of a message as plain data of bounded size. Lists of more than three items become
 * `{ count, first, last }`, long texts are cut. Messages of users' protocols may be anything, so what
 * cannot be read is left out.
 */
export function summary(message: unknown): Plain {
  try {
    return new Summariser().summarise(message, 0);
  } catch {
    return null;
  }
}

class Summariser {
  private left = MOST_VALUES;

  summarise(value: unknown, depth: number): Plain {
    this.left--;
    switch (typeof value) {
      case 'string':
        return shorten(value, LONGEST_TEXT);
      case 'number':
        return Number.isFinite(value) ? value + 0 : String(value);
      case 'boolean':
        return value;
      case 'bigint':
        return shorten(String(value), LONGEST_TEXT);
      case 'object':
        if (value === null) return null;
        if (depth >= DEEPEST || this.left <= 0) return '…';
        if (isProof(value)) return shorten(value.encode(), LONGEST_TEXT);
        return Array.isArray(value) ? this.list(value, depth + 1) : this.fields(value, depth + 1);
      default:
        return null;
    }
  }

  private list(items: readonly unknown[], depth: number): Plain {
    if (items.length <= MOST_ITEMS) return items.map((item) => this.summarise(item, depth));
    const first = this.summarise(items[0], depth);
    const last = this.summarise(items.at(-1), depth);
    return { count: items.length, first, last };
  }

  private fields(value: object, depth: number): Plain {
    const fields: [string, Plain][] = [];
    for (const [key, field] of Object.entries(value)) {
      if (this.left <= 0) break;
      if (SILENT.has(key) || (depth === 1 && key === 'kind') || key === '__proto__') continue;
      if (field === undefined || typeof field === 'function') continue;
      fields.push([shorten(key, LONGEST_TEXT), this.summarise(field, depth)]);
    }
    return Object.fromEntries(fields);
  }
}

/** Proofs hide what they say; they have a text of their own. */
function isProof(value: object): value is Proof {
  return 'signer' in value && 'encode' in value && typeof value.encode === 'function';
}

/** At most `longest` code units; never half a surrogate pair at the end. */
function shorten(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const cut = text.slice(0, longest - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
