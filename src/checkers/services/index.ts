/**
 * Judges of one service each, beside those of any run: what a bank, a lock or a stream promises to its clients.
 * A new service adds one line to {@link SERVICE_JUDGES}.
 */

import type { InvariantInfo } from '../checker.js';
import type { ServiceJudges } from './judge.js';

export type { ServiceJudge, ServiceJudges, ServiceSubject } from './judge.js';

const SERVICE_JUDGES: readonly ServiceJudges[] = [];

export const SERVICE_INVARIANTS: readonly InvariantInfo[] = SERVICE_JUDGES.flatMap(
  ({ invariants }) => invariants,
);

/** The judges of a history; undefined where there are none beside those of any run. */
export function judgesOf(history: string): ServiceJudges | undefined {
  return SERVICE_JUDGES.find((judges) => judges.history === history);
}
