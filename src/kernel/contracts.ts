/**
 * The contracts: what a protocol, a service and a client must be, and what the world gives them.
 * Raft and PBFT have no private way in: a user's own protocol is written against these same types.
 *
 * Rules for everything that runs inside a simulation: synchronous, single-threaded, no ambient time or
 * chance; what is handed to the host (messages, disk records) is immutable from then on, because it is
 * neither copied per send nor per fork. Returning a thenable from any method is an error.
 */

import type { AttackSurface } from './attack-surface.js';
import type { Authenticator } from './authenticator.js';
import type { Message } from './message.js';
import type { Outline } from './outline.js';
import type { Micros } from './time.js';
import type { Plain } from './plain.js';
import type { ProcessId } from './process-id.js';

export type { Message } from './message.js';
export type { ProcessId } from './process-id.js';

/** Names a disk operation that is under way; unique within a process's incarnation. */
export type OperationId = number;

/** How a disk operation ended: done and durable, failed (EIO), or refused for lack of space (ENOSPC). */
export type DiskStatus = 'ok' | 'failed' | 'full';

/** One record read back from a file after a start. */
export interface DiskSlot {
  /** True when the record's checksum matches. */
  readonly intact: boolean;
  /** The record; undefined unless intact. */
  readonly record: unknown;
  /**
   * For a damaged record: how many of its 512-byte sectors were never written (read as zeros). Above 0,
   * a write was torn before it was synced; 0 means that whole sectors changed at rest (rot).
   */
  readonly blankSectors: number;
}

/** What a starting process finds on its disk. */
export interface DiskImage {
  /** The records of a file in order; empty when there is no such file. */
  read(file: string): readonly DiskSlot[];
  /** Names of the files that are there, sorted. */
  files(): readonly string[];
}

/**
 * The world as a replica sees it. Times are microseconds of the node's own clocks, which drift and (the
 * wall clock) jump. Files hold typed records, each padded to whole 512-byte sectors.
 */
export interface Host {
  readonly self: ProcessId;
  /** Counts starts of this process, from 1. */
  readonly incarnation: number;
  /** Version of the protocol that this process's program speaks, from 1; an upgrade changes it at a start. */
  readonly version: number;
  /** The keys of this process. */
  readonly authenticator: Authenticator;
  send(to: ProcessId, message: Message): void;
  /** Arms a named timer with a length drawn from `minMicros … maxMicros`; re-arms it when it is set. */
  setTimer(name: string, minMicros: Micros, maxMicros: Micros): void;
  cancelTimer(name: string): void;
  /**
   * Adds a record of `bytes` bytes at the end of a file. Durable only after a later {@link sync} of the
   * file has completed. A completion is reported only when it fails.
   */
  append(file: string, record: unknown, bytes: number): OperationId;
  /** Replaces the record in slot `slot` (from 0; slots below must exist, or be the next one). */
  writeAt(file: string, slot: number, record: unknown, bytes: number): OperationId;
  /** Keeps the first `count` records. */
  truncate(file: string, count: number): OperationId;
  /** Renames a file over another; durable after {@link syncDirectory}. */
  rename(from: string, to: string): OperationId;
  remove(file: string): OperationId;
  /** Makes what was written to the file before this call durable; always reports its completion. */
  sync(file: string): OperationId;
  syncDirectory(): OperationId;
  /** Never goes back, never jumps; drifts. */
  monotonicNow(): Micros;
  /** May jump either way. */
  wallNow(): Micros;
  /** A named choice of the replica's own, in `min … max`. */
  draw(name: string, min: number, max: number): number;
  /** Reports a change of protocol state to checkers, telemetry and traces. */
  emit(event: ProtocolEvent): void;
  /** Stops this process at once (fail-stop): its supervisor may start it again. */
  halt(reason: string): void;
}

/** A replica: a synchronous state machine over its host. Its state is plain data. */
export interface Replica {
  /** Called once per incarnation, with what the disk really holds. */
  start(disk: DiskImage): void;
  receive(from: ProcessId, message: Message): void;
  timerFired(name: string): void;
  diskCompleted?(operation: OperationId, status: DiskStatus): void;
  /** The wall clock jumped by this many microseconds, as the operating system reports it. */
  clockJumped?(byMicros: Micros): void;
  /** An independent copy that speaks to another host; used by fork. */
  clone(host: Host): Replica;
  /** The whole state as plain data: equal texts mean equal replicas. */
  encode(): Plain;
}

