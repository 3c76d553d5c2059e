/** What an operator sees of the machines and may do to them. The simulator implements it; tests may too. */

import type { Choices, Membership, OperatorDriverHost, Micros, ProcessId } from '../kernel/index.js';

/** The machine room, as far as an operator goes: it stops and starts processes and formats disks. */
export interface Machines {
  /** Servers are 0 … servers-1. */
  readonly servers: number;
  /** Versions of the program that there are. */
  readonly versions: { readonly lowest: number; readonly highest: number };
  /** The server that last became leader and is up, or -1. */
  leader(): ProcessId;
  /** The configuration by which the leader acts, or the one reported last. */
  membership(): Membership;
  isUp(server: ProcessId): boolean;
  version(server: ProcessId): number;
  /** How often the server's disk was formatted anew. */
  generation(server: ProcessId): number;
  isBlank(server: ProcessId): boolean;
  /** Ends the process cleanly: nothing that it wrote is lost. No-op when down. */
  stop(server: ProcessId): void;
  /** Starts the process, unless a fault holds it down: then it starts when that ends. No-op when up. */
  start(server: ProcessId): void;
  /** The version with which the process starts from now on. */
  setVersion(server: ProcessId, version: number): void;
  /** Formats a blank disk for the server's next generation; the process must be down. */
  formatDisk(server: ProcessId): void;
  /** In how many of its lives the process has halted by itself or refused to run. */
  failures(server: ProcessId): number;
  /** Operations of clients that have ended ok so far. */
  operationsOk(): number;
  /** A line for the story. */
  note(text: string): void;
}

/** The world as the operator's process sees it. */
export interface OperatorHost extends OperatorDriverHost {
  readonly choices: Choices;
  readonly machines: Machines;
  now(): Micros;
  /** Arms a named timer; re-arms it when it is set. */
  setTimerAfter(name: string, micros: Micros): void;
  cancelTimer(name: string): void;
}
