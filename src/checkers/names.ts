/** Names of processes as people read them: servers n1, n2, …, clients c1, c2, … */

import type { ProcessId } from '../kernel/index.js';

export function processName(process: ProcessId, servers: number): string {
  return process < servers ? `n${process + 1}` : `c${process - servers + 1}`;
}
