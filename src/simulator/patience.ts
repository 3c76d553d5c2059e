/**
 * A patient run does not end while clients have heard nothing since healing: it goes on past its end, and they go on
 * asking, for at most as long as `bounds.patience` says. A swarm draws worlds in which a first answer rightly comes
 * late (clients that have used up their attempts, a backlog behind a narrow link); how late, no bound drawn before the
 * run can tell, and a bound that suits them all would make every run long.
 *
 * Goes by what clients tell, never by what checkers think: a run is the same without them.
 */

import { isReadAside, isWeakRead } from '../checkers/index.js';
import type { HistoryEvent, Micros, ProcessId } from '../kernel/index.js';
import type { Scenario } from '../scenario/index.js';

/** How long clients are left to themselves before the run looks again. */
const LOOK_EVERY: Micros = 500_000;

/** How a run goes on past its end. */
interface Extension {
  /** Its next end. */
  readonly endMicros: Micros;
  /** Until when clients begin operations, should nothing be answered; undefined: they stop now. */
  readonly askUntilMicros: Micros | undefined;
}

/** Of the operations of one sort that were invoked since healing. */
interface Heard {
  isAsked: boolean;
  isAnswered: boolean;
}

export class Patience {
  /** Per client: the first operation that it invoked since healing. */
  private readonly first = new Map<ProcessId, number>();
  private any: Heard = { isAsked: false, isAnswered: false };
  /** Of those that need a place in the order. */
  private ordered: Heard = { isAsked: false, isAnswered: false };
  private isExtended = false;
  private isDraining = false;

  private constructor(
    private readonly healAtMicros: Micros,
    private readonly untilMicros: Micros,
    /** From the time at which clients stop to the end of the run. */
    private readonly drainMicros: Micros,
  ) {}

  /** Undefined where a run ends when it ends. */
  static create({ bounds, expect }: Scenario): Patience | undefined {
    const { healAtMicros, stopClientsAtMicros, endMicros, patienceMicros } = bounds;
    if (patienceMicros === undefined || expect.progressWithinMicros === undefined) return undefined;
    return new Patience(healAtMicros, endMicros + patienceMicros, endMicros - stopClientsAtMicros);
  }

  clone(): Patience {
    const copy = new Patience(this.healAtMicros, this.untilMicros, this.drainMicros);
    for (const [client, sequence] of this.first) copy.first.set(client, sequence);
    copy.any = { ...this.any };
    copy.ordered = { ...this.ordered };
    copy.isExtended = this.isExtended;
    copy.isDraining = this.isDraining;
    return copy;
  }

  history(event: HistoryEvent): void {
    const { kind, client, sequence, time } = event;
    if (time < this.healAtMicros) return;
    const first = this.first.get(client);
    if (kind === 'invoke' && first === undefined) this.first.set(client, sequence);
    const isSinceHealing = kind === 'invoke' || (first !== undefined && sequence >= first);
    if (!isSinceHealing) return;
    note(this.any, kind);
    if (!isReadAside(event) && !isWeakRead(event)) note(this.ordered, kind);
  }

  /** At the end of the run: how it goes on; undefined when it is over. */
  more(now: Micros): Extension | undefined {
    if (this.isDraining) return undefined;
    const isUnanswered = isMissing(this.any) || isMissing(this.ordered);
    if (isUnanswered && now < this.untilMicros) {
      this.isExtended = true;
      return { endMicros: Math.min(now + LOOK_EVERY, this.untilMicros), askUntilMicros: this.untilMicros };
    }
    // What is under way ends as at the end of any run.
    if (isUnanswered || !this.isExtended || this.drainMicros === 0) return undefined;
    this.isDraining = true;
    return { endMicros: now + this.drainMicros, askUntilMicros: undefined };
  }
}

function note(heard: Heard, kind: HistoryEvent['kind']): void {
  if (kind === 'invoke') heard.isAsked = true;
  else if (kind === 'ok') heard.isAnswered = true;
}

function isMissing({ isAsked, isAnswered }: Heard): boolean {
  return isAsked && !isAnswered;
}
