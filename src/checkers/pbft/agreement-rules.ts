/** Which event concerns which property of agreement and execution. */

import type { ProcessId, ProtocolEvent } from '../../kernel/index.js';
import {
  configurationOf,
  type Decision,
  type JournalBase,
  type JournalRecord,
  type PrePrepare,
  type PreparedCertificate,
  type Promised,
  type Reply,
  type Sequence,
  type View,
} from '../../protocols/pbft/index.js';
import type { ViolationSink } from '../checker.js';
import { PbftAgreement } from './agreement.js';
import { Certificates } from './certificates.js';
import { CommittedPrepared } from './committed-prepared.js';
import { ConfigurationInForce, MembersSpeak } from './configuration-rules.js';
import type { PbftGhost, ReplicaGhost } from './ghost.js';
import { LeftViews } from './left-views.js';
import { NoEquivocation } from './no-equivocation.js';
import { Said } from './places.js';
import { NullRequest } from './null-request.js';
import { PreparedUnique } from './prepared-unique.js';
import { PromiseDurable } from './promise-durable.js';
import { RequestIssued } from './request-issued.js';
import { ExecutedMonotonic } from './stable-monotonic.js';
import { TentativeExecution } from './tentative-execution.js';
import { ForgetfulSilent } from './trust.js';
import { Watermarks } from './watermarks.js';

type Applied = Extract<ProtocolEvent, { readonly kind: 'applied' }>;

/** Of a pre-prepare, prepare or commit. */
type Vote = Pick<PrePrepare, 'view' | 'sequence' | 'digest'> & { readonly kind: string };

export class AgreementRules {
  private readonly noEquivocation: NoEquivocation;
  private readonly leftViews: LeftViews;
  private readonly forgetfulSilent: ForgetfulSilent;
  private readonly promiseDurable: PromiseDurable;
  private readonly watermarks: Watermarks;
  private readonly preparedUnique: PreparedUnique;
  private readonly certificates: Certificates;
  private readonly committedPrepared: CommittedPrepared;
  private readonly agreement: PbftAgreement;
  private readonly executedMonotonic: ExecutedMonotonic;
  private readonly requestIssued: RequestIssued;
  private readonly nullRequest: NullRequest;
  private readonly tentative: TentativeExecution;
  private readonly configurationInForce: ConfigurationInForce;
  private readonly membersSpeak: MembersSpeak;

  constructor(
    private readonly ghost: PbftGhost,
    sink: ViolationSink,
  ) {
    this.noEquivocation = new NoEquivocation(ghost, sink);
    this.leftViews = new LeftViews(ghost, sink);
    this.forgetfulSilent = new ForgetfulSilent(ghost, sink);
    this.promiseDurable = new PromiseDurable(ghost, sink);
    this.watermarks = new Watermarks(ghost, sink);
    this.preparedUnique = new PreparedUnique(ghost, sink);
    this.certificates = new Certificates(ghost, sink);
    this.committedPrepared = new CommittedPrepared(ghost, sink);
    this.agreement = new PbftAgreement(ghost, sink);
    this.executedMonotonic = new ExecutedMonotonic(ghost, sink);
    this.requestIssued = new RequestIssued(ghost, sink);
    this.nullRequest = new NullRequest(ghost, sink);
    this.tentative = new TentativeExecution(ghost, sink);
    this.configurationInForce = new ConfigurationInForce(ghost, sink);
    this.membersSpeak = new MembersSpeak(ghost, sink);
  }

  /** A replica sends a pre-prepare, prepare or commit. */
  onVote(process: ProcessId, replica: ReplicaGhost, kind: 0 | 1 | 2, vote: Vote): void {
    const { view, sequence, digest } = vote;
    this.leftViews.onVote(process, replica, vote.kind, view);
    this.forgetfulSilent.onSent(process, replica, vote.kind);
    this.membersSpeak.onSent(process, replica, vote.kind, view);
    this.watermarks.onVote(process, replica, view, sequence);
    this.promiseDurable.onSaid(process, replica, kind, view, sequence, digest);
    this.ghost.bind(replica, view);
    const place = this.ghost.places.at(sequence);
    if (place === undefined) return;
    this.noEquivocation.onSaid(process, place, kind, view, sequence, digest);
    place.ballot(view, digest).hear(kind, process);
    if (kind === Said.commit) this.prepared(process, view, sequence, digest);
  }

