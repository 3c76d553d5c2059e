/** The processes of a scenario by number: servers first, then clients, then the operator, if there is one. */

import type { Scenario } from './types.js';

/** How many of each, and of all together; the number after the last one is the world itself. */
export interface ProcessCounts {
  readonly servers: number;
  readonly clients: number;
  readonly processes: number;
}

export function processCounts({ cluster, workload, operator }: Scenario): ProcessCounts {
  const operators = operator === undefined ? 0 : 1;
  const { nodes: servers } = cluster;
  const { clients } = workload;
  return { servers, clients, processes: servers + clients + operators };
}
