/** The lock service as scenarios select it, and what its clients ask for. */

import { Family, SettingsReader, type Choices, type Plain, type ProcessId } from '../kernel/index.js';
import type { ReadMode, Result } from '../kernel/index.js';
import { LockService, type LockOperation, type LockSettings } from './lock.js';
import { SERVICE_SETTINGS } from './service-config.js';
import type { ClientWorkload, OperationSource, RawServiceSettings, ServiceKind } from './service-kind.js';
import { WeightedOperations, chooseReadMode, weighedReadModes } from './weighted-operations.js';
import type { WorkloadConfig } from './workload-config.js';
import { KeyChooser } from './zipf.js';

const KEYS = ['locks', 'lease'] as const;
const MAX_LOCKS = 1000;
const NEVER_ENDS = 'never';

/** Throws UsageError. `lease: never` lasts until it is released. */
export function parseLockSettings(raw: RawServiceSettings): LockSettings {
  const reader = new SettingsReader('lock', KEYS, raw, SERVICE_SETTINGS);
  const isLease = raw['lease'] !== NEVER_ENDS;
  const leaseMicros = isLease ? reader.duration('lease', '1s') : 0;
  if (isLease && leaseMicros === 0) throw reader.bad('lease', `a duration above 0, or '${NEVER_ENDS}'`);
  return { locks: reader.count('locks', 4, 1, MAX_LOCKS), leaseMicros };
}

export const LOCK: ServiceKind = {
  name: 'lock',
  title: 'locks that are leases, with fencing tokens, and the resources that they protect',
  history: 'lock',
  operations: { acquire: 30, write: 40, release: 20, read: 10 },
  checkSettings: (raw) => void parseLockSettings(raw),
  create: (raw) => new LockService(parseLockSettings(raw)),
  createWorkload: (config, raw) => new LockWorkload(config, parseLockSettings(raw)),
};

/** Locks are chosen by the key distribution; `keys` is of no concern here. Immutable. */
class LockWorkload implements ClientWorkload {
  readonly operations: WeightedOperations;
  readonly chooser: KeyChooser;
  readonly readModes: readonly ReadMode[];

  constructor(
    readonly config: WorkloadConfig,
    readonly settings: LockSettings,
  ) {
    this.operations = new WeightedOperations(config.mix);
    this.chooser = new KeyChooser(config.keyDistribution, settings.locks);
    this.readModes = weighedReadModes(config.reads);
  }

  createSource(client: ProcessId): LockSource {
    return new LockSource(this, client);
  }
}

/**
 * A client believes to hold a lock until it releases it or its token is refused: the end of a lease does not
 * reach it. That is the mistake against which fencing is made.
 */
class LockSource implements OperationSource {
  keyIndex = 0;
  /** By lock: the token that the client believes to hold it with; 0: it does not. */
  private tokens: number[];

  constructor(
    private readonly workload: LockWorkload,
    private readonly client: ProcessId,
  ) {
    this.tokens = new Array<number>(workload.settings.locks).fill(0);
  }

  next(choices: Choices, sequence: number): LockOperation {
    const { workload, client } = this;
    const op = workload.operations.choose(choices, client, sequence);
    const { chooser } = workload;
    const draw = choices.integer(Family.client, client, sequence, 'key', 0, chooser.maxDraw, 0);
    const lock = chooser.choose(draw);
    this.keyIndex = lock;
    const token = this.tokens[lock] as number;
    if (op === 'read') return { op, lock };
    if (op === 'write' && token > 0) return { op, lock, token, value: `c${client}.${sequence}` };
    if (op === 'release' && token > 0) return { op, lock, token };
    return { op: 'acquire', lock };
  }

  readMode(choices: Choices, sequence: number, input: Plain): ReadMode | undefined {
    if ((input as LockOperation).op !== 'read') return undefined;
    return chooseReadMode(this.workload.readModes, choices, this.client, sequence);
  }

  observe(keyIndex: number, input: Plain, result: Result): void {
    const operation = input as LockOperation;
    if (result === null || typeof result !== 'object') return;
    const answer = result as { readonly token?: Plain; readonly refused?: Plain };
    if (operation.op === 'acquire' && typeof answer.token === 'number') this.tokens[keyIndex] = answer.token;
    else if (operation.op === 'release') this.forget(keyIndex, operation.token);
    else if (operation.op === 'write' && answer.refused !== undefined) this.forget(keyIndex, operation.token);
  }

  clone(): LockSource {
    const copy = new LockSource(this.workload, this.client);
    copy.keyIndex = this.keyIndex;
    copy.tokens = this.tokens.slice();
    return copy;
  }

  encode(): Plain {
    return { keyIndex: this.keyIndex, tokens: this.tokens.slice() };
  }

  private forget(lock: number, token: number): void {
    if (this.tokens[lock] === token) this.tokens[lock] = 0;
  }
}