  /** The replica is prepared, by its disk or by its word. */
  private prepared(process: ProcessId, view: View, sequence: Sequence, digest: number): void {
    const place = this.ghost.places.at(sequence);
    if (place === undefined) return;
    this.preparedUnique.onPrepared(process, place, view, sequence, digest);
    place.ballot(view, digest).add(Said.certified, process);
  }

  onDurableCertificate(process: ProcessId, certificate: PreparedCertificate): void {
    const { view, sequence, digest } = certificate;
    this.certificates.onPrepared(process, certificate);
    this.prepared(process, view, sequence, digest);
  }

  /** A certificate that was not durable yet when a new journal began is so first in the beginning of that. */
  onDurableBase(process: ProcessId, { promised }: JournalBase): void {
    for (let i = 0; i < promised.length; i++) {
      const content = promised[i] as Promised;
      if (content.kind !== 'prepared') continue;
      const { view, sequence, digest } = content.certificate;
      const place = this.ghost.places.at(sequence);
      if (place === undefined) continue;
      const known = place.find(view, digest)?.by(Said.certified) ?? 0;
      if ((known & (1 << process)) === 0) this.onDurableCertificate(process, content.certificate);
    }
  }

  onDecision(process: ProcessId, message: Decision): void {
    const { view, sequence, digest } = message;
    this.certificates.onDecision(process, message);
    if (this.ghost.configurations.inForce(sequence).number !== configurationOf(view)) return;
    const place = this.ghost.places.at(sequence);
    if (place !== undefined) this.agreement.onDecided(process, place, view, sequence, digest);
  }

  onExecuted(
    process: ProcessId,
    replica: ReplicaGhost,
    view: View,
    sequence: Sequence,
    digest: number,
  ): void {
    this.executedMonotonic.onExecuted(process, replica, sequence);
    this.tentative.onExecuted(process, replica, sequence, digest);
    replica.tentative = undefined;
    this.configurationInForce.onExecuted(process, view, sequence);
    replica.executed = sequence;
    replica.executedIn = view;
    if (sequence > replica.hasUpTo) replica.hasUpTo = sequence;
    replica.fruitlessViews = 0;
    if (view > this.ghost.fruitfulView) this.ghost.fruitfulView = view;
    const place = this.ghost.places.at(sequence);
    if (place === undefined) return;
    this.committedPrepared.onExecuted(process, place, view, sequence, digest);
    this.agreement.onDecided(process, place, view, sequence, digest);
  }

  onTentative(
    process: ProcessId,
    replica: ReplicaGhost,
    view: View,
    sequence: Sequence,
    digest: number,
  ): void {
    this.tentative.onTentative(process, replica, view, sequence);
    replica.tentative = { sequence, view, digest };
    replica.lastTentative = replica.tentative;
  }

  onRolledBack(process: ProcessId, replica: ReplicaGhost, sequence: Sequence): void {
    this.tentative.onRolledBack(process, replica, sequence);
    replica.tentative = undefined;
  }

  onView(process: ProcessId, replica: ReplicaGhost, view: View): void {
    this.tentative.onView(process, replica, view);
  }

  onReply(process: ProcessId, replica: ReplicaGhost, message: Reply): void {
    this.tentative.onReply(process, replica, message);
  }

  onDurable(process: ProcessId, content: JournalRecord['content']): void {
    this.configurationInForce.onDurable(process, content);
  }

  onApplied(process: ProcessId, replica: ReplicaGhost, { command, index, digest }: Applied): void {
    if (command !== undefined) this.requestIssued.onApplied(process, command);
    else this.nullRequest.onNullApplied(process, replica, index, digest);
    replica.serviceDigest = digest;
    replica.hasServiceDigest = true;
  }
}
