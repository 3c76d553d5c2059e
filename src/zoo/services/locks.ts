/** Bugs of the lock service and of the resource that its locks protect. */

import type { Command, Micros, Plain, Result } from '../../kernel/index.js';
import { RaftReplica, raftProtocol } from '../../protocols/raft/index.js';
import {
  LockService,
  SessionedService,
  parseLockSettings,
  type LockSettings,
  type LockState,
  type ServiceConfig,
} from '../../services/index.js';
import type { Bug } from '../bug.js';
import { serviceBug } from './service-bug.js';

function locks(Class: new (settings: LockSettings) => LockService) {
  return ({ settings, sessions }: ServiceConfig): SessionedService =>
    new SessionedService(new Class(parseLockSettings(settings ?? {})), sessions);
}

/** The resource takes whatever comes from somebody who believes to hold the lock. */
class NoFencing extends LockService {
  protected override isAccepted(): boolean {
    return true;
  }
}

/** Whoever asks for it releases the lock, also one who lost it long ago. */
class ReleasedByAnybody extends LockService {
  protected override mayRelease(): boolean {
    return true;
  }
}

/** Tokens begin anew when a lock has been free. */
class TokensBeginAnew extends LockService {
  protected override nextToken(state: LockState): number {
    return state.holder < 0 ? 1 : state.token + 1;
  }
}

/** A lease is over a quarter of its time too early. */
class LeaseEndsEarly extends LockService {
  protected override isHeld(state: LockState, now: Micros): boolean {
    return super.isHeld(state, now + Math.floor(this.settings.leaseMicros / 4));
  }
}

/** A lock that is read back from a snapshot is free. */
class HolderNotInSnapshot extends LockService {
  override restore(snapshot: Plain): void {
    super.restore(snapshot);
    for (const state of this.locks) state.holder = -1;
  }
}

/** Leases are measured by each server's own clock, and begin anew with each leader. */
class LeaseByOwnClock extends RaftReplica {
  protected override applyCommand(command: Command): Result {
    return super.applyCommand(command, this.host.monotonicNow());
  }
}

export const LOCK_BUGS: readonly Bug[] = [
  serviceBug({
    id: 'K20-no-fencing',
    title: 'The resource takes writes of a holder whose lease has ended while it stood still.',
    source: 'amazon-dynamodb-lock-client issue 1; Kleppmann, "How to do distributed locking" (2016)',
    invariants: ['any/lock-fencing'],
    scenario: 'kv/lock-lease-pause',
    service: 'lock',
    createService: locks(NoFencing),
  }),
  serviceBug({
    id: 'K21-released-by-anybody',
    title: 'One who has lost the lock releases it for its present holder.',
    source: 'dashpay/platform pull request 4476; the warning stands in the documentation of SET in Redis',
    invariants: ['any/lock-exclusion'],
    scenario: 'kv/lock-lease-pause',
    service: 'lock',
    createService: locks(ReleasedByAnybody),
  }),
  serviceBug({
    id: 'K22-tokens-begin-anew',
    title: 'A lock that has been free hands out tokens that were in use before.',
    source: 'Kleppmann, "How to do distributed locking" (2016), on tokens that do not grow',
    invariants: ['any/lock-exclusion', 'any/lock-fencing'],
    scenario: 'kv/lock-lease-pause',
    service: 'lock',
    createService: locks(TokensBeginAnew),
  }),
  serviceBug({
    id: 'K23-lease-ends-early',
    title: 'A lock is given away before the lease that was promised has ended.',
    source: 'etcd issue 2660: leases were lost when a leader was elected',
    invariants: ['any/lock-exclusion'],
    scenario: 'kv/lock-lease-pause',
    service: 'lock',
    createService: locks(LeaseEndsEarly),
  }),
  serviceBug({
    id: 'K24-holder-not-in-snapshot',
    title: 'A server that starts from a snapshot takes every lock for free.',
    source:
      "etcd pull request 13491: what a lease has left is lost when state is restored; the rule is in Ongaro's dissertation §5.1",
    invariants: ['any/lock-exclusion'],
    scenario: 'kv/lock-lease-pause',
    service: 'lock',
    createService: locks(HolderNotInSnapshot),
  }),
  {
    ...serviceBug({
      id: 'K25-lease-by-own-clock',
      title: "Leases are measured by each server's own clock.",
      source: 'etcd issues 9395 and 9888: only the leader knows how much of a lease is left',
      invariants: ['any/state-digest', 'any/lock-exclusion'],
      scenario: 'kv/lock-lease-pause',
    }),
    createProtocol: () => raftProtocol(LeaseByOwnClock),
  },
];
