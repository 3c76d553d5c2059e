/**
 * What a checker is. Checkers are online and incremental: they hear of every event and do work in
 * proportion to what it changed. They see the world, not only the replica's own account: messages from
 * the network tap, durable records from the disk tap.
 *
 * Hooks may be called two million times a second: no allocation, no text, unless something is wrong.
 * Checkers of one protocol share one ghost (what an all-seeing observer knows), which is brought up to
 * date once per event; see ghost-checker.ts. A checker that stands alone, such as a user's own, extends
 * {@link Checker}.
 */

import type {
  Command,
  DiskImage,
  HistoryEvent,
  Message,
  Micros,
  ProcessId,
  ProtocolEvent,
} from '../kernel/index.js';

/** `local`: how this protocol works. `protocol-independent`: promised whatever the protocol. */
export type CheckerFamily = 'local' | 'protocol-independent';

/** The public face of a property, listed by `faultline invariants`. */
export interface InvariantInfo {
  /** E.g. `raft/election-safety`. */
  readonly id: string;
  /** One sentence in English. */
  readonly title: string;
  /** The formal statement: exactly what is judged, and when. */
  readonly statement: string;
  /** Protocol's name, or `any`. */
  readonly protocol: string;
  readonly family: CheckerFamily;
  /** `safety` is checked on every event, `history` when the run ends, `liveness` after healing. */
  readonly kind: 'safety' | 'history' | 'liveness';
  /** The failure model under which it holds. */
  readonly failureModel: string;
  /** Paper and section. */
  readonly source: string;
}

/** A found violation: a value. */
export interface Violation {
  readonly invariant: string;
  readonly message: string;
}

/** What checkers may ask of the running simulation. */
export interface CheckerContext {
  readonly servers: number;
  now(): Micros;
  /** False while the process is down. */
  isUp(process: ProcessId): boolean;
  /** How often the process's disk was formatted anew. */
  generation(process: ProcessId): number;
  /** True for a process that may do anything: nothing that it says is judged. Absent: there is none. */
  isFaulty?(process: ProcessId): boolean;
  /** How often it was so and recovered: of what it said and forgot before that nothing is known. Absent: never. */
  timesHealed?(process: ProcessId): number;
  /** How many of so many voters are enough for the protocol to go on; absent: a majority. */
  quorumOf?(voters: number): number;
  /** Every intact record that is durable in the file right now, in slot order. Costly: for audits. */
  durableRecords(process: ProcessId, file: string): readonly unknown[];
}

const NONE_IGNORED: ReadonlySet<string> = new Set();

/** Collects what a run violates; `violation` is the first one, which stops the run. */
export class ViolationSink {
  violation: Violation | undefined = undefined;

  /** Violations of `ignored` invariants leave no mark: for runs beyond the failure model. */
  constructor(private readonly ignored: ReadonlySet<string> = NONE_IGNORED) {}

  report(invariant: string, message: string): void {
    if (this.violation !== undefined || this.ignored.has(invariant)) return;
    this.violation = { invariant, message };
  }

  clone(): ViolationSink {
    const copy = new ViolationSink(this.ignored);
    copy.violation = this.violation;
    return copy;
  }
}

/**
 * The hooks. An observer implements those that it needs; the others cost nothing.
 *
 * What is told first: taps before the process that caused them goes on (a record is durable before the
 * replica hears that its sync completed), protocol events in the order in which the replica emits them.
 */
export interface Observer {
  /** A process handed a message to the network (it may yet be lost). */
  onSend?(from: ProcessId, to: ProcessId, message: Message): void;
  /** A replica reported a change of its state. */
  onProtocolEvent?(process: ProcessId, event: ProtocolEvent): void;
  /** A record became durable in a slot of a file; replaces what was there. In slot order per completion. */
  onDurableRecord?(process: ProcessId, file: string, slot: number, record: unknown): void;
  /** The process's own truncate, rename or remove became durable: only the first `count` records remain. */
  onDurableCut?(process: ProcessId, file: string, count: number): void;
  /** Durable records were damaged or lost, by a fault or by a torn overwrite. */
  onDurableLoss?(process: ProcessId, file: string): void;
  /** Power loss or halt; what the disk keeps has been decided and reported. */
  onCrash?(process: ProcessId): void;
  /** Just before a replica's start; `disk` is what it will find there. */
  onStart?(process: ProcessId, incarnation: number, disk: DiskImage): void;
  /** A client's operation was invoked or ended. */
  onHistory?(event: HistoryEvent, command: Command): void;
  /** Faults have ended, but for those servers, which stay broken to the end. */
  onHealed?(outside: readonly ProcessId[]): void;
  /** The run is over; last chance to report. */
  onEnd?(): void;
}

/** Base of checkers that stand alone: sets `info`, implements `clone`, overrides hooks, reports violations. */
export abstract class Checker implements Observer {
  abstract readonly info: InvariantInfo;

  constructor(
    protected readonly context: CheckerContext,
    private readonly sink: ViolationSink,
  ) {}

  onSend?(from: ProcessId, to: ProcessId, message: Message): void;
  onProtocolEvent?(process: ProcessId, event: ProtocolEvent): void;
  onDurableRecord?(process: ProcessId, file: string, slot: number, record: unknown): void;
  onDurableCut?(process: ProcessId, file: string, count: number): void;
  onDurableLoss?(process: ProcessId, file: string): void;
  onCrash?(process: ProcessId): void;
  onStart?(process: ProcessId, incarnation: number, disk: DiskImage): void;
  onHistory?(event: HistoryEvent, command: Command): void;
  onHealed?(outside: readonly ProcessId[]): void;
  onEnd?(): void;

  /** An independent copy for a forked simulation. */
  abstract clone(context: CheckerContext, sink: ViolationSink): Checker;

  protected violate(message: string): void {
    this.sink.report(this.info.id, message);
  }
}

/** How a checker that stands alone is made. */
export interface CheckerFactory {
  readonly info: InvariantInfo;
  create(context: CheckerContext, sink: ViolationSink): Checker;
}
