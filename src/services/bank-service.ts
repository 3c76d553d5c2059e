/** The bank as a service that scenarios select, and what its clients ask for. */

import {
  Family,
  SettingsReader,
  type Choices,
  type Plain,
  type ProcessId,
  type ReadMode,
} from '../kernel/index.js';
import { Bank, type BankOperation, type BankSettings } from './bank.js';
import { SERVICE_SETTINGS } from './service-config.js';
import type { ClientWorkload, OperationSource, RawServiceSettings, ServiceKind } from './service-kind.js';
import { WeightedOperations, chooseReadMode, weighedReadModes } from './weighted-operations.js';
import type { WorkloadConfig } from './workload-config.js';
import { KeyChooser } from './zipf.js';

const KEYS = ['accounts', 'initial'] as const;
const MAX_ACCOUNTS = 1000;
const MAX_INITIAL = 1_000_000_000;

/** Throws UsageError. */
export function parseBankSettings(raw: RawServiceSettings): BankSettings {
  const reader = new SettingsReader('bank', KEYS, raw, SERVICE_SETTINGS);
  return {
    accounts: reader.count('accounts', 8, 2, MAX_ACCOUNTS),
    initial: reader.count('initial', 100, 1, MAX_INITIAL),
  };
}

export const BANK: ServiceKind = {
  name: 'bank',
  title: 'accounts and transfers; the total never changes',
  history: 'bank',
  operations: { transfer: 70, read: 30 },
  checkSettings: (raw) => void parseBankSettings(raw),
  create: (raw) => new Bank(parseBankSettings(raw)),
  createWorkload: (config, raw) => new BankWorkload(config, parseBankSettings(raw)),
};

/** Accounts are chosen by the key distribution; `keys` is of no concern here. Immutable. */
class BankWorkload implements ClientWorkload {
  readonly operations: WeightedOperations;
  readonly chooser: KeyChooser;
  readonly readModes: readonly ReadMode[];

  constructor(
    readonly config: WorkloadConfig,
    readonly settings: BankSettings,
  ) {
    this.operations = new WeightedOperations(config.mix);
    this.chooser = new KeyChooser(config.keyDistribution, settings.accounts);
    this.readModes = weighedReadModes(config.reads);
  }

  createSource(client: ProcessId): BankSource {
    return new BankSource(this, client);
  }
}

class BankSource implements OperationSource {
  /** Of no meaning: the bank is read as a whole. */
  readonly keyIndex = 0;

  constructor(
    private readonly workload: BankWorkload,
    private readonly client: ProcessId,
  ) {}

  next(choices: Choices, sequence: number): BankOperation {
    const { workload, client } = this;
    if (workload.operations.choose(choices, client, sequence) === 'read') return { op: 'read' };
    const { chooser, settings } = workload;
    const { accounts, initial } = settings;
    const from = chooser.choose(
      choices.integer(Family.client, client, sequence, 'from', 0, chooser.maxDraw, 0),
    );
    // From an account to itself is a transfer, too.
    const step = choices.integer(Family.client, client, sequence, 'to', 0, accounts - 1, 1);
    const amount = choices.integer(Family.client, client, sequence, 'amount', 1, initial, 1);
    return { op: 'transfer', from, to: (from + step) % accounts, amount };
  }

  readMode(choices: Choices, sequence: number, input: Plain): ReadMode | undefined {
    if ((input as BankOperation).op !== 'read') return undefined;
    return chooseReadMode(this.workload.readModes, choices, this.client, sequence);
  }

  observe(): void {
    // What a client sees does not change what it asks for.
  }

  clone(): BankSource {
    return this; // holds nothing that changes
  }

  encode(): Plain {
    return null;
  }
}
