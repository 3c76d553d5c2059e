import { describe, expect, it } from 'vitest';

import {
  castOf,
  decisionText,
  describeEvent,
  placeName,
  placeOf,
  renderEvent,
  renderTail,
} from '../../src/simulator/render-trace.js';
import type { TraceEvent } from '../../src/simulator/trace.js';
import { summary } from '../../src/simulator/trace-recorder.js';
import { passingTrace, violatingRun } from './samples.js';

const cast = { servers: 3, clients: 2, processes: 5, firstTwin: 5 };

const event: TraceEvent = {
  number: 1234,
  timeMicros: 2_150_000,
  process: 1,
  kind: 'message',
  label: '0>1:AppendEntries',
  cause: 1230,
  lamport: 77,
  hash: 0x1f2e3d4c,
  message: { term: 2, prevLogIndex: 3, entries: [] },
  decisions: [],
  changes: [],
  history: [],
  notes: [],
  digest: undefined,
};

describe('an event for people', () => {
  it('stands on one line: number, time, process, what happened', () => {
    expect(renderEvent(event, cast)).toEqual([
      '   1234     2.150000  n2     AppendEntries from n1: term 2, prevLogIndex 3, entries []',
    ]);
  });

  it.each([
    ['timer', '1:election', 'n2     timer election'],
    ['disk', '1:disk', 'n2     disk operation done'],
    ['disk', '1:wal:sync', 'n2     disk wal:sync done'],
    ['work', 'work:0', 'n2     takes up waiting work'],
    ['fault', 'fault:3', 'n2     faults'],
    ['control', 'control:0', 'n2     faults end, everything is healed'],
    ['control', 'control:9', 'n2     control:9'],
    ['message', 'no address', 'n2     no address'],
  ] as const)('of kind %s, labelled %s', (kind, label, expected) => {
    expect(renderEvent({ ...event, kind, label, message: undefined }, cast)).toEqual([
      `   1234     2.150000  ${expected}`,
    ]);
  });

  it('tells changes of state, facts of the history and notes, on further lines where they do not fit', () => {
    const command = {
      client: 3,
      sequence: 9,
      input: { op: 'put', key: 'k1', value: 'c3.9' },
      read: undefined,
      hash: 1,
      bytes: 2,
    };
    const busy: TraceEvent = {
      ...event,
      changes: [
        { process: 1, event: { kind: 'became-leader', term: 2, lastIndex: 7 } },
        { process: 2, event: { kind: 'applied', index: 8, term: 2, hash: 5, digest: 6, command } },
        { process: 1, event: { kind: 'applied', index: 8, term: 2, hash: 5, digest: 6, command: undefined } },
        { process: 1, event: { kind: 'note', text: 'all is\nwell' } },
      ],
      history: [
        {
          kind: 'invoke',
          client: 3,
          sequence: 9,
          input: command.input,
          output: null,
          read: undefined,
          index: 0,
          time: 1,
        },
        {
          kind: 'ok',
          client: 4,
          sequence: 2,
          input: null,
          output: { value: 'a b' },
          read: undefined,
          index: 0,
          time: 1,
        },
        {
          kind: 'fail',
          client: 4,
          sequence: 3,
          input: null,
          output: 'refused',
          read: undefined,
          index: 0,
          time: 1,
        },
        {
          kind: 'unknown',
          client: 4,
          sequence: 4,
          input: { op: 'get', key: 'k0' },
          output: null,
          read: undefined,
          index: 0,
          time: 1,
        },
      ],
      notes: ['n1 halts: out of luck'],
    };
    expect(renderEvent(busy, cast)).toEqual([
      '   1234     2.150000  n2     AppendEntries from n1: term 2, prevLogIndex 3, entries []',
      '                             became-leader term 2 lastIndex 7',
      '                             n3 applied 8 (term 2): c1#9 {op put, key k1, value c3.9}',
      '                             applied 8 (term 2): a no-op; note: all is\\u000awell',
      "                             c1#9 is invoked: {op put, key k1, value c3.9}; c2#2 ok: {value 'a b'}",
      '                             c2#3 failed: refused; c2#4 gets no answer: {op get, key k0}',
      '                             * n1 halts: out of luck',
    ]);
  });

  it('breaks what is too wide, and cuts it after three lines', () => {
    const wide = { ...event, message: { text: 'word '.repeat(60), more: 'x'.repeat(300) } };
    for (const width of [60, 80, 120]) {
      const lines = renderEvent(wide, cast, width);
      expect(lines).toHaveLength(3);
      expect(lines.at(-1)?.endsWith('…')).toBe(true);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
    }
  });

  it('is one sentence for an error', () => {
    expect(describeEvent(event, cast)).toBe(
      'event 1234 at 2.150000 s on n2: AppendEntries from n1: term 2, prevLogIndex 3, entries []',
    );
    expect(decisionText({ group: 'm:0>1:Vote', detail: 'ab:0', nth: 3, values: [7, 9] })).toBe(
      'm:0>1:Vote#3|ab:0 = 7, 9',
    );
  });
});

