/**
 * The replicated bank: accounts with whole balances that never fall below zero, and transfers between them. No
 * operation makes money or destroys it, so whoever reads all balances at one place of the order sees the same
 * total: the classic test of atomicity (Jepsen's bank workload, first run against Galera and later CockroachDB).
 *
 * Every input has an answer; one that is no operation of the bank changes nothing.
 */

import { assert, mix32, type Command, type Plain, type Result, type StateMachine } from '../kernel/index.js';

export type BankOperation =
  /** `{ transferred }`: false when the balance is too small. */
  | { readonly op: 'transfer'; readonly from: number; readonly to: number; readonly amount: number }
  /** `{ balances }`: of all accounts, in their order. */
  | { readonly op: 'read' };

export interface BankSettings {
  /** Accounts are numbered from 0. */
  readonly accounts: number;
  /** What each account holds at first. */
  readonly initial: number;
}

const TRANSFERRED = Object.freeze({ transferred: true });
const NOT_TRANSFERRED = Object.freeze({ transferred: false });
const MALFORMED = Object.freeze({ error: 'malformed' });

/** Bytes of a snapshot but for its balances, and of a balance; roughly. */
const SNAPSHOT_BYTES = 32;
const BALANCE_BYTES = 8;

/** A command's input before it is known to be an operation. */
interface RawOperation {
  readonly op?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly amount?: unknown;
}

export class Bank implements StateMachine {
  protected balances: number[];
  private rolling = 0x62616e6b;

  constructor(protected readonly settings: BankSettings) {
    this.balances = new Array<number>(settings.accounts).fill(settings.initial);
  }

  apply(command: Command): Result {
    const result = this.execute(command);
    this.rolling = mix32(this.rolling, command.hash);
    return result;
  }

  query(command: Command): Result | undefined {
    const { input } = command;
    if (input === null || typeof input !== 'object') return undefined;
    return (input as RawOperation).op === 'read' ? this.read() : undefined;
  }

  digest(): number {
    return this.rolling;
  }

  snapshot(): Plain {
    return { digest: this.rolling, balances: this.balances.slice() };
  }

  snapshotBytes(): number {
    return SNAPSHOT_BYTES + BALANCE_BYTES * this.balances.length;
  }

  restore(snapshot: Plain): void {
    const { digest, balances } = snapshot as { readonly digest?: Plain; readonly balances?: Plain };
    assert(typeof digest === 'number' && Array.isArray(balances), 'bank: a snapshot has digest and balances');
    this.rolling = digest;
    this.balances = (balances as number[]).slice();
  }

  clone(): Bank {
    const copy = new (this.constructor as new (settings: BankSettings) => Bank)(this.settings);
    copy.balances = this.balances.slice();
    copy.rolling = this.rolling;
    return copy;
  }

  private execute({ input }: Command): Result {
    if (input === null || typeof input !== 'object') return MALFORMED;
    const { op, from, to, amount } = input as RawOperation;
    if (op === 'read') return this.read();
    if (op !== 'transfer' || !this.isAccount(from) || !this.isAccount(to)) return MALFORMED;
    if (!Number.isSafeInteger(amount) || (amount as number) < 0) return MALFORMED;
    return this.transfer(from, to, amount as number);
  }

  protected read(): Result {
    return { balances: this.balances.slice() };
  }

  protected transfer(from: number, to: number, amount: number): Result {
    const held = this.balances[from] as number;
    if (!this.covers(held, amount)) return NOT_TRANSFERRED;
    this.withdraw(from, amount);
    this.deposit(to, amount);
    this.rolling = mix32(this.rolling, held);
    return TRANSFERRED;
  }

  /** Whether a balance is enough for an amount. */
  protected covers(held: number, amount: number): boolean {
    return held >= amount;
  }

  protected withdraw(from: number, amount: number): void {
    this.balances[from] = (this.balances[from] as number) - amount;
  }

  protected deposit(to: number, amount: number): void {
    this.balances[to] = (this.balances[to] as number) + amount;
  }

  private isAccount(account: unknown): account is number {
    return (
      Number.isSafeInteger(account) && (account as number) >= 0 && (account as number) < this.balances.length
    );
  }
}
