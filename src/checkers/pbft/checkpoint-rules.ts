/** Which event concerns which property of checkpoints, and of what is forgotten because of them. */

import type { ProcessId } from '../../kernel/index.js';
import type {
  Checkpoint,
  JournalBase,
  MacViewChange,
  Promised,
  StableCertificate,
  StateData,
  Status,
  ViewChange,
} from '../../protocols/pbft/index.js';
import type { ViolationSink } from '../checker.js';
import { Certificates } from './certificates.js';
import { CheckpointAgreement } from './checkpoint-agreement.js';
import { GarbageCollection } from './garbage-collection.js';
import { MembersSpeak } from './configuration-rules.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';
import { LogBound } from './log-bound.js';
import { PromiseDurable } from './promise-durable.js';
import { ReceivedState } from './received-state.js';
import { ExecutedMonotonic, StableMonotonic } from './stable-monotonic.js';

export class CheckpointRules {
  private readonly agreement: CheckpointAgreement;
  private readonly promiseDurable: PromiseDurable;
  private readonly certificates: Certificates;
  private readonly stableMonotonic: StableMonotonic;
  private readonly executedMonotonic: ExecutedMonotonic;
  private readonly garbageCollection: GarbageCollection;
  private readonly logBound: LogBound;
  private readonly receivedState: ReceivedState;
  private readonly membersSpeak: MembersSpeak;

  constructor(
    private readonly ghost: PbftGhost,
    sink: ViolationSink,
  ) {
    this.agreement = new CheckpointAgreement(ghost, sink);
    this.promiseDurable = new PromiseDurable(ghost, sink);
    this.certificates = new Certificates(ghost, sink);
    this.stableMonotonic = new StableMonotonic(ghost, sink);
    this.executedMonotonic = new ExecutedMonotonic(ghost, sink);
    this.garbageCollection = new GarbageCollection(ghost, sink);
    this.logBound = new LogBound(ghost, sink);
    this.receivedState = new ReceivedState(ghost, sink);
    this.membersSpeak = new MembersSpeak(ghost, sink);
  }

  onCheckpoint(process: ProcessId, replica: ReplicaGhost, message: Checkpoint): void {
    const { sequence, digest } = message;
    this.membersSpeak.onCheckpoint(process, replica, sequence);
    this.promiseDurable.onCheckpoint(process, replica, message);
    this.agreement.onCheckpoint(process, sequence, digest);
    this.ghost.checkpoints.said(process, sequence, digest);
  }

  /** The replica sends a certificate, or a part of a state with or without one. */
  onState(process: ProcessId, message: StateData): void {
    const { certificate } = message;
    this.agreement.onCheckpoint(process, certificate.sequence, certificate.digest);
    this.certificates.onState(process, message);
  }

  /** The certificate within is judged with the view change. */
  onViewChange(process: ProcessId, { stable }: ViewChange): void {
    this.agreement.onCheckpoint(process, stable.sequence, stable.digest);
  }

  onMacViewChange(process: ProcessId, { checkpoints }: MacViewChange): void {
    for (const { sequence, digest } of checkpoints) this.agreement.onCheckpoint(process, sequence, digest);
  }

  onDurableStable(process: ProcessId, certificate: StableCertificate): void {
    this.agreement.onCheckpoint(process, certificate.sequence, certificate.digest);
    this.certificates.onStable(process, certificate);
  }

  onStatus(process: ProcessId, replica: ReplicaGhost, message: Status): void {
    this.stableMonotonic.onStatus(process, replica, message);
    this.executedMonotonic.onStatus(process, replica, message);
    replica.saidStable = message.stable;
    replica.saidExecuted = message.executed;
  }

  /** Whoever learns that a checkpoint is stable begins a new journal at once: most certificates are first durable there. */
  onDurableBase(process: ProcessId, replica: ReplicaGhost, base: JournalBase): void {
    this.garbageCollection.onBase(process, replica, base);
    for (const content of base.promised) {
      if (content.kind !== 'stable' || content.certificate.sequence <= replica.disk.stable) continue;
      this.onDurableStable(process, content.certificate);
    }
  }

  /** Any record of a journal. */
  onDurable(process: ProcessId, replica: ReplicaGhost, content: Promised | JournalBase): void {
    this.logBound.onRecord(process, replica, content);
  }

  /** The replica has taken over a state that others have sent. */
  onInstalled(process: ProcessId, replica: ReplicaGhost): void {
    this.receivedState.onInstalled(process, replica);
  }

  onJournalRemoved(process: ProcessId, replica: ReplicaGhost, file: string): void {
    this.garbageCollection.onRemoved(process, replica, file);
  }
}
