import { describe, expect, it } from 'vitest';
import { Guide, huntTurn, isIndependent, type HuntAttempt } from '../../src/campaign/index.js';
import { forProtocol } from '../../src/scenario/index.js';
import { BUGS, findBug, swarmOf } from '../../src/zoo/index.js';
import { bundled } from '../simulator/scenarios.js';

function attempts(name: string, bug: string, figure: 'all' | 'independent', seeds: number): HuntAttempt[] {
  const scenario = forProtocol(bundled(name), findBug(bug).protocol);
  const guide = new Guide('swarm', scenario);
  return Array.from({ length: seeds }, (_, i) => {
    const seed = String(i + 1);
    return huntTurn({ scenario, bug, figure }, seed, guide.next(seed));
  });
}

describe('the hunt for a bug', () => {
  it('finds what breaks with the bug and not without it, and says what', () => {
    const found = attempts('stream/swarm', 'K01-nothing-is-a-repetition', 'all', 8).find(
      ({ kind }) => kind === 'found',
    );
    expect(found).toMatchObject({ kind: 'found', finding: { invariant: 'any/duplicate-effect' } });
  });

  it('counts no run in which the correct code breaks as well', () => {
    const kinds = attempts('raft/amnesia-beyond-model', 'R01-vote-not-persisted', 'all', 6).map(
      ({ kind }) => kind,
    );
    expect(kinds).toContain('useless');
  });

  it('can do without the properties that know how the protocol works', () => {
    const local = attempts('raft/swarm', 'R44-ack-before-sync', 'all', 3);
    const [first] = local.filter((one) => one.kind === 'found');
    expect(isIndependent(first?.finding.invariant ?? '')).toBe(false);
    for (const one of attempts('raft/swarm', 'R44-ack-before-sync', 'independent', 12)) {
      if (one.kind === 'found') expect(isIndependent(one.finding.invariant)).toBe(true);
    }
  });

  it('has a swarm for every bug', () => {
    expect(new Set(BUGS.map((bug) => swarmOf(bug)))).toEqual(
      new Set(['raft/swarm', 'pbft/swarm', 'stream/swarm']),
    );
    for (const one of BUGS.filter(({ id }) => /^[KQ]/.test(id))) expect(swarmOf(one)).toBe('stream/swarm');
    for (const one of BUGS.filter(({ protocol }) => protocol === 'pbft'))
      expect(swarmOf(one)).toBe('pbft/swarm');
  });
});
