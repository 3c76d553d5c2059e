/**
 * Work that waits for a paused or busy process: messages (bounded), timers and disk completions (always
 * kept). First in, first out, over arrays with a moving head.
 */

import type { ProcessId } from '../kernel/index.js';

/** One piece of waiting work; the fields are those of the queue's entry. */
export interface Work {
  readonly kind: number;
  readonly source: ProcessId;
  readonly first: number;
  readonly second: number;
  readonly cause: number;
  readonly payload: unknown;
  /** True for a message that came while the process stood still: it has not passed the door yet. */
  readonly isAtDoor: boolean;
}

const COMPACT_AT = 64;

export class Inbox {
  private items: Work[] = [];
  private head = 0;
  private messages = 0;

  get size(): number {
    return this.items.length - this.head;
  }

  /** False when the inbox is full; nothing is added then. */
  addMessage(work: Work, limit: number): boolean {
    if (this.messages >= limit) return false;
    this.messages++;
    this.items.push(work);
    return true;
  }

  add(work: Work): void {
    this.items.push(work);
  }

  take(isMessage: (work: Work) => boolean): Work | undefined {
    const work = this.items[this.head];
    if (work === undefined) return undefined;
    this.head++;
    if (isMessage(work)) this.messages--;
    if (this.head >= COMPACT_AT && this.head * 2 >= this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return work;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
    this.messages = 0;
  }

  clone(): Inbox {
    const copy = new Inbox();
    copy.items = this.items.slice(this.head);
    copy.messages = this.messages;
    return copy;
  }
}
