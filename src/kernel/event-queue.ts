/**
 * The event queue: a 4-ary heap over typed arrays, ordered by (virtual time, tie key).
 *
 * The tie key is (target process, source process, per-source count), never a global insertion number:
 * two runs that differ in one process's extra event keep the order of all the others. Payloads lie in
 * pooled slots; they are immutable, so cloning a queue copies arrays and shares payloads.
 */

import { assert } from './assert.js';
import type { Micros } from './time.js';

/**
 * Processes are numbered below this; the tie key packs two of them and a count into 52 bits. No run comes near
 * 2^32 entries from one source: its bound of events is far below.
 */
export const PROCESS_LIMIT = 1024;
const SOURCE_FACTOR = 4294967296;
const TARGET_FACTOR = SOURCE_FACTOR * PROCESS_LIMIT;
const INITIAL_CAPACITY = 256;

export class EventQueue {
  /** Number of entries, stale timers included. */
  size = 0;
  private heapTime = new Float64Array(INITIAL_CAPACITY);
  private heapTie = new Float64Array(INITIAL_CAPACITY);
  private heapSlot = new Int32Array(INITIAL_CAPACITY);
  private freeSlots = new Int32Array(INITIAL_CAPACITY);
  private freeCount = 0;
  private slotCount = 0;
  private sourceCounts = new Float64Array(64);
  // What an entry carries, by slot. Valid after pop() until the next push().
  kinds = new Uint8Array(INITIAL_CAPACITY);
  targets = new Int32Array(INITIAL_CAPACITY);
  sources = new Int32Array(INITIAL_CAPACITY);
  /** Kind-specific integers: timer index and generation, operation id, message hash. */
  first = new Int32Array(INITIAL_CAPACITY);
  second = new Int32Array(INITIAL_CAPACITY);
  /** The number of the event that caused this one, for traces. */
  causes = new Int32Array(INITIAL_CAPACITY);
  payloads: unknown[] = [];
  /** Time of the entry that pop() returned last. */
  poppedTime: Micros = 0;

  /** Adds an entry and returns its slot. */
  push(
    time: Micros,
    kind: number,
    target: number,
    source: number,
    first: number,
    second: number,
    cause: number,
    payload: unknown,
  ): number {
    if (this.size === this.heapSlot.length) this.grow();
    if (source >= this.sourceCounts.length) this.growSources(source);
    const slot = this.freeCount > 0 ? (this.freeSlots[--this.freeCount] as number) : this.slotCount++;
    this.kinds[slot] = kind;
    this.targets[slot] = target;
    this.sources[slot] = source;
    this.first[slot] = first;
    this.second[slot] = second;
    this.causes[slot] = cause;
    this.payloads[slot] = payload;
    const count = this.sourceCounts[source] as number;
    this.sourceCounts[source] = count + 1;
    const position = this.size++;
    this.heapTime[position] = time;
    this.heapTie[position] = target * TARGET_FACTOR + source * SOURCE_FACTOR + count;
    this.heapSlot[position] = slot;
    this.siftUp(position);
    return slot;
  }

  /** Time of the earliest entry; call only when size > 0. */
  nextTime(): Micros {
    return this.heapTime[0] as number;
  }

  /** Slot of the earliest entry, left in place; call only when size > 0. */
  nextSlot(): number {
    return this.heapSlot[0] as number;
  }

  /** Removes the earliest entry and returns its slot, whose fields stay readable until the next push. */
  pop(): number {
    assert(this.size > 0, 'pop from an empty event queue');
    return this.removeAt(0);
  }

  /** Removes the entry in this slot, wherever it stands. Linear: for explorers, not for the hot path. */
  removeSlot(slot: number): void {
    for (let i = 0; i < this.size; i++) {
      if (this.heapSlot[i] === slot) {
        this.removeAt(i);
        return;
      }
    }
    assert(false, 'no such entry in the event queue');
  }

  /** All entries in the order in which they would be popped: [time, slot]. For explorers and tests. */
  ordered(): { time: Micros; slot: number }[] {
    const entries: { time: Micros; tie: number; slot: number }[] = [];
    for (let i = 0; i < this.size; i++) {
      entries.push({
        time: this.heapTime[i] as number,
        tie: this.heapTie[i] as number,
        slot: this.heapSlot[i] as number,
      });
    }
    entries.sort((a, b) => a.time - b.time || a.tie - b.tie);
    return entries.map(({ time, slot }) => ({ time, slot }));
  }

