/** Service level objectives of a scenario, resolved. What they are judged by is in checkers/telemetry.ts. */

import type { Micros } from '../kernel/index.js';

/** Targets by the names that scenarios use; undefined: not promised. */
export interface Objectives {
  readonly 'snapshot-install-p99': Micros | undefined;
  readonly 'recovery-p99': Micros | undefined;
  readonly 'latency-p99': Micros | undefined;
}

export type ObjectiveName = keyof Objectives;

/** In the order in which they are judged. */
export const OBJECTIVE_NAMES = [
  'snapshot-install-p99',
  'recovery-p99',
  'latency-p99',
] as const satisfies readonly ObjectiveName[];
