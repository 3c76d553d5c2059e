// Queues, sets, locks, registers under sequential consistency: each judge against the definition, tried out on
// histories of up to seven operations: right by construction, and spoilt.

import { describe, expect, it } from 'vitest';
import {
  checkHistory,
  type HistoryModel,
  type HistoryOptions,
  type RecordedEvent,
} from '../../../src/checkers/history/index.js';
import { pairEvents, textOf, type RecordedOperation } from '../../../src/checkers/history/recorded.js';
import type { Plain } from '../../../src/kernel/index.js';
import { Dice, inTurn, play, spoil, type Planned } from './dice.js';

const HISTORIES = 20_000;
const OPERATIONS = 7;
/** What answers anything but that it is done. */
const ASKS: readonly string[] = ['read', 'dequeue'];

/** The next state and what it answers; states are plain data. */
type Step = (
  state: Plain,
  f: string,
  input: Plain,
  process: number,
) => { state: Plain; output: Plain } | undefined;

interface Subject {
  readonly model: HistoryModel;
  readonly options?: HistoryOptions;
  readonly initial: Plain;
  readonly step: Step;
  readonly plan: (dice: Dice, number: number, process: number) => { f: string; input: Plain };
  readonly other: Plain;
  /** Whether only the order of each process counts. */
  readonly isSequential?: boolean;
}

const list = (value: Plain): readonly Plain[] => value as readonly Plain[];

const queue: Subject = {
  model: 'queue',
  initial: [],
  step: (state, f, input) => {
    if (f === 'enqueue') return { state: [...list(state), input], output: input };
    const [first = null, ...rest] = list(state);
    return { state: rest, output: first };
  },
  plan: (dice, number) => (dice.oneIn(2) ? { f: 'enqueue', input: number } : { f: 'dequeue', input: null }),
  other: null,
};

const set: Subject = {
  model: 'set',
  initial: [],
  step: (state, f, input) =>
    f === 'add'
      ? { state: [...list(state), input], output: input }
      : { state, output: [...list(state)].sort() },
  plan: (dice, number) => (dice.oneIn(2) ? { f: 'add', input: number } : { f: 'read', input: null }),
  other: [],
};

const mutex: Subject = {
  model: 'lock',
  initial: -1,
  step: (state, f, _, process) => {
    if (f === 'acquire') return state === -1 ? { state: process, output: null } : undefined;
    return state === process ? { state: -1, output: null } : undefined;
  },
  plan: (dice) => ({ f: dice.oneIn(2) ? 'acquire' : 'release', input: null }),
  other: null,
};

const register: Step = (state, f, input) =>
  f === 'write' ? { state: input, output: input } : { state, output: state };

const sequential: Subject = {
  model: 'register',
  options: { consistency: 'sequential' },
  initial: null,
  step: register,
  plan: (dice, number) => (dice.oneIn(2) ? { f: 'write', input: number % 3 } : { f: 'read', input: null }),
  other: 1,
  isSequential: true,
};

function operationsOf(events: readonly RecordedEvent[]): readonly RecordedOperation[] {
  const recorded = pairEvents(events);
  if (recorded.kind === 'error') throw new Error(recorded.message);
  return recorded.operations.filter(({ outcome }) => outcome !== 'fail');
}

/** The definition: some order of all known operations and some unknown ones, legal, and true to what precedes what. */
function isExplained(
  { initial, step, isSequential }: Subject,
  operations: readonly RecordedOperation[],
): boolean {
  const precedes = (a: RecordedOperation, b: RecordedOperation): boolean =>
    isSequential === true
      ? a.outcome === 'ok' && a.process === b.process && a.call < b.call
      : a.return < b.call;
  const tryRest = (rest: readonly RecordedOperation[], state: Plain): boolean => {
    if (rest.every(({ outcome }) => outcome === 'info')) return true;
    return rest.some((next) => {
      if (rest.some((other) => other !== next && precedes(other, next))) return false;
      const after = step(state, next.f, next.input, next.process);
      if (after === undefined) return false;
      const answers = !ASKS.includes(next.f) || textOf(after.output) === textOf(next.output);
      if (next.outcome === 'ok' && !answers) return false;
      return tryRest(
        rest.filter((other) => other !== next),
        after.state,
      );
    });
  };
  return tryRest(operations, initial);
}

function generate(subject: Subject, seed: number): { honest: RecordedEvent[]; spoilt: RecordedEvent[] } {
  const dice = new Dice(seed);
  let state = subject.initial;
  let number = 0;
  const plan = (process: number): Planned => {
    number += 1;
    const planned = subject.plan(dice, number, process);
    const { input } = planned;
    // Nobody asks for what the model refuses now; what has come in between may still refuse it.
    const isRefused = subject.step(state, planned.f, input, process) === undefined;
    const f = !isRefused ? planned.f : planned.f === 'acquire' ? 'release' : 'acquire';
    const apply = (): Plain => {
      const after = subject.step(state, f, input, process);
      if (after === undefined) return null;
      state = after.state;
      return after.output;
    };
    return { f, input, apply };
  };
  const honest = play(dice, 1 + dice.below(4), 1 + dice.below(OPERATIONS), plan, 8);
  return { honest, spoilt: spoil(dice, honest, subject.other, ASKS) };
}

