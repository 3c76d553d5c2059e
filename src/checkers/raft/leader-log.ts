/**
 * What is known of each term's leader: who it is, the log it was elected with, and what it created since.
 *
 * A leader's log is never copied. It is what it had when elected, which ends in an entry that an earlier
 * leader created and so equals that leader's log up to there, followed by its own entries. Logs of leaders
 * form a tree; the entry at an index is found by walking towards the root past every leader that was
 * elected with that index already in its log.
 *
 * A leader is forgotten when its term has ended for everybody and what it created is behind all: see
 * {@link LeaderTree.dropBelow}.
 */

import { IntColumn } from '../columns.js';

export class LeaderLog {
  /** The index that this leader creates next. */
  next: number;
  // Cell i belongs to index electedLast + 1 + i.
  // Of most leaders that are kept everything is forgotten but who they were.
  private lows: IntColumn | undefined = undefined;
  private highs: IntColumn | undefined = undefined;
  /** What it created below this index is forgotten. */
  private floor = 0;

  constructor(
    readonly term: number,
    readonly leader: number,
    /** Last index of its log when it was elected, and that entry's term. */
    readonly electedLast: number,
    readonly electedLastTerm: number,
  ) {
    this.next = electedLast + 1;
  }

  /** True when this leader created the entry at this index. */
  created(index: number): boolean {
    return index > this.electedLast && index < this.next;
  }

  /** True when it created the entry at this index, and the prefix up to it has this hash or is forgotten. */
  createdWithPrefix(index: number, low: number, high: number): boolean {
    if (!this.created(index)) return false;
    if (index < this.floor) return true;
    const cell = index - this.electedLast - 1;
    return this.lows?.get(cell) === low && this.highs?.get(cell) === high;
  }

  /** The leader appended its next entry. */
  create(low: number, high: number): void {
    const cell = this.next - this.electedLast - 1;
    (this.lows ??= new IntColumn()).set(cell, low);
    (this.highs ??= new IntColumn()).set(cell, high);
    this.next++;
  }

  /** Forgets what it created below this index. */
  dropBelow(index: number): void {
    this.floor = index < this.next ? index : this.next;
    const cell = this.floor - this.electedLast - 1;
    if (this.floor === this.next) {
      this.lows = undefined;
      this.highs = undefined;
    } else {
      this.lows?.dropBelow(cell);
      this.highs?.dropBelow(cell);
    }
  }

  clone(): LeaderLog {
    const copy = new LeaderLog(this.term, this.leader, this.electedLast, this.electedLastTerm);
    copy.next = this.next;
    copy.floor = this.floor;
    copy.lows = this.lows?.clone();
    copy.highs = this.highs?.clone();
    return copy;
  }
}

/** The leaders of a run by term. */
export class LeaderTree {
  /** Highest term that ever had a leader. */
  highestTerm = 0;
  /** Leaders of terms below this one are forgotten. */
  lowestTerm = 0;
  /** Cell i belongs to term lowestTerm + i. */
  private byTerm: (LeaderLog | undefined)[] = [];
  /** Prefixes that end below this index are forgotten: they were agreed on by all. */
  private floor = 0;

  /** The leader of this term, once it has been elected and unless it is forgotten. */
  of(term: number): LeaderLog | undefined {
    return term < this.lowestTerm ? undefined : this.byTerm[term - this.lowestTerm];
  }

  /** Takes in an election; a second leader of a term is ignored, and so is one of a term that is forgotten. */
  elected(term: number, leader: number, lastIndex: number, lastTerm: number): void {
    if (term < this.lowestTerm) return;
    const cell = term - this.lowestTerm;
    while (this.byTerm.length <= cell) this.byTerm.push(undefined);
    this.byTerm[cell] ??= new LeaderLog(term, leader, lastIndex, lastTerm);
    if (term > this.highestTerm) this.highestTerm = term;
  }

  /**
   * True when the leader of this term created the entry at this index. Of a leader that is forgotten it is known
   * only that all it created lies below the floor, where logs are not compared any more.
   */
  hasCreated(term: number, index: number): boolean {
    return term < this.lowestTerm ? index < this.floor : this.of(term)?.created(index) === true;
  }

  /** The term of the leader that created what the leader of `term` has (or had) at this index; -1: nothing. */
  creatorAt(term: number, index: number): number {
    let log = this.of(term);
    while (log !== undefined && index <= log.electedLast) {
      log = log.electedLastTerm < log.term ? this.of(log.electedLastTerm) : undefined;
    }
    return log !== undefined && log.created(index) ? log.term : -1;
  }

  /** True for an index of which nothing is known any more. */
  hasForgotten(index: number): boolean {
    return index < this.floor;
  }

  /** True when the log of this term's leader has, up to this index, the prefix with this hash, or it is forgotten. */
  matches(term: number, index: number, low: number, high: number): boolean {
    if (index === 0 || this.hasForgotten(index)) return true;
    const creator = this.creatorAt(term, index);
    return creator >= 0 && (this.of(creator) as LeaderLog).createdWithPrefix(index, low, high);
  }

  /**
   * Forgets prefixes that end below this index, and the leaders of terms below `endedTerm` that created nothing at
   * or after it. Nobody is in those terms any more, so no entry of theirs is created, sent by its leader or
   * committed again; what their leaders created is where {@link LeaderTree.matches} has nothing to compare; and
   * the walk towards the root does not get there, for it ends at the leader that created an index, and the
   * indexes asked for are not below the floor.
   */
  dropBelow(index: number, endedTerm: number): void {
    this.floor = index;
    const { byTerm } = this;
    for (const log of byTerm) log?.dropBelow(index);
    let gone = 0;
    while (gone < byTerm.length && this.lowestTerm + gone < endedTerm && (byTerm[gone]?.next ?? 0) <= index) {
      gone++;
    }
    byTerm.splice(0, gone);
    this.lowestTerm += gone;
  }

  clone(): LeaderTree {
    const copy = new LeaderTree();
    copy.highestTerm = this.highestTerm;
    copy.floor = this.floor;
    copy.lowestTerm = this.lowestTerm;
    copy.byTerm = this.byTerm.map((log) => log?.clone());
    return copy;
  }
}
