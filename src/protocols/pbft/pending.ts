/**
 * Requests that a replica knows and that are not executed, in the order in which they came: what the primary has to
 * order, and what a backup waits for. Volatile. Bounded: {@link REMEMBERED} per client, and a number in all.
 */

import type { Plain, ProcessId } from '../../kernel/index.js';
import { REMEMBERED } from './executed.js';
import type { Request } from './messages.js';

/** A request that waits. */
export class PendingRequest {
  /** Executed, or forgotten: nobody waits for it. */
  isDone = false;
  /** In the present view it has its place. */
  isOrdered = false;

  constructor(
    readonly request: Request,
    /** The replica's count of status ticks when it came, or when it was last passed on. */
    public tick: number,
  ) {}

  clone(): PendingRequest {
    const copy = new PendingRequest(this.request, this.tick);
    copy.isDone = this.isDone;
    copy.isOrdered = this.isOrdered;
    return copy;
  }
}

export class PendingRequests {
  private readonly rows = new Map<ProcessId, (PendingRequest | undefined)[]>();
  /** In the order of their arrival; those that are done are left out sooner or later. */
  private queue: PendingRequest[] = [];
  private head = 0;
  /** Where the search for the next one that has no place begins. */
  private unordered = 0;
  /** How many are not done; and of those, how many have no place. */
  size = 0;
  waiting = 0;

  find(client: ProcessId, sequence: number): PendingRequest | undefined {
    const pending = this.rows.get(client)?.[sequence % REMEMBERED];
    return pending?.request.command.sequence === sequence && !pending.isDone ? pending : undefined;
  }

  /** Adds a request that is not there. A client's request of long ago gives way; undefined for one of long ago. */
  add(request: Request, tick: number): PendingRequest | undefined {
    const { client, sequence } = request.command;
    let row = this.rows.get(client);
    if (row === undefined) {
      row = new Array<PendingRequest | undefined>(REMEMBERED).fill(undefined);
      this.rows.set(client, row);
    }
    const place = sequence % REMEMBERED;
    const present = row[place];
    if (present !== undefined && !present.isDone) {
      if (present.request.command.sequence > sequence) return undefined;
      this.done(present);
    }
    const pending = new PendingRequest(request, tick);
    row[place] = pending;
    if (this.queue.length > 2 * this.size + REMEMBERED) this.forgetDone();
    this.queue.push(pending);
    this.size++;
    this.waiting++;
    return pending;
  }

  /** This was executed: nobody waits for it any more, nor for one that it makes others forget. */
  executed(client: ProcessId, sequence: number): void {
    const pending = this.rows.get(client)?.[sequence % REMEMBERED];
    if (pending !== undefined && pending.request.command.sequence <= sequence) this.done(pending);
  }

  done(pending: PendingRequest): void {
    if (pending.isDone) return;
    pending.isDone = true;
    this.size--;
    if (!pending.isOrdered) this.waiting--;
    if (this.size === 0) this.clear();
  }

  ordered(pending: PendingRequest): void {
    if (pending.isDone || pending.isOrdered) return;
    pending.isOrdered = true;
    this.waiting--;
  }

  /** The one that has waited longest. */
  oldest(): PendingRequest | undefined {
    while (this.head < this.queue.length && this.queue[this.head]?.isDone === true) this.head++;
    return this.queue[this.head];
  }

  /** The one that has waited longest without a place; it has one now. */
  takeUnordered(): PendingRequest | undefined {
    for (;;) {
      const pending = this.queue[this.unordered];
      if (pending === undefined) return undefined;
      this.unordered++;
      if (pending.isDone || pending.isOrdered) continue;
      this.ordered(pending);
      return pending;
    }
  }

  /** In a new view nothing has a place yet. */
  beginView(): void {
    this.forgetDone();
    for (const pending of this.queue) pending.isOrdered = false;
    this.unordered = 0;
    this.waiting = this.size;
  }

  /** Those that wait, oldest first, at most so many. */
  first(most: number): PendingRequest[] {
    const found: PendingRequest[] = [];
    for (let i = this.head; i < this.queue.length && found.length < most; i++) {
      const pending = this.queue[i] as PendingRequest;
      if (!pending.isDone) found.push(pending);
    }
    return found;
  }

  private forgetDone(): void {
    const kept: PendingRequest[] = [];
    let unordered = 0;
    for (let i = this.head; i < this.queue.length; i++) {
      const pending = this.queue[i] as PendingRequest;
      if (pending.isDone) continue;
      kept.push(pending);
      if (i < this.unordered) unordered = kept.length;
    }
    this.queue = kept;
    this.head = 0;
    this.unordered = unordered;
  }

  /** Nobody waits. */
  private clear(): void {
    this.queue.length = 0;
    this.head = 0;
    this.unordered = 0;
  }

  clone(): PendingRequests {
    const copy = new PendingRequests();
    for (let i = this.head; i < this.queue.length; i++) {
      const pending = this.queue[i] as PendingRequest;
      if (pending.isDone) continue;
      const added = copy.add(pending.request, pending.tick);
      if (added !== undefined && pending.isOrdered) copy.ordered(added);
    }
    return copy;
  }

  encode(): Plain {
    return this.first(this.queue.length).map(({ request, isOrdered, tick }) => {
      const { client, sequence } = request.command;
      return [client, sequence, isOrdered, tick];
    });
  }
}
