/**
 * The judge of logs with offsets, told event by event what clients send and poll. Recorded histories (streams.ts) and
 * our own runs (checkers/services) go through it alike.
 *
 * Operations are told by numbers of the caller's own (lines, say), which {@link StreamListener.name} turns into words.
 * Messages of one log are texts. What the log itself has left behind is forgotten ({@link StreamJudge.begins}).
 *
 * The anomalies are those of Jepsen's Kafka workload (Redpanda 21.10.1, 2022; Bufstream 0.1.0, 2024), and zombies and
 * outputs made twice of one input (KIP-98).
 */

import { SentValue, StreamLog, type Gap, type SentLabels } from './stream-log.js';

export type StreamAnomaly =
  | 'lost-write'
  | 'duplicate'
  | 'unexpected'
  | 'aborted-read'
  | 'inconsistent-offsets'
  | 'nonmonotonic-send'
  | 'int-nonmonotonic-send'
  | 'nonmonotonic-poll'
  | 'int-nonmonotonic-poll'
  | 'poll-skip'
  | 'int-poll-skip'
  | 'zombie-write'
  | 'processed-twice'
  | 'input-skipped';

export interface StreamListener {
  /** What happened, as one sentence without a full stop, and the operations that show it. */
  found(kind: StreamAnomaly, message: string, by: readonly number[]): void;
  /** An operation in words, e.g. `line 12`. */
  name(operation: number): string;
}

/** What is promised. */
export interface StreamTerms {
  /** A value may stand at several offsets, and several outputs may be made of one input. */
  readonly mayRepeat: boolean;
  /** Inputs become outputs in order, and none is left out. `from` is then the input's log, a dot and its offset. */
  readonly skipsNoInput: boolean;
}

export const STRICT: StreamTerms = { mayRepeat: false, skipsNoInput: false };

/** Where a process was last in a log, and by which operation. */
interface Position {
  offset: number;
  by: number;
}

export class StreamJudge {
  private readonly logs = new Map<string, StreamLog>();
  /** Per process: by log, where it sent and polled last. */
  private readonly sends = new Map<number, Map<string, Position>>();
  private readonly polls = new Map<number, Map<string, Position>>();
  /** By input: the output that was made of it. */
  private readonly made = new Map<string, SentValue>();
  /** Messages that were sent, each once. */
  sent = 0;
  /** The log that was asked for last. */
  private latest: StreamLog | undefined = undefined;

  constructor(
    private readonly listener: StreamListener,
    private readonly terms: StreamTerms,
  ) {}

  get size(): number {
    return this.logs.size;
  }

  log(key: string): StreamLog {
    // Messages come in batches.
    const { latest } = this;
    if (latest?.key === key) return latest;
    let log = this.logs.get(key);
    if (log === undefined) this.logs.set(key, (log = new StreamLog(key)));
    this.latest = log;
    return log;
  }

  /** An operation begins to send a value, for the first time or again. */
  sendBegins(by: number, key: string, text: string, labels: SentLabels): void {
    const log = this.log(key);
    const before = log.sent.get(text);
    if (before !== undefined) before.state = 'open';
    else {
      log.sent.set(text, new SentValue(text, by, labels));
      this.sent++;
    }
  }

  /** The log took the value at this offset. `within`: the process has sent to this log in the same operation. */
  sendSucceeds(
    by: number,
    process: number,
    key: string,
    text: string,
    offset: number,
    within: boolean,
  ): void {
    const log = this.log(key);
    const value = log.sent.get(text);
    if (value === undefined) return;
    value.state = 'ok';
    value.acknowledged = offset;
    this.judgeSendOrder(by, process, log, offset, within);
    if (offset >= log.acknowledgedEnd) log.acknowledgedEnd = offset + 1;
    if (offset < log.start) {
      log.sent.delete(text);
      return;
    }
    this.place(log, offset, text, by);
    this.advance(log);
  }

  /** The attempt was refused, and this one did not happen. */
  sendFails(key: string, text: string): void {
    const value = this.log(key).sent.get(text);
    if (value === undefined || value.state !== 'open') return;
    value.state = value.isMaybe ? 'unknown' : 'fail';
    if (value.state === 'fail' && value.polledBy >= 0) this.abortedRead(key, value, value.polledBy);
  }

  sendUnknown(key: string, text: string): void {
    const value = this.log(key).sent.get(text);
    if (value === undefined || value.state !== 'open') return;
    value.state = 'unknown';
    value.isMaybe = true;
  }

  /** A poll returned a message. `within`: not the first one of this log in this operation. */
  polled(by: number, process: number, key: string, offset: number, text: string, within: boolean): void {
    const log = this.log(key);
    if (offset > log.highestPolled) log.highestPolled = offset;
    this.judgePollOrder(by, process, log, offset, within);
    if (offset < log.start) return; // told late: the answer is older than what is known
    this.place(log, offset, text, by);
    const value = log.sent.get(text);
    if (value === undefined) {
      // Of what the log has left behind, nobody knows any more who sent it.
      if (log.start > 0 && this.terms.mayRepeat) return;
      this.found('unexpected', `${this.name(by)} polls ${text} of ${key}, which nobody sent`, [by]);
      return;
    }
    if (value.polledBy < 0) value.polledBy = by;
    if (value.state === 'fail') this.abortedRead(key, value, by);
  }

