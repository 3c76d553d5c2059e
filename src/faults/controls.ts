/** What the nemesis may do to the world. The simulator implements it; tests may too. */

import type { Choices, Micros, ProcessId } from '../kernel/index.js';
import type { LinkConfig, Topology } from '../world/config.js';
import type { DiskPlace } from '../world/disk-contract.js';

/** What the nemesis may do to a server's disk; the world's disks can do it. */
export interface DiskControl {
  /** Sync latency times this factor from now on; 1 is the usual speed. */
  setSlowFactor(factor: number): void;
  setFull(isFull: boolean): void;
  /** The next sync fails once; with false, a failure that has not happened yet is called off. */
  failNextSync(fails: boolean): void;
  /** One synced record, drawn by chance, changes at rest. Returns where; undefined when there is none. */
  rotRecord(): DiskPlace | undefined;
  /** One synced record, drawn by chance, vanishes. Returns where; undefined when there is none. */
  loseRecord(): DiskPlace | undefined;
  /** While true, syncs are confirmed but make nothing durable. */
  setLying(isLying: boolean): void;
  /** Keeps an image of what is durable now; a later one takes its place. */
  rememberForRollback(): void;
  /** Goes back to the remembered image; the process must be down. */
  rollback(): void;
  /** The disk is lost, a blank one in its place; the process must be down. */
  lose(): void;
  /** True while something that was confirmed is unreadable, lost or doubtful. */
  damaged(): boolean;
}

/** What the nemesis may do to a node's clocks. */
export interface ClockControl {
  /** Fast (above 0) or slow by this many parts per million. */
  readonly driftPpm: number;
  /** Changes the drift from `trueNow` on; what the clocks show does not jump. */
  setDrift(trueNow: Micros, ppm: number): void;
}

export interface LinkControl {
  /** Blocks messages from one process to another on behalf of `owner`; blocks of several owners add up. */
  block(owner: string, from: ProcessId, to: ProcessId): void;
  /** Takes back every block of this owner. */
  unblock(owner: string): void;
  /** Replaces a directed link's behaviour on behalf of `owner`; the latest override wins. */
  override(owner: string, from: ProcessId, to: ProcessId, link: LinkConfig): void;
  /** Takes back every override of this owner. */
  restore(owner: string): void;
  /** Takes back every block and override. */
  healAll(): void;
}

/** Servers that may do anything, counted together whatever made them so. There where a failure model bears some. */
export interface LiarBudget {
  /** How many the failure model bears. */
  readonly most: number;
  isFaulty(server: ProcessId): boolean;
  /** True for one that counts among them: also while it recovers. */
  isSpent(server: ProcessId): boolean;
  /** True for one that is faulty, or may become so. */
  mayCorrupt(server: ProcessId): boolean;
  /** It has forgotten what it has promised: it counts as faulty for the rest of the run. */
  corrupt(server: ProcessId): void;
}

export interface WorldControls {
  /** Servers are 0 … servers-1, clients servers … processes-1. */
  readonly servers: number;
  readonly processes: number;
  readonly topology: Topology;
  /** CPU time per event as configured: what a slowed process returns to. */
  readonly serviceMicros: Micros;
  readonly choices: Choices;
  readonly network: LinkControl;
  /** Undefined: the failure model bears none, and forgetful disks are counted by nobody. */
  readonly liars?: LiarBudget | undefined;
  now(): Micros;
  /** The server that last became leader and is up, or -1. */
  leader(): ProcessId;
  /** Voters in the configuration in force; while it is joint, in the smaller half. */
  voters(): number;
  isUp(process: ProcessId): boolean;
  isPaused(process: ProcessId): boolean;
  disk(process: ProcessId): DiskControl;
  clock(process: ProcessId): ClockControl;
  /** Power loss: volatile state goes, the disk keeps an arbitrary subset of what was not synced. No-op when down. */
  crash(process: ProcessId): void;
  /** Starts a process that is down; no-op when up. */
  restart(process: ProcessId): void;
  pause(process: ProcessId): void;
  resume(process: ProcessId): void;
  /** CPU time per event from now on. */
  setServiceMicros(process: ProcessId, micros: Micros): void;
  /** Empties the disk, and formats it for the same identity where the protocol formats disks; the process must be down. */
  wipeDisk(process: ProcessId): void;
  /** Wall clock jump; the replica is told. */
  jumpClock(process: ProcessId, byMicros: Micros): void;
  /** Calls the nemesis back: `wake(token)` at that time. */
  schedule(atMicros: Micros, token: number): void;
  /** A line for the story: what struck whom. */
  note(text: string): void;
}
