/**
 * The protocol-independent checkers as one observer: what users' own protocols get for free. It owns the
 * ghost of agreed order and history; protocols' checkers may read it.
 */

import type { DiskImage, HistoryEvent, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import type { CheckerContext, InvariantInfo, Observer, ViolationSink } from '../checker.js';
import type { ServiceJudge } from '../services/judge.js';
import type { Unjudged } from '../unjudged.js';
import { ACKNOWLEDGED_DURABILITY, AcknowledgedDurability } from './acknowledged-durability.js';
import { AGREEMENT, Agreement } from './agreement.js';
import type { AppliedPlace } from './agreed-order.js';
import { APPLY_ORDER, ApplyOrder } from './apply-order.js';
import { errorOf, isReadAside } from './client-history.js';
import { Calm, MEMBERSHIP_SETTLES, QUIET_WHEN_IDLE, STABLE_LEADER, TRANSFER_ENDS } from './calm.js';
import { DUPLICATE_EFFECT, DuplicateEffect } from './duplicate-effect.js';
import { EXACTLY_ONCE, ExactlyOnce } from './exactly-once.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';
import { LINEARIZABILITY, Linearizability } from './linearizability.js';
import { CONVERGENCE, Convergence, PROGRESS, Progress } from './liveness.js';
import type { LivenessTerms } from './liveness-checker.js';
import { ReadCheckers } from './read-checkers.js';
import { READ_FRESHNESS } from './read-freshness.js';
import { ReadGhost } from './read-ghost.js';
import { READ_PREFIX } from './read-prefix.js';
import { SESSION_READS } from './session-reads.js';
import { Settlement } from './settlement.js';
import { SHADOW_AGREEMENT, ShadowAgreement } from './shadow-agreement.js';
import { STATE_DIGEST, StateDigest } from './state-digest.js';
import { TRANSFER_SUCCEEDS } from './transfer-succeeds.js';

/** Reported by the simulator itself, which catches what a replica throws. */
export const NO_CRASH: InvariantInfo = {
  id: 'any/no-crash',
  title: 'Nothing that runs in the simulation throws.',
  statement:
    'No handler of a replica, service or client ends with an exception, and no assertion in one fails. Judged by the simulator around every event.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Faultline',
};

export const RUN_INVARIANTS: readonly InvariantInfo[] = [
  AGREEMENT,
  STATE_DIGEST,
  APPLY_ORDER,
  DUPLICATE_EFFECT,
  NO_CRASH,
  READ_FRESHNESS,
  SESSION_READS,
  READ_PREFIX,
  SHADOW_AGREEMENT,
  ACKNOWLEDGED_DURABILITY,
  EXACTLY_ONCE,
  LINEARIZABILITY,
  PROGRESS,
  CONVERGENCE,
  MEMBERSHIP_SETTLES,
  TRANSFER_ENDS,
  TRANSFER_SUCCEEDS,
  STABLE_LEADER,
  QUIET_WHEN_IDLE,
];

/** What of this is promised in a run; complete. */
export interface RunCheckerOptions {
  /** The service is the key-value store, whose histories can be judged. */
  readonly isKeyValue: boolean;
  /** Of what this service promises beside. */
  readonly judges: readonly ServiceJudge[];
  /** The service sits behind client sessions. */
  readonly hasSessions: boolean;
  /** The protocol may answer before it applies for good. */
  readonly answersTentatively: boolean;
  /** When progress is due; undefined: never. */
  readonly liveness: LivenessTerms | undefined;
  /** Bound on the linearizability check; undefined: its default. */
  readonly linearizabilitySteps: number | undefined;
}

export class RunCheckers implements Observer {
  private readonly agreement: Agreement;
  private readonly stateDigest: StateDigest;
  private readonly applyOrder: ApplyOrder;
  private readonly duplicateEffect: DuplicateEffect | undefined;
  private readonly acknowledged: AcknowledgedDurability;
  private readonly settlement: Settlement;
  private readonly progress: Progress | undefined;
  private readonly convergence: Convergence | undefined;
  private readonly calm: Calm | undefined;
  private readonly reads: ReadCheckers;
  private readonly shadowAgreement: ShadowAgreement;

  constructor(
    readonly ghost: RunGhost,
    sink: ViolationSink,
    private readonly options: RunCheckerOptions,
    readGhost = new ReadGhost(ghost),
  ) {
    const { isKeyValue, hasSessions, liveness, linearizabilitySteps } = options;
    this.agreement = new Agreement(ghost, sink);
    this.stateDigest = new StateDigest(ghost, sink);
    this.applyOrder = new ApplyOrder(ghost, sink);
    this.duplicateEffect = hasSessions ? new DuplicateEffect(ghost, sink) : undefined;
    this.shadowAgreement = new ShadowAgreement(ghost, sink);
    this.reads = new ReadCheckers(readGhost, sink, options);
    this.acknowledged = new AcknowledgedDurability(ghost, sink);
    this.settlement = new Settlement(ghost, {
      acknowledged: this.acknowledged,
      exactlyOnce: isKeyValue && hasSessions ? new ExactlyOnce(ghost, sink) : undefined,
      linearizability: isKeyValue ? new Linearizability(ghost, sink, linearizabilitySteps) : undefined,
    });
    this.progress = liveness === undefined ? undefined : new Progress(ghost, sink, liveness);
    this.calm = liveness === undefined ? undefined : new Calm(ghost, sink, liveness);
    this.convergence = liveness === undefined ? undefined : new Convergence(ghost, sink, liveness);
  }

  unjudged(): Unjudged {
    const { ghost, reads } = this;
    return {
      histories: ghost.unjudgedHistories,
      reads: reads.ghost.unjudged,
      applications: ghost.order.unjudged,
      liveness: ghost.isLivenessUnjudged,
    };
  }

  onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    if (process >= this.ghost.servers) return;
    switch (event.kind) {
      case 'applied':
        this.onApplied(process, event);
        return;
      case 'snapshot-installed':
        this.stateDigest.onInstalled(process, event.index, event.digest);
        this.applyOrder.onInstalled(process, event.index);
        this.ghost.order.installed(process, event.index);
        this.ghost.participants.installed(process, event.index);
        return;
      case 'snapshot-saved':
        this.ghost.order.snapshotSaved(process, event.index);
        this.settlement.pruneOrder();
        return;
      case 'shadow-diverged':
        this.shadowAgreement.onDiverged(process, event.index, event.text);
        return;
      default:
        this.ghost.participants.reported(process, event);
        this.calm?.onProtocolEvent(process, event);
    }
  }

  private onApplied(process: ProcessId, event: AppliedPlace): void {
    const { order, participants } = this.ghost;
    participants.applied(process, event.index);
    if (order.repeats(process, event)) {
      order.repeated(process, event.index);
      return;
    }
    this.agreement.onApplied(process, event);
    this.stateDigest.onApplied(process, event);
    this.applyOrder.onApplied(process, event);
    if (this.duplicateEffect !== undefined) this.duplicateEffect.onApplied(event);
    this.acknowledged.onApplied(event);
    this.reads.onApplied(event);
    if (this.options.judges.length > 0 && event.index > order.last) this.tellJudges(event);
    order.applied(process, event, this.ghost.context.now());
  }

  private tellJudges(place: AppliedPlace): void {
    const hasEffect = this.ghost.hasEffect(place, this.options.hasSessions);
    for (const judge of this.options.judges) judge.onPlace(place, hasEffect);
  }

  onStart(process: ProcessId, _incarnation: number, _disk: DiskImage): void {
    if (process >= this.ghost.servers) return;
    this.ghost.order.started(process);
    this.ghost.participants.started(process);
    this.calm?.onStart(process);
  }

  onSend(from: ProcessId, to: ProcessId): void {
    this.calm?.onSend(from, to);
  }

  onHistory(event: HistoryEvent): void {
    const { history } = this.ghost;
    const operation = history.record(event, event.kind === 'ok' ? this.placeOfAnswer(event) : 0);
    this.reads.onHistory(event);
    for (const judge of this.options.judges) judge.onHistory(event);
    if (operation === undefined) return;
    this.calm?.onHistory(event.kind === 'invoke');
    if (this.progress !== undefined) this.progress.onHistory(operation);
    if (event.kind !== 'invoke') this.settlement.ended();
  }

  onHealed(outside: readonly ProcessId[]): void {
    this.ghost.participants.leftOutside(outside);
  }

  onEnd(): void {
    this.settlement.end();
    this.reads.onEnd();
    for (const judge of this.options.judges) judge.onEnd();
    this.progress?.onEnd();
    this.convergence?.onEnd();
    this.calm?.onEnd();
  }

  /** The place that a linearizable answer holds at; 0 when it has none, or says that nothing was done. */
  private placeOfAnswer(event: HistoryEvent): number {
    const { client, sequence, output, read, index } = event;
    if (errorOf(output) !== undefined || read === 'session' || read === 'stale') return 0;
    return isReadAside(event) && index > 0 ? index : this.ghost.order.indexOf(client, sequence);
  }

  clone(context: CheckerContext, sink: ViolationSink): RunCheckers {
    const ghost = this.ghost.clone(context);
    const judges = this.options.judges.map((judge) => judge.clone(ghost, sink));
    return new RunCheckers(ghost, sink, { ...this.options, judges }, this.reads.ghost.clone(ghost));
  }
}
