/**
 * Counts the situations that a run reaches: an observer like the checkers, attached only when it is asked for.
 * It judges nothing and changes nothing, so a run is the same with it and without.
 */

import type {
  DiskImage,
  HistoryEvent,
  Message,
  Micros,
  ProcessId,
  ProtocolEvent,
} from '../../kernel/index.js';
import type { Observer } from '../checker.js';
import { SITUATIONS, createRecognisers } from './catalogue.js';
import type { Recogniser } from './recogniser.js';
import { Tally, type Coverage } from './situation.js';
import { ClusterView, type CoverageContext } from './view.js';

type Hook<Name extends keyof Recogniser> = Recogniser & Required<Pick<Recogniser, Name>>;

export class CoverageObserver implements Observer {
  private readonly senders: readonly Hook<'onSend'>[];
  private readonly reporters: readonly Hook<'onProtocolEvent'>[];

  private constructor(
    private readonly view: ClusterView,
    private readonly tally: Tally,
    private readonly recognisers: readonly Recogniser[],
  ) {
    this.senders = recognisers.filter((one): one is Hook<'onSend'> => one.onSend !== undefined);
    this.reporters = recognisers.filter(
      (one): one is Hook<'onProtocolEvent'> => one.onProtocolEvent !== undefined,
    );
  }

  /** For a run of the named protocol. */
  static create(protocol: string, context: CoverageContext): CoverageObserver {
    const view = new ClusterView(context);
    const tally = new Tally();
    return new CoverageObserver(view, tally, createRecognisers(protocol, view, tally));
  }

  /** What the run has reached so far. */
  coverage(): Coverage {
    return this.tally.coverage(SITUATIONS);
  }

  onSend(from: ProcessId, to: ProcessId, message: Message): void {
    const { senders } = this;
    const isLie = this.view.context.isFaulty?.(from) === true;
    for (let i = 0; i < senders.length; i++) {
      const sender = senders[i];
      if (!isLie || sender?.hearsLiars === true) sender?.onSend(from, to, message);
    }
    if (!isLie) this.view.onSend(from, to, message);
  }

  onProtocolEvent(process: ProcessId, event: ProtocolEvent): void {
    const { reporters } = this;
    for (let i = 0; i < reporters.length; i++) reporters[i]?.onProtocolEvent(process, event);
    this.view.onProtocolEvent(process, event);
  }

  onCrash(process: ProcessId): void {
    for (const recogniser of this.recognisers) recogniser.onCrash?.(process);
    this.view.onCrash(process);
  }

  onStart(process: ProcessId, incarnation: number, disk: DiskImage): void {
    for (const recogniser of this.recognisers) recogniser.onStart?.(process, incarnation, disk);
    this.view.onStart(process, incarnation);
  }

  onHistory(event: HistoryEvent): void {
    this.view.onHistory(event);
  }

  onClockJump(process: ProcessId, byMicros: Micros): void {
    for (const recogniser of this.recognisers) recogniser.onClockJump?.(process, byMicros);
  }

  /** An independent copy for a forked simulation. */
  clone(context: CoverageContext): CoverageObserver {
    const view = this.view.clone(context);
    const tally = this.tally.clone();
    return new CoverageObserver(
      view,
      tally,
      this.recognisers.map((recogniser) => recogniser.clone(view, tally)),
    );
  }
}