/**
 * How a read may be served. Each mode has a contract of its own, which is checked:
 * - `log`: ordered like a write; linearizable.
 * - `read-index`, `lease`, `follower`: linearizable without an entry in the log (by a round of the leader, by
 *   the leader's lease, by any server that asks the leader for its read index).
 * - `session`: any server, but never older than what this client has seen: reads are monotonic, and it reads
 *   its own writes.
 * - `stale`: any server: the state after some prefix of the agreed order, however old.
 */
export type ReadMode = 'log' | 'read-index' | 'lease' | 'follower' | 'session' | 'stale';

/** A client's command as protocols order it. Immutable. */
export interface Command {
  readonly client: ProcessId;
  /** The client's operation number, from 1: with `client` it names the operation for ever. */
  readonly sequence: number;
  readonly input: Plain;
  /**
   * Set for an operation that changes nothing: how it may be served. A protocol that knows no reads orders it
   * like any other, which is stronger than every mode.
   */
  readonly read: ReadMode | undefined;
  /** Content hash of client, sequence and input. */
  readonly hash: number;
  /** Size on wire and disk. */
  readonly bytes: number;
}

/** What a replicated service answers: plain data. */
export type Result = Plain;

/** A deterministic replicated state machine. Its state is plain data and the same on every replica. */
export interface StateMachine {
  /**
   * Applies one command and returns its result. Everything in it must follow from state, command and
   * `timeMicros`: the time that the log gives to the command, which never goes back along the log (0 where a
   * protocol keeps none).
   */
  apply(command: Command, timeMicros: Micros): Result;
  /** Answers a command that changes nothing, without being ordered; undefined: it must be ordered. */
  query?(command: Command): Result | undefined;
  /**
   * Of a service with a shadow: the first answer of the shadow that differed, in one sentence, told once. A
   * protocol asks after every command that it applies, and reports what it hears as `shadow-diverged`.
   */
  takeDivergence?(): string | undefined;
  /** 32-bit rolling digest of the state; equal histories give equal digests. */
  digest(): number;
  snapshot(): Plain;
  /** How many bytes the text of {@link snapshot} would take, roughly; absent: its data are measured. */
  snapshotBytes?(): number;
  restore(snapshot: Plain): void;
  clone(): StateMachine;
}

/** What a client's driver may do to the outside. */
export interface ClientHost {
  readonly self: ProcessId;
  readonly servers: readonly ProcessId[];
  /** True where clients go from server to server, whatever a server says of who leads. Absent: false. */
  readonly ignoresHints?: boolean;
  /** The keys of this process. */
  readonly authenticator: Authenticator;
  send(to: ProcessId, message: Message): void;
  /** A choice of the client's own, in `min … max`; one that belongs to an operation is told by its sequence. */
  draw(name: string, min: number, max: number, sequence?: number): number;
}

/** What a driver makes of a message. */
export type ClientOutcome =
  | {
      readonly kind: 'ok';
      readonly sequence: number;
      readonly result: Result;
      /** The place of the agreed order at which the answer holds; 0 where the protocol does not say. */
      readonly index: number;
    }
  /** Definitely not executed, now or ever. */
  | { readonly kind: 'fail'; readonly sequence: number; readonly reason: string }
  /** Turned away for now, by admission control; the operation's fate is open. Try again later. */
  | { readonly kind: 'busy'; readonly sequence: number; readonly reason: string }
  /** Try again (elsewhere); the operation's fate is open. */
  | { readonly kind: 'retry'; readonly sequence: number; readonly reason: string };

