/** What a simulated process needs of the simulation around it. */

import type {
  Authentication,
  Choices,
  Command,
  EventQueue,
  HistoryEvent,
  Message,
  Micros,
  ProcessId,
  ProtocolEvent,
} from '../kernel/index.js';

export interface Engine {
  /** Virtual time of the event being executed. */
  now: Micros;
  /** Number of the event being executed: the cause of what it schedules. */
  eventNumber: number;
  /** True when what is handed over is frozen and checked; see SimulateOptions.audit. */
  readonly isAudited: boolean;
  /** Servers, clients, the operator and twins of servers; the number after the last one is the world itself. */
  readonly processes: number;
  readonly queue: EventQueue;
  readonly choices: Choices;
  /** The keys of all processes. */
  readonly authentication: Authentication;
  /** True while the server's process runs; what is checked from outside. */
  isServing(server: ProcessId): boolean;
  send(from: ProcessId, to: ProcessId, message: Message): void;
  protocolEvent(process: ProcessId, event: ProtocolEvent): void;
  historyEvent(event: HistoryEvent, command: Command): void;
  /** A process stopped itself. */
  halted(process: ProcessId, reason: string): void;
  /** A message found its process down, or its inbox full. */
  undelivered(wasOverflow: boolean): void;
  /** A line for the story, when somebody records it. */
  note(text: string): void;
}
