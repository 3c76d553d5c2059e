/** Bugs of the bank and of transactions: atomicity and isolation. */

import type { Command, Result } from '../../kernel/index.js';
import {
  Bank,
  KeyValueStore,
  SessionedService,
  parseBankSettings,
  type BankSettings,
  type Cell,
  type ServiceConfig,
} from '../../services/index.js';
import type { Bug } from '../bug.js';
import { serviceBug } from './service-bug.js';

function bank(Class: new (settings: BankSettings) => Bank) {
  return ({ settings, sessions }: ServiceConfig): SessionedService =>
    new SessionedService(new Class(parseBankSettings(settings ?? {})), sessions);
}

function store(Class: new () => KeyValueStore) {
  return ({ sessions }: ServiceConfig): SessionedService => new SessionedService(new Class(), sessions);
}

/** Both balances are read before either is written: a transfer to oneself makes money. */
class SelfTransferMakesMoney extends Bank {
  protected override withdraw(from: number, amount: number): void {
    this.before = this.balances.slice();
    super.withdraw(from, amount);
  }

  protected override deposit(to: number, amount: number): void {
    this.balances[to] = (this.before[to] as number) + amount;
  }

  private before: number[] = [];
}

/** The balance was checked by somebody else, some time ago. */
class OverdraftUnchecked extends Bank {
  protected override covers(): boolean {
    return true;
  }
}

/** Money arrives with the command after the one that sent it. */
class HalfATransfer extends Bank {
  private due: readonly [to: number, amount: number] | undefined = undefined;

  protected override deposit(to: number, amount: number): void {
    if (this.due !== undefined) super.deposit(...this.due);
    this.due = [to, amount];
  }
}

/** A transaction does not see what it wrote itself. */
class OwnWritesUnseen extends KeyValueStore {
  protected override cellIn(_written: ReadonlyMap<string, Cell>, key: string): Cell | undefined {
    return super.cellIn(new Map(), key);
  }
}

/** A transaction works on what was there before the one that came last. */
class WorksOnOldVersions extends KeyValueStore {
  private old = new Map<string, Cell>();

  protected override cellIn(written: ReadonlyMap<string, Cell>, key: string): Cell | undefined {
    return written.get(key) ?? this.old.get(key);
  }

  protected override commit(command: Command, written: ReadonlyMap<string, Cell>): void {
    this.old = new Map(this.cells);
    super.commit(command, written);
  }
}

/** Of a transaction that writes under several keys, the last one is left out. */
class LastWriteLost extends KeyValueStore {
  protected override commit(command: Command, written: ReadonlyMap<string, Cell>): void {
    const kept = written.size > 1 ? [...written].slice(0, -1) : written;
    super.commit(command, new Map(kept));
  }
}

/** Money is moved although the answer says that it is not. */
class AnsweredOtherwise extends Bank {
  protected override transfer(from: number, to: number, amount: number): Result {
    super.transfer(from, to, amount);
    return { transferred: this.covers(this.balances[from] as number, amount) };
  }
}

export const BANK_BUGS: readonly Bug[] = [
  serviceBug({
    id: 'K30-self-transfer-makes-money',
    title: 'A transfer from an account to itself adds to it.',
    source:
      'evmts/guillotine issue 732; circlefin/stablecoin-evm pull request 123; darwinia-common issue 550',
    invariants: ['any/bank-total', 'any/service-answers'],
    scenario: 'kv/bank-under-partitions',
    service: 'bank',
    createService: bank(SelfTransferMakesMoney),
  }),
  serviceBug({
    id: 'K31-overdraft-unchecked',
    title: 'Whether an account holds enough is not checked in the step that takes the money.',
    source: 'Warszawski and Bailis, "ACIDRain" (SIGMOD 2017), §1, on the bankruptcy of Flexcoin',
    invariants: ['any/bank-total', 'any/service-answers'],
    scenario: 'kv/bank-under-partitions',
    service: 'bank',
    createService: bank(OverdraftUnchecked),
  }),
  serviceBug({
    id: 'K32-half-a-transfer',
    title: 'A read of all balances sees a transfer that has left one account and not reached the other.',
    source: 'Jepsen, Percona XtraDB Cluster (2015): the bank test',
    invariants: ['any/bank-total', 'any/service-answers'],
    scenario: 'kv/bank-under-partitions',
    service: 'bank',
    createService: bank(HalfATransfer),
  }),
  serviceBug({
    id: 'K33-answered-otherwise',
    title: 'A client is told that a transfer did not happen, and it did.',
    source: 'CorfuDB issue 974: a transaction that was told as aborted had been committed',
    invariants: ['any/service-answers'],
    scenario: 'kv/bank-under-partitions',
    service: 'bank',
    createService: bank(AnsweredOtherwise),
  }),
  serviceBug({
    id: 'K40-own-writes-unseen',
    title: 'A transaction does not see what it wrote itself, and its second append undoes the first.',
    source: 'Jepsen, MongoDB 4.2.6 (2020), on violations of internal consistency',
    invariants: ['any/service-answers', 'any/transaction-cycles'],
    scenario: 'kv/transactions',
    service: 'kv',
    createService: store(OwnWritesUnseen),
  }),
  serviceBug({
    id: 'K41-works-on-old-versions',
    title: 'A transaction reads what was there before the latest one, and overwrites it.',
    source: 'Jepsen, TiDB 2.1.7 (2019), on lost updates and read skew after automatic retries',
    invariants: ['any/service-answers', 'any/transaction-cycles'],
    scenario: 'kv/transactions',
    service: 'kv',
    createService: store(WorksOnOldVersions),
  }),
  serviceBug({
    id: 'K42-last-write-lost',
    title: 'A transaction that writes under several keys leaves one of them out.',
    source: 'Jepsen, Dgraph 1.0.2 (2018), on transactions that take effect in part',
    invariants: ['any/service-answers', 'any/transaction-cycles'],
    scenario: 'kv/transactions',
    service: 'kv',
    createService: store(LastWriteLost),
  }),
];
