/**
 * Messages held back until what they say is durable, in the order in which they were written. Parallel arrays, so
 * that a message in it costs no object.
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import type { PbftMessage } from './messages.js';
import { hashPbftMessage } from './wire.js';

/** In place of a receiver: every other replica. */
export const EVERYBODY: ProcessId = -1;

export class Outbox {
  private messages: PbftMessage[] = [];
  private receivers: ProcessId[] = [];
  /** Position of the journal up to which it must be durable. Invariant: never decreases. */
  private needs: number[] = [];
  /** Those from `head` to before `tail` are here. The arrays keep their storage: it is empty after every sync. */
  private head = 0;
  private tail = 0;

  get isEmpty(): boolean {
    return this.head === this.tail;
  }

  add(to: ProcessId, message: PbftMessage, needs: number): void {
    const place = this.tail++;
    this.messages[place] = message;
    this.receivers[place] = to;
    this.needs[place] = needs;
  }

  /** True when the first one may leave. */
  isDue(durable: number): boolean {
    return this.head < this.tail && (this.needs[this.head] as number) <= durable;
  }

  get receiver(): ProcessId {
    return this.receivers[this.head] as ProcessId;
  }

  /** Takes the first one out. */
  take(): PbftMessage {
    const message = this.messages[this.head++] as PbftMessage;
    if (this.head === this.tail) {
      this.head = 0;
      this.tail = 0;
    }
    return message;
  }

  /** Removes those of which this is true. */
  drop(isVoid: (message: PbftMessage) => boolean): void {
    const kept = new Outbox();
    for (let i = this.head; i < this.tail; i++) {
      const message = this.messages[i] as PbftMessage;
      if (!isVoid(message)) kept.add(this.receivers[i] as ProcessId, message, this.needs[i] as number);
    }
    this.replace(kept);
  }

  clone(): Outbox {
    const copy = new Outbox();
    copy.replace(this);
    return copy;
  }

  private replace(other: Outbox): void {
    this.messages = other.messages.slice(other.head, other.tail);
    this.receivers = other.receivers.slice(other.head, other.tail);
    this.needs = other.needs.slice(other.head, other.tail);
    this.tail = other.tail - other.head;
    this.head = 0;
  }

  encode(): Plain {
    const rows: Plain[] = [];
    for (let i = this.head; i < this.tail; i++) {
      const message = this.messages[i] as PbftMessage;
      rows.push([this.receivers[i] ?? 0, message.kind, hashPbftMessage(message), this.needs[i] ?? 0]);
    }
    return rows;
  }
}
