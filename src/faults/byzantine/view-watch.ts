/**
 * Which view a cluster is in, and whether it is being changed, by what replicas report. A primary that leaves its view
 * reports that it follows before the next one begins; everybody else reports it on entering.
 */

import type { ProcessId, ProtocolEvent } from '../../kernel/index.js';

export class ViewWatch {
  /** The latest that a process which is not corrupted has reported. */
  view = 0;
  /** True from when such a process leaves for that view until one is in it. */
  isChanging = false;
  /** Who reported last that it leads. */
  private readonly leaders = new Set<ProcessId>();
  /** Those of them that have left their view since, and have yet to report that they do not lead any more. */
  private readonly resigning = new Set<ProcessId>();

  /** True when the report tells of the latest view or a later one, by a process that is not corrupted. */
  heard(process: ProcessId, event: ProtocolEvent, isFaulty: boolean): boolean {
    switch (event.kind) {
      case 'term-changed':
        if (this.leaders.delete(process)) this.resigning.add(process);
        return !isFaulty && this.left(event.term);
      case 'became-leader':
        this.leaders.add(process);
        return !isFaulty && this.entered(event.term);
      case 'became-follower':
        this.leaders.delete(process);
        // It has told of that view by leaving for it.
        return !this.resigning.delete(process) && !isFaulty && this.entered(event.term);
      case 'recovered':
        this.leaders.delete(process);
        this.resigning.delete(process);
        return false;
      default:
        return false;
    }
  }

  /** Stragglers leave for a view that has begun already. */
  private left(view: number): boolean {
    if (view > this.view) {
      this.view = view;
      this.isChanging = true;
    }
    return view === this.view;
  }

  private entered(view: number): boolean {
    if (view < this.view) return false;
    this.view = view;
    this.isChanging = false;
    return true;
  }

  clone(): ViewWatch {
    const copy = new ViewWatch();
    copy.view = this.view;
    copy.isChanging = this.isChanging;
    for (const process of this.leaders) copy.leaders.add(process);
    for (const process of this.resigning) copy.resigning.add(process);
    return copy;
  }
}
