/**
 * What a leader knows of each member: how far its log matches, and in which of three states it is served
 * (after etcd's raft). *Probe*: one message at a time, until one is answered. *Replicate*: as fast as the
 * window of unanswered messages allows. *Snapshot*: what it lacks has been compacted, so it gets a snapshot.
 */

import type { Micros, Plain, ProcessId } from '../../kernel/index.js';
import { generationOf, processOf, type MemberId } from './configuration.js';
import type { LogIndex } from './messages.js';
import type { Snapshot } from './snapshot-store.js';

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

/**
 * AppendEntries on the way without an answer: a queue of their last indexes and sizes. The arrays never shrink,
 * because setting an array's length to 0 gives its storage away, and the window is empty at every other answer.
 */
export class Inflights {
  private lastIndexes: LogIndex[] = [];
  private sizes: number[] = [];
  /** Those from `head` to before `tail` are on the way. */
  private head = 0;
  private tail = 0;
  bytes = 0;

  get count(): number {
    return this.tail - this.head;
  }

  add(lastIndex: LogIndex, bytes: number): void {
    const place = this.tail++;
    this.lastIndexes[place] = lastIndex;
    this.sizes[place] = bytes;
    this.bytes += bytes;
  }

  /** Answered: everything up to this index. */
  freeTo(index: LogIndex): void {
    const { lastIndexes, sizes, tail } = this;
    while (this.head < tail && (lastIndexes[this.head] as LogIndex) <= index) {
      this.bytes -= sizes[this.head] as number;
      this.head++;
    }
    if (this.head === tail) this.clear();
    else if (this.head >= 64) this.shift();
  }

  clear(): void {
    this.head = 0;
    this.tail = 0;
    this.bytes = 0;
  }

  clone(): Inflights {
    const copy = new Inflights();
    copy.lastIndexes = this.lastIndexes.slice(this.head, this.tail);
    copy.sizes = this.sizes.slice(this.head, this.tail);
    copy.tail = this.count;
    copy.bytes = this.bytes;
    return copy;
  }

  /** Last index and size of each. */
  encode(): Plain {
    const live = this.lastIndexes.slice(this.head, this.tail);
    return live.map((lastIndex, i) => [lastIndex, this.sizes[this.head + i] ?? 0]);
  }

  private shift(): void {
    this.lastIndexes = this.lastIndexes.slice(this.head, this.tail);
    this.sizes = this.sizes.slice(this.head, this.tail);
    this.tail -= this.head;
    this.head = 0;
  }
}

export class Progress {
  readonly process: ProcessId;
  readonly generation: number;
  /** Highest index known to be durable there. Invariant: below next; shrinks only when a disk has lost. */
  match: LogIndex = 0;
  /** Next index to send. */
  next: LogIndex;
  state: ProgressState = 'probe';
  /** Probe: true when a message is on the way. */
  isWaiting = false;
  inflights = new Inflights();
  /** The latest round that it has answered. */
  round = 0;
  /** When it last answered anything, on the leader's clock. */
  lastAnswer: Micros = 0;
  /** The highest protocol version that its program understands; 0: not heard of yet. */
  version = 0;
  /** Snapshot: which one, and where the next piece begins. It is kept until it is installed. */
  snapshot: Snapshot | undefined = undefined;
  offset = 0;
  /** Snapshot: heartbeats since a piece was sent that is not answered, plus 1; 0: none is on the way. */
  pieceAge = 0;
  /** How often the piece on the way has been sent again while nothing told whether it had got lost. */
  pieceTries = 0;
  /** The round in which the piece on the way was sent. */
  pieceRound = 0;
  /** Catching up, round by round (dissertation §4.2.1): the index to reach, and since when. */
  catchUpTo: LogIndex = 0;
  catchUpSince: Micros = 0;
  catchUpRounds = 0;

  constructor(
    readonly member: MemberId,
    next: LogIndex,
  ) {
    this.process = processOf(member);
    this.generation = generationOf(member);
    this.next = next;
  }

  /** It answers: after a silence longer than `patience`, as if no piece had been sent in vain. */
  answered(now: Micros, patience: Micros): void {
    if (now - this.lastAnswer > patience) this.pieceTries = 0;
    this.lastAnswer = now;
  }

  /** Everything up to this index is durable there; true when that is news. */
  reached(index: LogIndex): boolean {
    const isNews = index > this.match || this.next <= index;
    if (index > this.match) this.match = index;
    if (this.next <= index) this.next = index + 1;
    return isNews;
  }

  /** It has answered what was sent after the piece on the way, but not the piece. */
  get hasMissedPiece(): boolean {
    return this.round > this.pieceRound;
  }

  becomeProbe(next: LogIndex): void {
    this.state = 'probe';
    this.next = next;
    this.isWaiting = false;
    this.endSnapshot();
    this.inflights.clear();
  }

  becomeReplicate(): void {
    this.state = 'replicate';
    this.isWaiting = false;
    this.endSnapshot();
    if (this.next <= this.match) this.next = this.match + 1;
  }

  becomeSnapshot(snapshot: Snapshot): void {
    this.state = 'snapshot';
    this.snapshot = snapshot;
    this.offset = 0;
    this.pieceAge = 0;
    this.pieceTries = 0;
    this.inflights.clear();
  }

  private endSnapshot(): void {
    this.snapshot = undefined;
    this.offset = 0;
    this.pieceAge = 0;
    this.pieceTries = 0;
  }

  clone(): Progress {
    const copy = new Progress(this.member, this.next);
    Object.assign(copy, this);
    copy.inflights = this.inflights.clone();
    return copy;
  }

  encode(): Plain {
    const { member, match, next, state, isWaiting, round, lastAnswer, version, offset, pieceAge } = this;
    const { pieceTries, pieceRound, catchUpTo, catchUpSince, catchUpRounds } = this;
    return {
      member,
      match,
      next,
      state,
      isWaiting,
      round,
      lastAnswer,
      version,
      offset,
      pieceAge,
      pieceTries,
      pieceRound,
      catchUpTo,
      catchUpSince,
      catchUpRounds,
      inflight: this.inflights.count,
      inflightBytes: this.inflights.bytes,
      inflights: this.inflights.encode(),
      snapshot: this.snapshot?.header.index ?? 0,
    };
  }
}
