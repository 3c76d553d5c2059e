import fc from 'fast-check';
import {
  mkdtempSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { UsageError } from '../../src/kernel/index.js';
import {
  keepTrace,
  readTraceFile,
  saveFoundTrace,
  traceFileName,
  writeTraceFile,
} from '../../src/node/trace-file.js';
import { TRACE_LIMITS } from '../../src/simulator/trace.js';
import { compactTrace } from '../../src/simulator/trace-compact.js';
import { encodeTrace } from '../../src/simulator/trace-text.js';
import { passingTrace, violatingRun, withHeader } from '../simulator/samples.js';

const trace = violatingRun('R02-vote-sent-before-sync').trace;
const packed = gzipSync(encodeTrace(trace));
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-trace-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function place(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** The error for a file, with the folder taken out of it. */
function refusal(path: string): string {
  try {
    readTraceFile(path);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.replaceAll(folder, '.');
  }
  throw new Error('the file was accepted');
}

describe('a trace file', () => {
  it('gives back the trace that was written, as gzipped JSON Lines', () => {
    const path = join(folder, 'a.trace.jsonl.gz');
    writeTraceFile(path, trace);
    expect(readTraceFile(path)).toEqual(trace);
    expect(gunzipSync(readFileSync(path)).toString()).toBe(encodeTrace(trace));
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('may be plain JSON Lines', () => {
    expect(readTraceFile(place('plain.jsonl', encodeTrace(trace)))).toEqual(trace);
  });

  it('may be a link', () => {
    symlinkSync(place('original.gz', packed), join(folder, 'link.gz'));
    expect(readTraceFile(join(folder, 'link.gz'))).toEqual(trace);
  });

  it('replaces what was there, and only whole', () => {
    const path = place('old.gz', 'something else');
    writeTraceFile(path, trace);
    expect(readTraceFile(path)).toEqual(trace);
  });
});

describe('a file that is no trace is refused in one line', () => {
  const bomb = (): Buffer => gzipSync(Buffer.alloc(TRACE_LIMITS.unpackedBytes + 1, 0x20));
  it.each([
    ['empty', (): string => place('empty', ''), './empty:1: expected a header line, got an empty file'],
    [
      'missing',
      (): string => join(folder, 'none'),
      './none: expected a trace file, got no such file or folder',
    ],
    ['a folder', (): string => folder, '.: expected a trace file, got a folder'],
    [
      'below a file',
      (): string => join(place('file', ''), 'x'),
      './file/x: expected a trace file, got a file where a folder is needed',
    ],
    [
      'gzip that is cut off',
      (): string => place('cut.gz', packed.subarray(0, packed.length - 20)),
      './cut.gz: expected a whole gzip file, got one that is cut off',
    ],
    [
      'gzip without content',
      (): string => place('magic.gz', '\u001f'),
      /^\.\/magic\.gz:1: expected a line of JSON/,
    ],
    [
      'gzip that is damaged',
      (): string => place('bad.gz', Buffer.from(packed).fill(0xff, 100, 110)),
      /^\.\/bad\.gz: expected a sound gzip file, got [a-z -]+$/,
    ],
    [
      'gzip with a wrong checksum',
      (): string => place('crc.gz', Buffer.from(packed).fill(0, packed.length - 8, packed.length - 4)),
      './crc.gz: expected a sound gzip file, got incorrect data check',
    ],
    [
      'a small file that unpacks to a large one',
      (): string => place('bomb.gz', bomb()),
      `./bomb.gz: expected a trace of at most ${TRACE_LIMITS.unpackedBytes} bytes, got a longer one`,
    ],
    [
      'a file without end',
      (): string => '/dev/zero',
      `/dev/zero: expected a trace of at most ${TRACE_LIMITS.unpackedBytes} bytes, got a longer one`,
    ],
    [
      'bytes that are no text',
      (): string =>
        place('latin1', Buffer.concat([Buffer.from('{}\n'), Buffer.from([0x22, 0xe9, 0x22, 0x0a])])),
      './latin1:2: expected UTF-8 text, got other bytes',
    ],
    [
      'text inside gzip',
      (): string => place('text.gz', gzipSync('hello')),
      "./text.gz:1: expected a line of JSON, got 'hello'",
    ],
  ] as const)('%s', (_, make, expected) => {
    const found = refusal(make());
    expect(found.split('\n')).toHaveLength(1);
    if (typeof expected === 'string') expect(found).toBe(expected);
    else expect(found).toMatch(expected);
  });

  it('whatever bytes it has', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }).map((content) => gzipSync(content)),
      fc
        .tuple(fc.nat({ max: packed.length - 1 }), fc.integer({ min: 1, max: 255 }))
        .map(([at, by]) => Buffer.from(packed).fill((packed[at] ?? 0) ^ by, at, at + 1)),
      fc.nat({ max: packed.length }).map((length) => packed.subarray(0, length)),
    );
    fc.assert(
      fc.property(bytes, (content) => {
        try {
          readTraceFile(place('random', content));
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as UsageError).message).not.toContain('\n');
        }
      }),
    );
  });
});

