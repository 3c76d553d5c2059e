/**
 * What a recorded run tells of itself. The hot path has no recorder; a failing run is run again from its
 * recipe with one.
 */

import type { Decision, HistoryEvent, Micros, ProcessId, ProtocolEvent } from '../kernel/index.js';
import type { EventName } from './event-kinds.js';

/** One executed event, before its handler runs. */
export interface RecordedEvent {
  /** From 1. */
  readonly number: number;
  readonly time: Micros;
  /** The process that handles it; the number after the last process is the world itself. */
  readonly process: ProcessId;
  readonly kind: EventName;
  /**
   * What it is, in words that do not depend on positions: `0>2:AppendEntries`, a timer's name, `wal:sync`.
   */
  readonly label: string;
  /** Number of the event that caused it, or 0. */
  readonly cause: number;
  /** Content hash of the message; 0 for other events. */
  readonly hash: number;
  /** The message, for readable traces; undefined for other events. */
  readonly payload: unknown;
}

export interface Recorder {
  /** An event begins; what follows until the next one belongs to it. */
  event(event: RecordedEvent): void;
  decision(decision: Decision): void;
  protocolEvent(process: ProcessId, event: ProtocolEvent): void;
  history(event: HistoryEvent): void;
  /** A fault struck or ended, a process crashed, halted or started: a line for the story. */
  note(text: string): void;
  /** The event is over; `digest` is the run's digest after it. */
  eventEnd(digest: string): void;
}
