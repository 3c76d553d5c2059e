/**
 * Recorded histories: what clients of any system invoked and what they heard, in the order in which it happened.
 *
 * A history is a list of events. `invoke` begins an operation of a process, `ok` says that it happened, `fail`
 * that it did not, `info` that nobody knows (it may have happened, at any later time). The words are Jepsen's.
 * An operation's interval is the positions of its two events in the list: times of clocks are not trusted.
 */

import { canonical, type Plain } from '../../kernel/index.js';

export type EventType = 'invoke' | 'ok' | 'fail' | 'info';

/** One event as a file has it. `line` (from 1) is for messages. */
export interface RecordedEvent {
  readonly line: number;
  readonly type: EventType;
  readonly process: number;
  /** What is done: `read`, `write`, `enqueue`, `txn` … */
  readonly f: string;
  /** The object, where operations name one beside their value. */
  readonly key: Plain | undefined;
  readonly value: Plain;
}

/** An operation with both its events; `info` also for one whose end was not recorded. */
export interface RecordedOperation {
  /** Counts operations by their invocation, from 0. */
  readonly id: number;
  /** The line of the invocation. */
  readonly line: number;
  readonly process: number;
  readonly f: string;
  readonly key: Plain | undefined;
  readonly input: Plain;
  readonly outcome: 'ok' | 'fail' | 'info';
  /** The value of the `ok` or `fail`; null otherwise. */
  readonly output: Plain;
  /** Positions of the two events; `return` is Infinity unless the end is known. */
  readonly call: number;
  readonly return: number;
}

export type Recorded =
  | { readonly kind: 'history'; readonly operations: readonly RecordedOperation[] }
  | { readonly kind: 'error'; readonly line: number; readonly message: string };

/** An operation that is being paired. */
type Open = { -readonly [Field in keyof RecordedOperation]: RecordedOperation[Field] };

/** Pairs invocations with completions. An event without an operation, or a second one at a time, is an error. */
export function pairEvents(events: Iterable<RecordedEvent>): Recorded {
  const operations: Open[] = [];
  const open = new Map<number, Open>();
  let position = 0;
  for (const event of events) {
    position += 1;
    const current = open.get(event.process);
    if (event.type === 'invoke') {
      if (current !== undefined) {
        return wrong(event, `the end of process ${event.process}'s operation of line ${current.line} first`);
      }
      const operation = begin(event, operations.length, position);
      operations.push(operation);
      open.set(event.process, operation);
      continue;
    }
    if (current === undefined) {
      return wrong(event, `an operation of process ${event.process} that is still open`);
    }
    if (current.f !== event.f) {
      return wrong(event, `the end of process ${event.process}'s ${current.f} of line ${current.line}`);
    }
    open.delete(event.process);
    if (event.type === 'info') continue;
    current.outcome = event.type;
    current.output = event.value;
    current.return = position;
  }
  return { kind: 'history', operations };
}

function begin(event: RecordedEvent, id: number, position: number): Open {
  return {
    id,
    line: event.line,
    process: event.process,
    f: event.f,
    key: event.key,
    input: event.value,
    outcome: 'info',
    output: null,
    call: position,
    return: Infinity,
  };
}

function wrong(event: RecordedEvent, expected: string): Recorded {
  return { kind: 'error', line: event.line, message: `line ${event.line}: expected ${expected}` };
}

/** A text that is equal for equal values and for no others. */
export function textOf(value: Plain): string {
  return typeof value === 'number' ? String(value) : canonical(value);
}

/** A value that does not have the shape that its judge needs. Caught by `checkHistory`. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  constructor(
    readonly line: number,
    expected: string,
  ) {
    super(`line ${line}: expected ${expected}`);
  }
}
