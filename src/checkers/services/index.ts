/**
 * Judges of one service each, beside those of any run: what a bank, a lock or a stream promises to its clients.
 * A new service adds one line to {@link SERVICE_JUDGES}.
 */

import type { InvariantInfo } from '../checker.js';
import { BANK_JUDGES } from './bank.js';
import type { ServiceJudges } from './judge.js';
import { LOCK_JUDGES } from './lock.js';
import { STREAM_JUDGES } from './stream/index.js';
import { TRANSACTION_JUDGES } from './transactions.js';

export { AUTHORITY, AuthorityJudge } from './authority.js';
export type { ServiceJudge, ServiceJudges, ServiceSubject } from './judge.js';

const SERVICE_JUDGES: readonly ServiceJudges[] = [
  TRANSACTION_JUDGES,
  BANK_JUDGES,
  LOCK_JUDGES,
  STREAM_JUDGES,
];

/** Each once, whoever shares it. */
export const SERVICE_INVARIANTS: readonly InvariantInfo[] = [
  ...new Set(SERVICE_JUDGES.flatMap(({ invariants }) => invariants)),
];

/** The judges of a history; undefined where there are none beside those of any run. */
export function judgesOf(history: string): ServiceJudges | undefined {
  return SERVICE_JUDGES.find((judges) => judges.history === history);
}
