/** Base of what recognises the situations of one topic: an observer that counts instead of judging. */

import type { DiskImage, Message, Micros, ProcessId, ProtocolEvent } from '../../kernel/index.js';
import type { Situation, Tally } from './situation.js';
import type { ClusterView } from './view.js';

/** The hooks of a checker, as far as recognisers need them. Each hears of an event before the view does. */
export abstract class Recogniser {
  constructor(
    protected readonly view: ClusterView,
    private readonly tally: Tally,
  ) {}

  /** True for one that takes messages of any form: only such ones hear what liars send. */
  readonly hearsLiars: boolean = false;

  onSend?(from: ProcessId, to: ProcessId, message: Message): void;
  onProtocolEvent?(process: ProcessId, event: ProtocolEvent): void;
  onCrash?(process: ProcessId): void;
  onStart?(process: ProcessId, incarnation: number, disk: DiskImage): void;
  onClockJump?(process: ProcessId, byMicros: Micros): void;

  /** An independent copy for a forked simulation. */
  abstract clone(view: ClusterView, tally: Tally): Recogniser;

  protected reach(situation: Situation): void {
    this.tally.reach(situation.id);
  }

  /** What a replica reports, whether or not the catalogue lists it. */
  protected reachReported(id: string): void {
    this.tally.reach(id);
  }
}
