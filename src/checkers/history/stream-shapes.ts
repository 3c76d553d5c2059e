/** The shapes of a stream's operations. */

import type { Plain } from '../../kernel/index.js';
import { type RecordedOperation, ShapeError, textOf } from './recorded.js';

export interface Sent {
  readonly key: string;
  readonly value: Plain;
  /** Undefined unless the end of the operation tells it. */
  readonly offset: number | undefined;
}

export interface PolledMessage {
  readonly offset: number;
  readonly value: Plain;
}

/** What one poll got of one log, in order. */
export interface Polled {
  readonly key: string;
  readonly messages: readonly PolledMessage[];
}

type Row = readonly Plain[];
const isRow = (value: Plain | undefined): value is Row => Array.isArray(value);

const SEND = 'a send of [key, value] that ends with [key, [offset, value]]';
const POLL = 'a poll that ends with {key: [[offset, value] …]}';
const TXN = 'a txn of ["send", key, value] and ["poll"]';

/** What an operation sends, in order. Throws {@link ShapeError}. */
export function readSends(operation: RecordedOperation): Sent[] {
  const { f, line, outcome, input, output } = operation;
  if (f !== 'send' && f !== 'txn') return [];
  const value = outcome === 'ok' ? output : input;
  if (f === 'send') return isRow(value) ? [readSend(value, line, outcome === 'ok')] : refuse(line, SEND);
  if (!isRow(value)) return refuse(line, TXN);
  return value
    .filter((step) => verbOf(step, line) === 'send')
    .map((step) => readSend((step as Row).slice(1), line, outcome === 'ok'));
}

function verbOf(step: Plain, line: number): string {
  const verb = isRow(step) ? step[0] : undefined;
  return verb === 'send' || verb === 'poll' ? verb : refuse(line, TXN);
}

function readSend(row: Row, line: number, isKnown: boolean): Sent {
  const [key, value] = row;
  if (key === undefined || value === undefined) return refuse(line, SEND);
  if (!isKnown) return { key: textOf(key), value, offset: undefined };
  const message = readMessage(value, line, SEND);
  return { key: textOf(key), value: message.value, offset: message.offset };
}

/** What an operation polled, log by log. Throws {@link ShapeError}. */
export function readPolls(operation: RecordedOperation): Polled[] {
  const { f, line, outcome, output } = operation;
  if (outcome !== 'ok' || (f !== 'poll' && f !== 'txn')) return [];
  if (f === 'poll') return readPoll(output, line);
  if (!isRow(output)) return refuse(line, TXN);
  return output.flatMap((step) => {
    if (verbOf(step, line) !== 'poll') return [];
    return readPoll((step as Row)[1] ?? null, line);
  });
}

function readPoll(value: Plain, line: number): Polled[] {
  if (value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return refuse(line, POLL);
  return Object.entries(value as Readonly<Record<string, Plain>>).map(([key, messages]) => {
    if (!isRow(messages)) return refuse(line, POLL);
    // Keys of maps are texts; those of sends may be numbers, and are the same log.
    return {
      key: /^-?\d+$/.test(key) ? key : textOf(key),
      messages: messages.map((each) => readMessage(each, line, POLL)),
    };
  });
}

function readMessage(value: Plain, line: number, expected: string): PolledMessage {
  if (!isRow(value) || value.length !== 2) return refuse(line, expected);
  const [offset, content = null] = value;
  if (!Number.isSafeInteger(offset)) return refuse(line, expected);
  return { offset: offset as number, value: content };
}

function refuse(line: number, expected: string): never {
  throw new ShapeError(line, expected);
}
