/**
 * Epochs of the keys for MACs. The key for MACs from a sender to a receiver is the receiver's choice; its epoch
 * counts the choices. A sender makes MACs with the latest epoch that it has learnt (Castro and Liskov, TOCS 2002,
 * §4.3.1). What a key is, and what is computed with it, is no matter of this file.
 */

import { assert, type ProcessId } from '../kernel/index.js';

export class MacKeys {
  /** By identity. */
  private readonly epochs: number[];
  /** By process: the epoch that it knows of each identity. Copied on change, because proofs hold on to it. */
  private readonly known: (readonly number[])[];

  constructor(readonly identities: readonly ProcessId[]) {
    const count = identities.length;
    assert(
      identities.every((identity) => Number.isInteger(identity) && identity >= 0 && identity < count),
      'an identity is the number of a process',
    );
    this.epochs = identities.map(() => 0);
    const first = this.epochs.slice();
    this.known = identities.map(() => first);
  }

  /** The identity of a receiver of a MAC. */
  identityOf(process: ProcessId): ProcessId {
    const identity = this.identities[process];
    assert(identity !== undefined, 'a MAC for a process that does not exist');
    return identity;
  }

  epochOf(identity: ProcessId): number {
    return this.epochs[identity] as number;
  }

  /** What a process knows, by identity; never changes. */
  knownTo(process: ProcessId): readonly number[] {
    return this.known[process] as readonly number[];
  }

  refresh(process: ProcessId): number {
    const identity = this.identityOf(process);
    const epoch = this.epochOf(identity) + 1;
    this.epochs[identity] = epoch;
    this.learn(process, process, epoch);
    return epoch;
  }

  learn(process: ProcessId, receiver: ProcessId, epoch: number): boolean {
    const identity = this.identities[receiver];
    if (identity === undefined || !Number.isSafeInteger(epoch)) return false;
    const known = this.knownTo(process);
    if (epoch < (known[identity] as number) || epoch > this.epochOf(identity)) return false;
    this.known[process] = known.with(identity, epoch);
    return true;
  }

  clone(): MacKeys {
    const copy = new MacKeys(this.identities);
    for (let i = 0; i < this.identities.length; i++) {
      copy.epochs[i] = this.epochOf(i);
      copy.known[i] = this.knownTo(i);
    }
    return copy;
  }
}
