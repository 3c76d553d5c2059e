/**
 * Logs with offsets, as in Kafka: topics' partitions are keys. Operations:
 * - `send` [key, value], `ok` with [key, [offset, value]]; `poll`, `ok` with {key: [[offset, value] …]};
 * - `txn` of ["send", key, value] and ["poll"], `ok` with ["send", key, [offset, value]] and ["poll", {…}];
 * - `assign` and `subscribe`: the process begins to poll anew, from wherever it likes; `commit`, `crash`: no matter.
 * What was acknowledged and is polled by nobody, although something behind it is, counts as lost: so somebody has to
 * poll everything from the beginning in the end. Values of one key are all different. A value may be a map {v, producer, epoch, from}: `producer` and `epoch` name
 * an idempotent producer's incarnation, `from` (any value) the input that this output was made of.
 *
 * The anomalies are those of Jepsen's Kafka workload (Redpanda 21.10.1, 2022; Bufstream 0.1.0, 2024), and zombies and
 * outputs made twice of one input (KIP-98).
 */

import { LogOffsets, type SentValue } from './stream-log.js';
import { type RecordedOperation, ShapeError } from './recorded.js';
import { readPolls, readSends } from './stream-shapes.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';

/** Throws {@link ShapeError}. */
export function judgeStream(operations: readonly RecordedOperation[]): HistoryReport {
  const anomalies = new Anomalies();
  const logs = new LogOffsets();
  let polls = 0;
  for (const operation of operations) {
    if (!KNOWN.includes(operation.f)) {
      throw new ShapeError(operation.line, `${KNOWN.join(', ')}, not ${operation.f}`);
    }
    for (const send of readSends(operation)) logs.enterSend(operation, send);
  }
  for (const operation of operations) {
    for (const polled of readPolls(operation)) {
      polls += 1;
      logs.enterPoll(operation, polled);
    }
  }
  logs.judge(anomalies);
  judgeSendOrder(operations, anomalies);
  judgePollOrder(operations, logs, anomalies);
  judgeZombies(logs, anomalies);
  judgeOnce(logs, anomalies);
  return anomalies.report(
    `valid: ${count(logs.sent, 'message')} sent, ${count(polls, 'poll')}, ${count(logs.size, 'log')}`,
  );
}

/** Where a process was last in a log, and by which line. */
interface Position {
  readonly offset: number;
  readonly line: number;
}

const KNOWN: readonly string[] = ['send', 'poll', 'txn', 'assign', 'subscribe', 'commit', 'crash'];

/** What a process sends to one log later has a higher offset. */
function judgeSendOrder(operations: readonly RecordedOperation[], anomalies: Anomalies): void {
  const last = new Map<string, Position>();
  for (const operation of operations) {
    const { line, process } = operation;
    const within = new Set<string>();
    for (const { key, offset } of readSends(operation)) {
      if (offset === undefined) continue;
      const name = `${process} ${key}`;
      const before = last.get(name);
      if (before !== undefined && offset <= before.offset) {
        const kind = within.has(name) ? 'int-nonmonotonic-send' : 'nonmonotonic-send';
        const message = `process ${process} sends to ${key} at offset ${offset} (line ${line}) after ${before.offset} (line ${before.line})`;
        anomalies.add(kind, message, [before.line, line]);
      }
      within.add(name);
      last.set(name, { offset, line });
    }
  }
}

/** What a process polls of one log goes on where its last poll ended, until it is assigned anew. */
function judgePollOrder(
  operations: readonly RecordedOperation[],
  logs: LogOffsets,
  anomalies: Anomalies,
): void {
  const last = new Map<number, Map<string, Position>>();
  for (const operation of operations) {
    const { f, line, process } = operation;
    // Whoever crashed, or does not know what he got, begins again wherever he likes.
    if (f === 'assign' || f === 'subscribe' || f === 'crash' || operation.outcome !== 'ok') {
      last.delete(process);
      if (f === 'assign' || f === 'subscribe' || f === 'crash') continue;
    }
    let positions = last.get(process);
    if (positions === undefined) {
      positions = new Map<string, Position>();
      last.set(process, positions);
    }
    const within = new Set<string>();
    for (const { key, messages } of readPolls(operation)) {
      for (const { offset } of messages) {
        const before = positions.get(key);
        const prefix = within.has(key) ? 'int-' : '';
        if (before !== undefined) judgeStep(key, before, offset, line, prefix, logs, anomalies);
        within.add(key);
        positions.set(key, { offset, line });
      }
    }
  }
}

function judgeStep(
  key: string,
  before: Position,
  offset: number,
  line: number,
  prefix: string,
  logs: LogOffsets,
  anomalies: Anomalies,
): void {
  const lines = before.line === line ? [line] : [before.line, line];
  if (offset <= before.offset) {
    const message = `line ${line} polls offset ${offset} of ${key} after ${before.offset} (line ${before.line})`;
    anomalies.add(`${prefix}nonmonotonic-poll`, message, lines);
    return;
  }
  const skipped = logs.firstBetween(key, before.offset, offset);
  if (skipped === undefined) return;
  const message = `line ${line} polls offset ${offset} of ${key} after ${before.offset} (line ${before.line}), and skips ${skipped}, which exists`;
  anomalies.add(`${prefix}poll-skip`, message, lines);
}

/** Nothing of an older epoch of a producer is in a log behind something of a later one (KIP-98: fencing). */
function judgeZombies(logs: LogOffsets, anomalies: Anomalies): void {
  for (const { key, values } of logs.all()) {
    const newest = new Map<string, SentValue>();
    for (const sent of values) {
      if (sent.producer === undefined) continue;
      const before = newest.get(sent.producer);
      if (before !== undefined && sent.epoch < before.epoch) {
        const lines = [before.operation.line, sent.operation.line];
        const message = `${sent.text} of epoch ${sent.epoch} of producer ${sent.producer} (line ${lines[1]}) is in ${key} behind ${before.text} of epoch ${before.epoch} (line ${lines[0]})`;
        anomalies.add('zombie-write', message, lines);
      } else newest.set(sent.producer, sent);
    }
  }
}

/** No two messages that made it into the logs are made of the same input. */
function judgeOnce(logs: LogOffsets, anomalies: Anomalies): void {
  const outputs = new Map<string, SentValue>();
  for (const { values } of logs.all()) {
    for (const sent of values) {
      if (sent.from === undefined) continue;
      const before = outputs.get(sent.from);
      if (before === undefined) outputs.set(sent.from, sent);
      else {
        const lines = [before.operation.line, sent.operation.line];
        const message = `${before.text} (line ${lines[0]}) and ${sent.text} (line ${lines[1]}) are both made of input ${sent.from}`;
        anomalies.add('processed-twice', message, lines);
      }
    }
  }
}
