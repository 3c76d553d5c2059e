/** What ideal and real authentication have in common: whose keys there are, and their epochs. */

import {
  assert,
  type Authentication,
  type Authenticator,
  type ProcessId,
  type Proof,
  type Statement,
} from '../kernel/index.js';
import type { MacKeys } from './mac-keys.js';

export abstract class KeyedAuthenticator implements Authenticator {
  protected readonly identity: ProcessId;

  constructor(
    protected readonly process: ProcessId,
    protected readonly keys: MacKeys,
  ) {
    this.identity = keys.identityOf(process);
  }

  abstract sign(statement: Statement): Proof;
  abstract authenticate(statement: Statement, receivers: readonly ProcessId[]): Proof;
  abstract verify(signer: ProcessId, statement: Statement, proof: Proof): boolean;
  abstract verifySignature(signer: ProcessId, statement: Statement, proof: Proof): boolean;

  get keyEpoch(): number {
    return this.keys.epochOf(this.identity);
  }

  refreshKeys(): number {
    return this.keys.refresh(this.process);
  }

  learnKeys(receiver: ProcessId, epoch: number): boolean {
    return this.keys.learn(this.process, receiver, epoch);
  }
}

/** One authenticator for each process, over the same keys. */
export class ProcessKeys implements Authentication {
  private readonly authenticators: readonly Authenticator[];

  /** `create` makes the authenticator of a process; what else it needs is the same in all forks. */
  constructor(
    private readonly keys: MacKeys,
    private readonly create: (process: ProcessId, keys: MacKeys) => Authenticator,
  ) {
    this.authenticators = keys.identities.map((_, process) => create(process, keys));
  }

  of(process: ProcessId): Authenticator {
    const authenticator = this.authenticators[process];
    assert(authenticator !== undefined, 'keys of a process that does not exist');
    return authenticator;
  }

  clone(): Authentication {
    return new ProcessKeys(this.keys.clone(), this.create);
  }
}