  /** A poll saw everything from an offset up to another: what it did not return is not there. */
  covered(key: string, from: number, to: number): void {
    const log = this.log(key);
    if (from > log.frontier || to <= log.frontier) return;
    for (let offset = log.frontier; offset < to; offset++) {
      const value = log.valueAt(offset);
      if (value !== undefined) this.inOrder(log, value);
    }
    log.frontier = to;
    this.advance(log);
  }

  /** A log said where it will grow, asked by somebody who knew that everything below `floor` is there. */
  ends(by: number, key: string, end: number, floor: number): void {
    if (end >= floor) return;
    const message = `${this.name(by)} finds the end of ${key} at offset ${end}, although ${floor - 1} was acknowledged before`;
    this.found('lost-write', message, [by]);
  }

  /** A log said that everything below is gone, as it may. */
  begins(key: string, start: number): void {
    const log = this.log(key);
    if (start <= log.start) return;
    if (log.frontier < start) this.covered(key, log.frontier, start);
    log.forgetBelow(start, ({ labels: { from } }) => {
      if (from !== undefined) this.made.delete(from);
    });
  }

  /** A process begins to poll anew, from wherever it likes: one log, or all. */
  startsAnew(process: number, key?: string): void {
    if (key === undefined) this.polls.delete(process);
    else this.polls.get(process)?.delete(key);
  }

  /** The history is over. */
  end(): void {
    for (const log of this.logs.values()) {
      for (const offset of log.offsets()) {
        const value = offset < log.frontier ? undefined : log.valueAt(offset);
        if (value !== undefined) this.inOrder(log, value);
      }
      for (const gap of log.gaps) this.isSkip(log, gap, true);
      for (const value of log.sent.values()) this.judgeLost(log, value);
    }
  }

  clone(listener: StreamListener): StreamJudge {
    const copy = new StreamJudge(listener, this.terms);
    for (const [key, log] of this.logs) copy.logs.set(key, log.clone());
    for (const [process, positions] of this.sends) copy.sends.set(process, copyOf(positions));
    for (const [process, positions] of this.polls) copy.polls.set(process, copyOf(positions));
    for (const [from, value] of this.made) copy.made.set(from, value);
    copy.sent = this.sent;
    return copy;
  }

  private place(log: StreamLog, offset: number, text: string, by: number): void {
    const { key, places } = log;
    const there = places.get(offset);
    if (there === undefined) {
      places.set(offset, { text, by });
      log.placed();
    } else if (there.text !== text) {
      const message = `offset ${offset} of ${key} is ${there.text} in ${this.name(there.by)}, and ${text} in ${this.name(by)}`;
      this.found('inconsistent-offsets', message, [there.by, by]);
    }
    const value = log.sent.get(text);
    if (value === undefined) return;
    if (value.last >= 0 && value.last !== offset && !this.terms.mayRepeat) {
      const first = places.get(value.last)?.by ?? value.by;
      const message = `${text} is in ${key} at offset ${value.last} (${this.name(first)}) and at ${offset} (${this.name(by)})`;
      this.found('duplicate', message, [first, by]);
    }
    if (offset > value.last) value.last = offset;
    const { key: name } = value.labels;
    if (name !== undefined && offset > (log.latest.get(name) ?? -1)) log.latest.set(name, offset);
  }

  /** Judges, in the order of the log, what is known without gaps. */
  private advance(log: StreamLog): void {
    for (;;) {
      const value = log.valueAt(log.frontier);
      if (value === undefined) return;
      this.inOrder(log, value);
      log.frontier++;
    }
  }

  private inOrder(log: StreamLog, value: SentValue): void {
    this.judgeZombie(log, value);
    if (value.labels.from !== undefined) this.judgeOnce(log, value, value.labels.from);
  }

  /** Nothing of an older epoch of a producer is in a log behind something of a later one (KIP-98: fencing). */
  private judgeZombie({ key, newest }: StreamLog, value: SentValue): void {
    const { producer, epoch } = value.labels;
    if (producer === undefined) return;
    const before = newest.get(producer);
    if (before === undefined || epoch >= before.labels.epoch) {
      newest.set(producer, value);
      return;
    }
    const message = `${value.text} of epoch ${epoch} of producer ${producer} (${this.name(value.by)}) is in ${key} behind ${before.text} of epoch ${before.labels.epoch} (${this.name(before.by)})`;
    this.found('zombie-write', message, [before.by, value.by]);
  }

