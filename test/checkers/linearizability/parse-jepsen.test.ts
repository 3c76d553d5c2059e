// The readers of recorded histories: what a line means, and what is said of a line that means nothing.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKvLog, parseRegisterLog } from '../../../src/checkers/linearizability/index.js';
import { LINE_CHARACTERS_MAX } from '../../../src/checkers/linearizability/parse-jepsen.js';

const log = (...events: string[]): string => events.map((event) => `INFO  jepsen.util - ${event}\n`).join('');
const edn = (...events: string[]): string => events.map((event) => `{${event}}\n`).join('');
const readLog = (...events: string[]) => parseRegisterLog(log(...events));

describe('register logs', () => {
  it('pair invocations with completions by process; times are event numbers', () => {
    const parsed = readLog(
      '0\t:invoke\t:write\t1',
      '1\t:invoke\t:read\tnil',
      '0\t:ok\t:write\t1',
      '1\t:ok\t:read\t1',
      '1\t:invoke\t:cas\t[1 2]',
      '1\t:ok\t:cas\t[1 2]',
    );
    expect(parsed).toEqual({
      kind: 'history',
      operations: [
        { id: 0, process: 0, input: { op: 'write', value: 1 }, output: { ok: true }, call: 1, return: 3 },
        { id: 1, process: 1, input: { op: 'read' }, output: { value: 1 }, call: 2, return: 4 },
        {
          id: 2,
          process: 1,
          input: { op: 'cas', expected: 1, value: 2 },
          output: { swapped: true },
          call: 5,
          return: 6,
        },
      ],
    });
  });

  it.each([
    ['a read of nil as absent', ':read\tnil', ':ok\t:read\tnil', { value: null }],
    ['a failed compare-and-set as an answer', ':cas\t[1 2]', ':fail\t:cas\t[1 2]', { swapped: false }],
    ['an info as unknown', ':write\t3', ':info\t:write\t:timed-out', undefined],
  ])('read %s', (_, invocation, completion, output) => {
    const parsed = readLog(`7\t:invoke\t${invocation}`, `7\t${completion}`);
    expect(parsed).toMatchObject({ operations: [{ output, return: output === undefined ? Infinity : 2 }] });
  });

  it.each([
    ['a read that failed', ':read\tnil', ':fail\t:read\t:timed-out'],
    ['a write that failed', ':write\t1', ':fail\t:write\t1'],
    ['a compare-and-set that failed without running', ':cas\t[1 2]', ':fail\t:cas\t:timed-out'],
  ])('leave out %s', (_, invocation, completion) => {
    expect(readLog(`7\t:invoke\t${invocation}`, `7\t${completion}`)).toEqual({
      kind: 'history',
      operations: [],
    });
  });

  it('take an operation without a completion as unknown', () => {
    expect(readLog('7\t:invoke\t:write\t1')).toMatchObject({ operations: [{ output: undefined }] });
  });

  it('skip empty lines and take any line end', () => {
    const text = '\r\nINFO  jepsen.util - 0 :invoke :read nil\r\n\n   \nINFO jepsen.util - 0 :ok :read 5';
    expect(parseRegisterLog(text)).toMatchObject({
      operations: [{ output: { value: 5 }, call: 1, return: 2 }],
    });
  });

  it.each([
    [['nonsense'], 1, /^line 1: expected `INFO jepsen\.util - <process> /],
    [
      ['0 :invoke :read nil', '1 :ok :read 1'],
      2,
      'line 2: expected an operation of process 1 that is still open',
    ],
    [
      ['0 :invoke :read nil', '0 :info :read :timed-out', '0 :ok :read 1'],
      3,
      'line 3: expected an operation of process 0 that is still open',
    ],
    [
      ['0 :invoke :read nil', '0 :invoke :read nil'],
      2,
      "line 2: expected the completion of process 0's operation of line 1 before its next",
    ],
    [
      ['0 :invoke :read nil', '0 :ok :write 1'],
      2,
      "line 2: expected the completion of process 0's read, invoked in line 1",
    ],
    [['0 :invoke :write x'], 1, 'line 1: expected an integer to write'],
    [['0 :invoke :write nil'], 1, 'line 1: expected an integer to write'],
    [['0 :invoke :cas [1]'], 1, 'line 1: expected a pair [expected new] of integers to compare and set'],
    [['0 :invoke :read 3'], 1, 'line 1: expected nil after :invoke :read'],
    [['0 :invoke :read nil', '0 :ok :read x'], 2, /^line 2: expected the value that was read/],
    [
      ['0 :invoke :write 1', '0 :ok :write 2'],
      2,
      /^line 2: expected the value that was read .* or the arguments/,
    ],
  ])('answer %j with one line that names the place', (events, line, message) => {
    expect(readLog(...events)).toEqual({
      kind: 'error',
      line,
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    });
  });

  it('refuse a line that is too long without reading it', () => {
    const parsed = parseRegisterLog('x'.repeat(LINE_CHARACTERS_MAX + 1));
    expect(parsed).toMatchObject({
      kind: 'error',
      message: `line 1: expected at most ${LINE_CHARACTERS_MAX} characters`,
    });
  });
});

describe('key-value logs', () => {
  it('read get, put and append with their keys', () => {
    const parsed = parseKvLog(
      edn(
        ':process 0, :type :invoke, :f :append, :key "3", :value "x 0 0 y"',
        ':process 1, :type :invoke, :f :get, :key "3", :value nil',
        ':process 0, :type :ok, :f :append, :key "3", :value "x 0 0 y"',
        ':process 1, :type :ok, :f :get, :key "3", :value ""',
        ':process 1, :type :invoke, :f :put, :key "4", :value "nil"',
        ':process 1, :type :info, :f :put, :key "4", :value :timed-out',
      ),
    );
    expect(parsed).toMatchObject({
      kind: 'history',
      operations: [
        { input: { op: 'append', key: '3', value: 'x 0 0 y' }, output: { ok: true }, call: 1, return: 3 },
        { input: { op: 'get', key: '3' }, output: { value: '' }, call: 2, return: 4 },
        { input: { op: 'put', key: '4', value: 'nil' }, output: undefined, call: 5, return: Infinity },
      ],
    });
  });

  it('read escaped characters in texts', () => {
    const parsed = parseKvLog(
      edn(String.raw`:process 0, :type :invoke, :f :put, :key "a\"b", :value "c\\\nd"`),
    );
    expect(parsed).toMatchObject({ operations: [{ input: { key: 'a"b', value: 'c\\\nd' } }] });
  });

  it.each([
    [':process 0, :type :invoke, :f :get, :key 3, :value nil', /^line 1: expected `\{:process <n>, :type /],
    [
      ':process 0, :type :invoke, :f :get, :key "3", :value "x"',
      'line 1: expected :value nil after :invoke, :f :get',
    ],
    [':process 0, :type :invoke, :f :put, :key "3", :value nil', 'line 1: expected a text to put'],
  ])('answer %j with what was expected', (event, message) => {
    expect(parseKvLog(edn(event))).toMatchObject({
      kind: 'error',
      message: typeof message === 'string' ? message : (expect.stringMatching(message) as string),
    });
  });

  it('notice a completion of another key', () => {
    const parsed = parseKvLog(
      edn(
        ':process 0, :type :invoke, :f :get, :key "3", :value nil',
        ':process 0, :type :ok, :f :get, :key "4", :value ""',
      ),
    );
    expect(parsed).toMatchObject({
      message: `line 2: expected the completion of process 0's get of key "3", invoked in line 1`,
    });
  });
});

describe('both readers', () => {
  const words = fc.constantFrom(
    'INFO',
    'jepsen.util',
    '-',
    '0',
    '1',
    ':invoke',
    ':ok',
    ':read',
    ':write',
    'nil',
    '[1 2]',
    '{:process 0',
    '"',
    '\\',
    ':value',
    '}',
    '\n',
  );

  it('answer any text with a history or with one line', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((list) => list.join(' ')),
        ),
        (text) => {
          for (const parsed of [parseRegisterLog(text), parseKvLog(text)]) {
            if (parsed.kind === 'error') expect(parsed.message).toMatch(/^line \d+: expected [^\n]+$/);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
