/**
 * The protocol-independent checkers as one observer: what users' own protocols get for free. It owns the
 * ghost of agreed order and history; protocols' checkers may read it.
 */

import type { DiskImage, HistoryEvent, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import type { CheckerContext, InvariantInfo, Observer, ViolationSink } from '../checker.js';
import { ACKNOWLEDGED_DURABILITY, AcknowledgedDurability } from './acknowledged-durability.js';
import { AGREEMENT, Agreement } from './agreement.js';
import { APPLY_ORDER, ApplyOrder } from './apply-order.js';
import { DUPLICATE_EFFECT, DuplicateEffect } from './duplicate-effect.js';
import { EXACTLY_ONCE, ExactlyOnce } from './exactly-once.js';
import { DECLARED_MODEL, type RunGhost } from './ghost.js';
import { LINEARIZABILITY, Linearizability } from './linearizability.js';
import { CONVERGENCE, Convergence, PROGRESS, Progress, type LivenessTerms } from './liveness.js';
import { STATE_DIGEST, StateDigest } from './state-digest.js';

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
  ACKNOWLEDGED_DURABILITY,
  EXACTLY_ONCE,
  LINEARIZABILITY,
  PROGRESS,
  CONVERGENCE,
];

/** What of this is promised in a run; complete. */
export interface RunCheckerOptions {
  /** The service is the key-value store, whose histories can be judged. */
  readonly isKeyValue: boolean;
  /** The service sits behind client sessions. */
  readonly hasSessions: boolean;
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
  private readonly linearizability: Linearizability | undefined;
  /** In the order in which they are asked: a lost operation says more than a history that makes no sense. */
  private readonly atEnd: { onEnd(): void }[];

  constructor(
    readonly ghost: RunGhost,
    sink: ViolationSink,
    private readonly options: RunCheckerOptions,
  ) {
    const { isKeyValue, hasSessions, liveness, linearizabilitySteps } = options;
    this.agreement = new Agreement(ghost, sink);
    this.stateDigest = new StateDigest(ghost, sink);
    this.applyOrder = new ApplyOrder(ghost, sink);
    this.duplicateEffect = hasSessions ? new DuplicateEffect(ghost, sink) : undefined;
    this.linearizability = isKeyValue ? new Linearizability(ghost, sink, linearizabilitySteps) : undefined;
    this.atEnd = [new AcknowledgedDurability(ghost, sink)];
    if (isKeyValue && hasSessions) this.atEnd.push(new ExactlyOnce(ghost, sink));
    if (this.linearizability !== undefined) this.atEnd.push(this.linearizability);
    if (liveness !== undefined) {
      this.atEnd.push(new Progress(ghost, sink, liveness), new Convergence(ghost, sink, liveness));
    }
  }

  /** Histories that were too hard to judge within the bound. */
  get unjudgedHistories(): number {
    return this.linearizability?.unjudged ?? 0;
  }

  onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    if (process >= this.ghost.servers) return;
    switch (event.kind) {
      case 'applied':
        this.agreement.onApplied(process, event);
        this.stateDigest.onApplied(process, event);
        this.applyOrder.onApplied(process, event);
        if (this.duplicateEffect !== undefined) this.duplicateEffect.onApplied(event);
        this.ghost.order.applied(process, event, this.ghost.context.now());
        return;
      case 'snapshot-installed':
        this.stateDigest.onInstalled(process, event.index, event.digest);
        this.applyOrder.onInstalled(process, event.index);
        this.ghost.order.installed(process, event.index);
        return;
      case 'snapshot-saved':
        this.ghost.order.snapshotSaved(process, event.index);
        return;
      default:
    }
  }

  onStart(process: ProcessId, _incarnation: number, _disk: DiskImage): void {
    if (process < this.ghost.servers) this.ghost.order.started(process);
  }

  onHistory(event: HistoryEvent): void {
    this.ghost.history.record(event);
  }

  onEnd(): void {
    for (const checker of this.atEnd) checker.onEnd();
  }

  clone(context: CheckerContext, sink: ViolationSink): RunCheckers {
    return new RunCheckers(this.ghost.clone(context), sink, this.options);
  }
}
