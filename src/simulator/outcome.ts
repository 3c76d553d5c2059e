/** What a run is made from and what comes out of it: plain data. */

import type { Coverage, ObjectiveResult } from '../checkers/index.js';
import type { Decision, Micros } from '../kernel/index.js';
import type { Mutation } from './mutation.js';
import type { CohortStatistics } from './cohort-statistics.js';
import type { ThroughputUnderAttack } from './attack-throughput.js';

/** With the scenario and the code, a recipe determines the run: the same one in any process. */
export type Recipe = RandomRecipe | EditedRecipe | MutatedRecipe;

/** Every decision is drawn from the seed. */
export interface RandomRecipe {
  readonly seed: string;
  readonly strategy: 'random';
}

/**
 * The edited door: these decisions are taken as listed, each where its key finds its question, and all others are
 * answered by `rest`. `benign`: nothing happens (whole and prompt messages, no fault). `seed`: as the seed draws, so
 * that the edits are mutations of the plain run of that seed; the draws behind an edit stay what they were.
 */
export interface EditedRecipe {
  readonly seed: string;
  readonly strategy: 'edited';
  readonly rest: 'benign' | 'seed';
  readonly edits: readonly Decision[];
}

/**
 * The plain run of a seed, changed step by step: each mutation changes what the ones before it have made. Without the
 * last one it is the recipe of the run that it was made from, so a recipe holds its whole ancestry, and none at all is
 * the plain run. `strategy` says who made it.
 */
export interface MutatedRecipe {
  readonly seed: string;
  readonly strategy: 'guided' | 'pct';
  readonly mutations: readonly Mutation[];
}

/**
 * `stalled` is a liveness violation: progress was due and did not come. `bound-reached`: the run executed
 * its whole budget of events.
 */
export type Status = 'passed' | 'violated' | 'stalled' | 'bound-reached';

/** A found violation, located in the run. */
export interface FoundViolation {
  /** E.g. `raft/election-safety`. */
  readonly invariant: string;
  readonly message: string;
  /** Number of the event during which it was found, from 1. */
  readonly event: number;
  readonly timeMicros: Micros;
}

/**
 * What operators watch, by the names that dashboards know. Times are microseconds, or -1 where the run measured
 * none; quantiles are rounded up by at most 1/16.
 */
export interface Metrics {
  /** Per virtual minute, to three decimals. */
  readonly leader_changes_per_minute: number;
  /** False when a server's commit index ever went back while it ran. */
  readonly commit_index_monotonic: boolean;
  readonly snapshot_install_failures: number;
  readonly rejected_requests_due_to_admission_control: number;
  /** From the time when a leader appends an entry until it commits that entry. */
  readonly quorum_acks_latency_p50: Micros;
  readonly quorum_acks_latency_p99: Micros;
  /** From the first piece that is sent to a server until it has installed the snapshot. */
  readonly snapshot_install_time_p50: Micros;
  readonly snapshot_install_time_p99: Micros;
  /** From the loss of a leader until the next one commits. */
  readonly recovery_time_p50: Micros;
  readonly recovery_time_p99: Micros;
  /** Requests that no capability covered, by reason; there where there were some. */
  readonly policy_denials?: Readonly<Record<string, number>>;
}

/** Counts over a whole run. */
export interface RunStatistics {
  /** Executed events by kind: messages, timers, disk completions, faults. */
  readonly messages: number;
  readonly timers: number;
  readonly disk: number;
  readonly faults: number;
  readonly sent: number;
  readonly lost: number;
  readonly corrupted: number;
  readonly duplicated: number;
  readonly blocked: number;
  readonly overflowed: number;
  /** Messages that found their process down, or its inbox full. */
  readonly undelivered: number;
  readonly inboxOverflows: number;
  readonly crashes: number;
  readonly halts: number;
  readonly restarts: number;
  readonly leaderChanges: number;
  readonly operationsInvoked: number;
  readonly operationsOk: number;
  readonly operationsFailed: number;
  readonly operationsUnknown: number;
  readonly retries: number;
  /** Snapshots received whole and installed, and those that were given up. */
  readonly snapshotInstalls: number;
  readonly snapshotInstallFailures: number;
  /** Reports of servers that act by another configuration, those of the beginning apart. */
  readonly configurationChanges: number;
  /** Reports of servers that a protocol version is in force. */
  readonly versionActivations: number;
  /** Transfers of leadership whose target became the next leader. */
  readonly leaderTransfers: number;
  /** Requests turned away before they were ordered, by reason. */
  readonly rejectedRequests: Readonly<Record<string, number>>;
  /** Steps of the operator by how they ended; skipped: nobody was there to do them to. */
  readonly operatorStepsOk: number;
  readonly operatorStepsRefused: number;
  readonly operatorStepsTimedOut: number;
  readonly operatorStepsSkipped: number;
  /** Processes that the operator stopped and started with a version, rollbacks included. */
  readonly upgrades: number;
  readonly rollbacks: number;
  /** Latency of ok operations in microseconds, or -1 when there were none. */
  readonly latencyP50Micros: Micros;
  readonly latencyP99Micros: Micros;
  /** Histories of clients, or segments of one, too hard to judge within the checker's bounds. */
  readonly unjudgedHistories: number;
  /** Reads at places of which the values were no longer known. */
  readonly unjudgedReads: number;
  /** Entries applied at places that the agreed order has forgotten. */
  readonly unjudgedApplications: number;
  /** True when progress was due and did not come, but could not have been expected either. */
  readonly unjudgedLiveness: boolean;
  readonly metrics: Metrics;
  /** The scenario's service level objectives, judged by what the run has measured so far. */
  readonly objectives: readonly ObjectiveResult[];
  /** Group by group, what clients did and got; there where they are in groups. */
  readonly cohorts?: readonly CohortStatistics[];
  /** What clients get done while somebody lies; there in a run with liars. */
  readonly throughputUnderAttack?: ThroughputUnderAttack;
}

export interface Outcome {
  readonly scenario: string;
  readonly recipe: Recipe;
  /** Id of the zoo bug that ran in place of the correct code. */
  readonly bug: string | undefined;
  readonly status: Status;
  readonly violation: FoundViolation | undefined;
  /** Sixteen hexadecimal digits over every executed event and every decision. */
  readonly digest: string;
  readonly events: number;
  readonly timeMicros: Micros;
  readonly statistics: RunStatistics;
  /** The rare situations that the run reached; there when it was asked for. */
  readonly coverage?: Coverage;
}
