// Session guarantees against their definition: an order of each key's versions that every session sees.

import { describe, expect, it } from 'vitest';
import {
  checkHistory,
  GUARANTEES,
  type Guarantee,
  type RecordedEvent,
} from '../../../src/checkers/history/index.js';
import { pairEvents, textOf, type RecordedOperation } from '../../../src/checkers/history/recorded.js';
import type { Plain } from '../../../src/kernel/index.js';
import { Dice, inTurn, play } from './dice.js';

const HISTORIES = 20_000;

function* permutations<T>(list: readonly T[]): Iterable<readonly T[]> {
  if (list.length <= 1) {
    yield list;
    return;
  }
  for (let i = 0; i < list.length; i++) {
    const rest = [...list.slice(0, i), ...list.slice(i + 1)];
    for (const order of permutations(rest)) yield [list[i] as T, ...order];
  }
}

/** What the guarantee says of two operations of one session, `a` before `b`; undefined: nothing. */
function holds(
  guarantee: Guarantee,
  a: RecordedOperation,
  b: RecordedOperation,
  order: readonly string[],
): boolean {
  const [first, second] = {
    'monotonic-reads': ['read', 'read'],
    'monotonic-writes': ['write', 'write'],
    'read-your-writes': ['write', 'read'],
    'writes-follow-reads': ['read', 'write'],
  }[guarantee] as [string, string];
  if (a.f !== first || b.f !== second || a.outcome !== 'ok') return true;
  if (b.f === 'read' ? b.outcome !== 'ok' : b.outcome === 'fail') return true;
  const place = (each: RecordedOperation): number =>
    order.indexOf(textOf(each.f === 'read' ? each.output : each.input));
  return place(a) <= place(b);
}

function isExplained(guarantees: readonly Guarantee[], operations: readonly RecordedOperation[]): boolean {
  const versions = operations.filter(({ f }) => f === 'write').map(({ input }) => textOf(input));
  for (const permuted of permutations(versions)) {
    const order = ['null', ...permuted];
    const isRight = operations.every((a) =>
      operations.every(
        (b) =>
          a.process !== b.process || a.call >= b.call || guarantees.every((each) => holds(each, a, b, order)),
      ),
    );
    if (isRight) return true;
  }
  return false;
}

/** Reads return any version that was written so far: sometimes a guarantee holds, mostly it does not. */
function generate(seed: number): RecordedEvent[] {
  const dice = new Dice(seed);
  const written: Plain[] = [null];
  let number = 0;
  return play(dice, 1 + dice.below(3), 2 + dice.below(7), () => {
    if (dice.oneIn(3) && number < 4) {
      const input = ++number;
      return { f: 'write', input, apply: () => (written.push(input), input) };
    }
    return { f: 'read', input: null, apply: () => dice.pick(written) };
  });
}

describe('session guarantees (Terry et al. 1994)', () => {
  it('agree with the definition, each alone and all together, on 20,000 histories', () => {
    const found = new Map<string, number>();
    for (let seed = 0; seed < HISTORIES; seed++) {
      const events = generate(seed);
      const recorded = pairEvents(events);
      if (recorded.kind === 'error') throw new Error(recorded.message);
      const guarantees = seed % 5 === 0 ? GUARANTEES : ([GUARANTEES[seed % 4]] as Guarantee[]);
      const checked = checkHistory('sessions', events, { guarantees });
      if (checked.kind === 'error') throw new Error(checked.message);
      const expected = isExplained(guarantees, recorded.operations) ? 'valid' : 'invalid';
      if (checked.report.verdict !== expected) {
        expect({ seed, guarantees, events, verdict: checked.report.verdict }).toEqual({
          seed,
          guarantees,
          events,
          verdict: expected,
        });
      }
      for (const { kind } of checked.report.anomalies) found.set(kind, (found.get(kind) ?? 0) + 1);
    }
    // The two of writes alone cannot fail: nobody reads or writes what is not there yet.
    const alone: readonly string[] = ['monotonic-reads', 'read-your-writes'];
    for (const kind of [...alone, 'no-version-order']) expect(found.get(kind), kind).toBeGreaterThan(20);
  });

  it('names the versions and the lines', () => {
    const events = inTurn([0, 'write', 1, 1], [0, 'write', 2, 2], [1, 'read', null, 2], [1, 'read', null, 1]);
    const checked = checkHistory('sessions', events);
    expect(checked).toMatchObject({
      report: {
        verdict: 'invalid',
        anomalies: [{ kind: 'no-version-order', lines: [1, 3, 5, 7] }],
        figures: { reads: 2, staleReads: 1 },
      },
    });
  });
});
