// Which failures of a campaign have a trace, and where that ends.

import { describe, expect, it } from 'vitest';
import { TracesByKind, TracesByScenario, type BrokenRun } from '../../src/cli/trace-budget.js';
import { findScenarios, loadScenarioFile } from '../../src/node/scenario-files.js';
import type { Outcome } from '../../src/simulator/index.js';

const scenario = loadScenarioFile(findScenarios('raft/baseline-quiet')[0] ?? { path: '' });

const broken = (message: string, events: number, invariant = 'raft/vote-once'): BrokenRun => {
  const violation = { invariant, message };
  return { scenario, seed: '1', verdict: 'violated', outcome: { violation, events } as Outcome };
};
const words = Array.from({ length: 150 }, (_, i) => 'x'.repeat(i + 1));

describe('cli: traces by kind of failure', () => {
  it('are there for the first failure of each kind, up to a hundred kinds of a scenario', () => {
    const traces = new TracesByKind();
    const traced = words.filter((word) => {
      const isFor = traces.isFor(broken(word, 100));
      if (isFor) traces.spend(broken(word, 100));
      return isFor;
    });
    expect(traced).toEqual(words.slice(0, 100));
    const elsewhere = { ...scenario, name: 'raft/other' };
    expect(traces.isFor({ ...broken('y', 100), scenario: elsewhere })).toBe(true);
    // What has room goes on to have it.
    expect(traces.isFor(broken('x', 99))).toBe(true);
  });

  it('are there for the first kind of each invariant, however many kinds there were', () => {
    const traces = new TracesByKind();
    for (const word of words) traces.spend(broken(word, 100));
    expect(traces.isFor(broken('y', 100))).toBe(false);
    expect(traces.isFor(broken('y', 100, 'raft/log-matching'))).toBe(true);
    traces.spend(broken('y', 100, 'raft/log-matching'));
    expect(traces.isFor(broken('z', 100, 'raft/log-matching'))).toBe(false);
  });

  it('are there for shorter ones alone after one was saved, and not before', () => {
    const traces = new TracesByKind();
    expect(traces.isFor(broken('twice', 100))).toBe(true);
    expect(traces.isFor(broken('twice', 120))).toBe(true);
    traces.spend(broken('twice', 120));
    expect([130, 120, 100].map((events) => traces.isFor(broken('twice', events)))).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('are not tried for ever, neither for one kind nor for ever new ones', () => {
    const traces = new TracesByKind();
    let tried = 0;
    for (let i = 0; i < 4; i++)
      for (const word of words) {
        if (!traces.isFor(broken(word, 100))) continue;
        tried++;
        traces.fail(broken(word, 100));
      }
    expect(tried).toBe(300);
  });
});

describe('cli: traces by scenario', () => {
  it('are given up after three in a row that came to nothing', () => {
    const traces = new TracesByScenario(10);
    const run = broken('twice', 100);
    for (const step of ['fail', 'fail', 'spend', 'fail', 'fail', 'fail'] as const) {
      expect(traces.isFor(run)).toBe(true);
      traces[step](run);
    }
    expect(traces.isFor(run)).toBe(false);
  });
});
