// Streams: a log that is right has no anomaly; each anomaly is found by its name.

import { describe, expect, it } from 'vitest';
import { checkHistory, type RecordedEvent } from '../../../src/checkers/history/index.js';
import type { Plain } from '../../../src/kernel/index.js';
import { Dice, inTurn, play, type Planned } from './dice.js';

function kinds(events: readonly RecordedEvent[]): string[] {
  const checked = checkHistory('stream', events);
  return checked.kind === 'error' ? [checked.message] : checked.report.anomalies.map(({ kind }) => kind);
}

type Row = readonly [number, string, Plain, Plain];
const send = (process: number, value: Plain, offset: number): Row => [
  process,
  'send',
  ['t', value],
  ['t', [offset, value]],
];
const poll = (process: number, ...messages: readonly (readonly [number, Plain])[]): Row => [
  process,
  'poll',
  null,
  { t: messages },
];

/** Producers and consumers of a log that does what it says. */
function honest(seed: number): RecordedEvent[] {
  const dice = new Dice(seed);
  const log: Plain[] = [];
  const positions = new Map<number, number>();
  let number = 0;
  const plan = (process: number): Planned => {
    if (process < 2) {
      const value = ++number;
      return { f: 'send', input: ['t', value], apply: () => ['t', [log.push(value) - 1, value]] };
    }
    if (dice.oneIn(10)) {
      return {
        f: 'assign',
        input: ['t'],
        apply: () => (positions.set(process, dice.below(log.length + 1)), ['t']),
      };
    }
    return {
      f: 'poll',
      input: null,
      apply: () => {
        const from = positions.get(process) ?? 0;
        const to = Math.min(log.length, from + dice.below(4));
        positions.set(process, to);
        return { t: log.slice(from, to).map((value, index): Plain => [from + index, value]) };
      },
    };
  };
  const events = play(dice, 4, 40, plan, 12);
  // Somebody reads all of it in the end, as he must: what nobody polled is taken for lost.
  const line = events.length;
  const all = { t: log.map((value, index): Plain => [index, value]) };
  const last = { process: 9, f: 'poll', key: undefined } as const;
  events.push(
    { ...last, line: line + 1, type: 'invoke', value: null },
    { ...last, line: line + 2, type: 'ok', value: all },
  );
  return events;
}

describe('streams', () => {
  it('a log that is right has no anomaly, over 2,000 histories with unknown outcomes', () => {
    for (let seed = 0; seed < 2_000; seed++) {
      const found = kinds(honest(seed));
      if (found.length > 0) expect({ seed, found, events: honest(seed) }).toEqual({ seed, found: [] });
    }
  });

  it.each([
    ['lost-write', [send(0, 'a', 0), send(0, 'b', 1), poll(1, [1, 'b'])]],
    ['duplicate', [send(0, 'a', 0), poll(1, [0, 'a'], [1, 'a'])]],
    ['inconsistent-offsets', [send(0, 'a', 0), send(1, 'b', 0)]],
    ['unexpected', [poll(1, [0, 'x'])]],
    ['nonmonotonic-send', [send(0, 'a', 5), send(0, 'b', 3)]],
    ['nonmonotonic-poll', [send(0, 'a', 0), send(0, 'b', 1), poll(1, [1, 'b']), poll(1, [0, 'a'])]],
    ['int-nonmonotonic-poll', [send(0, 'a', 0), send(0, 'b', 1), poll(1, [1, 'b'], [0, 'a'])]],
    [
      'poll-skip',
      [
        send(0, 'a', 0),
        send(0, 'b', 1),
        send(0, 'c', 2),
        poll(2, [1, 'b']),
        poll(1, [0, 'a']),
        poll(1, [2, 'c']),
      ],
    ],
    [
      'int-poll-skip',
      [send(0, 'a', 0), send(0, 'b', 1), send(0, 'c', 2), poll(2, [1, 'b']), poll(1, [0, 'a'], [2, 'c'])],
    ],
    [
      'zombie-write',
      [send(0, { v: 1, producer: 'p', epoch: 2 }, 0), send(1, { v: 2, producer: 'p', epoch: 1 }, 1)],
    ],
    ['processed-twice', [send(0, { v: 1, from: 'in 7' }, 0), send(1, { v: 2, from: 'in 7' }, 1)]],
  ] as const)('%s', (kind, rows) => {
    expect(kinds(inTurn(...rows))).toContain(kind);
  });

  it('aborted-read: what failed to be sent is polled', () => {
    const events = inTurn(send(0, 'a', 0), poll(1, [0, 'a']));
    expect(kinds(events.map((event) => (event.line === 2 ? { ...event, type: 'fail' } : event)))).toEqual([
      'aborted-read',
    ]);
  });

  it('within transactions of sends and polls, too', () => {
    const sends = [
      ['send', 't', 'a'],
      ['send', 't', 'b'],
    ];
    const sent = [
      ['send', 't', [1, 'a']],
      ['send', 't', [0, 'b']],
      ['poll', { t: [[0, 'b']] }],
    ];
    expect(kinds(inTurn([0, 'txn', [...sends, ['poll']], sent]))).toEqual(['int-nonmonotonic-send']);
  });

  it('after assign a process may begin anywhere', () => {
    const rows = [
      send(0, 'a', 0),
      send(0, 'b', 1),
      poll(1, [1, 'b']),
      [1, 'assign', ['t'], ['t']],
      poll(1, [0, 'a']),
    ] as const;
    expect(kinds(inTurn(...rows))).toEqual([]);
  });
});
