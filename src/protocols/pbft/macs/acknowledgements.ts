/**
 * Who has whose view change from its sender: by replica, its latest acknowledgements, all for one view. A faulty replica
 * may acknowledge one thing now and another later; it counts once for each view change at any time.
 */

import type { Plain } from '../../../kernel/index.js';
import type { View } from '../messages.js';
import { ACK_WORDS } from './messages.js';

/** Of one replica: digests of the view changes of others, by their numbers. */
class Row {
  view: View = 0;
  readonly digests = new Map<number, number>();

  reset(view: View): void {
    this.view = view;
    this.digests.clear();
  }
}

export class Acknowledgements {
  private readonly rows: Row[];

  constructor(private readonly replicas: number) {
    this.rows = Array.from({ length: replicas }, () => new Row());
  }

  /** `by` acknowledges the view change of `sender` to this view. What is of an earlier view of `by` is forgotten. */
  add(by: number, view: View, sender: number, digest: number): void {
    const row = this.rows[by] as Row;
    if (view < row.view) return;
    if (view > row.view) row.reset(view);
    row.digests.set(sender, digest);
  }

  /** Takes what {@link of} says. */
  take(by: number, view: View, acks: readonly number[]): void {
    for (let i = 0; i + 1 < acks.length; i += ACK_WORDS) {
      this.add(by, view, acks[i] as number, acks[i + 1] as number);
    }
  }

  /** Forgets what anybody but this replica has said. */
  keepOnly(me: number): void {
    this.rows.forEach((row, by) => {
      if (by !== me) row.reset(0);
    });
  }

  /** Forgets what is said of this sender's view changes. */
  forgetSender(sender: number): void {
    for (const row of this.rows) {
      row.digests.delete(sender);
      if (row.digests.size === 0) row.reset(0);
    }
  }

  has(by: number, view: View): boolean {
    const row = this.rows[by] as Row;
    return row.view === view && row.digests.size > 0;
  }

  /** As in a message: number and digest of each, in the order of the numbers. */
  of(by: number, view: View): number[] {
    const acks: number[] = [];
    const row = this.rows[by] as Row;
    if (row.view !== view) return acks;
    for (let sender = 0; sender < this.replicas; sender++) {
      const digest = row.digests.get(sender);
      if (digest !== undefined) acks.push(sender, digest);
    }
    return acks;
  }

  /** How many replicas, other than the sender, acknowledge this. */
  count(view: View, sender: number, digest: number): number {
    let count = 0;
    for (let by = 0; by < this.replicas; by++) {
      const row = this.rows[by] as Row;
      if (by !== sender && row.view === view && row.digests.get(sender) === digest) count++;
    }
    return count;
  }

  clone(): Acknowledgements {
    const copy = new Acknowledgements(this.replicas);
    for (let by = 0; by < this.replicas; by++)
      copy.take(by, (this.rows[by] as Row).view, this.of(by, (this.rows[by] as Row).view));
    return copy;
  }

  encode(): Plain {
    return this.rows.map(({ view }, by) => [view, ...this.of(by, view)]);
  }
}
