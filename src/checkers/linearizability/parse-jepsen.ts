/**
 * Readers of two text formats of recorded histories: Jepsen's register logs
 *     INFO  jepsen.util - 0 :invoke :cas [1 2]
 * and EDN maps of key-value operations
 *     {:process 0, :type :invoke, :f :append, :key "3", :value "x 0 0 y"}
 * one event a line. Times are event numbers. An operation ends as one of:
 * - `:ok`: completed with the value of that line;
 * - `:fail :cas` with its arguments: executed, and found another value; any other `:fail`: never happened,
 *   so it is left out;
 * - `:info`, or no line at all: of unknown outcome.
 * Left out: the rest of EDN, nemesis lines, and process numbers that are no integers.
 */

import type { KvInput, KvOutput } from './kv-model.js';
import type { HistoryOperation } from './model.js';
import type { RegisterInput, RegisterOutput } from './register-model.js';

export type ParsedHistory<Input, Output> =
  | { readonly kind: 'history'; readonly operations: readonly HistoryOperation<Input, Output>[] }
  /** `message` is one line, `line N: expected ...`; `line` counts from 1. */
  | { readonly kind: 'error'; readonly line: number; readonly message: string };

/** Longer lines and longer files are errors. */
export const LINE_CHARACTERS_MAX = 65_536;
export const LINES_MAX = 1_000_000;

type EventType = 'invoke' | 'ok' | 'fail' | 'info';

/** A line taken apart; texts are still as written. */
interface RawEvent {
  readonly process: number;
  readonly type: EventType;
  readonly operation: string;
  readonly key: string;
  readonly value: string;
}

/** One format: how a line is taken apart and what its values mean. */
interface Format<Input extends object, Output> {
  readonly lineShape: string;
  split(line: string): RawEvent | undefined;
  /** A text says what was expected instead. */
  readInput(event: RawEvent): Input | string;
  /** The output of an `:ok`; `undefined` when the value is of no use for this input. */
  readOutput(input: Input, event: RawEvent): Output | undefined;
  readonly okShape: string;
  /** The output of a `:fail`, or `undefined` when that says that nothing happened. */
  failedOutput(input: Input, event: RawEvent): Output | undefined;
}

/** An operation whose completion has not been read. */
interface OpenOperation<Input> {
  readonly index: number;
  readonly line: number;
  readonly event: RawEvent;
  readonly input: Input;
}

/** Reads a log of one register. */
export function parseRegisterLog(text: string): ParsedHistory<RegisterInput, RegisterOutput> {
  return parse(text, registerFormat);
}

/** Reads EDN maps of get, put and append. */
export function parseKvLog(text: string): ParsedHistory<KvInput, KvOutput> {
  return parse(text, kvFormat);
}

function parse<Input extends object, Output>(
  text: string,
  format: Format<Input, Output>,
): ParsedHistory<Input, Output> {
  const reader = new Reader(format);
  let line = 0;
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    line += 1;
    const problem =
      line > LINES_MAX ? `at most ${LINES_MAX} lines` : readLine(text, start, end, line, reader);
    if (problem !== undefined) return { kind: 'error', line, message: `line ${line}: expected ${problem}` };
    start = end + 1;
  }
  return { kind: 'history', operations: reader.finish() };
}

function readLine<Input extends object, Output>(
  text: string,
  start: number,
  end: number,
  line: number,
  reader: Reader<Input, Output>,
): string | undefined {
  if (end - start > LINE_CHARACTERS_MAX) return `at most ${LINE_CHARACTERS_MAX} characters`;
  const content = text.slice(start, end).trim();
  return content === '' ? undefined : reader.read(content, line);
}

/** Pairs invocations with completions. */
class Reader<Input extends object, Output> {
  private readonly format: Format<Input, Output>;
  private readonly operations: (HistoryOperation<Input, Output> | undefined)[] = [];
  private readonly open = new Map<number, OpenOperation<Input>>();
  private position = 0;

  constructor(format: Format<Input, Output>) {
    this.format = format;
  }

  /** Takes one line; what was expected instead, if it does not fit. */
  read(content: string, line: number): string | undefined {
    const event = this.format.split(content);
    if (event === undefined) return this.format.lineShape;
    this.position += 1;
    return event.type === 'invoke' ? this.invoke(event, line) : this.complete(event);
  }

  /** All operations in the order of their invocations, without those that never happened. */
  finish(): HistoryOperation<Input, Output>[] {
    return this.operations.filter((operation) => operation !== undefined);
  }

  private invoke(event: RawEvent, line: number): string | undefined {
    const open = this.open.get(event.process);
    if (open !== undefined) {
      return `the completion of process ${event.process}'s operation of line ${open.line} before its next`;
    }
    const input = this.format.readInput(event);
    if (typeof input === 'string') return input;
    const index = this.operations.length;
    this.open.set(event.process, { index, line, event, input });
    this.operations.push({
      id: index,
      process: event.process,
      input,
      output: undefined,
      call: this.position,
      return: Infinity,
    });
    return undefined;
  }

