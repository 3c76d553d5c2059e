/**
 * What a replicated service is to everything around it: its state machine, what clients may ask of it, and by
 * which name the judges of its histories are found. A scenario selects one by name; nothing else knows them one
 * by one.
 */

import type { Choices, Micros, Plain, ProcessId, ReadMode, Result, StateMachine } from '../kernel/index.js';
import type { OperationMix, WorkloadConfig } from './workload-config.js';

/** Settings of a service as a scenario writes them; the service reads them itself. */
export type RawServiceSettings = Readonly<Record<string, unknown>>;

/** Makes one client's operations, and remembers what it saw. */
export interface OperationSource {
  /** Number of what the operation made last is about; it is handed back with the operation's end. */
  readonly keyIndex: number;
  /** Input of operation number `sequence` of the client. */
  next(choices: Choices, sequence: number): Plain;
  /** How that operation asks to be served; undefined for one that changes state. */
  readMode(choices: Choices, sequence: number, input: Plain): ReadMode | undefined;
  /** The operation was answered. */
  observe(keyIndex: number, input: Plain, result: Result): void;
  /** The operation ended without an answer: refused (`fail`), or nobody knows (`unknown`). */
  missed?(keyIndex: number, input: Plain, outcome: 'fail' | 'unknown'): void;
  /** How long the client stands still before operation `sequence`, beside its think time (closed loop only). */
  restMicros?(choices: Choices, sequence: number): Micros;
  clone(): OperationSource;
  /** The whole state as plain data. */
  encode(): Plain;
}

/** A workload compiled for drawing. Immutable: all clients that follow it share one. */
export interface ClientWorkload {
  readonly config: WorkloadConfig;
  /** `number` counts the clients from 0. */
  createSource(client: ProcessId, number: number): OperationSource;
}

export interface ServiceKind {
  readonly name: string;
  /** One line for people. */
  readonly title: string;
  /** Names the judges of its histories: services that answer alike share them. */
  readonly history: string;
  /** Every operation that clients may ask for, with the weight that it has where a scenario gives none. */
  readonly operations: OperationMix;
  /** Its clients follow the answers that they get, so that each has to wait for them. Absent: any loop will do. */
  readonly loop?: 'closed';
  /** Throws UsageError for settings that it does not know or that make no sense. */
  checkSettings(raw: RawServiceSettings): void;
  /** A fresh state machine, without sessions; every replica gets its own. */
  create(raw: RawServiceSettings): StateMachine;
  createWorkload(config: WorkloadConfig, raw: RawServiceSettings): ClientWorkload;
}