/** How clients of a protocol find servers and understand replies. Pure but for what it sends. */
export interface ClientDriver {
  /** Sends attempt number `attempt` (from 1) of a command. */
  request(host: ClientHost, command: Command, attempt: number): void;
  /** Interprets a message; undefined when it settles nothing. */
  receive(host: ClientHost, from: ProcessId, message: Message): ClientOutcome | undefined;
  /**
   * Attempt number `attempt` of a command got no answer in time. Told at once and of every such attempt, whether the
   * command is sent again, later or never: silence says something about whom to ask, for other commands too.
   */
  timedOut?(host: ClientHost, command: Command, attempt: number): void;
  clone(): ClientDriver;
}

/** How an operator's request stands: done, to be asked again later, refused for good. */
export interface AdminAnswer {
  readonly status: 'ok' | 'busy' | 'refused';
  readonly reason: string;
}

/** What an operator's driver may do to the outside. */
export type OperatorDriverHost = Pick<ClientHost, 'self' | 'servers' | 'authenticator' | 'send'>;

/** How an operator speaks with servers of a protocol that has its own way for that. */
export interface OperatorDriver {
  /** Asks for the action, or asks again; an answer that needs no server is given at once. */
  request(host: OperatorDriverHost, action: Plain): AdminAnswer | undefined;
  /** An answer to the action asked for last; undefined when the message settles nothing. */
  receive(host: OperatorDriverHost, from: ProcessId, message: Message): AdminAnswer | undefined;
  clone(): OperatorDriver;
  encode(): Plain;
}

/** One record of a freshly formatted disk. */
export interface FormattedRecord {
  readonly file: string;
  readonly record: unknown;
  readonly bytes: number;
}

/** What settings must fit. */
export interface ClusterShape {
  /** Servers that take part from the beginning. */
  readonly members: number;
  /** How many of them the scenario lets be faulty in any way. */
  readonly byzantine: number;
  /** All servers, those that do not take part yet included; absent: just the members. */
  readonly servers?: number;
  /** Process of the operator; absent: there is none. */
  readonly operator?: ProcessId;
}

/**
 * What a doorkeeper must know of a protocol's messages to turn some of them away before a replica sees them: which
 * ones ask for something, and what is said to those who are not let in.
 */
export interface Doorway {
  /** The command that a client's message carries; undefined for one that is no request. */
  commandOf(message: Message): Command | undefined;
  /** What an operator's message asks for, in a word; undefined for one that is no request of an operator. */
  verbOf(message: Message): string | undefined;
  /** The sequence of the command that a message to a client answers; undefined for one that answers none. */
  answeredBy(message: Message): number | undefined;
  /**
   * What is said to one whose message is not let in: not now (`busy`), or never (`refused`). Undefined where the
   * protocol has no word for it: then nothing is said.
   */
  turnAway(message: Message, status: 'busy' | 'refused', reason: string): Message | undefined;
}

/** A protocol: how to build its replicas and clients. Users export one from `module: ./mine.js#name`. */
export interface Protocol<Settings = unknown> {
  readonly name: string;
  /** Validates the scenario's `protocol.settings`, and that they fit the cluster; throws UsageError. */
  settings(raw: Readonly<Record<string, unknown>>, cluster?: ClusterShape): Settings;
  /**
   * What a server's disk holds, durably, before its first start: how an operator formats it. A protocol that
   * formats can tell a lost disk (blank) from a new server, so losing one is a detectable fault for it.
   * `generation` counts how often this process's disk was formatted before: an old identity is never reused.
   */
  format?(
    self: ProcessId,
    generation: number,
    members: readonly ProcessId[],
    settings: Settings,
  ): readonly FormattedRecord[];
  createReplica(
    host: Host,
    members: readonly ProcessId[],
    service: StateMachine,
    settings: Settings,
  ): Replica;
  createDriver(settings: Settings): ClientDriver;
  /** Absent: operators send an AdminRequest to one server after another, and understand AdminReply. */
  createOperatorDriver?(settings: Settings): OperatorDriver;
  /** Versions that servers of this protocol may run, lowest and highest; 1 and 1 when left out. */
  readonly versions?: { readonly lowest: number; readonly highest: number };
  /** How many of so many voters are enough to go on; a majority when left out. */
  quorum?(settings: Settings, voters: number): number;
  /** Upper bound of the protocol's timers in microseconds: liveness bounds are computed from it. */
  maxTimerMicros(settings: Settings): Micros;
  /** Content hash of a message; a structural hash when left out. Hot path: field-wise is best. */
  hashMessage?(message: Message): number;
  /** Size of a message in bytes; 64 when left out. */
  messageBytes?(message: Message): number;
  /** What its messages ask for; absent: nobody can stand at its servers' doors. */
  readonly doorway?: Doorway;
  /** How its messages can be attacked; absent: a scenario of this protocol can have no liars. */
  readonly attackSurface?: AttackSurface;
  /** What state a replica of it is in; absent: a guided campaign sees none of its states. */
  outline?(replica: Replica, into: Outline): void;
  /** What stories call things; what is left out has its common name. */
  readonly words?: Partial<Words>;
  /** Kinds of the messages by which a replica binds itself to a leader: the audit log lists those that arrive. */
  readonly votes?: readonly string[];
}

