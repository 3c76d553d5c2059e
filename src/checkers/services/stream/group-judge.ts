/** Judge of consumer groups: where members are told to go on. */

import type { CommitOffsets, ConsumedTo, Join } from '../../../services/index.js';

export class GroupJudge {
  /** By group and partition: the highest offset that somebody was told is committed. */
  private readonly committed = new Map<string, number>();
  /** By group and partition: how far some member has polled. */
  private readonly polled = new Map<string, number>();
  /** By client that is joining: what was committed when it asked. */
  private readonly joining = new Map<number, ReadonlyMap<string, number>>();

  /**
   * `mayFallBehind`: partitions forget messages, and a group goes on where they begin, which nobody was told before.
   * `found` is told what is wrong in one sentence without a full stop.
   */
  constructor(
    private readonly mayFallBehind: boolean,
    private readonly found: (message: string) => void,
  ) {}

  joinBegins(client: number): void {
    this.joining.set(client, new Map(this.committed));
  }

  joined(client: number, { group }: Join, who: string, assignment: readonly ConsumedTo[]): void {
    const floors = this.joining.get(client);
    for (const [topic, partition, offset] of assignment) {
      const log = `${topic}.${partition}`;
      const name = `${group} ${log}`;
      const floor = floors?.get(name) ?? 0;
      if (offset < floor) {
        this.found(
          `${who} goes on at offset ${offset} of ${log}, although group ${group} had committed ${floor}`,
        );
      }
      const polled = this.polled.get(name) ?? 0;
      if (offset > polled && !this.mayFallBehind) {
        this.found(
          `${who} goes on at offset ${offset} of ${log}, although group ${group} has polled it to ${polled} only`,
        );
      }
    }
  }

  committedTo({ group, offsets }: Pick<CommitOffsets, 'group' | 'offsets'>): void {
    for (const [topic, partition, offset] of offsets)
      raise(this.committed, `${group} ${topic}.${partition}`, offset);
  }

  polledTo(group: string, log: string, next: number): void {
    raise(this.polled, `${group} ${log}`, next);
  }

  clone(found: (message: string) => void): GroupJudge {
    const copy = new GroupJudge(this.mayFallBehind, found);
    for (const [name, offset] of this.committed) copy.committed.set(name, offset);
    for (const [name, offset] of this.polled) copy.polled.set(name, offset);
    for (const [client, floors] of this.joining) copy.joining.set(client, floors);
    return copy;
  }
}

function raise(offsets: Map<string, number>, name: string, offset: number): void {
  if (offset > (offsets.get(name) ?? 0)) offsets.set(name, offset);
}
