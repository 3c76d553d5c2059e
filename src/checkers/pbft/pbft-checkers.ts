/**
 * PBFT's checkers as one observer: it looks at each event once, asks the rules that the event concerns, in the order
 * in which a violation is reported, and brings their ghost up to date. Which event concerns which subject can be read
 * off here; which property, in the rules of the subject.
 */

import type {
  Command,
  DiskImage,
  HistoryEvent,
  Message,
  ProcessId,
  ProtocolEvent,
} from '../../kernel/index.js';
import {
  checkpointOf,
  journalOf,
  type Checkpoint,
  type CheckpointRecord,
  type Commit,
  type Decision,
  type JournalRecord,
  type MacNewView,
  type MacViewChange,
  type NewView,
  type PrePrepare,
  type Prepare,
  type Reply,
  type StateData,
  type Status,
  type ViewChange,
} from '../../protocols/pbft/index.js';
import type { LivenessTerms } from '../any/index.js';
import type { RunGhost } from '../any/ghost.js';
import type { Observer, ViolationSink } from '../checker.js';
import { AgreementRules } from './agreement-rules.js';
import { CheckpointRules } from './checkpoint-rules.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';
import { Said } from './places.js';
import { RecoveryRules } from './recovery-rules.js';
import { ViewRules } from './view-rules.js';

export class PbftCheckers implements Observer {
  private readonly agreement: AgreementRules;
  private readonly views: ViewRules;
  private readonly checkpoints: CheckpointRules;
  private readonly recoveries: RecoveryRules;

  constructor(
    readonly ghost: PbftGhost,
    sink: ViolationSink,
    private readonly liveness: LivenessTerms | undefined,
  ) {
    this.agreement = new AgreementRules(ghost, sink);
    this.views = new ViewRules(ghost, sink, liveness);
    this.checkpoints = new CheckpointRules(ghost, sink);
    this.recoveries = new RecoveryRules(ghost, sink, liveness);
  }

  // ---- messages ----

  onSend(from: ProcessId, _to: ProcessId, message: Message): void {
    const replica = this.ghost.replica(from);
    if (replica === undefined || replica.judged === message) return;
    replica.judged = message;
    switch (message.kind) {
      case 'PrePrepare':
        this.agreement.onVote(from, replica, Said.prePrepare, message as PrePrepare);
        return;
      case 'Prepare':
        this.agreement.onVote(from, replica, Said.prepare, message as Prepare);
        return;
      case 'Commit':
        this.agreement.onVote(from, replica, Said.commit, message as Commit);
        return;
      case 'Checkpoint':
        this.checkpoints.onCheckpoint(from, replica, message as Checkpoint);
        return;
      case 'ViewChange':
        this.checkpoints.onViewChange(from, message as ViewChange);
        this.views.onViewChange(from, replica, message as ViewChange);
        return;
      case 'MacViewChange':
        this.checkpoints.onMacViewChange(from, message as MacViewChange);
        this.views.onMacViewChange(from, replica, message as MacViewChange);
        return;
      case 'NewView':
      case 'MacNewView':
        this.views.onNewView(from, replica, message as NewView | MacNewView);
        return;
      case 'Reply':
        this.agreement.onReply(from, replica, message as Reply);
        return;
      case 'Status':
        this.checkpoints.onStatus(from, replica, message as Status);
        return;
      case 'Decision':
        this.agreement.onDecision(from, message as Decision);
        return;
      case 'StateData':
        this.checkpoints.onState(from, message as StateData);
        return;
    }
  }

  // ---- what replicas report ----

  onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const replica = this.ghost.replica(process);
    if (replica === undefined) return;
    switch (event.kind) {
      case 'applied':
        this.agreement.onApplied(process, replica, event);
        return;
      case 'batch-executed':
        this.agreement.onExecuted(process, replica, event.term, event.sequence, event.hash);
        return;
      case 'tentatively-executed':
        this.agreement.onTentative(process, replica, event.term, event.sequence, event.hash);
        return;
      case 'rolled-back':
        this.agreement.onRolledBack(process, replica, event.sequence);
        return;
      case 'term-changed':
      case 'became-leader':
      case 'became-follower':
        this.agreement.onView(process, replica, event.term);
        this.views.onView(process, replica, event.term);
        return;
      case 'recovered':
        this.views.onRecovered(process, replica, event.term, event.trusted);
        return;
      case 'refused-to-run':
        this.views.onRefused(process, replica, event.reason);
        return;
      case 'proactive-recovery':
        this.recoveries.onRecovery(process, replica, event);
        return;
      case 'keys-refreshed':
        this.recoveries.onRefreshed(process, replica, event);
        return;
      case 'trust-regained':
        this.views.onTrustRegained(replica);
        return;
      case 'snapshot-installed':
        if (event.received) this.checkpoints.onInstalled(process, replica);
        replica.executed = 0;
        replica.hasServiceDigest = false;
        replica.tentative = undefined;
        // What is installed was on the disk before: the ghost of the disk knows which batch it is of.
        replica.fruitlessViews = 0;
        return;
      default:
        // What else replicas report concerns no checker.
        return;
    }
  }

  onHistory({ kind }: HistoryEvent, command: Command): void {
    if (kind === 'invoke') this.ghost.issued.issued(command);
  }

  // ---- disks and processes ----

  onDurableRecord(process: ProcessId, file: string, slot: number, record: unknown): void {
    const replica = this.ghost.replica(process);
    if (replica === undefined) return;
    if (replica.file !== file) {
      replica.file = file;
      replica.fileJournal = journalOf(file);
    }
    const { fileJournal } = replica;
    if (fileJournal > 0) this.onJournalRecord(process, replica, fileJournal, record as JournalRecord);
    else if (slot === 0 && checkpointOf(file) > 0) replica.disk.checkpointRecord(record as CheckpointRecord);
  }

  private onJournalRecord(
    process: ProcessId,
    replica: ReplicaGhost,
    journal: number,
    { position, content }: JournalRecord,
  ): void {
    // Recovery reads the newest journal with a whole beginning. What a crash left of an older one is no promise.
    if (journal < replica.journal) return;
    // Nor is what a failed sync has left behind a lost record: recovery cuts before it.
    const isBase = content.kind === 'base';
    if (!isBase && replica.journalled >= 0 && position > replica.journalled + 1) return;
    replica.journalled = position;
    const { disk } = replica;
    if (isBase || content.kind === 'configuration') this.agreement.onDurable(process, content);
    this.checkpoints.onDurable(process, replica, content);
    switch (content.kind) {
      case 'base':
        this.checkpoints.onDurableBase(process, replica, content);
        this.agreement.onDurableBase(process, content);
        this.views.onDurableBase(process, replica, content);
        if (journal > replica.journal) replica.journal = journal;
        break;
      case 'prepared':
        this.agreement.onDurableCertificate(process, content.certificate);
        this.recoveries.onPrepared(process, replica, content.certificate, position);
        break;
      case 'new-view':
      case 'mac-new-view':
        this.views.onDurableNewView(process, content.message);
        break;
      case 'stable':
        this.checkpoints.onDurableStable(process, content.certificate);
        break;
      default:
        break;
    }
    const { stable } = disk;
    disk.fold(content);
    if (disk.stable > stable) this.ghost.forget();
  }

  onDurableCut(process: ProcessId, file: string, count: number): void {
    const replica = this.ghost.replica(process);
    if (replica === undefined || count > 0) return;
    if (journalOf(file) > 0) this.checkpoints.onJournalRemoved(process, replica, file);
    else if (checkpointOf(file) > 0) replica.disk.checkpointCut(file);
  }

  onDurableLoss(process: ProcessId): void {
    const replica = this.ghost.replica(process);
    if (replica === undefined) return;
    replica.isDamaged = true;
    replica.hasLost = true;
  }

  onStart(process: ProcessId, _incarnation: number, disk: DiskImage): void {
    const replica = this.ghost.replica(process);
    if (replica !== undefined) this.ghost.started(process, replica, disk);
  }

  onEnd(): void {
    this.views.onEnd();
    this.recoveries.onEnd();
  }

  clone(run: RunGhost, sink: ViolationSink): PbftCheckers {
    return new PbftCheckers(this.ghost.clone(run), sink, this.liveness);
  }
}