  private complete(event: RawEvent): string | undefined {
    const open = this.open.get(event.process);
    if (open === undefined) return `an operation of process ${event.process} that is still open`;
    const { operation, key } = open.event;
    if (event.operation !== operation || event.key !== key) {
      const where = key === '' ? '' : ` of key ${JSON.stringify(key)}`;
      return `the completion of process ${event.process}'s ${operation}${where}, invoked in line ${open.line}`;
    }
    this.open.delete(event.process);
    if (event.type === 'info') return undefined;
    const isOk = event.type === 'ok';
    const output = isOk
      ? this.format.readOutput(open.input, event)
      : this.format.failedOutput(open.input, event);
    if (output === undefined && isOk) return this.format.okShape;
    const invoked = this.operations[open.index] as HistoryOperation<Input, Output>;
    this.operations[open.index] =
      output === undefined ? undefined : { ...invoked, output, return: this.position };
    return undefined;
  }
}

const REGISTER_LINE =
  /^INFO\s+jepsen\.util\s+-\s+(\d{1,9})\s+:(invoke|ok|fail|info)\s+:(read|write|cas)\s+(\S.*)$/;
const INTEGER = /^-?\d{1,15}$/;
const PAIR = /^\[(nil|-?\d{1,15}) (-?\d{1,15})\]$/;

const registerFormat: Format<RegisterInput, RegisterOutput> = {
  lineShape: '`INFO jepsen.util - <process> :invoke|:ok|:fail|:info :read|:write|:cas <value>`',
  okShape: 'the value that was read (an integer or nil), or the arguments of the invocation',

  split(line) {
    const parts = REGISTER_LINE.exec(line);
    if (parts === null) return undefined;
    const [, process, type, operation, value] = parts as unknown as [
      string,
      string,
      EventType,
      string,
      string,
    ];
    return { process: Number(process), type, operation, key: '', value };
  },

  readInput({ operation, value }) {
    if (operation === 'read') return value === 'nil' ? { op: 'read' } : 'nil after :invoke :read';
    if (operation === 'write') {
      return INTEGER.test(value) ? { op: 'write', value: Number(value) } : 'an integer to write';
    }
    const pair = PAIR.exec(value);
    if (pair === null) return 'a pair [expected new] of integers to compare and set';
    return { op: 'cas', expected: pair[1] === 'nil' ? null : Number(pair[1]), value: Number(pair[2]) };
  },

  readOutput(input, event) {
    if (input.op === 'read') {
      if (event.value === 'nil') return { value: null };
      return INTEGER.test(event.value) ? { value: Number(event.value) } : undefined;
    }
    if (!repeatsInput(input, event)) return undefined;
    return input.op === 'write' ? { ok: true } : { swapped: true };
  },

  failedOutput: (input, event) =>
    input.op === 'cas' && repeatsInput(input, event) ? { swapped: false } : undefined,
};

function repeatsInput(input: RegisterInput, event: RawEvent): boolean {
  return JSON.stringify(registerFormat.readInput(event)) === JSON.stringify(input);
}

/** A quoted text with the escapes of EDN; no nested repetition, so matching is linear. */
const QUOTED = '"((?:[^"\\\\]|\\\\[nrt"\\\\])*)"';
const KV_LINE = new RegExp(
  `^\\{:process (\\d{1,9}), :type :(invoke|ok|fail|info), :f :(get|put|append), :key ${QUOTED}, ` +
    `:value (nil|:[a-z-]+|${QUOTED})\\}$`,
);
const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

function unescape(text: string): string {
  return text.replace(/\\(.)/g, (_, letter: string) => ESCAPES.get(letter) ?? letter);
}

/** A value as it is kept in `RawEvent.value`: texts keep one leading quote, so that "nil" is no nil. */
function keptValue(written: string, quoted: string | undefined): string {
  return quoted === undefined ? written : `"${unescape(quoted)}`;
}

const kvFormat: Format<KvInput, KvOutput> = {
  lineShape:
    '`{:process <n>, :type :invoke|:ok|:fail|:info, :f :get|:put|:append, :key "<key>", :value nil|"<text>"}`',
  okShape: 'the text that was read, or the text of the invocation',

  split(line) {
    const parts = KV_LINE.exec(line);
    if (parts === null) return undefined;
    const [, process, type, operation, key, written, quoted] = parts as unknown as [
      string,
      string,
      EventType,
      string,
      string,
      string,
      string | undefined,
    ];
    const value = keptValue(written, quoted);
    return { process: Number(process), type, operation, key: unescape(key), value };
  },

  readInput({ operation, key, value }) {
    if (operation === 'get') {
      return value === 'nil' ? { op: 'get', key } : ':value nil after :invoke, :f :get';
    }
    if (!value.startsWith('"')) return `a text to ${operation}`;
    return { op: operation === 'put' ? 'put' : 'append', key, value: value.slice(1) };
  },

  readOutput(input, event) {
    const text = event.value.startsWith('"') ? event.value.slice(1) : undefined;
    if (input.op === 'get') {
      if (event.value === 'nil') return { value: null };
      return text === undefined ? undefined : { value: text };
    }
    return 'value' in input && text === input.value ? { ok: true } : undefined;
  },

  failedOutput: () => undefined,
};
