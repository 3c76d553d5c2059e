/**
 * The fault catalogue as data: what can go wrong, on whom, when and for how long; and the random profile
 * from which the nemesis draws. A plan is resolved to integers; every entry has an id, which is the
 * semantic key of its decisions.
 */

import type { Micros } from '../kernel/index.js';
import type { LinkConfig } from '../world/config.js';
import type { ByzantineFault } from './byzantine/plan.js';
import type { Aim } from './moments.js';

/** On whom a fault falls; dynamic ones are resolved when it strikes. */
export type Selector =
  | { readonly kind: 'nodes'; readonly nodes: readonly number[] }
  /** Of an aimed fault: the server at which the moment came. */
  | { readonly kind: 'there' }
  | { readonly kind: 'leader' }
  | { readonly kind: 'followers' }
  /** One server, drawn by chance, that does not lead; nobody while there is no leader. */
  | { readonly kind: 'random-follower' }
  /** `count` servers drawn by chance. */
  | { readonly kind: 'random'; readonly count: number }
  /** A minority of the servers, its size and members drawn by chance. */
  | { readonly kind: 'minority' }
  | { readonly kind: 'all' }
  /** Every server in the region, zone or rack. */
  | { readonly kind: 'domain'; readonly level: 'region' | 'zone' | 'rack'; readonly name: string }
  /** A whole region, zone or rack drawn by chance. */
  | { readonly kind: 'random-domain'; readonly level: 'region' | 'zone' | 'rack' };

export type FaultAction =
  /** Power loss: an arbitrary subset of the unsynced sectors survives. Undone by a restart. */
  | { readonly do: 'crash'; readonly on: Selector }
  | { readonly do: 'restart'; readonly on: Selector }
  /** The process stands still (garbage collection, VM stall); its clocks go on. Undone by a resume. */
  | { readonly do: 'pause'; readonly on: Selector }
  | { readonly do: 'resume'; readonly on: Selector }
  | { readonly do: 'slow-cpu'; readonly on: Selector; readonly serviceMicros: Micros }
  /**
   * `groups` cannot reach each other; a server in no group reaches all, and so does a client. Who is found
   * by several groups belongs to the first of them.
   */
  | { readonly do: 'partition'; readonly groups: readonly Selector[] }
  /** Servers are split in two halves drawn by chance. */
  | { readonly do: 'random-partition' }
  /** The selected, as one group, are cut off from all others, clients included. */
  | { readonly do: 'isolate'; readonly on: Selector; readonly direction: 'both' | 'inbound' | 'outbound' }
  /** Two halves that both reach one bridge server, but not each other. */
  | { readonly do: 'bridge'; readonly bridge: Selector }
  /** Every server sees a majority, no two the same one: each reaches its neighbours on a ring. */
  | { readonly do: 'majority-ring' }
  /** Isolation that comes and goes, beginning with `downMicros` of it. */
  | {
      readonly do: 'flap';
      readonly on: Selector;
      readonly upMicros: Micros;
      readonly downMicros: Micros;
    }
  /** Replaces the behaviour of the links between two groups, both ways. */
  | { readonly do: 'degrade'; readonly from: Selector; readonly to: Selector; readonly link: LinkConfig }
  /** Undoes every partition, isolation, flapping and degradation at once. */
  | { readonly do: 'heal' }
  /** Sync latency times `factor`. */
  | { readonly do: 'slow-disk'; readonly on: Selector; readonly factor: number }
  | { readonly do: 'full-disk'; readonly on: Selector }
  /** The next sync fails once (EIO); what it covered is lost from the cache. */
  | { readonly do: 'fail-sync'; readonly on: Selector }
  /** One synced record, drawn by chance, changes at rest. */
  | { readonly do: 'bit-rot'; readonly on: Selector }
  /** Crash, and the disk is lost: a blank one is in its place, which nobody has formatted. */
  | { readonly do: 'lose-disk'; readonly on: Selector }
  /** Amnesia: one synced record vanishes wholly, as if it had never been written. */
  | { readonly do: 'lost-write'; readonly on: Selector }
  /** Amnesia: syncs are confirmed but make nothing durable. */
  | { readonly do: 'lying-sync'; readonly on: Selector }
  /** Amnesia: crash, and the disk returns to what it held at an earlier moment. */
  | { readonly do: 'rollback'; readonly on: Selector }
  /** Amnesia: crash, and the disk is empty; an operator who should not has formatted it for the same identity. */
  | { readonly do: 'wipe'; readonly on: Selector }
  | { readonly do: 'clock-jump'; readonly on: Selector; readonly byMicros: Micros }
  | { readonly do: 'clock-drift'; readonly on: Selector; readonly ppm: number };

export type FaultVerb = FaultAction['do'];

/** What kind of assumption a fault takes away; the failure model grants or refuses it. */
export type FaultClass = 'process' | 'network' | 'disk-detectable' | 'disk-amnesia' | 'clock';

/** One entry of the explicit schedule. With `forMicros` it is undone after that long. */
export interface ScheduledFault {
  /** Position in the plan, e.g. `schedule.2`: the key of its decisions. */
  readonly id: string;
  readonly atMicros: Micros;
  readonly forMicros: Micros | undefined;
  readonly action: FaultAction;
}

/**
 * A fault that comes again and again, each time for a drawn while. `every…` is the quiet time before each
 * strike, counted from the end of the one before; of an aimed fault it is 0, and a number of moments passes instead.
 */
export interface RandomFault {
  readonly id: string;
  readonly aim?: Aim | undefined;
  readonly everyMinMicros: Micros;
  readonly everyMaxMicros: Micros;
  /** How long each lasts; both 0 for a fault that is over at once (bit rot, clock jump). */
  readonly forMinMicros: Micros;
  readonly forMaxMicros: Micros;
  readonly action: FaultAction;
}

export interface FaultPlan {
  readonly schedule: readonly ScheduledFault[];
  readonly random: readonly RandomFault[];
  /** Who lies, and how. */
  readonly byzantine: readonly ByzantineFault[];
  /** Most rotten, lost or otherwise damaged disks at a time, so that a good copy of everything remains. */
  readonly damagedDiskBudget: number;
}
