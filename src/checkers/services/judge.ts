/**
 * What a judge of one service is: told of every place of the agreed order once, when the first server applies it,
 * and of all that clients see. Which judges a run has goes by the service's history (`ServiceKind.history`).
 */

import type { HistoryEvent } from '../../kernel/index.js';
import type { OperationMix, RawServiceSettings } from '../../services/index.js';
import type { AppliedPlace } from '../any/agreed-order.js';
import type { RunGhost } from '../any/ghost.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';

export interface ServiceJudge {
  /**
   * A place of the order, before the ghost takes it in. `hasEffect` is false for a command that its session does not
   * execute: it was ordered before, or too late. Places come in order, but after a snapshot some may be left out.
   */
  onPlace(place: AppliedPlace, hasEffect: boolean): void;
  onHistory(event: HistoryEvent): void;
  onEnd(): void;
  /** An independent copy, over the ghost of a forked simulation. */
  clone(ghost: RunGhost, sink: ViolationSink): ServiceJudge;
}

/** What is replicated, and what is asked of it. */
export interface ServiceSubject {
  readonly settings: RawServiceSettings;
  /** Weights of the operations that clients ask for. */
  readonly mix: OperationMix;
  /** The service sits behind client sessions. */
  readonly hasSessions: boolean;
}

/** The judges of one kind of history. */
export interface ServiceJudges {
  readonly history: string;
  readonly invariants: readonly InvariantInfo[];
  create(ghost: RunGhost, sink: ViolationSink, subject: ServiceSubject): readonly ServiceJudge[];
}
