/**
 * Ghost: what must be remembered to judge reads that were not ordered: how far the clients had seen the
 * agreed order when a read was invoked, and what the store held at each place.
 */

import type { HistoryEvent, ProcessId, ReadMode } from '../../kernel/index.js';
import { SequenceMap } from '../sequence-map.js';
import type { AppliedPlace } from './agreed-order.js';
import type { RunGhost } from './ghost.js';
import { KeyVersions } from './key-versions.js';

/** A way to be served without a place of one's own in the order. */
export type OffLogMode = Exclude<ReadMode, 'log'>;

export class ReadGhost {
  /** Reads that named a place of which the values are no longer known. */
  unjudged = 0;
  /** Answers at places that nobody has applied for good yet, in the order in which they came. */
  waiting: readonly HistoryEvent[] = [];
  /** Highest place at which any operation was answered ok. */
  acknowledgedIndex = 0;
  /** Per client: the highest place at which an operation of its own was answered ok. */
  private readonly seenIndexes: number[] = [];
  /** Per client, by sequence: the place below which an open read must not be answered. */
  private readonly floors: SequenceMap<number>[] = [];

  constructor(
    readonly run: RunGhost,
    readonly versions = new KeyVersions(),
  ) {}

  get servers(): number {
    return this.run.servers;
  }

  /** Call before the order takes the place in. */
  applied(place: AppliedPlace, hasSessions: boolean): void {
    const { order } = this.run;
    const { index, command } = place;
    if (index <= order.last) return;
    this.versions.applied(place, hasSessions && command !== undefined && this.run.isRefused(command));
  }

  /** A read that is not to be ordered begins: what it must show follows from what is known now. */
  invoked(event: HistoryEvent, mode: OffLogMode): void {
    const { client, sequence } = event;
    const floor =
      mode === 'stale' ? 0 : mode === 'session' ? this.seenIndexOf(client) : this.acknowledgedIndex;
    this.floorsOf(client).set(sequence, floor);
  }

  /** The lowest place at which this open read may be answered. */
  floorOf(client: ProcessId, sequence: number): number {
    return this.floorsOf(client).get(sequence) ?? 0;
  }

  /** The read has ended. Call after judging it. */
  ended(event: HistoryEvent): void {
    this.floorsOf(event.client).delete(event.sequence);
  }

  /** An operation of any kind was answered ok at this place; 0 when nobody says. */
  acknowledged(client: ProcessId, index: number): void {
    if (index > this.acknowledgedIndex) this.acknowledgedIndex = index;
    if (index > this.seenIndexOf(client)) this.seenIndexes[client - this.servers] = index;
  }

  clone(run: RunGhost): ReadGhost {
    const copy = new ReadGhost(run, this.versions.clone());
    copy.unjudged = this.unjudged;
    copy.waiting = this.waiting;
    copy.acknowledgedIndex = this.acknowledgedIndex;
    for (const index of this.seenIndexes) copy.seenIndexes.push(index);
    for (const floors of this.floors) copy.floors.push(floors.clone());
    return copy;
  }

  private seenIndexOf(client: ProcessId): number {
    return this.seenIndexes[client - this.servers] ?? 0;
  }

  private floorsOf(client: ProcessId): SequenceMap<number> {
    const number = client - this.servers;
    while (this.floors.length <= number) {
      this.floors.push(new SequenceMap());
      this.seenIndexes.push(0);
    }
    return this.floors[number] as SequenceMap<number>;
  }
}
