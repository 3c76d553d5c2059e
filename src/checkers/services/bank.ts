/** What a bank promises: its sequential specification, and that nobody ever sees money made or destroyed. */

import type { Command, HistoryEvent, Plain } from '../../kernel/index.js';
import { parseBankSettings, type BankSettings } from '../../services/index.js';
import { DECLARED_MODEL, type RunGhost } from '../any/ghost.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';
import { processName } from '../names.js';
import { SERVICE_ANSWERS, ServiceAnswers, type Specification } from './answers.js';
import type { ServiceJudge, ServiceJudges } from './judge.js';

export const BANK_TOTAL: InvariantInfo = {
  id: 'any/bank-total',
  title: 'Whoever reads all balances of the bank sees the same total, and no balance below zero.',
  statement:
    'Every read of a bank with n accounts of initial balance b that is answered ok, and not with an error, shows n whole balances, none below 0, with the sum n · b. Judged at every such answer, however the read was served. Holds for the service `bank`.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'history',
  failureModel: DECLARED_MODEL,
  source: 'Jepsen\'s bank workload (jepsen.tests.bank); Adya, "Weak Consistency" (MIT, 1999), §4.2 (G2)',
};

class BankTotal implements ServiceJudge {
  constructor(
    private readonly servers: number,
    private readonly sink: ViolationSink,
    private readonly settings: BankSettings,
  ) {}

  onPlace(): void {
    // What clients see is what counts.
  }

  onHistory({ kind, client, sequence, output }: HistoryEvent): void {
    if (kind !== 'ok' || output === null || typeof output !== 'object') return;
    const { balances } = output as { readonly balances?: Plain };
    if (balances === undefined) return;
    const wrong = this.wrongIn(balances);
    if (wrong === undefined) return;
    const who = `operation ${sequence} of ${processName(client, this.servers)}`;
    this.sink.report(BANK_TOTAL.id, `${who} saw ${wrong}`);
  }

  onEnd(): void {
    // All is judged as it comes.
  }

  clone(ghost: RunGhost, sink: ViolationSink): BankTotal {
    return new BankTotal(ghost.servers, sink, this.settings);
  }

  private wrongIn(balances: Plain): string | undefined {
    const { accounts, initial } = this.settings;
    if (!Array.isArray(balances) || balances.length !== accounts)
      return `no balances of ${accounts} accounts`;
    let sum = 0;
    for (const balance of balances as readonly Plain[]) {
      if (!Number.isSafeInteger(balance)) return 'a balance that is no whole number';
      if ((balance as number) < 0) return `a balance of ${balance as number}`;
      sum += balance as number;
    }
    const total = accounts * initial;
    return sum === total ? undefined : `a total of ${sum} in place of ${total}`;
  }
}

/** By its own reading of the operations. */
class BankSpecification implements Specification {
  private balances: Map<number, number>;

  constructor(private readonly settings: BankSettings) {
    this.balances = new Map(
      Array.from({ length: settings.accounts }, (_, account) => [account, settings.initial]),
    );
  }

  apply({ input }: Command): Plain | undefined {
    const { op, from, to, amount } = (input ?? {}) as Readonly<Record<string, Plain | undefined>> & {
      readonly op?: Plain;
      readonly from?: Plain;
      readonly to?: Plain;
      readonly amount?: Plain;
    };
    if (op === 'read') return { balances: [...this.balances.values()] };
    if (op !== 'transfer') return undefined;
    const payer = this.balances.get(from as number);
    if (payer === undefined || !this.balances.has(to as number) || typeof amount !== 'number')
      return undefined;
    if (!Number.isSafeInteger(amount) || amount < 0) return undefined;
    if (payer < amount) return { transferred: false };
    this.balances.set(from as number, payer - amount);
    this.balances.set(to as number, (this.balances.get(to as number) ?? 0) + amount);
    return { transferred: true };
  }

  clone(): BankSpecification {
    const copy = new BankSpecification(this.settings);
    copy.balances = new Map(this.balances);
    return copy;
  }
}

export const BANK_JUDGES: ServiceJudges = {
  history: 'bank',
  invariants: [BANK_TOTAL, SERVICE_ANSWERS],
  create: (ghost, sink, { settings }) => {
    const bank = parseBankSettings(settings);
    return [
      new BankTotal(ghost.servers, sink, bank),
      new ServiceAnswers(ghost, sink, new BankSpecification(bank)),
    ];
  },
};
