/**
 * A scenario, resolved: every default filled in, every duration in microseconds, every name checked.
 * The loader is the only place that turns text into this; everything inward reads it as it stands.
 */

import type { Micros } from '../kernel/index.js';
import type { FailureModel } from '../faults/failure-model.js';
import type { OperatorPlan } from '../faults/operator-plan.js';
import type { FaultPlan } from '../faults/plan.js';
import type { Objectives } from '../services/objectives.js';
import type { AdmissionConfig } from '../services/admission.js';
import type { Capability } from '../services/authority.js';
import type { ServiceConfig } from '../services/service-config.js';
import type { WorkloadConfig } from '../services/workload-config.js';
import type { SwarmPlan } from './swarm-plan.js';
import type { ClockConfig, DiskConfig, NetworkConfig, ProcessConfig, Topology } from '../world/config.js';

export type { FailureModel };

export interface Expectation {
  /** `violated` marks a control that must fail; then `invariant`, when given, must be the one. */
  readonly outcome: 'passed' | 'violated';
  readonly invariant: string | undefined;
  /** After healing, progress within this long; undefined: no liveness promise. */
  readonly progressWithinMicros: Micros | undefined;
  /** True: once that has passed, nobody else becomes leader. */
  readonly stableLeader: boolean;
  /** True: a server that leadership is handed to becomes leader. Undefined in traces older than the promise. */
  readonly transfersSucceed: boolean | undefined;
  /** Service level objectives; undefined: none. */
  readonly slo: Objectives | undefined;
}

export interface Bounds {
  /** Faults strike until here; then everything is healed and restarted. */
  readonly healAtMicros: Micros;
  /** `core`: only as many servers are healed as are enough to go on, drawn by chance. */
  readonly heal: 'all' | 'core';
  /** Clients start operations until here. */
  readonly stopClientsAtMicros: Micros;
  /** End of the run. */
  readonly endMicros: Micros;
  /** How much longer it goes on while nothing that was asked since healing is answered. Undefined: not at all. */
  readonly patienceMicros?: Micros | undefined;
  /** A run that executes more events ends as `bound reached`. */
  readonly maxEvents: number;
}

export type AuthenticationMode = 'ideal' | 'real';

export interface Scenario {
  /** E.g. `raft/leader-partition`. */
  readonly name: string;
  readonly title: string;
  /** One paragraph: what it demonstrates. */
  readonly description: string;
  readonly protocol: {
    /** `raft`, or the name that a module's protocol gives itself. */
    readonly name: string;
    /** `./mine.js#export`, resolved to an absolute path by the loader; undefined for built-in protocols. */
    readonly module: string | undefined;
    readonly settings: Readonly<Record<string, unknown>>;
  };
  readonly cluster: {
    readonly nodes: number;
    /** How many of the nodes, the first ones, take part from the beginning; the others are spare. */
    readonly members: number;
    /** Protocol version that every server speaks at first; undefined: the highest. */
    readonly version: number | undefined;
    readonly topology: Topology;
  };
  readonly model: FailureModel;
  readonly service: ServiceConfig;
  readonly workload: WorkloadConfig;
  readonly network: NetworkConfig;
  readonly disk: DiskConfig;
  readonly clock: ClockConfig;
  readonly process: ProcessConfig;
  /** Proofs of the ideal kind cost nothing and cannot be forged; real ones are computed. A run is the same with both. */
  readonly authentication: AuthenticationMode;
  /** What each server lets in; undefined: everything. */
  readonly admission?: AdmissionConfig | undefined;
  /** What clients and the operator may ask for, and nothing else; undefined: anything. */
  readonly authority?: readonly Capability[] | undefined;
  readonly faults: FaultPlan;
  /** Undefined: the cluster is left as it is. */
  readonly operator: OperatorPlan | undefined;
  readonly expect: Expectation;
  readonly bounds: Bounds;
  /** What each run draws before it begins; absent once it is drawn. */
  readonly swarm?: SwarmPlan | undefined;
}
