/**
 * Traces on disk: gzipped JSON Lines, written whole or not at all, read with bounded memory.
 *
 * Found traces go to a folder of their own that git ignores; a trace that shall guard against the bug's
 * return is kept in the corpus.
 */

import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';

import { UsageError, excerpt, hashPlain, hashString, hex32 } from '../kernel/index.js';
import { mutationsOf } from '../simulator/recipes.js';
import type { Recipe } from '../simulator/outcome.js';
import { TRACE_LIMITS, type Trace, type TraceHeader } from '../simulator/trace.js';
import { compactTrace } from '../simulator/trace-compact.js';
import { encodeTrace, parseTrace } from '../simulator/trace-text.js';
import { writeAtomically } from './atomic-file.js';
import { makeFolder } from './folders.js';
import { reasonOf } from './system-errors.js';

/** Where found traces go, under the current folder. */
export const FOUND_FOLDER = join('traces', 'found');

const SUFFIX = '.trace.jsonl.gz';

// ---- reading ----

/** Reads a trace, gzipped or as plain JSON Lines. Throws UsageError for whatever is wrong with it. */
export function readTraceFile(path: string): Trace {
  const packed = readBounded(path);
  const isGzip = packed[0] === 0x1f && packed[1] === 0x8b;
  return parseTrace(decode(isGzip ? inflate(packed, path) : packed, path), path);
}

/** The content of a file (or pipe) of bounded size. */
function readBounded(path: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return readAll(file, path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw refuse(path, 'a trace file', reasonOf(error));
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

const CHUNK_BYTES = 1024 * 1024;

function readAll(file: number, path: string): Buffer {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    const count = readSync(file, chunk, 0, CHUNK_BYTES, null);
    if (count === 0) return Buffer.concat(chunks, length);
    length += count;
    if (length > TRACE_LIMITS.unpackedBytes) throw tooLong(path);
    chunks.push(chunk.subarray(0, count));
  }
}

/** Unpacks, and stops when it gets longer than a trace may be: a small file may unpack to terabytes. */
function inflate(packed: Buffer, path: string): Buffer {
  try {
    return gunzipSync(packed, { maxOutputLength: TRACE_LIMITS.unpackedBytes });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLong(path);
    if (code === 'Z_BUF_ERROR') throw refuse(path, 'a whole gzip file', 'one that is cut off');
    throw refuse(path, 'a sound gzip file', error instanceof Error ? error.message : 'a damaged one');
  }
}

/** UTF-8 to text; names the line of the first byte that is none. */
function decode(bytes: Buffer, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refuse(`${path}:${firstBadLine(bytes)}`, 'UTF-8 text', 'other bytes');
  }
}

function firstBadLine(bytes: Buffer): number {
  let start = 0;
  for (let line = 1; ; line++) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(start, end));
    } catch {
      return line;
    }
    if (newline < 0) return line;
    start = end + 1;
  }
}

function tooLong(path: string): UsageError {
  return refuse(path, `a trace of at most ${TRACE_LIMITS.unpackedBytes} bytes`, 'a longer one');
}

function refuse(place: string, expected: string, got: string): UsageError {
  return new UsageError('bad-trace', `${place}: expected ${expected}, got ${got}`);
}

// ---- writing ----

/** Writes a trace as gzipped JSON Lines: afterwards the file is whole, or what it was before. */
export function writeTraceFile(path: string, trace: Trace): void {
  writeAtomically(path, gzipSync(encodeTrace(trace), { level: 9 }));
}

/**
 * `<scenario>-<seed>-<invariant>.trace.jsonl.gz`; a run without violation has its status in that place, and `-min`
 * follows in the name of a minimised trace. `origin`: recipe of the run that it was made from; default: its own.
 */
export function traceFileName(
  { scenario, recipe, verdict, minimised }: TraceHeader,
  origin: Recipe = recipe,
): string {
  const parts = [
    namePart(scenario.name.replaceAll('/', '-'), 80),
    namePart(recipe.seed, 40) + mutationPart(origin),
    namePart((verdict.invariant ?? verdict.status).replaceAll('/', '-'), 80),
  ];
  if (minimised !== null) parts.push('min');
  return parts.join('-') + SUFFIX;
}

/** Runs that were made from the same seed differ in this. */
function mutationPart(recipe: Recipe): string {
  const mutations = mutationsOf(recipe);
  return mutations.length === 0 ? '' : `~${hex32(hashPlain(mutations))}`;
}

/**
 * A part of a file name that every system takes. A text that had to be changed for it is followed by its
 * hash, so that two seeds do not share a file.
 */
function namePart(text: string, longest: number): string {
  const clean = text.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, longest);
  const safe = clean.replace(/^[.-]/, '_');
  return safe === text && text !== '' ? text : `${safe}_${hex32(hashString(text))}`;
}

/** Saves a found trace in a folder that git ignores; returns its path. `origin`: as for {@link traceFileName}. */
export function saveFoundTrace(trace: Trace, folder: string = FOUND_FOLDER, origin?: Recipe): string {
  makeFolder(folder);
  const ignore = join(folder, '.gitignore');
  if (!existsSync(ignore)) writeAtomically(ignore, Buffer.from('*\n'));
  const path = join(folder, traceFileName(trace.header, origin));
  writeTraceFile(path, trace);
  return path;
}

export interface KeepChoices {
  /** What a replay against today's code shall find from now on, e.g. `passed` once the bug is mended. Default: the same. */
  readonly expect?: TraceHeader['expect'] | undefined;
  /** Keeps every event for readers, instead of the compact form. Default false. */
  readonly whole?: boolean;
}

/**
 * Promotes a trace into the corpus, under its own name; returns its path there. Keeping the same run
 * again changes nothing; another run of that name is not overwritten.
 */
export function keepTrace(file: string, corpusFolder: string, { expect, whole }: KeepChoices = {}): string {
  const read = readTraceFile(file);
  const found = whole === true ? read : compactTrace(read);
  const trace = expect === undefined ? found : { ...found, header: { ...found.header, expect } };
  makeFolder(corpusFolder);
  const path = join(corpusFolder, traceFileName(trace.header));
  if (!existsSync(path)) {
    writeTraceFile(path, trace);
    return path;
  }
  if (encodeTrace(readTraceFile(path)) === encodeTrace(trace)) return path;
  throw new UsageError(
    'already-kept',
    `${excerpt(path, 300)}: expected no other trace of this name, got one with a different run`,
    'remove that one first, or rename it',
  );
}
