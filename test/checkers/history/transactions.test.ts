// Cycles of dependencies against the definition of serializability, and one history for each anomaly.

import { describe, expect, it } from 'vitest';
import {
  checkHistory,
  type HistoryOptions,
  type RecordedEvent,
} from '../../../src/checkers/history/index.js';
import { pairEvents, textOf, type RecordedOperation } from '../../../src/checkers/history/recorded.js';
import type { Plain } from '../../../src/kernel/index.js';
import { Dice, inTurn, play } from './dice.js';

const HISTORIES = 20_000;
const KEYS = ['x', 'y'];

type Store = Record<string, readonly Plain[]>;
type Micro = readonly [string, string, Plain];

/** Runs a transaction; its steps with what the reads return. */
function execute(store: Store, steps: readonly Micro[]): { store: Store; answer: Micro[] } {
  const after = { ...store };
  const answer = steps.map(([verb, key, value]): Micro => {
    if (verb === 'r') return [verb, key, after[key] ?? []];
    after[key] = [...(after[key] ?? []), value];
    return [verb, key, value];
  });
  return { store: after, answer };
}

/** The definition: some order of all known and some unknown transactions explains every read. */
function isSerializable(operations: readonly RecordedOperation[], isStrict: boolean): boolean {
  const tryRest = (rest: readonly RecordedOperation[], store: Store): boolean => {
    if (rest.every(({ outcome }) => outcome === 'info')) return true;
    return rest.some((next) => {
      if (isStrict && rest.some((other) => other.return < next.call)) return false;
      const { store: after, answer } = execute(store, next.input as unknown as readonly Micro[]);
      if (next.outcome === 'ok' && textOf(answer) !== textOf(next.output)) return false;
      return tryRest(
        rest.filter((other) => other !== next),
        after,
      );
    });
  };
  return tryRest(operations, {});
}

/** Up to five transactions that read from the present or, if spoilt, from an earlier store; then all is read. */
function generate(seed: number): RecordedEvent[] {
  const dice = new Dice(seed);
  const isSpoilt = dice.oneIn(2);
  const past: Store[] = [{}];
  let number = 0;
  const events = play(dice, 1 + dice.below(3), 1 + dice.below(5), () => {
    const steps = Array.from({ length: 1 + dice.below(3) }, (): Micro => {
      const key = dice.pick(KEYS);
      return dice.oneIn(2) ? ['append', key, ++number] : ['r', key, null];
    });
    const apply = (): Plain => {
      const present = past[past.length - 1] as Store;
      const read = isSpoilt && dice.oneIn(2) ? dice.pick(past) : present;
      past.push(execute(present, steps).store);
      return execute(read, steps).answer;
    };
    return { f: 'txn', input: steps, apply };
  });
  const present = past[past.length - 1] as Store;
  const all: Micro[] = KEYS.map((key) => ['r', key, null]);
  const line = events.length;
  const last = { process: 9, f: 'txn', key: undefined } as const;
  return [
    ...events,
    { ...last, line: line + 1, type: 'invoke', value: all },
    { ...last, line: line + 2, type: 'ok', value: execute(present, all).answer },
  ];
}

