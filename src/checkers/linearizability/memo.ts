/**
 * The configurations that the search has been in (Wing & Gong 1993 with Lowe's memoisation, "Testing for
 * linearizability", Concurrency and Computation 2017, §3).
 *
 * A configuration is the first rank not yet linearized, the set of later ranks that are (by slot, so its
 * size is the concurrency of the history and not its length), the state, and the set of used operations of
 * unknown outcome. Of two configurations that differ only in the last, the one that used less can do all
 * that the other can: the memo keeps the least sets only, and answers that a superset was seen.
 */

import { mixInteger } from './hash.js';

const FIRST_SLOTS = 1024;
const EMPTY = -1;
const NO_ROW = -1;

/** Row of a position: first rank, state, head of its list of used sets, then the slots' words. */
const RANK = 0;
const STATE = 1;
const HEAD = 2;
const SLOTS = 3;

/** 32-bit words that all rows together may take (64 MiB). */
const WORDS_MAX = 16_777_216;

export class Memo {
  /** Work done since the search last counted it, in steps. */
  cost = 0;
  private readonly slotWords: number;
  private readonly usedWords: number;
  private readonly rowWords: number;
  private readonly setWords: number;
  private readonly entriesMax: number;
  private rows: Int32Array;
  private rowCount = 0;
  /** Each set: next set of the same position, then the words. */
  private sets: Int32Array;
  private setCount = 0;
  private freeSet = NO_ROW;
  private entries = 0;
  private hashes: Int32Array;
  private slots: Int32Array;

  constructor(slotWords: number, usedWords: number, entriesMax: number) {
    this.slotWords = slotWords;
    this.usedWords = usedWords;
    this.rowWords = SLOTS + slotWords;
    this.setWords = 1 + usedWords;
    this.entriesMax = Math.min(entriesMax, Math.floor(WORDS_MAX / (this.rowWords + this.setWords)));
    this.rows = new Int32Array(this.rowWords * 64);
    this.sets = new Int32Array(this.setWords * 64);
    this.hashes = new Int32Array(FIRST_SLOTS / 2);
    this.slots = new Int32Array(FIRST_SLOTS).fill(EMPTY);
  }

  /**
   * False when this configuration, or one that can do all it can, was entered before; otherwise enters it.
   * A full memo enters nothing more: the search stays right and gets slower.
   * `slotsHash` is any function of `slots`.
   */
  enter(rank: number, state: number, slots: Int32Array, slotsHash: number, used: Int32Array): boolean {
    const hash = mixInteger(slotsHash ^ Math.imul(rank, 0x9e3779b1) ^ Math.imul(state, 0x85ebca77));
    const mask = this.slots.length - 1;
    let place = hash & mask;
    this.cost += 1;
    for (;;) {
      const row = this.slots[place] as number;
      if (row === EMPTY) break;
      if (this.hashes[row] === hash && this.isRow(row, rank, state, slots)) return this.enterSet(row, used);
      place = (place + 1) & mask;
    }
    if (this.entries >= this.entriesMax) return true;
    this.entries += 1;
    this.addRow(place, hash, rank, state, slots, used);
    return true;
  }

  private isRow(row: number, rank: number, state: number, slots: Int32Array): boolean {
    const rows = this.rows;
    const base = row * this.rowWords;
    this.cost += this.slotWords >>> 3;
    if (rows[base + RANK] !== rank || rows[base + STATE] !== state) return false;
    for (let word = 0; word < this.slotWords; word += 1) {
      if (rows[base + SLOTS + word] !== slots[word]) return false;
    }
    return true;
  }

  private addRow(
    place: number,
    hash: number,
    rank: number,
    state: number,
    slots: Int32Array,
    used: Int32Array,
  ): void {
    const row = this.rowCount;
    this.cost += this.slotWords >>> 3;
    this.rowCount += 1;
    if (this.rowCount * this.rowWords > this.rows.length) this.rows = doubled(this.rows);
    const base = row * this.rowWords;
    this.rows[base + RANK] = rank;
    this.rows[base + STATE] = state;
    this.rows[base + HEAD] = this.usedWords === 0 ? NO_ROW : this.addSet(NO_ROW, used);
    for (let word = 0; word < this.slotWords; word += 1) {
      this.rows[base + SLOTS + word] = slots[word] as number;
    }
    this.hashes[row] = hash;
    this.slots[place] = row;
    if (this.rowCount * 2 >= this.slots.length) this.rehash();
  }

  /** Looks for a subset of `used` among the sets of a row; drops its supersets, which it makes needless. */
  private enterSet(row: number, used: Int32Array): boolean {
    if (this.usedWords === 0) return false;
    const head = row * this.rowWords + HEAD;
    let previous = NO_ROW;
    let set = this.rows[head] as number;
    while (set !== NO_ROW) {
      const base = set * this.setWords;
      const next = this.sets[base] as number;
      const relation = this.compare(base + 1, used);
      if (relation === SUBSET) return false;
      if (relation === SUPERSET) {
        if (previous === NO_ROW) this.rows[head] = next;
        else this.sets[previous * this.setWords] = next;
        this.sets[base] = this.freeSet;
        this.freeSet = set;
        this.entries -= 1;
      } else {
        previous = set;
      }
      set = next;
    }
    if (this.entries >= this.entriesMax) return true;
    this.entries += 1;
    this.rows[head] = this.addSet(this.rows[head] as number, used);
    return true;
  }

  /** How the set at `base` stands to `used`. */
  private compare(base: number, used: Int32Array): number {
    let subset = true;
    let superset = true;
    this.cost += 1;
    for (let word = 0; word < this.usedWords; word += 1) {
      const old = this.sets[base + word] as number;
      const now = used[word] as number;
      if ((old & ~now) !== 0) subset = false;
      if ((now & ~old) !== 0) superset = false;
      if (!subset && !superset) return UNRELATED;
    }
    return subset ? SUBSET : SUPERSET;
  }

  private addSet(next: number, used: Int32Array): number {
    let set = this.freeSet;
    if (set === NO_ROW) {
      set = this.setCount;
      this.setCount += 1;
      if (this.setCount * this.setWords > this.sets.length) this.sets = doubled(this.sets);
    } else {
      this.freeSet = this.sets[set * this.setWords] as number;
    }
    const base = set * this.setWords;
    this.sets[base] = next;
    for (let word = 0; word < this.usedWords; word += 1) this.sets[base + 1 + word] = used[word] as number;
    return set;
  }

  private rehash(): void {
    this.hashes = doubled(this.hashes);
    const slots = new Int32Array(this.slots.length * 2).fill(EMPTY);
    const mask = slots.length - 1;
    for (let row = 0; row < this.rowCount; row += 1) {
      let place = (this.hashes[row] as number) & mask;
      while (slots[place] !== EMPTY) place = (place + 1) & mask;
      slots[place] = row;
    }
    this.slots = slots;
  }
}

const SUBSET = 1;
const SUPERSET = 2;
const UNRELATED = 3;

function doubled(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
