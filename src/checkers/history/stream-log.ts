/**
 * What is known of one log: what was sent to it, and what stands at which offset. A log forgets what lies below its
 * beginning, so what is kept of it is in proportion to what the log itself keeps.
 */

import { countBefore } from './binary-search.js';

/** A value that somebody sent to a log. */
export class SentValue {
  /**
   * `open`: an attempt is under way. `fail`: it is certainly not there, as far as anybody tried. `unknown`: it may be,
   * or may yet come to be.
   */
  state: 'open' | 'ok' | 'fail' | 'unknown' = 'open';
  /** Some attempt ended without an answer. */
  isMaybe = false;
  /** Where the log said that it took it; -1: it did not say. */
  acknowledged = -1;
  /** The highest offset at which it was seen; -1: nowhere. */
  last = -1;
  /** Who polled it; -1: nobody. */
  polledBy = -1;

  constructor(
    readonly text: string,
    /** Which operation sent it first; see {@link StreamJudge}. */
    readonly by: number,
    readonly labels: SentLabels,
  ) {}

  clone(): SentValue {
    return Object.assign(new SentValue(this.text, this.by, this.labels), this);
  }
}

/** What a message says of itself. */
export interface SentLabels {
  /** An idempotent producer; `epoch` counts its incarnations. */
  readonly producer: string | undefined;
  readonly epoch: number;
  /** The input that it is made of. */
  readonly from: string | undefined;
  /** Of a log that is compacted. */
  readonly key: string | undefined;
}

/** Who saw something at an offset first. */
export interface Place {
  readonly text: string;
  readonly by: number;
}

/** A poll went on behind a gap: what is in it does not exist, or was skipped. */
export interface Gap {
  readonly after: number;
  readonly before: number;
  readonly kind: 'poll-skip' | 'int-poll-skip';
  /** What happened, up to what was skipped. */
  readonly told: string;
  readonly by: readonly number[];
}

export class StreamLog {
  readonly sent = new Map<string, SentValue>();
  readonly places = new Map<number, Place>();
  /** By the producer's name: what it wrote in its newest epoch, in the order of the log. */
  readonly newest = new Map<string, SentValue>();
  /** By input log: everything below was made into an output, in the order of this log. */
  readonly madeTo = new Map<string, number>();
  /** By key: the highest offset seen. */
  readonly latest = new Map<string, number>();
  /** In which nothing is known to be, or nothing that has to be there. */
  gaps: Gap[] = [];
  /** Everything below is gone. */
  start = 0;
  /** In the order of the log, everything below is judged. */
  frontier = 0;
  highestPolled = -1;
  /** Everything acknowledged is below. */
  acknowledgedEnd = 0;
  private sorted: number[] | undefined = undefined;

  constructor(readonly key: string) {}

  placed(): void {
    this.sorted = undefined;
  }

  /** The value that stands at an offset; undefined where that is not known. */
  valueAt(offset: number): SentValue | undefined {
    const place = this.places.get(offset);
    return place === undefined ? undefined : this.sent.get(place.text);
  }

  /** All known offsets, in order. */
  offsets(): readonly number[] {
    this.sorted ??= [...this.places.keys()].sort((a, b) => a - b);
    return this.sorted;
  }

  /** Some known offset between two others, without them: the first one, or undefined. */
  firstBetween(after: number, before: number): number | undefined {
    if (before - after <= 1) return undefined;
    if (before - after <= this.places.size) {
      for (let offset = after + 1; offset < before; offset++) if (this.places.has(offset)) return offset;
      return undefined;
    }
    const offsets = this.offsets();
    const found = offsets[countBefore(offsets.length, (place) => (offsets[place] as number) <= after)];
    return found !== undefined && found < before ? found : undefined;
  }

  /** Calls `gone` for each value that is forgotten by this. */
  forgetBelow(start: number, gone: (value: SentValue) => void): void {
    for (let offset = this.start; offset < start; offset++) {
      const value = this.valueAt(offset);
      if (!this.places.delete(offset) || value === undefined || value.last !== offset) continue;
      this.sent.delete(value.text);
      gone(value);
    }
    this.start = start;
    if (this.gaps.length > 0) this.gaps = this.gaps.filter(({ before }) => before > start);
    this.placed();
  }

  clone(): StreamLog {
    const copy = new StreamLog(this.key);
    const copies = new Map<SentValue, SentValue>();
    for (const [text, value] of this.sent) {
      const same = value.clone();
      copies.set(value, same);
      copy.sent.set(text, same);
    }
    for (const [offset, place] of this.places) copy.places.set(offset, place);
    for (const [producer, value] of this.newest) copy.newest.set(producer, copies.get(value) ?? value);
    for (const [log, offset] of this.madeTo) copy.madeTo.set(log, offset);
    for (const [key, offset] of this.latest) copy.latest.set(key, offset);
    copy.gaps = this.gaps.slice();
    copy.start = this.start;
    copy.frontier = this.frontier;
    copy.highestPolled = this.highestPolled;
    copy.acknowledgedEnd = this.acknowledgedEnd;
    return copy;
  }
}
