/**
 * Numbers the distinct states of one search, so that the rest of the search compares integers.
 */

import type { Model } from './model.js';

const FIRST_SLOTS = 256;
const EMPTY = -1;

/** Open addressing over `Model.hash` and `Model.equals`; numbers count up from 0 and are never reused. */
export class StateTable<State> {
  readonly states: State[] = [];
  private readonly hash: (state: State) => number;
  private readonly equals: (a: State, b: State) => boolean;
  private hashes = new Int32Array(FIRST_SLOTS / 2);
  private mergesOthers = false;
  /** The number that stands for all merged states; the first of them speaks for all. */
  private other = EMPTY;
  private slots = new Int32Array(FIRST_SLOTS).fill(EMPTY);

  constructor(model: Model<State, never, never>) {
    this.hash = (state) => model.hash(state);
    this.equals = (a, b) => model.equals(a, b);
  }

  /** From now on all states that are not in the table are one state. */
  mergeOthers(): void {
    this.mergesOthers = true;
  }

  /** The number of a state, a new one if no equal state was seen before. */
  intern(state: State): number {
    const hash = this.hash(state) | 0;
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    for (;;) {
      const number = this.slots[slot] as number;
      if (number === EMPTY) break;
      if (this.hashes[number] === hash && this.equals(this.states[number] as State, state)) return number;
      slot = (slot + 1) & mask;
    }
    if (this.mergesOthers && this.other !== EMPTY) return this.other;
    const number = this.states.length;
    if (this.mergesOthers) this.other = number;
    this.states.push(state);
    this.hashes[number] = hash;
    this.slots[slot] = number;
    if (this.states.length * 2 >= this.slots.length) this.grow();
    return number;
  }

  private grow(): void {
    const hashes = new Int32Array(this.hashes.length * 2);
    hashes.set(this.hashes);
    const slots = new Int32Array(this.slots.length * 2).fill(EMPTY);
    const mask = slots.length - 1;
    for (let number = 0; number < this.states.length; number += 1) {
      let slot = (hashes[number] as number) & mask;
      while (slots[slot] !== EMPTY) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.hashes = hashes;
    this.slots = slots;
  }
}
