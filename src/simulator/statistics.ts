/** Counters of a run, kept while it runs. Plain fields: they are on the hot path. */

import type { Measured, ObjectiveResult, Telemetry, Unjudged } from '../checkers/index.js';
import { byCodeUnits, type HistoryEvent, type Micros, type ProtocolEvent } from '../kernel/index.js';
import type { OperatorCounters } from '../faults/index.js';
import { LatencyHistogram } from '../services/index.js';
import type { NetworkStatistics } from '../world/index.js';
import type { ThroughputUnderAttack } from './attack-throughput.js';
import type { ClientEndpoint } from './client-endpoint.js';
import { cohortStatistics } from './cohort-statistics.js';
import type { Metrics, RunStatistics } from './outcome.js';

export class Counters {
  messages = 0;
  timers = 0;
  disk = 0;
  faults = 0;
  undelivered = 0;
  inboxOverflows = 0;
  crashes = 0;
  halts = 0;
  restarts = 0;
  leaderChanges = 0;
  operationsInvoked = 0;
  operationsOk = 0;
  operationsFailed = 0;
  operationsUnknown = 0;
  snapshotInstalls = 0;
  snapshotInstallFailures = 0;
  configurationChanges = 0;
  versionActivations = 0;
  leaderTransfers = 0;
  /** By reason. */
  readonly rejected = new Map<string, number>();
  /** By reason: what no capability covered. */
  readonly denied = new Map<string, number>();

  /** A client's operation began or ended. */
  history(kind: HistoryEvent['kind']): void {
    switch (kind) {
      case 'invoke':
        this.operationsInvoked++;
        break;
      case 'ok':
        this.operationsOk++;
        break;
      case 'fail':
        this.operationsFailed++;
        break;
      case 'unknown':
        this.operationsUnknown++;
        break;
    }
  }

  /** What replicas report and nobody else counts. */
  protocolEvent(event: ProtocolEvent): void {
    switch (event.kind) {
      case 'snapshot-installed':
        if (event.received) this.snapshotInstalls++;
        break;
      case 'snapshot-failed':
        this.snapshotInstallFailures++;
        break;
      case 'configuration-changed':
        if (event.index > 0) this.configurationChanges++;
        break;
      case 'version-activated':
        this.versionActivations++;
        break;
      case 'rejected':
        this.rejected.set(event.reason, (this.rejected.get(event.reason) ?? 0) + 1);
        break;
      case 'denied':
        this.denied.set(event.reason, (this.denied.get(event.reason) ?? 0) + 1);
        break;
      default:
        break;
    }
  }

  clone(): Counters {
    return Object.assign(new Counters(), {
      ...this,
      rejected: new Map(this.rejected),
      denied: new Map(this.denied),
    });
  }
}

/** Everything counted in a run, by whoever counted it. */
export function summarise(
  counters: Counters,
  network: NetworkStatistics,
  clients: readonly ClientEndpoint[],
  operator: OperatorCounters | undefined,
  unjudged: Unjudged,
  metrics: Metrics,
  objectives: readonly ObjectiveResult[],
  throughput: ThroughputUnderAttack | undefined,
): RunStatistics {
  const latency = latencyOf(clients);
  let retries = 0;
  for (const { client } of clients) retries += client.counters.retries;
  const { rejected, denied: _denied, ...counts } = counters;
  const cohorts = cohortStatistics(clients);
  return {
    ...counts,
    ...network,
    retries,
    latencyP50Micros: p50(latency),
    latencyP99Micros: p99(latency),
    rejectedRequests: byReason(rejected),
    operatorStepsOk: operator?.stepsOk ?? 0,
    operatorStepsRefused: operator?.stepsRefused ?? 0,
    operatorStepsTimedOut: operator?.stepsTimedOut ?? 0,
    operatorStepsSkipped: operator?.stepsSkipped ?? 0,
    upgrades: operator?.upgrades ?? 0,
    rollbacks: operator?.rollbacks ?? 0,
    unjudgedHistories: unjudged.histories,
    unjudgedReads: unjudged.reads,
    unjudgedApplications: unjudged.applications,
    unjudgedLiveness: unjudged.liveness,
    metrics,
    objectives,
    ...(cohorts === undefined ? {} : { cohorts }),
    ...(throughput === undefined ? {} : { throughputUnderAttack: throughput }),
  };
}

/** Latencies of ok operations, all clients as one. */
export function latencyOf(clients: readonly ClientEndpoint[]): LatencyHistogram {
  const latency = new LatencyHistogram();
  for (const { client } of clients) latency.merge(client.latency);
  return latency;
}

/** What objectives are judged by. */
export function measuredOf(telemetry: Telemetry, latency: LatencyHistogram): Measured {
  return {
    'snapshot-install-p99': p99(telemetry.snapshotInstall),
    'recovery-p99': p99(telemetry.recovery),
    'latency-p99': p99(latency),
  };
}

const MICROS_PER_MINUTE = 60_000_000;

export function metricsOf(counters: Counters, telemetry: Telemetry, now: Micros): Metrics {
  const { quorumAcks, snapshotInstall, recovery } = telemetry;
  const perMinute = now === 0 ? 0 : (counters.leaderChanges * MICROS_PER_MINUTE) / now;
  let rejected = 0;
  for (const count of counters.rejected.values()) rejected += count;
  return {
    leader_changes_per_minute: Math.round(perMinute * 1000) / 1000,
    commit_index_monotonic: telemetry.isCommitMonotonic,
    snapshot_install_failures: counters.snapshotInstallFailures,
    rejected_requests_due_to_admission_control: rejected,
    quorum_acks_latency_p50: p50(quorumAcks),
    quorum_acks_latency_p99: p99(quorumAcks),
    snapshot_install_time_p50: p50(snapshotInstall),
    snapshot_install_time_p99: p99(snapshotInstall),
    recovery_time_p50: p50(recovery),
    recovery_time_p99: p99(recovery),
    ...(counters.denied.size === 0 ? {} : { policy_denials: byReason(counters.denied) }),
  };
}

/** Counts in the order of their reasons. */
function byReason(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].sort(([a], [b]) => byCodeUnits(a, b)));
}

function p50(histogram: LatencyHistogram): Micros {
  return histogram.quantile(1, 2) ?? -1;
}

function p99(histogram: LatencyHistogram): Micros {
  return histogram.quantile(99, 100) ?? -1;
}
