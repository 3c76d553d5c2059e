/** What the minimiser has in hand, and when one is smaller than another. */

import type { Decision } from '../../kernel/index.js';
import type { Scenario } from '../../scenario/index.js';
import type { Kept } from './trial.js';

/** A scenario, and what is decided in it otherwise than in an uneventful run. */
export interface Draft {
  readonly scenario: Scenario;
  readonly edits: readonly Decision[];
}

/** A draft that fails as the target does, and how. */
export interface State extends Draft {
  readonly kept: Kept;
}

/** Everything that did not happen by itself: single decisions, faults, liars, steps of the operator. */
export function decisionsIn({ scenario, edits }: Draft): number {
  const { faults, operator } = scenario;
  const entries = faults.schedule.length + faults.random.length + faults.byzantine.length;
  const steps = (operator?.playbook.length ?? 0) + (operator?.random === undefined ? 0 : 1);
  return edits.length + entries + steps;
}

const PROCESS_LIMIT = 1000;
const SECOND_LIMIT = 1000;

/** Fewer decisions count first, then fewer processes, then less virtual time. */
export function rankOf(state: State): number {
  const { cluster, workload, bounds } = state.scenario;
  const processes = Math.min(cluster.nodes + workload.clients, PROCESS_LIMIT - 1);
  const seconds = Math.min(Math.floor(bounds.endMicros / 1_000_000), SECOND_LIMIT - 1);
  return (decisionsIn(state) * PROCESS_LIMIT + processes) * SECOND_LIMIT + seconds;
}
