/**
 * Recorded histories on disk, one event a line, in three forms: JSON Lines
 *     {"process": 0, "type": "invoke", "f": "write", "key": "x", "value": 3}
 * Jepsen's EDN maps
 *     {:process 0, :type :invoke, :f :write, :key "x", :value 3}
 * and Jepsen's log lines
 *     INFO  jepsen.util - 0 :invoke :write 3
 * The first line that is not empty says which. Other fields are passed over, and so are events whose process is no
 * number, such as those of Jepsen's nemesis.
 */

import { closeSync, openSync, readFileSync, fstatSync } from 'node:fs';
import { parseEDNString } from 'edn-data';
import { z } from 'zod';

import type { RecordedEvent } from '../checkers/history/index.js';
import { excerpt, suggestion, UsageError, type Plain } from '../kernel/index.js';
import { fileProblem } from './file-errors.js';

const FILE_BYTES_MAX = 512 * 1024 * 1024;
const LINE_CHARACTERS_MAX = 4 * 1024 * 1024;
const DEPTH_MAX = 64;

const TYPES = ['invoke', 'ok', 'fail', 'info'] as const;
const eventShape = z.object({
  process: z.int().nonnegative(),
  type: z.enum(TYPES),
  f: z.string().min(1),
  key: z.unknown().optional(),
  value: z.unknown().optional(),
});

type Fields = Readonly<Record<string, unknown>>;
/** The fields of a line; a text says what was expected instead. */
type LineReader = (text: string) => Fields | string;

/** Reads a history. Throws UsageError, one line that names file and line. */
export function readHistoryFile(path: string): RecordedEvent[] {
  const text = readText(path);
  const events: RecordedEvent[] = [];
  let read: LineReader | undefined;
  let line = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    line += 1;
    if (end - start > LINE_CHARACTERS_MAX)
      throw refuse(path, line, `at most ${LINE_CHARACTERS_MAX} characters`);
    const content = text.slice(start, end).trim();
    start = end + 1;
    if (content === '' || content.startsWith(';')) continue;
    read ??= readerFor(content);
    const event = readEvent(read(content), content, line, path);
    if (event !== undefined) events.push(event);
  }
  if (events.length === 0)
    throw new UsageError('bad-history', `${path}: expected events, one a line, got none`);
  return events;
}

function readText(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    if (fstatSync(file).size > FILE_BYTES_MAX) {
      throw new UsageError('bad-history', `${path}: expected at most ${FILE_BYTES_MAX} bytes`);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof TypeError) {
      throw new UsageError('bad-history', `${path}: expected a history in UTF-8 text, got other bytes`);
    }
    throw fileProblem(error, path, 'a history');
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readerFor(firstLine: string): LineReader {
  if (firstLine.startsWith('INFO')) return readLogLine;
  return /^(#[^\s{]+\s*)?\{\s*:/.test(firstLine) ? readEdn : readJson;
}

function readJson(text: string): Fields | string {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : 'a JSON object';
  } catch {
    return 'a JSON object, or an EDN map, on each line';
  }
}

const EDN_OPTIONS = { mapAs: 'map', setAs: 'array', listAs: 'array', keywordAs: 'string' } as const;
const EDN_REST = { symbolAs: 'string', charAs: 'string' } as const;

/** Undefined: it is none. Of a wrong instant or another wrong tag the parser throws whatever comes. */
function parseEdn(text: string): unknown {
  try {
    return plainEdn(parseEDNString(text, { ...EDN_OPTIONS, ...EDN_REST }), 0);
  } catch {
    return undefined;
  }
}

function readEdn(text: string): Fields | string {
  // The parser takes a map that is cut off for none.
  const value = text.endsWith('}') ? parseEdn(text) : undefined;
  return isFields(value) ? value : 'a whole EDN map on each line';
}

const LOG_LINE = /^INFO\s.*?\s-\s+(\S+)\s+:(\S+)\s+:(\S+)\s+(\S.*)$/;

function readLogLine(text: string): Fields | string {
  const parts = LOG_LINE.exec(text);
  if (parts === null) return '`INFO … - PROCESS :TYPE :F VALUE`';
  const [, process = '', type, f, value = ''] = parts;
  return { process: /^\d{1,15}$/.test(process) ? Number(process) : process, type, f, value: parseEdn(value) };
}

/** EDN as plain data: maps' keys become texts, whole numbers beyond 2^53 too, tags go. Undefined if too deep. */
function plainEdn(value: unknown, depth: number): unknown {
  if (depth > DEPTH_MAX) return undefined;
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map((item) => plainEdn(item, depth + 1));
  if (value instanceof Map) {
    const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (const [key, item] of value) fields[keyText(plainEdn(key, depth + 1))] = plainEdn(item, depth + 1);
    return fields;
  }
  if (value instanceof Date) return value.toISOString();
  if (isFields(value) && 'tag' in value) return plainEdn(value['val'], depth + 1);
  return value;
}

const keyText = (key: unknown): string => (typeof key === 'string' ? key : JSON.stringify(key));

function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function readEvent(
  fields: Fields | string,
  content: string,
  line: number,
  path: string,
): RecordedEvent | undefined {
  if (typeof fields === 'string') throw refuse(path, line, fields, content);
  if (typeof fields['process'] === 'string') return undefined;
  const parsed = eventShape.safeParse(fields);
  if (!parsed.success)
    throw refuse(path, line, expectedOf(fields), content, suggestion(fields['type'], TYPES));
  const { type, process, f, key, value } = parsed.data;
  if (!isShallow(key, 0) || !isShallow(value, 0))
    throw refuse(path, line, `values at most ${DEPTH_MAX} deep`);
  return {
    line,
    type,
    process,
    f,
    key: (key ?? undefined) as Plain | undefined,
    value: (value ?? null) as Plain,
  };
}

function isShallow(value: unknown, depth: number): boolean {
  if (value === null || typeof value !== 'object') return true;
  if (depth > DEPTH_MAX) return false;
  return Object.values(value).every((item) => isShallow(item, depth + 1));
}

function expectedOf({ type, f }: Fields): string {
  if (!TYPES.some((each) => each === type)) return `type ${TYPES.join(', ')}`;
  if (typeof f !== 'string') return 'f, a word that says what is done';
  return 'process, a whole number from 0';
}

const EXCERPT_CHARACTERS = 60;

function refuse(path: string, line: number, expected: string, content?: string, hint?: string): UsageError {
  const got = content === undefined ? '' : `, got ${excerpt(content, EXCERPT_CHARACTERS)}`;
  return new UsageError('bad-history', `${path}:${line}: expected ${expected}${got}`, hint);
}
