/** Which event concerns which property of proactive recovery. */

import type { ProcessId, ProtocolEvent } from '../../kernel/index.js';
import type { PreparedCertificate } from '../../protocols/pbft/index.js';
import type { LivenessTerms } from '../any/index.js';
import type { ViolationSink } from '../checker.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';
import { NewKeys, RecoveryEnds, RecoveryInTurn } from './recoveries.js';

export class RecoveryRules {
  private readonly newKeys: NewKeys;
  private readonly inTurn: RecoveryInTurn;
  private readonly ends: RecoveryEnds | undefined;
  /** When recoveries have to be in order. */
  private readonly dueAt: number;

  constructor(
    private readonly ghost: PbftGhost,
    sink: ViolationSink,
    liveness: LivenessTerms | undefined,
  ) {
    this.newKeys = new NewKeys(ghost, sink);
    this.inTurn = new RecoveryInTurn(ghost, sink, liveness?.healAtMicros ?? Infinity);
    this.ends = liveness === undefined ? undefined : new RecoveryEnds(ghost, sink, liveness);
    this.dueAt = liveness === undefined ? Infinity : liveness.healAtMicros + liveness.progressWithinMicros;
  }

  onRecovery(
    process: ProcessId,
    replica: ReplicaGhost,
    event: Extract<ProtocolEvent, { readonly kind: 'proactive-recovery' }>,
  ): void {
    const { recovery } = replica;
    const now = this.ghost.run.context.now();
    switch (event.phase) {
      case 'due':
        if (now > this.dueAt) this.inTurn.onDue(process);
        recovery.begin(now);
        return;
      case 'begun':
        this.newKeys.onBegun(process, replica, event);
        recovery.number = event.number;
        recovery.begin(now);
        return;
      case 'completed':
        this.newKeys.onCompleted(process, replica, event);
        if (now > this.dueAt) this.ends?.onCompleted(process, replica, event);
        recovery.since = -1;
        return;
    }
  }

  onRefreshed(
    process: ProcessId,
    replica: ReplicaGhost,
    event: Extract<ProtocolEvent, { readonly kind: 'keys-refreshed' }>,
  ): void {
    this.newKeys.onRefreshed(process, replica, event);
    replica.recovery.refresh(event.epoch, event.records);
    if (event.recovering === process) replica.recovery.refreshedFor = event.number;
  }

  onPrepared(
    process: ProcessId,
    replica: ReplicaGhost,
    certificate: PreparedCertificate,
    position: number,
  ): void {
    this.newKeys.onPrepared(process, replica, certificate, position);
  }

  onEnd(): void {
    if (this.ghost.run.context.now() > this.dueAt) this.ends?.onEnd();
  }
}
