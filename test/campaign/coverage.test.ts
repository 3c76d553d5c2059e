// Many runs together: sums, shares, and what is last.

import { describe, expect, it } from 'vitest';
import { CoverageTally } from '../../src/campaign/index.js';
import { SITUATIONS } from '../../src/checkers/index.js';
import { defineScenario, type Scenario } from '../../src/scenario/index.js';

const SPLIT = 'raft/split-vote';
const TWO = 'raft/two-leaders-at-once';
const EXPIRED = 'any/session-expired';

function scenario(name: string, protocol = 'raft'): Scenario {
  const raft = defineScenario({ name, title: name, description: name, protocol: { name: 'raft' } });
  return { ...raft, protocol: { ...raft.protocol, name: protocol } };
}

describe('coverage of many runs', () => {
  it('adds up, and names the scenario with the greatest share of runs', () => {
    const tally = new CoverageTally();
    const [often, seldom] = [scenario('often'), scenario('seldom')];
    tally.add(seldom, { [SPLIT]: 50 });
    tally.add(seldom, {});
    tally.add(seldom, { [SPLIT]: 1 });
    tally.add(often, { [SPLIT]: 2, [TWO]: 1 });
    const [two, split, ...others] = tally.situations();
    expect(two).toMatchObject({ id: TWO, runs: 4, runsReaching: 1, count: 1, scenario: 'often' });
    expect(split).toMatchObject({ id: SPLIT, runs: 4, runsReaching: 3, count: 53, scenario: 'often' });
    // Nothing of PBFT ran, so its situations are not asked for.
    expect(others).toHaveLength(SITUATIONS.filter(({ id }) => !id.startsWith('pbft/')).length - 2);
    for (const { count, scenario: most } of others)
      expect({ count, most }).toEqual({ count: 0, most: undefined });
  });

  it('a run of another protocol is not counted among those that could reach one of Raft', () => {
    const tally = new CoverageTally();
    tally.add(scenario('a'), { [SPLIT]: 1 });
    tally.add(scenario('b', 'mine'), { [EXPIRED]: 1, 'mine/queue-full': 3 });
    const byId = new Map(tally.situations().map((covered) => [covered.id, covered]));
    expect(byId.get(SPLIT)).toMatchObject({ runs: 1, runsReaching: 1 });
    expect(byId.get(EXPIRED)).toMatchObject({ runs: 2, runsReaching: 1, scenario: 'b' });
    expect(byId.get('mine/queue-full')).toMatchObject({ situation: undefined, runs: 2, count: 3 });
  });

  it("without a run of Raft, Raft's situations are not asked for", () => {
    const tally = new CoverageTally();
    tally.add(scenario('b', 'mine'), {});
    expect(new Set(tally.situations().map(({ situation }) => situation?.protocol))).toEqual(new Set(['any']));
  });
});