/** Names of what all protocols have, in a sentence such as `n1 becomes leader of term 3`. */
export interface Words {
  readonly term: string;
  readonly leader: string;
  /** What has a place in the agreed order. */
  readonly entry: string;
}

export const COMMON_WORDS: Words = { term: 'term', leader: 'leader', entry: 'entry' };

/**
 * How a transfer of leadership ended, as far as the leader that began it knows. done: the target stands for election
 * in a later term, or leads it. timed-out: nothing came of it in time, and the leader goes on. stepped-down: the
 * leader leads no more for another reason, or for one that it cannot tell; the target may yet have been elected.
 */
export type TransferOutcome = 'done' | 'timed-out' | 'stepped-down';

/**
 * What replicas report. Numbers that mean the same in every protocol have one name: `term` is Raft's term
 * or PBFT's view, `index` a place in the agreed order, `hash` a content hash. Objects are immutable.
 */
export type ProtocolEvent =
  | { readonly kind: 'term-changed'; readonly term: number }
  | { readonly kind: 'became-follower'; readonly term: number }
  | { readonly kind: 'became-candidate'; readonly term: number }
  | { readonly kind: 'became-leader'; readonly term: number; readonly lastIndex: number }
  /** One entry was added to the replica's log (in memory; the disk tap tells when it is durable). */
  | { readonly kind: 'appended'; readonly index: number; readonly term: number; readonly hash: number }
  /** Entries at `index` and after were removed from the replica's log. */
  | { readonly kind: 'truncated'; readonly index: number }
  | { readonly kind: 'committed'; readonly index: number; readonly term: number }
  /** A place of the agreed order was executed; `digest` is the service's digest after it. */
  | {
      readonly kind: 'applied';
      readonly index: number;
      readonly term: number;
      readonly hash: number;
      readonly digest: number;
      readonly command: Command | undefined;
    }
  /**
   * The batch at this place of a protocol that orders batches, decided in view `term`, is executed: its commands are
   * reported as `applied` after this. `hash` is the digest by which the protocol agreed on it.
   */
  | {
      readonly kind: 'batch-executed';
      readonly sequence: number;
      readonly term: number;
      readonly hash: number;
    }
  /** The batch is executed although it is not decided yet: nothing of it is reported as `applied` before it is. */
  | {
      readonly kind: 'tentatively-executed';
      readonly sequence: number;
      readonly term: number;
      readonly hash: number;
    }
  /** The batch that was executed tentatively is taken back: the state is what it was before. */
  | { readonly kind: 'rolled-back'; readonly sequence: number }
  /** A shadow of the service answered otherwise than the service; found when `index` had been applied. */
  | { readonly kind: 'shadow-diverged'; readonly index: number; readonly text: string }
  /** The log was read back after a start: `lastIndex` entries; `trusted` false when the disk is not. */
  | {
      readonly kind: 'recovered';
      readonly term: number;
      readonly lastIndex: number;
      readonly trusted: boolean;
    }
  /** A replica that did not trust its disk takes part again. */
  | { readonly kind: 'trust-regained'; readonly term: number; readonly lastIndex: number }
  /** It asks whether it could win an election, without changing its term. `term` is the one it would have. */
  | { readonly kind: 'became-pre-candidate'; readonly term: number }
  /**
   * The configuration that it acts by is now the one of the entry at `index` (0: the initial one): appended,
   * restored by a truncation, a restart or a snapshot.
   */
  | { readonly kind: 'configuration-changed'; readonly index: number; readonly configuration: Membership }
  /** A snapshot of everything up to `index` is durable here; made by itself, or received whole. */
  | {
      readonly kind: 'snapshot-saved';
      readonly index: number;
      readonly term: number;
      readonly received: boolean;
    }
  /** The state is now that of a snapshot: `digest` is the service's after `index`. At a start, or received. */
  | {
      readonly kind: 'snapshot-installed';
      readonly index: number;
      readonly term: number;
      readonly digest: number;
      readonly received: boolean;
    }
  /** A snapshot that was being received will not be installed. */
  | { readonly kind: 'snapshot-failed'; readonly index: number; readonly reason: string }
  /** The log now begins after `index`, whose entry had this term. */
  | { readonly kind: 'compacted'; readonly index: number; readonly term: number }
  | { readonly kind: 'transfer-started'; readonly term: number; readonly to: ProcessId }
  | { readonly kind: 'transfer-ended'; readonly term: number; readonly outcome: TransferOutcome }
  /** A request was turned away before it was ordered. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Somebody asked for what no capability of theirs covers, and was turned away. Worth an audit. */
  | {
      readonly kind: 'denied';
      readonly process: ProcessId;
      readonly purpose: string;
      readonly reason: string;
    }
  /** From the entry at `index` on, everybody speaks at least this version. */
  | { readonly kind: 'version-activated'; readonly index: number; readonly version: number }
  /** Critical and worth an audit: a start with a version that the cluster has left behind, and such. */
  | { readonly kind: 'refused-to-run'; readonly reason: string }
  /**
   * Proactive recovery: `due`: the process is about to stop, and will start again from its code; `begun`: it recovers,
   * under keys that nobody knew before; `completed`: what it does is right again, whatever it was before. `number`: of
   * the recovery, ascending for each process.
   */
  | {
      readonly kind: 'proactive-recovery';
      readonly phase: 'due' | 'begun' | 'completed';
      readonly number: number;
    }
  /**
   * It has chosen new keys: what was said to it under older ones counts no more, but for what its journal had of that
   * in its first so many `records`. `recovering`: the process for whose sake, which may be itself, and the number of
   * that recovery.
   */
  | {
      readonly kind: 'keys-refreshed';
      readonly epoch: number;
      readonly records: number;
      readonly recovering: ProcessId;
      readonly number: number;
    }
  /** A rare situation was reached; see the checkers' list of situations. Changes nothing. */
  | { readonly kind: 'reached'; readonly situation: string }
  /** Anything else worth a line in the story. */
  | { readonly kind: 'note'; readonly text: string };