describe('the name of a trace', () => {
  const named = (scenario: string, seed: string): string =>
    traceFileName({
      ...trace.header,
      scenario: { ...trace.header.scenario, name: scenario },
      recipe: { seed, strategy: 'random' },
    });

  it('says scenario, seed and invariant', () => {
    expect(named('raft/leader-partition', '42')).toBe(
      'raft-leader-partition-42-raft-vote-durable.trace.jsonl.gz',
    );
    expect(traceFileName(passingTrace('7').header)).toBe('test-small-7-passed.trace.jsonl.gz');
  });

  it('is a plain file name for any seed, and another one for another seed', () => {
    expect(named('a', '../../etc/passwd')).toMatch(
      /^a-_\._\.\._etc_passwd_[0-9a-f]{8}-raft-vote-durable\.trace/,
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 300 }), (a, b) => {
        expect(named('a', a)).toMatch(/^a-[A-Za-z0-9._-]{1,60}-raft-vote-durable\.trace\.jsonl\.gz$/);
        if (a !== b) expect(named('a', a)).not.toBe(named('a', b));
      }),
    );
  });
});

describe('saving and keeping', () => {
  it('a folder of found traces hides itself from git', () => {
    const found = join(folder, 'traces', 'found');
    const path = saveFoundTrace(trace, found);
    expect(path).toBe(join(found, traceFileName(trace.header)));
    expect(readFileSync(join(found, '.gitignore'), 'utf8')).toBe('*\n');
    writeFileSync(join(found, '.gitignore'), '*\n!keep\n');
    saveFoundTrace(trace, found);
    expect(readFileSync(join(found, '.gitignore'), 'utf8')).toBe('*\n!keep\n');
  });

  it('a kept trace has the name that belongs to it; keeping it again changes nothing', () => {
    const corpus = join(folder, 'corpus');
    const path = keepTrace(place('some.gz', packed), corpus);
    expect(path).toBe(join(corpus, traceFileName(trace.header)));
    const before = readFileSync(path);
    expect(keepTrace(place('plain', encodeTrace(trace)), corpus)).toBe(path);
    expect(readFileSync(path)).toEqual(before);
    expect(readTraceFile(path)).toEqual(compactTrace(trace));
  });

  it('a trace that is kept whole has all of its events', () => {
    const path = keepTrace(place('some.gz', packed), join(folder, 'whole'), { whole: true });
    expect(readTraceFile(path)).toEqual(trace);
  });

  it('another run of that name is not overwritten', () => {
    const corpus = join(folder, 'other');
    const path = keepTrace(place('some.gz', packed), corpus);
    const changed = withHeader(trace, { verdict: { ...trace.header.verdict, message: 'other' } });
    expect(() => keepTrace(place('changed', encodeTrace(changed)), corpus)).toThrow(
      `${path}: expected no other trace of this name, got one with a different run`,
    );
    expect(readTraceFile(path)).toEqual(compactTrace(trace));
  });

  it('what is no trace is not kept', () => {
    const corpus = join(folder, 'empty-corpus');
    expect(() => keepTrace(place('no-trace', '{}\n'), corpus)).toThrow(UsageError);
    expect(() => readdirSync(corpus)).toThrow();
  });

  it('a place that cannot be written is told in one line', () => {
    const file = place('in-the-way', '');
    expect(() => saveFoundTrace(trace, join(file, 'found'))).toThrow(
      `${join(file, 'found')}: expected a folder to write to, got a file where a folder is needed`,
    );
    const missing = join(folder, 'missing', 'x.gz');
    expect(() => writeTraceFile(missing, trace)).toThrow(
      `${missing}: expected a place to write, got no such file or folder`,
    );
    const taken = join(folder, 'taken');
    mkdirSync(taken);
    expect(() => writeTraceFile(taken, trace)).toThrow(UsageError);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});