  clone(): EventQueue {
    const copy = new EventQueue();
    copy.size = this.size;
    copy.heapTime = this.heapTime.slice();
    copy.heapTie = this.heapTie.slice();
    copy.heapSlot = this.heapSlot.slice();
    copy.freeSlots = this.freeSlots.slice();
    copy.freeCount = this.freeCount;
    copy.slotCount = this.slotCount;
    copy.sourceCounts = this.sourceCounts.slice();
    copy.kinds = this.kinds.slice();
    copy.targets = this.targets.slice();
    copy.sources = this.sources.slice();
    copy.first = this.first.slice();
    copy.second = this.second.slice();
    copy.causes = this.causes.slice();
    copy.payloads = this.payloads.slice();
    copy.poppedTime = this.poppedTime;
    return copy;
  }

  private removeAt(position: number): number {
    const { heapTime, heapTie, heapSlot } = this;
    const slot = heapSlot[position] as number;
    this.poppedTime = heapTime[position] as number;
    this.freeSlots[this.freeCount++] = slot;
    const last = --this.size;
    if (position !== last) {
      heapTime[position] = heapTime[last] as number;
      heapTie[position] = heapTie[last] as number;
      heapSlot[position] = heapSlot[last] as number;
      if (!this.siftUp(position)) this.siftDown(position);
    }
    return slot;
  }

  // Both sifts take a position only: a time passed as an argument would be boxed, which costs as much as a step.

  /** Moves the entry at this position up to its place; false when it stays. */
  private siftUp(start: number): boolean {
    const { heapTime, heapTie, heapSlot } = this;
    const time = heapTime[start] as number;
    const tie = heapTie[start] as number;
    const slot = heapSlot[start] as number;
    let position = start;
    while (position > 0) {
      const parent = (position - 1) >> 2;
      const parentTime = heapTime[parent] as number;
      if (parentTime < time || (parentTime === time && (heapTie[parent] as number) < tie)) break;
      heapTime[position] = parentTime;
      heapTie[position] = heapTie[parent] as number;
      heapSlot[position] = heapSlot[parent] as number;
      position = parent;
    }
    if (position === start) return false;
    heapTime[position] = time;
    heapTie[position] = tie;
    heapSlot[position] = slot;
    return true;
  }

  /** Moves the entry at this position down to its place. */
  private siftDown(start: number): void {
    const { heapTime, heapTie, heapSlot, size } = this;
    const time = heapTime[start] as number;
    const tie = heapTie[start] as number;
    const slot = heapSlot[start] as number;
    let position = start;
    for (;;) {
      const firstChild = position * 4 + 1;
      if (firstChild >= size) break;
      const end = firstChild + 4 < size ? firstChild + 4 : size;
      let best = firstChild;
      let bestTime = heapTime[firstChild] as number;
      for (let child = firstChild + 1; child < end; child++) {
        const childTime = heapTime[child] as number;
        if (
          childTime < bestTime ||
          (childTime === bestTime && (heapTie[child] as number) < (heapTie[best] as number))
        ) {
          best = child;
          bestTime = childTime;
        }
      }
      if (bestTime > time || (bestTime === time && (heapTie[best] as number) > tie)) break;
      heapTime[position] = bestTime;
      heapTie[position] = heapTie[best] as number;
      heapSlot[position] = heapSlot[best] as number;
      position = best;
    }
    heapTime[position] = time;
    heapTie[position] = tie;
    heapSlot[position] = slot;
  }

  private grow(): void {
    const capacity = this.heapSlot.length * 2;
    this.heapTime = widen(this.heapTime, new Float64Array(capacity));
    this.heapTie = widen(this.heapTie, new Float64Array(capacity));
    this.heapSlot = widen(this.heapSlot, new Int32Array(capacity));
    this.freeSlots = widen(this.freeSlots, new Int32Array(capacity));
    this.kinds = widen(this.kinds, new Uint8Array(capacity));
    this.targets = widen(this.targets, new Int32Array(capacity));
    this.sources = widen(this.sources, new Int32Array(capacity));
    this.first = widen(this.first, new Int32Array(capacity));
    this.second = widen(this.second, new Int32Array(capacity));
    this.causes = widen(this.causes, new Int32Array(capacity));
  }

  private growSources(source: number): void {
    assert(source < PROCESS_LIMIT, 'process number out of range');
    let length = this.sourceCounts.length;
    while (length <= source) length *= 2;
    this.sourceCounts = widen(this.sourceCounts, new Float64Array(length));
  }
}

function widen<T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
