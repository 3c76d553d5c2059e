/**
 * The named timers of one process.
 *
 * A timer that is re-armed for later keeps its entry in the queue; the entry is moved on when it comes up.
 * A follower re-arms its election timer on every message of the leader, so this saves a push for each.
 * Each entry carries the timer's generation; one that is not current is stale and is not an event.
 */

import type { EventQueue, Micros, ProcessId } from '../kernel/index.js';
import { EventKind } from './event-kinds.js';

const NONE = -1;

export class Timers {
  private readonly indexes: Map<string, number>;
  private names: string[] = [];
  /** When each timer fires, or NONE. */
  private deadlines = new Float64Array(4).fill(NONE);
  /** Time of each timer's current entry in the queue, or NONE. */
  private queuedAt = new Float64Array(4).fill(NONE);
  private generations = new Int32Array(4);

  constructor(
    private readonly process: ProcessId,
    private readonly queue: EventQueue,
  ) {
    this.indexes = new Map();
  }

  nameOf(index: number): string {
    return this.names[index] ?? '?';
  }

  set(name: string, deadline: Micros, cause: number): void {
    const index = this.indexes.get(name) ?? this.add(name);
    this.deadlines[index] = deadline;
    const queued = this.queuedAt[index] as number;
    if (queued === NONE || queued > deadline) {
      const generation = ((this.generations[index] as number) + 1) | 0;
      this.generations[index] = generation;
      this.enqueue(index, deadline, generation, cause);
    }
  }

  cancel(name: string): void {
    const index = this.indexes.get(name);
    if (index !== undefined) this.deadlines[index] = NONE;
  }

  /** Cancels all: the process lost its memory. */
  cancelAll(): void {
    this.deadlines.fill(NONE);
    this.queuedAt.fill(NONE);
    for (let i = 0; i < this.generations.length; i++)
      this.generations[i] = ((this.generations[i] as number) + 1) | 0;
  }

  /** An entry came up. True when the timer fires now; otherwise it was stale or has been moved on. */
  isDue(index: number, generation: number, now: Micros): boolean {
    if (generation !== this.generations[index]) return false;
    this.queuedAt[index] = NONE;
    const deadline = this.deadlines[index] as number;
    if (deadline === NONE) return false;
    if (deadline > now) {
      this.enqueue(index, deadline, generation, 0);
      return false;
    }
    this.deadlines[index] = NONE;
    return true;
  }

  /** When the entry's timer will really fire, or undefined when the entry is stale. For explorers. */
  deadlineOf(index: number, generation: number): Micros | undefined {
    if (generation !== this.generations[index]) return undefined;
    const deadline = this.deadlines[index] as number;
    return deadline === NONE ? undefined : deadline;
  }

  clone(queue: EventQueue): Timers {
    const copy = new Timers(this.process, queue);
    for (const [name, index] of this.indexes) copy.indexes.set(name, index);
    copy.names = this.names.slice();
    copy.deadlines = this.deadlines.slice();
    copy.queuedAt = this.queuedAt.slice();
    copy.generations = this.generations.slice();
    return copy;
  }

  private enqueue(index: number, deadline: Micros, generation: number, cause: number): void {
    this.queuedAt[index] = deadline;
    this.queue.push(
      deadline,
      EventKind.timer,
      this.process,
      this.process,
      index,
      generation,
      cause,
      undefined,
    );
  }

  private add(name: string): number {
    const index = this.names.length;
    this.names.push(name);
    this.indexes.set(name, index);
    if (index === this.deadlines.length) {
      this.deadlines = enlarge(this.deadlines, new Float64Array(index * 2).fill(NONE));
      this.queuedAt = enlarge(this.queuedAt, new Float64Array(index * 2).fill(NONE));
      this.generations = enlarge(this.generations, new Int32Array(index * 2));
    }
    return index;
  }
}

function enlarge<T extends Float64Array | Int32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
