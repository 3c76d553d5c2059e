/**
 * What the machine room is made of, resolved to integers: the scenario loader produces these values,
 * nothing inward of it parses units or fills in defaults.
 */

import type { Distribution, Micros, Ratio } from '../kernel/index.js';

/** Behaviour of directed links. Reordering follows from delays that vary; `ordered` forbids it. */
export interface LinkConfig {
  readonly delay: Distribution;
  readonly loss: Ratio;
  readonly duplicate: Ratio;
  /** Bits flipped on the way; the receiver's checksum catches it and drops the message. */
  readonly corrupt: Ratio;
  /** Bytes per second; 0 means no limit. */
  readonly bandwidthBytesPerSecond: number;
  /** What the link's queue holds before it drops the newest; counts only under a bandwidth limit. */
  readonly queueBytes: number;
  /** True: messages of a link arrive in the order in which they were sent, as over one TCP connection. */
  readonly ordered: boolean;
}

/** An override for the links between two groups of processes (by number), in the given direction. */
export interface LinkOverride {
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly link: LinkConfig;
}

export interface NetworkConfig {
  readonly link: LinkConfig;
  readonly overrides: readonly LinkOverride[];
}

export interface DiskConfig {
  /** Latency of sync and syncDirectory. Writes go to the page cache at once. */
  readonly syncLatency: Distribution;
  /** Bytes the disk holds; 0 means no limit. */
  readonly capacityBytes: number;
}

export interface ClockConfig {
  /** Each node's wall clock starts within plus or minus this of true time. */
  readonly maxOffsetMicros: Micros;
  /** Each node's clocks run fast or slow by at most this many parts per million. */
  readonly maxDriftPpm: number;
}

export interface ProcessConfig {
  /** CPU time per event; 0 handles events the moment they arrive. */
  readonly serviceMicros: Micros;
  /** Messages a busy or paused process keeps; more are dropped. Timers and disk completions always wait. */
  readonly inboxLimit: number;
  /** A halted process (fail-stop) is started again after this long; 0 means never. */
  readonly restartAfterHaltMicros: Micros;
}

/** Where a process stands. Equal names mean the same place. */
export interface Location {
  readonly region: string;
  readonly zone: string;
  readonly rack: string;
}

/** Locations by process number, servers first, then clients; extra one-way delay between regions. */
export interface Topology {
  readonly locations: readonly Location[];
  readonly delays: readonly { readonly from: string; readonly to: string; readonly extraMicros: Micros }[];
}
