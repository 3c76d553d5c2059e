import { describe, expect, it } from 'vitest';
import { FailureGroups, fingerprintOf, mergeByStory, type Failure } from '../../src/campaign/index.js';

const failure = (changes: Partial<Failure> = {}): Failure => ({
  scenario: 'raft/a',
  seed: '1',
  verdict: 'violated',
  invariant: 'raft/log-matching',
  message: 'n1 and n3 differ at index 12: "c1.4" and "c2.9"',
  events: 500,
  ...changes,
});

describe('failure groups', () => {
  it('takes what differs in numbers, processes and values alone as one mistake', () => {
    const other = failure({
      message: 'n2 and n5 differ at index 7: "c4.1" and ""',
      seed: '2',
      scenario: 'raft/b',
    });
    expect(fingerprintOf(other)).toBe(fingerprintOf(failure()));
  });

  it('takes lists of any length, and numbers of either sign, as one mistake', () => {
    const began = (list: string): string =>
      fingerprintOf(failure({ message: `n2 began view 3 at batch 4 with [${list}]; then` }));
    expect(new Set(['-17', '17, -2041', '5, -6, -7', '-99fe01aa, 3'].map(began)).size).toBe(1);
    const said = (list: string): string => fingerprintOf(failure({ message: `n2 said ${list}` }));
    expect(said('"a", "b, c", "d"')).toBe(said('"e"'));
  });

  it('takes no dash within a word for a sign', () => {
    const ids = ['shard-3 is lost', 'shard3 is lost', 'shard 3 is lost'];
    expect(new Set(ids.map((message) => fingerprintOf(failure({ message })))).size).toBe(3);
  });

  it('tells apart other properties, verdicts and sentences', () => {
    const others = [
      failure({ invariant: 'raft/election-safety' }),
      failure({ verdict: 'stalled' }),
      failure({ message: 'n1 and n3 agree at index 12' }),
    ];
    const fingerprints = [failure(), ...others].map(fingerprintOf);
    expect(new Set(fingerprints).size).toBe(4);
  });

  it('keeps the run that fails first, and where it was found', () => {
    const groups = new FailureGroups();
    expect(groups.add(failure())).toBe(true);
    expect(groups.add(failure({ seed: '2', events: 500 }))).toBe(false);
    expect(groups.add(failure({ seed: '3', events: 20, scenario: 'raft/b' }))).toBe(true);
    const [group] = groups.all();
    expect(group).toMatchObject({ count: 3, scenarios: ['raft/a', 'raft/b'], shortest: { seed: '3' } });
    expect(groups.size).toBe(1);
  });

  it('keeps one that can be shown, where there is one', () => {
    const groups = new FailureGroups(({ seed }) => Number(seed) > 1);
    groups.add(failure({ events: 10 }));
    expect(groups.add(failure({ seed: '2', events: 90 }))).toBe(true);
    expect(groups.add(failure({ seed: '1', events: 5 }))).toBe(false);
    expect(groups.add(failure({ seed: '3', events: 80 }))).toBe(true);
    expect(groups.all()[0]).toMatchObject({ count: 4, shortest: { seed: '3' } });
  });

  it('tells the frequent ones first', () => {
    const groups = new FailureGroups();
    groups.add(failure({ verdict: 'stalled' }));
    groups.add(failure());
    groups.add(failure({ seed: '2' }));
    expect(groups.all().map(({ count }) => count)).toEqual([2, 1]);
  });

  it('are one where their small runs tell the same story of the same property', () => {
    const groups = new FailureGroups();
    groups.add(failure({ message: 'one sentence', events: 90 }));
    groups.add(failure({ message: 'another one', events: 40, scenario: 'raft/b' }));
    groups.add(failure({ message: 'another one', events: 60, scenario: 'raft/b' }));
    groups.add(failure({ message: 'a third', invariant: 'raft/other' }));
    groups.add(failure({ message: 'a fourth' }));
    const merged = mergeByStory(groups.all(), ({ shortest }) =>
      shortest.message === 'a fourth' ? undefined : 'the same story',
    );
    expect(merged.map(({ count, scenarios, shortest }) => [count, scenarios, shortest.events])).toEqual([
      [3, ['raft/b', 'raft/a'], 40],
      [1, ['raft/a'], 500],
      [1, ['raft/a'], 500],
    ]);
    expect(mergeByStory(groups.all(), () => undefined)).toEqual(groups.all());
  });
});