describe('transactions: cycles of dependencies (Adya 1999, Elle 2020)', () => {
  it.each([true, false])(
    'agree with the definition on 20,000 histories whose end is read (strict: %s)',
    (isStrict) => {
      const found = new Map<string, number>();
      for (let seed = 0; seed < HISTORIES; seed++) {
        const events = generate(seed);
        const recorded = pairEvents(events);
        if (recorded.kind === 'error') throw new Error(recorded.message);
        const checked = checkHistory('transactions', events, { order: isStrict ? 'strict' : 'serializable' });
        if (checked.kind === 'error') throw new Error(checked.message);
        const expected = isSerializable(recorded.operations, isStrict) ? 'valid' : 'invalid';
        if (checked.report.verdict !== expected) {
          const { verdict, anomalies } = checked.report;
          expect({ seed, verdict, anomalies, events }).toEqual({
            seed,
            verdict: expected,
            anomalies: [],
            events,
          });
        }
        for (const { kind } of checked.report.anomalies) found.set(kind, (found.get(kind) ?? 0) + 1);
      }
      const kinds = ['G-single', 'lost-update', ...(isStrict ? ['G-single-realtime'] : [])];
      for (const kind of kinds) expect(found.get(kind), kind).toBeGreaterThan(20);
    },
  );

  const kinds = (events: RecordedEvent[], options: HistoryOptions = { order: 'serializable' }): string[] => {
    const checked = checkHistory('transactions', events, options);
    return checked.kind === 'error' ? [checked.message] : checked.report.anomalies.map(({ kind }) => kind);
  };
  const txn = (process: number, ...steps: Micro[]): readonly [number, string, Plain, Plain] => [
    process,
    'txn',
    steps.map(([verb, key, value]) => [verb, key, verb === 'r' ? null : value]),
    steps,
  ];

  it('G0: two transactions append in two orders', () => {
    const events = inTurn(
      txn(0, ['append', 'x', 1], ['append', 'y', 1]),
      txn(1, ['append', 'x', 2], ['append', 'y', 2]),
      txn(2, ['r', 'x', [1, 2]], ['r', 'y', [2, 1]]),
    );
    expect(kinds(events)).toContain('G0');
  });

  it('G1a, G1b, G1c: reads of what failed, of what is half done, in a circle', () => {
    const failed = inTurn(txn(0, ['append', 'x', 1]), txn(1, ['r', 'x', [1]]));
    const aborted = failed.map((event) => (event.line === 2 ? { ...event, type: 'fail' as const } : event));
    expect(kinds(aborted)).toContain('G1a');
    const half = inTurn(
      txn(0, ['append', 'x', 1], ['append', 'x', 2]),
      txn(1, ['r', 'x', [1]]),
      txn(2, ['r', 'x', [1, 2]]),
    );
    expect(kinds(half)).toContain('G1b');
    const circle = inTurn(
      txn(0, ['append', 'x', 1], ['r', 'y', [2]]),
      txn(1, ['append', 'y', 2], ['r', 'x', [1]]),
    );
    expect(kinds(circle)).toEqual(['G1c']);
  });

  it('G-single and lost update, G2: one read-write edge, and two (write skew)', () => {
    const lost = inTurn(
      txn(0, ['r', 'x', []], ['append', 'x', 1]),
      txn(1, ['r', 'x', []], ['append', 'x', 2]),
      txn(2, ['r', 'x', [1, 2]]),
    );
    expect(kinds(lost)).toEqual(['lost-update', 'G-single']);
    const skew = inTurn(
      txn(0, ['r', 'x', []], ['append', 'y', 1]),
      txn(1, ['r', 'y', []], ['append', 'x', 2]),
      txn(2, ['r', 'x', [2]], ['r', 'y', [1]]),
    );
    expect(kinds(skew)).toEqual(['G2']);
  });

  it('a stale read: no cycle without real time, one with it; and one within a process', () => {
    const stale = inTurn(txn(0, ['append', 'x', 1]), txn(1, ['r', 'x', []]), txn(2, ['r', 'x', [1]]));
    expect(kinds(stale)).toEqual([]);
    expect(kinds(stale, { order: 'session' })).toEqual([]);
    expect(kinds(stale, { order: 'strict' })).toEqual(['G-single-realtime']);
    const own = inTurn(txn(0, ['append', 'x', 1]), txn(0, ['r', 'x', []]), txn(2, ['r', 'x', [1]]));
    expect(kinds(own, { order: 'session' })).toEqual(['G-single-process']);
  });

  it('reads that no order of versions explains', () => {
    const events = inTurn(
      txn(0, ['append', 'x', 1]),
      txn(1, ['append', 'x', 2]),
      txn(2, ['r', 'x', [1, 2]]),
      txn(3, ['r', 'x', [2]]),
    );
    expect(kinds(events)).toContain('incompatible-order');
    expect(kinds(inTurn(txn(0, ['append', 'x', 1]), txn(1, ['r', 'x', [1, 1]])))).toContain('duplicate');
    expect(kinds(inTurn(txn(1, ['r', 'x', [1]])))).toEqual(['unexpected']);
    expect(kinds(inTurn(txn(1, ['append', 'x', 1], ['r', 'x', []])))).toContain('internal');
  });

  it('tells a minimal cycle, with lines and reasons', () => {
    const events = inTurn(
      txn(0, ['append', 'x', 1], ['r', 'y', [2]]),
      txn(1, ['append', 'y', 2], ['r', 'x', [1]]),
    );
    const checked = checkHistory('transactions', events, { order: 'serializable' });
    expect(checked).toMatchObject({
      report: {
        anomalies: [
          {
            lines: [1, 3],
            message:
              'a cycle: line 1 appended 1, read at key "x" (wr, line 3); line 3 appended 2, read at key "y" (wr, line 1)',
          },
        ],
      },
    });
  });
});