function verdictOf(subject: Subject, events: readonly RecordedEvent[]): string {
  const checked = checkHistory(subject.model, events, subject.options);
  return checked.kind === 'error' ? checked.message : checked.report.verdict;
}

describe('judges of objects agree with the definition', () => {
  it.each([
    ['queues (Henzinger, Sezgin, Vafeiadis 2013)', queue, HISTORIES],
    ['sets that grow', set, HISTORIES],
    // Most of these are many orders to the definition.
    ['locks', mutex, HISTORIES / 4],
    ['registers, sequentially consistent', sequential, HISTORIES],
  ] as const)('%s, on as many honest and spoilt histories', (_, subject, histories) => {
    let invalid = 0;
    for (let seed = 0; seed < histories; seed++) {
      const { honest, spoilt } = generate(subject, seed);
      for (const events of [honest, spoilt]) {
        const operations = operationsOf(events);
        const expected = isExplained(subject, operations) ? 'valid' : 'invalid';
        const verdict = verdictOf(subject, events);
        if (verdict !== expected) {
          expect({ seed, verdict, events }).toEqual({ seed, verdict: expected, events });
        }
        if (expected === 'invalid') invalid += 1;
      }
    }
    expect(invalid).toBeGreaterThan(histories / 20);
  });
});

describe('judges of objects name what is wrong', () => {
  const kinds = (model: HistoryModel, events: RecordedEvent[], options: HistoryOptions = {}): string[] => {
    const checked = checkHistory(model, events, options);
    return checked.kind === 'error' ? [checked.message] : checked.report.anomalies.map(({ kind }) => kind);
  };

  it('a queue: lost, doubled, out of order, empty although it is not', () => {
    const two = [
      [0, 'enqueue', 'a', 'a'],
      [0, 'enqueue', 'b', 'b'],
    ] as const;
    expect(kinds('queue', inTurn(...two, [1, 'dequeue', null, 'b']))).toEqual(['lost']);
    expect(kinds('queue', inTurn(...two, [1, 'dequeue', null, 'b'], [1, 'dequeue', null, 'a']))).toEqual([
      'reordered',
    ]);
    expect(kinds('queue', inTurn(...two, [1, 'dequeue', null, null]))).toEqual(['not-empty']);
    expect(kinds('queue', inTurn(...two, [1, 'dequeue', null, 'c']))).toEqual(['unexpected']);
    const twice = inTurn(...two, [1, 'dequeue', null, 'a'], [2, 'dequeue', null, 'a']);
    expect(kinds('queue', twice)).toEqual(['duplicate']);
  });

  it('a lock: tokens that do not grow, and a resource that takes an old one', () => {
    const stale = inTurn([0, 'acquire', null, 7], [0, 'release', null, null], [1, 'acquire', null, 7]);
    expect(kinds('lock', stale)).toEqual(['token-not-growing', 'token-repeated']);
    const writes = inTurn([1, 'write', { token: 8 }, null], [0, 'write', { token: 7 }, null]);
    expect(kinds('lock', writes)).toEqual(['stale-token-accepted']);
    const both = inTurn([0, 'acquire', null, 7], [1, 'acquire', null, 8]);
    expect(kinds('lock', both)).toEqual(['not-exclusive']);
    expect(kinds('lock', both, { leases: true })).toEqual([]);
  });

  it('a bank: a total that changes, an account overdrawn', () => {
    const reads = inTurn([0, 'read', null, { a: 5, b: 5 }], [0, 'read', null, { a: 5, b: 6 }]);
    expect(kinds('bank', reads)).toEqual(['wrong-total']);
    const negative = inTurn([0, 'read', null, { a: -1, b: 11 }]);
    expect(kinds('bank', negative, { total: 10 })).toEqual(['negative']);
    expect(kinds('bank', negative, { total: 10, overdraft: true })).toEqual([]);
    expect(kinds('bank', inTurn([0, 'read', null, { a: 10 }]), { total: 9 })).toEqual(['wrong-total']);
  });

  it('a shape that does not fit: one line that names the line', () => {
    expect(kinds('bank', inTurn([0, 'read', null, 3]))).toEqual([
      'line 1: expected a read that ends with a map of accounts to whole balances',
    ]);
    expect(kinds('queue', inTurn([0, 'push', 1, 1]))).toEqual([
      'line 1: expected enqueue or dequeue, not push',
    ]);
  });

  it('a search that reaches its bound: unknown, never a guess', () => {
    const dice = new Dice(1);
    const events = play(
      dice,
      60,
      300,
      () => ({ f: dice.oneIn(2) ? 'write' : 'read', input: dice.below(2), apply: () => 2 + dice.below(2) }),
      2,
    );
    const checked = checkHistory('register', events, { maxSteps: 1_000, consistency: 'sequential' });
    expect(checked).toMatchObject({ kind: 'checked', report: { verdict: 'unknown' } });
  });
});
