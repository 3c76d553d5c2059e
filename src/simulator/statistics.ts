/** Counters of a run, kept while it runs. Plain fields: they are on the hot path. */

import type { HistoryEvent } from '../kernel/index.js';
import { LatencyHistogram } from '../services/index.js';
import type { NetworkStatistics } from '../world/index.js';
import type { ClientEndpoint } from './client-endpoint.js';
import type { RunStatistics } from './outcome.js';

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

  clone(): Counters {
    return Object.assign(new Counters(), this);
  }
}

/** Everything counted in a run, by whoever counted it. */
export function summarise(
  counters: Counters,
  network: NetworkStatistics,
  clients: readonly ClientEndpoint[],
  unjudgedHistories: number,
): RunStatistics {
  const latency = new LatencyHistogram();
  let retries = 0;
  for (const { client } of clients) {
    latency.merge(client.latency);
    retries += client.counters.retries;
  }
  return {
    ...counters,
    ...network,
    retries,
    latencyP50Micros: latency.quantile(1, 2) ?? -1,
    latencyP99Micros: latency.quantile(99, 100) ?? -1,
    unjudgedHistories,
  };
}