  /** No two messages that made it into the logs are made of the same input, and no input is left out. */
  private judgeOnce(log: StreamLog, value: SentValue, from: string): void {
    const before = this.made.get(from);
    if (before === undefined) this.made.set(from, value);
    else if (!this.terms.mayRepeat && before !== value) {
      const message = `${before.text} (${this.name(before.by)}) and ${value.text} (${this.name(value.by)}) are both made of input ${from}`;
      this.found('processed-twice', message, [before.by, value.by]);
    }
    if (this.terms.skipsNoInput) this.judgeSkipped(log, value, from);
  }

  private judgeSkipped(log: StreamLog, value: SentValue, from: string): void {
    const dot = from.lastIndexOf('.');
    const input = from.slice(0, dot);
    const offset = Number(from.slice(dot + 1));
    const next = log.madeTo.get(input) ?? 0;
    if (offset < next) return;
    log.madeTo.set(input, offset + 1);
    const source = this.log(input);
    const skipped = source.firstBetween(Math.max(next, source.start) - 1, offset);
    if (skipped === undefined) return;
    const message = `${value.text} (${this.name(value.by)}) is made of input ${from}, and nothing in ${log.key} before it of ${input}.${skipped}, which exists`;
    this.found('input-skipped', message, [value.by]);
  }

  /** What a process sends to one log later has a higher offset. */
  private judgeSendOrder(
    by: number,
    process: number,
    { key }: StreamLog,
    offset: number,
    within: boolean,
  ): void {
    const last = positionOf(this.sends, process, key);
    if (offset <= last.offset) {
      const kind = within ? 'int-nonmonotonic-send' : 'nonmonotonic-send';
      const message = `process ${process} sends to ${key} at offset ${offset} (${this.name(by)}) after ${last.offset} (${this.name(last.by)})`;
      this.found(kind, message, [last.by, by]);
    }
    last.offset = offset;
    last.by = by;
  }

  /** What a process polls of one log goes on where its last poll ended, until it begins anew. */
  private judgePollOrder(by: number, process: number, log: StreamLog, offset: number, within: boolean): void {
    const last = positionOf(this.polls, process, log.key);
    const before = last.offset;
    const beforeBy = last.by;
    last.offset = offset;
    last.by = by;
    if (before === NOWHERE || offset === before + 1) return;
    const lines = beforeBy === by ? [by] : [beforeBy, by];
    const told = `${this.name(by)} polls offset ${offset} of ${log.key} after ${before} (${this.name(beforeBy)})`;
    if (offset <= before) {
      this.found(within ? 'int-nonmonotonic-poll' : 'nonmonotonic-poll', told, lines);
      return;
    }
    const kind = within ? 'int-poll-skip' : 'poll-skip';
    const gap: Gap = { after: before, before: offset, kind, told, by: lines };
    if (!this.isSkip(log, gap, false)) log.gaps.push(gap);
  }

  /**
   * True when something is known to be in the gap, which is told. Of a compacted log that is sure in the end only: a
   * message may be gone because of a later one with its key.
   */
  private isSkip(log: StreamLog, { after, before, kind, told, by }: Gap, isEnd: boolean): boolean {
    let skipped = log.firstBetween(Math.max(after, log.start - 1), before);
    while (skipped !== undefined) {
      const key = log.valueAt(skipped)?.labels.key;
      if (key === undefined || (isEnd && (log.latest.get(key) ?? -1) <= skipped)) {
        this.found(kind, `${told}, and skips ${skipped}, which exists`, by);
        return true;
      }
      skipped = log.firstBetween(skipped, before);
    }
    return false;
  }

  /** What was acknowledged, and is polled by nobody although something behind it is, counts as lost. */
  private judgeLost({ key, highestPolled, latest, start }: StreamLog, value: SentValue): void {
    const { acknowledged: offset, polledBy, text, by, labels } = value;
    if (offset < start || offset >= highestPolled || polledBy >= 0) return;
    if (labels.key !== undefined && (latest.get(labels.key) ?? -1) > offset) return;
    const message = `${text}, sent to ${key} at offset ${offset} (${this.name(by)}), is polled by nobody, although ${highestPolled} is`;
    this.found('lost-write', message, [by]);
  }

  private abortedRead(key: string, { text, by: sender }: SentValue, by: number): void {
    const message = `${this.name(by)} polls ${text} of ${key}, which ${this.name(sender)} failed to send`;
    this.found('aborted-read', message, [by, sender]);
  }

  private found(kind: StreamAnomaly, message: string, by: readonly number[]): void {
    this.listener.found(kind, message, by);
  }

  private name(operation: number): string {
    return this.listener.name(operation);
  }
}

/** The position of a process that has not been in a log. */
const NOWHERE = -1;

function positionOf(all: Map<number, Map<string, Position>>, process: number, key: string): Position {
  let positions = all.get(process);
  if (positions === undefined) all.set(process, (positions = new Map<string, Position>()));
  let position = positions.get(key);
  if (position === undefined) positions.set(key, (position = { offset: NOWHERE, by: 0 }));
  return position;
}

function copyOf(positions: ReadonlyMap<string, Position>): Map<string, Position> {
  return new Map([...positions].map(([key, position]) => [key, { ...position }]));
}
