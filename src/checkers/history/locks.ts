/**
 * Locks with fencing tokens. `acquire` → token (or null where the lock gives none), `release`, and `write` {token …}
 * at the resource that the lock protects; each by the process that holds the lock, or believes to.
 *
 * A lock service is right if it hands out tokens that grow in the order in which the lock is acquired, and, unless
 * its locks are leases, if nobody acquires what another holds: that is linearizability of a mutex. A process that was
 * paused cannot know that its lease ended, so exclusion is only real at the resource, which must refuse a token lower
 * than one that it has accepted (Kleppmann, "How to do distributed locking", 2016; Burrows, "The Chubby lock
 * service", OSDI 2006, §2.4: sequencers).
 */

import { checkLinearizability } from '../linearizability/wgl.js';
import type { HistoryOperation } from '../linearizability/model.js';
import { mutexModel, type MutexInput } from '../linearizability/mutex-model.js';
import { type RecordedOperation, ShapeError } from './recorded.js';
import { withHighestBefore } from './sweep.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';
import type { Plain } from '../../kernel/index.js';

export interface LockOptions {
  /** Locks are leases: they may be acquired while an earlier holder has not released them. Default false. */
  readonly leases?: boolean;
  readonly maxSteps?: number;
}

/** An acquisition or a write, with its token. */
interface Tokened {
  readonly operation: RecordedOperation;
  readonly token: number;
}

/** Judges the history of one lock. Throws {@link ShapeError}. */
export function judgeLock(
  operations: readonly RecordedOperation[],
  options: LockOptions = {},
): HistoryReport {
  const anomalies = new Anomalies();
  const acquisitions: Tokened[] = [];
  const writes: Tokened[] = [];
  let completed = 0;
  for (const operation of operations) {
    checkShape(operation);
    if (operation.outcome !== 'ok') continue;
    completed += 1;
    if (operation.f === 'write') writes.push({ operation, token: tokenOf(operation, operation.input) });
    else if (operation.f === 'acquire' && operation.output !== null) {
      acquisitions.push({ operation, token: tokenOf(operation, operation.output) });
    }
  }
  judgeGrowth(acquisitions, anomalies, true);
  judgeGrowth(writes, anomalies, false);
  if (options.leases !== true) {
    const undecided = judgeExclusion(operations, anomalies, options.maxSteps);
    if (undecided !== undefined && anomalies.size === 0) return { ...anomalies.report(''), ...undecided };
  }
  return anomalies.report(`valid: ${count(completed, 'operation')}, ${count(acquisitions.length, 'token')}`);
}

function checkShape({ f, line }: RecordedOperation): void {
  if (f === 'acquire' || f === 'release' || f === 'write') return;
  throw new ShapeError(line, `acquire, release or write, not ${f}`);
}

function tokenOf(operation: RecordedOperation, value: Plain): number {
  const token =
    value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Readonly<Record<string, Plain>>)['token']
      : value;
  if (Number.isSafeInteger(token)) return token as number;
  throw new ShapeError(operation.line, `a whole number as the token of ${operation.f}`);
}

/** Whatever follows in real time has a higher token (acquisitions), or none that is lower (writes). */
function judgeGrowth(list: readonly Tokened[], anomalies: Anomalies, isStrict: boolean): void {
  const sweep = {
    earlier: list,
    returnOf: ({ operation }: Tokened) => operation.return,
    rankOf: ({ token }: Tokened) => token,
    later: list,
    callOf: ({ operation }: Tokened) => operation.call,
  };
  withHighestBefore(sweep, (later, highest) => {
    if (highest === undefined || later.token > highest.token) return;
    if (!isStrict && later.token === highest.token) return;
    const lines = [highest.operation.line, later.operation.line];
    if (isStrict) {
      const message = `line ${lines[1]} acquires the lock with token ${later.token}, after line ${lines[0]} had ${highest.token}`;
      anomalies.add('token-not-growing', message, lines);
    } else {
      const message = `the resource takes a write with token ${later.token} (line ${lines[1]}) after one with ${highest.token} (line ${lines[0]})`;
      anomalies.add('stale-token-accepted', message, lines);
    }
  });
  if (isStrict) judgeDistinct(list, anomalies);
}

function judgeDistinct(acquisitions: readonly Tokened[], anomalies: Anomalies): void {
  const seen = new Map<number, Tokened>();
  for (const each of acquisitions) {
    const before = seen.get(each.token);
    if (before === undefined) seen.set(each.token, each);
    else {
      const lines = [before.operation.line, each.operation.line];
      anomalies.add(
        'token-repeated',
        `lines ${lines[0]} and ${lines[1]} both acquire with token ${each.token}`,
        lines,
      );
    }
  }
}

/** Nobody acquires what another holds. Answers with the sentence of a search that gave up. */
function judgeExclusion(
  operations: readonly RecordedOperation[],
  anomalies: Anomalies,
  maxSteps: number | undefined,
): Pick<HistoryReport, 'verdict' | 'message'> | undefined {
  const history: HistoryOperation<MutexInput, true>[] = [];
  for (const { id, f, process, outcome, call, return: returned } of operations) {
    if (f === 'write' || outcome === 'fail') continue;
    const input: MutexInput = { op: f === 'acquire' ? 'acquire' : 'release', process };
    history.push({ id, process, input, output: outcome === 'ok' ? true : undefined, call, return: returned });
  }
  const result = checkLinearizability(mutexModel(), history, maxSteps === undefined ? {} : { maxSteps });
  if (result.verdict === 'unknown') return { verdict: 'unknown', message: result.message };
  if (result.failingPrefix !== undefined) {
    const line = operations[result.failingPrefix.operation]?.line ?? 0;
    anomalies.add('not-exclusive', `no order of acquiring and releasing explains line ${line}`, [line]);
  }
  return undefined;
}
