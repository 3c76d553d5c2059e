/**
 * What runs in a scenario, checked and ready: the protocol with its settings read once, and everything that
 * follows from the two. Shared by all processes of a run and by its forks.
 */

import {
  UsageError,
  formatMicros,
  type ProcessId,
  type Protocol,
  type StateMachine,
} from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';
import type { ProcessConfig } from '../world/index.js';
import type { Implementation } from './implementation.js';

export interface Program {
  readonly protocol: Protocol;
  /** As the protocol itself read them. */
  readonly settings: unknown;
  /** Every server of the cluster. */
  readonly servers: readonly ProcessId[];
  readonly process: ProcessConfig;
  /** Id of the zoo bug, when it is one. */
  readonly bug: string | undefined;
  createService(): StateMachine;
}

/** Throws UsageError when scenario and implementation do not fit. */
export function prepareProgram(scenario: Scenario, implementation: Implementation): Program {
  const { protocol, bug } = implementation;
  const settings = protocol.settings(scenario.protocol.settings);
  requireFeasiblePromise(scenario, protocol, settings);
  return {
    protocol,
    settings,
    servers: Array.from({ length: scenario.cluster.nodes }, (_, server) => server),
    process: scenario.process,
    bug,
    createService: () => implementation.createService(),
  };
}

/** Timers of the protocol that must be able to run out, one after another, before progress is due. */
const TIMERS_BEFORE_PROGRESS = 4;

/** Refuses a promise of progress that comes sooner than the protocol's own timers allow. */
function requireFeasiblePromise(scenario: Scenario, protocol: Protocol, settings: unknown): void {
  const { progressWithinMicros } = scenario.expect;
  if (progressWithinMicros === undefined) return;
  const least = protocol.maxTimerMicros(settings) * TIMERS_BEFORE_PROGRESS;
  if (progressWithinMicros >= least) return;
  throw new UsageError(
    'infeasible-promise',
    `expect.progress-within: expected at least ${formatMicros(least)}, ${TIMERS_BEFORE_PROGRESS} times the largest timer of ${protocol.name}, got ${formatMicros(progressWithinMicros)}`,
  );
}
