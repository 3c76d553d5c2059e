/** What clients saw of each log, by offset. */

import type { Plain } from '../../kernel/index.js';
import { type RecordedOperation, ShapeError, textOf } from './recorded.js';
import type { Polled, Sent } from './stream-shapes.js';
import type { Anomalies } from './verdict.js';

/** A value that somebody sent to a log. */
export interface SentValue {
  readonly text: string;
  readonly operation: RecordedOperation;
  readonly producer: string | undefined;
  readonly epoch: number;
  readonly from: string | undefined;
}

interface Place {
  readonly text: string;
  readonly line: number;
}

class Log {
  readonly sent = new Map<string, SentValue>();
  /** Values that the log said it took, with their offsets. */
  readonly acknowledged = new Map<string, number>();
  readonly byOffset = new Map<number, Place>();
  readonly offsetsOf = new Map<string, number>();
  readonly polled = new Set<string>();
  highestPolled = -1;
  private sorted: number[] | undefined;

  /** All known offsets, in order. */
  offsets(): readonly number[] {
    this.sorted ??= [...this.byOffset.keys()].sort((a, b) => a - b);
    return this.sorted;
  }
}

export class LogOffsets {
  private readonly logs = new Map<string, Log>();
  private readonly conflicts: { kind: string; message: string; lines: number[] }[] = [];
  sent = 0;

  get size(): number {
    return this.logs.size;
  }

  enterSend(operation: RecordedOperation, { key, value, offset }: Sent): void {
    const log = this.log(key);
    const text = textOf(value);
    const before = log.sent.get(text);
    if (before !== undefined) {
      throw new ShapeError(
        operation.line,
        `a value that line ${before.operation.line} does not send to ${key}, too`,
      );
    }
    this.sent += 1;
    log.sent.set(text, { text, operation, ...labelsOf(value) });
    if (offset === undefined) return;
    log.acknowledged.set(text, offset);
    this.place(key, log, offset, text, operation.line);
  }

  enterPoll(operation: RecordedOperation, { key, messages }: Polled): void {
    const log = this.log(key);
    for (const { offset, value } of messages) {
      const text = textOf(value);
      log.polled.add(text);
      log.highestPolled = Math.max(log.highestPolled, offset);
      this.place(key, log, offset, text, operation.line);
      const sent = log.sent.get(text);
      if (sent === undefined) {
        const message = `line ${operation.line} polls ${text} of ${key}, which nobody sent`;
        this.conflicts.push({ kind: 'unexpected', message, lines: [operation.line] });
      } else if (sent.operation.outcome === 'fail') {
        const lines = [operation.line, sent.operation.line];
        const message = `line ${lines[0]} polls ${text} of ${key}, which line ${lines[1]} failed to send`;
        this.conflicts.push({ kind: 'aborted-read', message, lines });
      }
    }
  }

  /** The first offset known between two others, without them. */
  firstBetween(key: string, after: number, before: number): number | undefined {
    if (before - after <= 1) return undefined;
    const offsets = this.log(key).offsets();
    let low = 0;
    let high = offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((offsets[middle] as number) <= after) low = middle + 1;
      else high = middle;
    }
    const found = offsets[low];
    return found !== undefined && found < before ? found : undefined;
  }

  /** Each log's known values, in the order of their offsets. */
  *all(): Iterable<{ readonly key: string; readonly values: readonly SentValue[] }> {
    for (const [key, log] of this.logs) {
      const values: SentValue[] = [];
      for (const offset of log.offsets()) {
        const sent = log.sent.get(log.byOffset.get(offset)?.text ?? '');
        if (sent !== undefined) values.push(sent);
      }
      yield { key, values };
    }
  }

  /** Conflicts of offsets, and what was acknowledged and passed by. */
  judge(anomalies: Anomalies): void {
    for (const { kind, message, lines } of this.conflicts) anomalies.add(kind, message, lines);
    for (const [key, log] of this.logs) {
      for (const [text, offset] of log.acknowledged) {
        if (offset >= log.highestPolled || log.polled.has(text)) continue;
        const line = log.sent.get(text)?.operation.line ?? 0;
        const message = `${text}, sent to ${key} at offset ${offset} (line ${line}), is polled by nobody, although ${log.highestPolled} is`;
        anomalies.add('lost-write', message, [line]);
      }
    }
  }

  private log(key: string): Log {
    let log = this.logs.get(key);
    if (log === undefined) this.logs.set(key, (log = new Log()));
    return log;
  }

  private place(key: string, log: Log, offset: number, text: string, line: number): void {
    const there = log.byOffset.get(offset);
    if (there === undefined) log.byOffset.set(offset, { text, line });
    else if (there.text !== text) {
      const message = `offset ${offset} of ${key} is ${there.text} in line ${there.line}, and ${text} in line ${line}`;
      this.conflicts.push({ kind: 'inconsistent-offsets', message, lines: [there.line, line] });
    }
    const known = log.offsetsOf.get(text);
    if (known === undefined) log.offsetsOf.set(text, offset);
    else if (known !== offset) {
      const first = log.byOffset.get(known)?.line ?? line;
      const message = `${text} is in ${key} at offset ${known} (line ${first}) and at ${offset} (line ${line})`;
      this.conflicts.push({ kind: 'duplicate', message, lines: [first, line] });
    }
  }
}

/** Who sent a value, and what of, where it says so. */
function labelsOf(value: Plain): Pick<SentValue, 'producer' | 'epoch' | 'from'> {
  const none = { producer: undefined, epoch: 0, from: undefined };
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return none;
  const { producer, epoch, from } = value as Readonly<Record<string, Plain>>;
  const isFenced = producer !== undefined && Number.isSafeInteger(epoch);
  return {
    producer: isFenced ? textOf(producer) : undefined,
    epoch: isFenced ? (epoch as number) : 0,
    from: from === undefined ? undefined : textOf(from),
  };
}