/**
 * Who takes part, by member id: the process, plus {@link MEMBER_GENERATION} times how often its disk was
 * formatted anew. Lists are sorted and disjoint but for voters and outgoing.
 */
export interface Membership {
  readonly voters: readonly number[];
  /** While joint: the voters of the configuration that is being left; else empty. */
  readonly outgoing: readonly number[];
  readonly learners: readonly number[];
  /** Learners that become voters by themselves when they have caught up. */
  readonly joining: readonly number[];
  /** True for a joint configuration that is left by itself once it is agreed on. */
  readonly autoLeave: boolean;
}

/** See {@link Membership}. More than there are processes. */
export const MEMBER_GENERATION = 4096;

/** One event of the clients' history. `unknown` is a time-out: it may have happened, at any later time. */
export interface HistoryEvent {
  readonly kind: 'invoke' | 'ok' | 'fail' | 'unknown';
  readonly client: ProcessId;
  readonly sequence: number;
  readonly input: Plain;
  /** Result of an `ok`, reason of a `fail`; null otherwise. */
  readonly output: Plain;
  /** How a read was asked to be served; undefined for everything else. */
  readonly read: ReadMode | undefined;
  /** Of an `ok`: the place of the agreed order at which the answer holds, as the server says; else 0. */
  readonly index: number;
  readonly time: Micros;
}
