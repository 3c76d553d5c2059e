/**
 * Bank transfers: `transfer` {from, to, amount} and `read` → {account: balance …}. Every read shows the same
 * total, whatever moves (Jepsen's bank test), and no balance below zero unless that is allowed.
 */

import type { Plain } from '../../kernel/index.js';
import { type RecordedOperation, ShapeError } from './recorded.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';

export interface BankOptions {
  /** What all accounts hold together. Absent: what the first read shows. */
  readonly total?: number;
  /** Whether balances may be below zero. Default false. */
  readonly overdraft?: boolean;
}

/** Throws {@link ShapeError}. */
export function judgeBank(
  operations: readonly RecordedOperation[],
  options: BankOptions = {},
): HistoryReport {
  const anomalies = new Anomalies();
  let total = options.total;
  let accounts: number | undefined;
  let reads = 0;
  for (const operation of operations) {
    if (operation.f === 'transfer') continue;
    if (operation.f !== 'read') throw new ShapeError(operation.line, `transfer or read, not ${operation.f}`);
    if (operation.outcome !== 'ok') continue;
    reads += 1;
    const balances = balancesOf(operation);
    const sum = balances.reduce((all, [, balance]) => all + balance, 0);
    const { line } = operation;
    accounts ??= balances.length;
    total ??= sum;
    if (balances.length !== accounts) {
      const message = `line ${line} reads ${count(balances.length, 'account')}, where there are ${accounts}`;
      anomalies.add('wrong-accounts', message, [line]);
    } else if (sum !== total) {
      anomalies.add('wrong-total', `line ${line} reads balances of ${sum} in all, where there are ${total}`, [
        line,
      ]);
    }
    const negative = balances.find(([, balance]) => balance < 0);
    if (negative !== undefined && options.overdraft !== true) {
      anomalies.add('negative', `line ${line} reads ${negative[1]} on account ${negative[0]}`, [line]);
    }
  }
  return anomalies.report(`valid: ${count(reads, 'read')} of ${total ?? 0} in all`);
}

function balancesOf(operation: RecordedOperation): [string, number][] {
  const value: Plain = operation.output;
  const expected = 'a read that ends with a map of accounts to whole balances';
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new ShapeError(operation.line, expected);
  }
  return Object.entries(value as Readonly<Record<string, Plain>>).map(([account, balance]) => {
    if (!Number.isSafeInteger(balance)) throw new ShapeError(operation.line, expected);
    return [account, balance as number];
  });
}
