// Histories on disk: three forms, one meaning; and what is wrong with the others.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/kernel/index.js';
import { readHistoryFile } from '../../src/node/history-file.js';

const folder = mkdtempSync(join(tmpdir(), 'faultline-histories-'));
const path = join(folder, 'h');

function read(text: string | Uint8Array): unknown {
  writeFileSync(path, text);
  try {
    return readHistoryFile(path).map(({ type, process, f, key, value }) => [
      process,
      type,
      f,
      key ?? null,
      value,
    ]);
  } catch (error) {
    if (error instanceof UsageError) return error.message.replace(path, 'FILE');
    throw error;
  }
}

describe('history files', () => {
  it('JSON Lines, EDN maps and log lines say the same', () => {
    const expected = [
      [0, 'invoke', 'cas', null, [1, 2]],
      [0, 'ok', 'cas', null, [1, 2]],
    ];
    const json =
      '{"process": 0, "type": "invoke", "f": "cas", "value": [1, 2], "time": 3}\n\n{"process":0,"type":"ok","f":"cas","value":[1,2]}';
    expect(read(json)).toEqual(expected);
    expect(
      read(
        '{:process 0, :type :invoke, :f :cas, :value [1 2]}\n{:process 0, :type :ok, :f :cas, :value [1 2]}\n',
      ),
    ).toEqual(expected);
    expect(read('INFO  jepsen.util - 0 :invoke :cas [1 2]\nINFO  jepsen.util - 0 :ok\t:cas\t[1 2]')).toEqual(
      expected,
    );
  });

  it('EDN: keywords, maps with any keys, sets, nil, tagged records; nemeses are passed over', () => {
    const text = `
; a comment
{:process :nemesis, :type :info, :f :start, :value nil}
#jepsen.history.Op{:index 0, :process 1, :type :ok, :f :read, :key "k", :value {0 50, :a #{1}, "b" nil}}`;
    expect(read(text)).toEqual([[1, 'ok', 'read', 'k', { 0: 50, a: [1], b: null }]]);
  });

  it.each([
    ['', 'FILE: expected events, one a line, got none'],
    [
      '{"process": 0, "type": "invok", "f": "read"}',
      'FILE:1: expected type invoke, ok, fail, info, got {"process": 0, "type": "invok", "f": "read"}',
    ],
    [
      '{"process": 0, "type": "ok"}',
      'FILE:1: expected f, a word that says what is done, got {"process": 0, "type": "ok"}',
    ],
    [
      '{"process": -1, "type": "ok", "f": "read"}',
      'FILE:1: expected process, a whole number from 0, got {"process": -1, "type": "ok", "f": "read"}',
    ],
    [
      '{"process": 0, "type": "ok", "f": "read"}\nnonsense',
      'FILE:2: expected a JSON object, or an EDN map, on each line, got nonsense',
    ],
    ['{:process 0, :type :ok', 'FILE:1: expected a whole EDN map on each line, got {:process 0, :type :ok'],
    [
      '{:process 0, :type :ok, :f :write, :value #inst "bad"}',
      'FILE:1: expected a whole EDN map on each line, got {:process 0, :type :ok, :f :write, :value #inst "bad"}',
    ],
    ['INFO what', 'FILE:1: expected `INFO … - PROCESS :TYPE :F VALUE`, got INFO what'],
  ])('%j is refused in one line', (text, message) => {
    expect(read(text)).toBe(message);
  });

  it('deep nesting and other bytes are refused, not followed', () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    expect(read(`{"process": 0, "type": "ok", "f": "read", "value": ${deep}}`)).toBe(
      'FILE:1: expected values at most 64 deep',
    );
    expect(read(Uint8Array.of(0x7b, 0xff))).toBe('FILE: expected a history in UTF-8 text, got other bytes');
  });

  it('any text is read or refused, never an exception', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':process 0',
      ' ',
      '"type"',
      ':',
      '"ok"',
      '\n',
      'INFO',
      '#x',
      '\\',
      '"',
      '1',
      'nil',
      ',',
      '#{',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        expect(['string', 'object']).toContain(typeof read(parts.join('')));
      }),
      { numRuns: 2_000 },
    );
  });
});
