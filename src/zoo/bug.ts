/** A bug of the zoo: a mistake that was published, re-created as a small subclass of the correct code. */

import type { Protocol, StateMachine } from '../kernel/index.js';
import type {
  Admission,
  AdmissionConfig,
  Authority,
  Capability,
  ClientProcess,
  ClientWorkload,
  ServiceConfig,
  WorkloadConfig,
} from '../services/index.js';

export interface Bug {
  /** E.g. `R23-old-term-commit`. */
  readonly id: string;
  readonly protocol: string;
  /** One sentence: what is wrong. */
  readonly title: string;
  /** Where it was seen. */
  readonly source: string;
  /** The invariants that may catch it; the first is the one meant for it. */
  readonly invariants: readonly string[];
  /** A scenario in which it shows. */
  readonly scenario: string;
  /** The one service that the mistake is in; undefined: the mistake is elsewhere, or in what all services have. */
  readonly service?: string;
  /** Why no client can ever be harmed, in a sentence; undefined where one can. */
  readonly harmless?: string;
  createProtocol?(): Protocol;
  createService?(service: ServiceConfig): StateMachine;
  /** What clients are. */
  readonly Client?: typeof ClientProcess;
  /** What the doors of servers go by. */
  readonly door?: {
    readonly Admission?: new (config: AdmissionConfig) => Admission;
    readonly Authority?: new (capabilities: readonly Capability[]) => Authority;
  };
  /** What clients do, where the mistake is theirs. */
  createWorkload?(service: ServiceConfig, config: WorkloadConfig): ClientWorkload;
}
