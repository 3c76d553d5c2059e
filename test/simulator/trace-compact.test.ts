/** The compact form of a trace replays like the whole one, and what is wrong with it is told in one line. */

import { describe, expect, it } from 'vitest';

import { UsageError } from '../../src/kernel/index.js';
import { builtInImplementation } from '../../src/simulator/implementation.js';
import {
  compactTrace,
  decisionsOf,
  encodeTrace,
  expandTrace,
  parseTrace,
} from '../../src/simulator/index.js';
import { replayAdapted, replayStrict } from '../../src/simulator/replay.js';
import type { Trace } from '../../src/simulator/trace.js';
import { SMALL, passingTrace, violatingRun } from './samples.js';

const passing = passingTrace();
const { trace: violating, implementation } = violatingRun('R02-vote-sent-before-sync');
const correct = builtInImplementation(SMALL);
const CASES = [
  ['a run that passes', passing, correct],
  ['a run that violates', violating, implementation],
] as const;

describe.each(CASES)('the compact form of %s', (_, whole, code) => {
  const compact = compactTrace(whole);
  const text = encodeTrace(compact);

  it('has the decisions of the whole one, in order, and is compact already', () => {
    expect(decisionsOf(compact)).toEqual(decisionsOf(whole));
    expect(compactTrace(compact)).toBe(compact);
  });

  it('is read back as it was written, from less than half the text', () => {
    expect(parseTrace(text, 'x')).toEqual(compact);
    expect(encodeTrace(parseTrace(text, 'x')).split('\n').slice(1)).toEqual(text.split('\n').slice(1));
    expect(text.length * 2).toBeLessThan(encodeTrace(whole).length);
  });

  it('replays strictly, and against other code as the whole one does', () => {
    expect(replayStrict(compact, code)).toMatchObject({ kind: 'reproduced', digest: whole.header.digest });
    expect(replayAdapted(compact, code)).toEqual(replayAdapted(whole, code));
    expect(replayAdapted(compact, correct)).toEqual(replayAdapted(whole, correct));
  });

  it('is made whole again by running it', () => {
    expect(expandTrace(compact, code)).toEqual(whole);
    expect(expandTrace(whole, code)).toBe(whole);
  });
});

describe('strict replay of a compact trace', () => {
  const compact = compactTrace(passing);

  /** The trace with one step changed. */
  function withStep(position: number, change: object): Trace {
    return {
      ...compact,
      steps: compact.steps.map((step, i) => (i === position ? { ...step, ...change } : step)),
    };
  }

  const middle = compact.steps.findIndex(({ number, decisions }) => number > 500 && decisions.length > 0);
  const step = compact.steps[middle];
  const number = step?.number ?? 0;
  const due = compact.steps.findIndex(({ digest }) => digest !== undefined);

  it.each([
    ['a time', withStep(middle, { timeMicros: (step?.timeMicros ?? 0) - 1 }), number, 'the virtual time'],
    ['a decision too few', withStep(middle, { decisions: [] }), number, 'a decision'],
    [
      'a digest',
      withStep(due, { digest: '0123456789abcdef' }),
      compact.steps[due]?.number ?? 0,
      'the digest',
    ],
  ])('names the first event that differs in %s', (_, trace, event, what) => {
    const result = replayStrict(trace, correct);
    expect(result).toMatchObject({ kind: 'diverged', what });
    if (what !== 'a decision') expect(result).toMatchObject({ event });
  });

  it('names the length when the recorded run goes on, or is over', () => {
    const last = compact.steps.at(-1);
    const more = {
      ...compact,
      steps: [...compact.steps, { ...last, number: passing.header.events + 1 }],
    } as Trace;
    expect(replayStrict(more, correct)).toMatchObject({ kind: 'diverged', what: 'the length' });
    const fewer = { ...compact, steps: compact.steps.slice(0, -1) };
    expect(replayStrict(fewer, correct)).toMatchObject({ kind: 'diverged', what: 'the length' });
  });

  it('names the event that the correct code changes', () => {
    expect(replayStrict(compactTrace(violating), correct)).toMatchObject({ kind: 'diverged' });
  });
});

describe('a bad compact trace', () => {
  const lines = encodeTrace(compactTrace(violating)).trimEnd().split('\n');

  function refusal(changed: readonly string[]): string {
    try {
      parseTrace([...changed, ''].join('\n'), 'some.trace');
    } catch (error) {
      if (error instanceof UsageError) return error.message;
      throw error;
    }
    throw new Error('the text was accepted');
  }

  const withSecond = (line: string) => [lines[0] ?? '', line, ...lines.slice(2)];

  it.each([
    [
      'cut off',
      lines.slice(0, -1),
      /^some\.trace:\d+: expected steps up to event \d+, as the header says, got \d+: the file is cut off$/,
    ],
    [
      'a map',
      withSecond('{}'),
      'some.trace:2: expected a step: [events, microseconds, digest or 0, decision, …], got an empty map',
    ],
    [
      'standing still',
      withSecond('[0, 1, 0]'),
      /^some\.trace:2: \[0\]: expected a whole number from 1 to \d+, got 0$/,
    ],
    [
      'backwards',
      withSecond('[1, -1, 0]'),
      /^some\.trace:2: \[1\]: expected a whole number from 0 to \d+, got -1$/,
    ],
    [
      'beyond the end',
      withSecond('[99999999, 1, 0]'),
      /^some\.trace:2: expected at most \d+ events, as the header says, got event 99999999$/,
    ],
    [
      'no group',
      withSecond('[1, 0, 0, [7, 1]]'),
      'some.trace:2: [3][0]: expected a group, or the number of an earlier one, got 7',
    ],
    [
      'a strange key',
      withSecond('[1, 0, 0, ["x:1", 1]]'),
      /^some\.trace:2: \[3\]\[0\]: expected the key of a decision/,
    ],
    [
      'a digest that is not due',
      withSecond('[1, 0, "0123456789abcdef"]'),
      'some.trace:2: [2]: expected no digest at this event, got one',
    ],
    [
      'more',
      [...lines, '[1, 0, 0]'],
      /^some\.trace:\d+: expected the end of the file after event \d+, as the header says, got more$/,
    ],
  ])('%s is refused with its place', (_, changed, expected) => {
    const message = refusal(changed);
    if (typeof expected === 'string') expect(message).toBe(expected);
    else expect(message).toMatch(expected);
  });

  it('decisions out of order cannot be made compact', () => {
    const events = violating.events.map((event) => ({
      ...event,
      decisions: event.decisions.map((decision) => ({ ...decision, nth: decision.nth + 1 })),
    }));
    expect(() => compactTrace({ ...violating, events })).toThrow(/expected decisions as a run takes them/);
  });
});
