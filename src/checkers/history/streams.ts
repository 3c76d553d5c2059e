/**
 * Logs with offsets, as in Kafka: topics' partitions are keys. Operations:
 * - `send` [key, value], `ok` with [key, [offset, value]]; `poll`, `ok` with {key: [[offset, value] …]};
 * - `txn` of ["send", key, value] and ["poll"], `ok` with ["send", key, [offset, value]] and ["poll", {…}];
 * - `assign` and `subscribe`: the process begins to poll anew, from wherever it likes; `commit`, `crash`: no matter.
 * What was acknowledged and is polled by nobody, although something behind it is, counts as lost: so somebody has to
 * poll everything from the beginning in the end. Values of one key are all different. A value may be a map
 * {v, producer, epoch, from}: `producer` and `epoch` name an idempotent producer's incarnation, `from` (any value) the
 * input that this output was made of.
 */

import type { Plain } from '../../kernel/index.js';
import { type RecordedOperation, ShapeError, textOf } from './recorded.js';
import { STRICT, StreamJudge } from './stream-judge.js';
import type { SentLabels } from './stream-log.js';
import { readPolls, readSends, type Polled, type Sent } from './stream-shapes.js';
import { Anomalies, count, type HistoryReport } from './verdict.js';

const KNOWN: readonly string[] = ['send', 'poll', 'txn', 'assign', 'subscribe', 'commit', 'crash'];

/** Throws {@link ShapeError}. */
export function judgeStream(operations: readonly RecordedOperation[]): HistoryReport {
  const anomalies = new Anomalies();
  const judge = new StreamJudge(
    {
      found: (kind, message, lines) => {
        anomalies.add(kind, message, lines);
      },
      name: (line) => `line ${line}`,
    },
    STRICT,
  );
  let polls = 0;
  for (const { operation, isReturn } of inOrder(operations)) {
    if (!isReturn) begin(judge, operation);
    else polls += finish(judge, operation);
  }
  judge.end();
  return anomalies.report(
    `valid: ${count(judge.sent, 'message')} sent, ${count(polls, 'poll')}, ${count(judge.size, 'log')}`,
  );
}

interface Moment {
  readonly operation: RecordedOperation;
  readonly isReturn: boolean;
}

/** Both events of each operation, in the order in which they happened; those without an end in the end. */
function inOrder(operations: readonly RecordedOperation[]): Iterable<Moment> {
  const moments: Moment[] = [];
  const open: Moment[] = [];
  for (const operation of operations) {
    moments[operation.call] = { operation, isReturn: false };
    const end = { operation, isReturn: true };
    if (operation.return === Infinity) open.push(end);
    else moments[operation.return] = end;
  }
  // Positions of events that end nothing are holes, which filter leaves out.
  return [...moments.filter(() => true), ...open];
}

/** Somebody begins to send what nobody has sent before. */
function begin(judge: StreamJudge, operation: RecordedOperation): void {
  const { f, line, process, outcome } = operation;
  // Whoever crashed, or does not know what he got, begins again wherever he likes.
  if (f === 'assign' || f === 'subscribe' || f === 'crash' || outcome !== 'ok') judge.startsAnew(process);
  if (!KNOWN.includes(f)) throw new ShapeError(line, `${KNOWN.join(', ')}, not ${f}`);
  for (const { key, value } of readSends({ ...operation, outcome: 'info' })) {
    const text = textOf(value);
    const before = judge.log(key).sent.get(text);
    if (before !== undefined) {
      throw new ShapeError(line, `a value that line ${before.by} does not send to ${key}, too`);
    }
    judge.sendBegins(line, key, text, labelsOf(value));
  }
}

/** Returns how many logs were polled. */
function finish(judge: StreamJudge, operation: RecordedOperation): number {
  const within = new Set<string>();
  for (const send of readSends(operation)) {
    endSend(judge, operation, send, within.has(send.key));
    within.add(send.key);
  }
  const polls = readPolls(operation);
  endPolls(judge, operation, polls);
  return polls.length;
}

function endSend(
  judge: StreamJudge,
  { line, process, outcome }: RecordedOperation,
  { key, value, offset }: Sent,
  within: boolean,
): void {
  const text = textOf(value);
  if (outcome === 'fail') judge.sendFails(key, text);
  else if (offset === undefined) judge.sendUnknown(key, text);
  else judge.sendSucceeds(line, process, key, text, offset, within);
}

function endPolls(judge: StreamJudge, { line, process }: RecordedOperation, polls: readonly Polled[]): void {
  const within = new Set<string>();
  for (const { key, messages } of polls) {
    for (const { offset, value } of messages) {
      judge.polled(line, process, key, offset, textOf(value), within.has(key));
      within.add(key);
    }
  }
}

/** Who sent a value, and what of, where it says so. */
function labelsOf(value: Plain): SentLabels {
  const none = { producer: undefined, epoch: 0, from: undefined, key: undefined };
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return none;
  const { producer, epoch, from } = value as Readonly<Record<string, Plain>>;
  const isFenced = producer !== undefined && Number.isSafeInteger(epoch);
  return {
    producer: isFenced ? textOf(producer) : undefined,
    epoch: isFenced ? (epoch as number) : 0,
    from: from === undefined ? undefined : textOf(from),
    key: undefined,
  };
}
