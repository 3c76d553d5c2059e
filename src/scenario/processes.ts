/** The processes of a scenario by number: servers first, then clients, then the operator, if any, then twins of servers. */

import { twinsOf } from '../faults/byzantine/plan.js';
import type { Scenario } from './types.js';

/** How many of each, and of all together; the number after the last one is the world itself. */
export interface ProcessCounts {
  readonly servers: number;
  readonly clients: number;
  readonly processes: number;
  /** Number of the first twin; there may be none. */
  readonly firstTwin: number;
}

export function processCounts({ cluster, workload, operator, faults }: Scenario): ProcessCounts {
  const operators = operator === undefined ? 0 : 1;
  const { nodes: servers } = cluster;
  const { clients } = workload;
  const firstTwin = servers + clients + operators;
  return { servers, clients, processes: firstTwin + twinsOf(faults.byzantine), firstTwin };
}