describe('the tail of a trace', () => {
  const trace = passingTrace();

  it('ends at the wanted event and shows one process only', () => {
    const process = placeOf('n2', castOf(trace));
    const lines = renderTail(trace, { until: 500, process, count: 5, width: 110 });
    expect(lines[0]).toBe('  event     time (s)  where  what');
    const heads = lines.slice(1).filter((line) => /^ {0,6}\d/.test(line));
    expect(heads).toHaveLength(5);
    const numbers = heads.map((line) => Number.parseInt(line, 10));
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(numbers.at(-1)).toBeLessThanOrEqual(500);
    for (const line of heads) expect(line).toMatch(/^ *\d+ +\d+\.\d{6} {2}(?:n2|world)/);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(110);
  });

  it('takes any bounds', () => {
    expect(renderTail(trace, { until: 0 })).toHaveLength(1);
    expect(renderTail(trace, { until: 1e9, count: 1 }).at(-1)).toContain('world  the run ends');
    expect(renderTail(trace, { until: -5 })).toHaveLength(1);
    const all = renderTail(violatingRun('R02-vote-sent-before-sync').trace, { count: 1e9, width: 80 });
    for (const line of all) expect(line).toMatch(/^[\x20-\x7e…]{1,80}$/);
  });
});

describe('names of processes', () => {
  it('are n1, c1 and world', () => {
    expect([0, 2, 3, 4, 5].map((process) => placeName(process, cast))).toEqual([
      'n1',
      'n3',
      'c1',
      'c2',
      'world',
    ]);
    expect(['n1', 'c2', 'world'].map((name) => placeOf(name, cast))).toEqual([0, 4, 5]);
  });

  it('that nobody has are refused', () => {
    expect(() => placeOf('n4', cast)).toThrow(`expected n1 to n3, c1 to c2 or world, got 'n4'`);
    expect(() => placeOf('n1', { servers: 3, clients: 0, processes: 3, firstTwin: 3 })).not.toThrow();
    expect(() => placeOf('c1', { servers: 3, clients: 0, processes: 3, firstTwin: 3 })).toThrow(
      `expected n1 to n3 or world, got 'c1'`,
    );
  });
});

describe('a message for readers', () => {
  it('keeps the main fields and counts long lists', () => {
    const entries = [1, 2, 3, 4].map((index) => ({ index, hash: 5, bytes: 6 }));
    expect(summary({ kind: 'X', term: 2, entries, none: undefined, act: () => 1 })).toEqual({
      term: 2,
      entries: { count: 4, first: { index: 1 }, last: { index: 4 } },
    });
  });

  it('is bounded and never throws, whatever a message is', () => {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    const wide = (depth: number): unknown =>
      depth === 0 ? 1 : Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, wide(depth - 1)]));
    const trap = {
      get field(): number {
        throw new Error('no');
      },
    };
    for (const message of [
      circle,
      wide(3),
      trap,
      [[[[[[[[[1]]]]]]]]],
      7n,
      NaN,
      '😀'.repeat(100),
      () => 1,
      new Map(),
    ]) {
      const text = JSON.stringify(summary(message));
      expect(text.length).toBeLessThan(20_000);
      expect(text).not.toMatch(/\\ud[89a-f]/);
    }
  });
});
