/**
 * The contracts of reads that are served without being ordered, judged as answers come: owner of their ghost.
 * Linearizable ones are judged by any/linearizability as well, at the price of a search; what is judged here
 * costs a comparison, and says which promise was broken.
 */

import type { HistoryEvent } from '../../kernel/index.js';
import type { ViolationSink } from '../checker.js';
import type { AppliedPlace } from './agreed-order.js';
import { ReadFreshness } from './read-freshness.js';
import type { ReadGhost } from './read-ghost.js';
import { ReadPrefix } from './read-prefix.js';
import { SessionReads } from './session-reads.js';

export interface ReadCheckerOptions {
  /** The service is the key-value store: values can be judged, not only places. */
  readonly isKeyValue: boolean;
  /** The service sits behind client sessions: a repeated command takes no effect. */
  readonly hasSessions: boolean;
  /** The protocol may answer before it applies for good: see any/read-prefix. */
  readonly answersTentatively: boolean;
}

export class ReadCheckers {
  private readonly freshness: ReadFreshness;
  private readonly session: SessionReads;
  private readonly prefix: ReadPrefix | undefined;

  constructor(
    readonly ghost: ReadGhost,
    sink: ViolationSink,
    private readonly options: ReadCheckerOptions,
  ) {
    this.freshness = new ReadFreshness(ghost, sink);
    this.session = new SessionReads(ghost, sink);
    this.prefix = options.isKeyValue ? new ReadPrefix(ghost, sink, options.answersTentatively) : undefined;
  }

  /** Before the order takes the place in. */
  onApplied(place: AppliedPlace): void {
    if (this.prefix === undefined) return;
    this.ghost.applied(place, this.options.hasSessions);
    if (this.ghost.waiting.length > 0) this.prefix.onApplied(place.index);
  }

  onEnd(): void {
    this.prefix?.onEnd();
  }

  onHistory(event: HistoryEvent): void {
    const { kind, read } = event;
    const { ghost } = this;
    const isOffLog = read !== undefined && read !== 'log';
    if (kind === 'invoke') {
      if (isOffLog) ghost.invoked(event, read);
      return;
    }
    if (isOffLog) {
      if (kind === 'ok' && event.index > 0) this.judge(event);
      ghost.ended(event);
    }
    if (kind === 'ok') ghost.acknowledged(event.client, event.index);
  }

  private judge(event: HistoryEvent): void {
    if (event.read === 'session') this.session.onAnswer(event);
    else if (event.read !== 'stale') this.freshness.onAnswer(event);
    this.prefix?.onAnswer(event);
  }
}
