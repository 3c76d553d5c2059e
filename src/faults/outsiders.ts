/**
 * Healing that leaves some broken for good: the liveness phase of a run. A core of servers, drawn by chance but
 * enough to go on, is healed; what lies outside stays down, or cut off in one direction or both, to the end. A
 * protocol that only works when everybody is well again does not pass.
 */

import type { ProcessId } from '../kernel/index.js';
import type { FaultAction } from './plan.js';
import type { Draw } from './selectors.js';

/** True when these servers are enough to go on. */
export type IsCore = (servers: ReadonlySet<ProcessId>) => boolean;

/** A server outside the core, and what stays wrong with it. */
export interface Outsider {
  readonly server: ProcessId;
  readonly action: FaultAction;
}

/** Draws who stays outside; nobody by default, so that a trace without the decisions heals everything. */
export function drawOutsiders(servers: number, isCore: IsCore, draw: Draw): Outsider[] {
  const core = new Set(Array.from({ length: servers }, (_, server) => server));
  if (!isCore(core)) return [];
  const outsiders: Outsider[] = [];
  const first = draw('first', 0, servers - 1, 0);
  for (let i = 0; i < servers; i++) {
    const server = (first + i) % servers;
    const fate = draw('fate', 0, FATES * 2, 0);
    if (fate === 0 || fate > FATES) continue;
    core.delete(server);
    if (isCore(core)) outsiders.push({ server, action: actionOf(fate, server) });
    else core.add(server);
  }
  return outsiders;
}

const FATES = 4;

function actionOf(fate: number, server: ProcessId): FaultAction {
  const on = { kind: 'nodes', nodes: [server] } as const;
  switch (fate) {
    case 1:
      return { do: 'crash', on };
    case 2:
      return { do: 'isolate', on, direction: 'inbound' };
    case 3:
      return { do: 'isolate', on, direction: 'outbound' };
    default:
      return { do: 'isolate', on, direction: 'both' };
  }
}
