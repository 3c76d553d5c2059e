/** Whatever a read that was not ordered shows, the agreed order led to it. */

import type { HistoryEvent, Plain } from '../../kernel/index.js';
import type { InvariantInfo, ViolationSink } from '../checker.js';
import { GhostChecker } from '../ghost-checker.js';
import { processName } from '../names.js';
import { DECLARED_MODEL } from './ghost.js';
import type { ReadGhost } from './read-ghost.js';

export const READ_PREFIX: InvariantInfo = {
  id: 'any/read-prefix',
  title: 'A read shows the state after some prefix of the agreed order, the one that its server names.',
  statement:
    'If a get of a mode other than log is answered ok at index i > 0, then some server has applied i, and the value is what the key-value store holds after the first i places of the agreed order (or, if the get itself was ordered, after its own first place). Judged at every such answer, for protocols that report what they apply; where a protocol answers before it applies for good (tentative execution), when place i is applied, and at the end of the run at the latest. A place so far back that the value there is no longer remembered (64 versions of the key), or a value that hangs on a command of which it is open whether it took effect, is counted as unjudged, not as a violation.',
  protocol: 'any',
  family: 'protocol-independent',
  kind: 'safety',
  failureModel: DECLARED_MODEL,
  source: 'Terry, "Replicated Data Consistency Explained Through Baseball" (2013), §2',
};

export class ReadPrefix extends GhostChecker<ReadGhost> {
  override readonly info = READ_PREFIX;

  /** `mayComeFirst`: an answer may come before the place that it holds at is applied for good. */
  constructor(
    ghost: ReadGhost,
    sink: ViolationSink,
    private readonly mayComeFirst: boolean,
  ) {
    super(ghost, sink);
  }

  /** The place is known from now on: judges the answers that hold there. */
  onApplied(index: number): void {
    const { waiting } = this.ghost;
    const due = waiting.filter((event) => event.index <= index);
    if (due.length === 0) return;
    this.ghost.waiting = waiting.filter((event) => event.index > index);
    for (const event of due) this.judge(event);
  }

  onEnd(): void {
    const { last } = this.ghost.run.order;
    for (const event of this.ghost.waiting) {
      const { key } = event.input as { readonly key: string };
      this.violate(`${this.nameOf(event, key)}, but no server has applied anything beyond index ${last}`);
    }
  }

  onAnswer(event: HistoryEvent): void {
    const { ghost } = this;
    const { last } = ghost.run.order;
    const { key } = event.input as { readonly key?: Plain };
    const { value } = event.output as { readonly value?: Plain };
    // An answer that is an error says nothing about the state.
    if (last === 0 || typeof key !== 'string' || value === undefined) return;
    if (event.index > last) {
      if (this.mayComeFirst) {
        ghost.waiting = [...ghost.waiting, event];
        return;
      }
      this.violate(`${this.nameOf(event, key)}, but no server has applied anything beyond index ${last}`);
      return;
    }
    this.judge(event);
  }

  private judge(event: HistoryEvent): void {
    const { ghost } = this;
    const { key } = event.input as { readonly key: string };
    const { value } = event.output as { readonly value: Plain };
    const expected = ghost.versions.valueAt(key, event.index);
    if (value === expected) return;
    // A protocol may order the read all the same, and twice: then its first answer is given again later on.
    const ownPlace = ghost.run.order.indexOf(event.client, event.sequence);
    const first = ownPlace === 0 ? expected : ghost.versions.valueAt(key, ownPlace);
    if (value === first) return;
    if (expected === undefined || first === undefined) ghost.unjudged++;
    else {
      const held = JSON.stringify(expected);
      this.violate(
        `${this.nameOf(event, key)} with ${JSON.stringify(value)}, but there the key holds ${held}`,
      );
    }
  }

  private nameOf({ client, sequence, read, index }: HistoryEvent, key: string): string {
    const who = processName(client, this.ghost.servers);
    return `${read ?? ''} read ${sequence} of ${who} was answered at index ${index} for key "${key}"`;
  }
}
