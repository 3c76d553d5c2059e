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
import type { Bounds, Scenario } from '../scenario/index.js';

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
  private isDraining = false;

  private constructor(
    private readonly bounds: Bounds,
    /** Until when nothing need be answered. */
    private readonly untilMicros: Micros,
  ) {}

  /** Undefined where a run ends when it ends. */
  static create({ bounds, expect }: Scenario): Patience | undefined {
    const { endMicros, patienceMicros } = bounds;
    if (patienceMicros === undefined || expect.progressWithinMicros === undefined) return undefined;
    return new Patience(bounds, endMicros + patienceMicros);
  }

  clone(): Patience {
    const copy = new Patience(this.bounds, this.untilMicros);
    for (const [client, sequence] of this.first) copy.first.set(client, sequence);
    copy.any = { ...this.any };
    copy.ordered = { ...this.ordered };
    copy.isDraining = this.isDraining;
    return copy;
  }

  history(event: HistoryEvent): void {
    const { kind, client, sequence, time } = event;
    if (time < this.bounds.healAtMicros) return;
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
      return { endMicros: Math.min(now + LOOK_EVERY, this.untilMicros), askUntilMicros: this.untilMicros };
    }
    // What is under way ends as at the end of any run.
    const drainMicros = drainOf(this.bounds);
    if (isUnanswered || now === this.bounds.endMicros || drainMicros === 0) return undefined;
    this.isDraining = true;
    return { endMicros: now + drainMicros, askUntilMicros: undefined };
  }
}

/** The latest time at which a run of these bounds ends. */
export function latestEndMicros(bounds: Bounds): Micros {
  const { endMicros, patienceMicros } = bounds;
  return patienceMicros === undefined ? endMicros : endMicros + patienceMicros + drainOf(bounds);
}

/** From the time at which clients stop to the end of the run. */
function drainOf({ stopClientsAtMicros, endMicros }: Bounds): Micros {
  return endMicros - stopClientsAtMicros;
}

function note(heard: Heard, kind: HistoryEvent['kind']): void {
  if (kind === 'invoke') heard.isAsked = true;
  else if (kind === 'ok') heard.isAnswered = true;
}

function isMissing({ isAsked, isAnswered }: Heard): boolean {
  return isAsked && !isAnswered;
}
