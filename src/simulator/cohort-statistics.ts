/** What each group of clients did and got: policies side by side, and how retries multiply the load. */

import type { Micros } from '../kernel/index.js';
import { LatencyHistogram, ONLY_COHORT } from '../services/index.js';
import type { ClientEndpoint } from './client-endpoint.js';

export interface CohortStatistics {
  readonly name: string;
  readonly clients: number;
  readonly operations: number;
  /** Requests sent, first ones included. */
  readonly attempts: number;
  /** Requests per operation, to three decimals: 1 is a load that retries do not multiply; -1: no operations. */
  readonly amplification: number;
  readonly timeouts: number;
  readonly redirects: number;
  /** Attempts turned away by admission control, and operations refused before they were ordered. */
  readonly rejected: number;
  readonly refused: number;
  /** Requests that went nowhere, for no server was known. */
  readonly unresolved: number;
  readonly ok: number;
  readonly failed: number;
  readonly unknown: number;
  /** Open loop: arrivals that found the client with all that it may have outstanding. */
  readonly skipped: number;
  /** Of operations that ended ok; -1: there were none. */
  readonly latencyP99Micros: Micros;
}

/** Group by group, in the scenario's order; undefined where all clients are alike. */
export function cohortStatistics(
  clients: readonly ClientEndpoint[],
): readonly CohortStatistics[] | undefined {
  if (clients.every(({ cohort }) => cohort === ONLY_COHORT)) return undefined;
  const names = [...new Set(clients.map(({ cohort }) => cohort))];
  return names.map((name) =>
    statisticsOf(
      name,
      clients.filter(({ cohort }) => cohort === name),
    ),
  );
}

function statisticsOf(name: string, clients: readonly ClientEndpoint[]): CohortStatistics {
  const latency = new LatencyHistogram();
  for (const { client } of clients) latency.merge(client.latency);
  const sum = (field: CountName): number =>
    clients.reduce((total, { client }) => total + client.counters[field], 0);
  const operations = sum('operations');
  const attempts = sum('attempts');
  return {
    name,
    clients: clients.length,
    operations,
    attempts,
    amplification: operations === 0 ? -1 : Math.round((attempts * 1000) / operations) / 1000,
    timeouts: sum('timeouts'),
    redirects: sum('redirects'),
    rejected: sum('rejected'),
    refused: sum('refused'),
    unresolved: sum('unresolved'),
    ok: sum('ok'),
    failed: sum('fail'),
    unknown: sum('unknown'),
    skipped: sum('skipped'),
    latencyP99Micros: latency.quantile(99, 100) ?? -1,
  };
}

type CountName =
  | 'operations'
  | 'attempts'
  | 'timeouts'
  | 'redirects'
  | 'rejected'
  | 'refused'
  | 'unresolved'
  | 'ok'
  | 'fail'
  | 'unknown'
  | 'skipped';
