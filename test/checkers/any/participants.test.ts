/** What liveness may be expected of: how many of those who take part are enough. */

import { expect, test } from 'vitest';
import { Participants } from '../../../src/checkers/index.js';
import { quorumSizes } from '../../../src/checkers/pbft/quorum.js';
import { pbftProtocol } from '../../../src/protocols/pbft/index.js';
import { simulate } from '../../../src/simulator/index.js';
import { bundled } from '../../simulator/scenarios.js';

/** Participants of whom the first `up` of `servers` are up. */
function expectsProgress(servers: number, up: number, quorumOf?: (voters: number) => number): boolean {
  const participants = new Participants({
    servers,
    now: () => 0,
    isUp: (process) => process < up,
    generation: () => 0,
    ...(quorumOf === undefined ? {} : { quorumOf }),
  });
  return participants.isLegitimate();
}

test('a majority is enough where the protocol says nothing else', () => {
  expect(expectsProgress(4, 2)).toBe(false);
  expect(expectsProgress(4, 3)).toBe(true);
  expect(expectsProgress(5, 3)).toBe(true);
});

test('progress of PBFT is expected with a quorum that bears the faulty, whether or not any is', () => {
  const protocol = pbftProtocol();
  const settings = protocol.settings({});
  for (let n = 4; n <= 13; n++) {
    const { strong } = quorumSizes(n, undefined);
    const quorumOf = (voters: number): number => protocol.quorum!(settings, voters);
    expect(expectsProgress(n, strong, quorumOf)).toBe(true);
    expect(expectsProgress(n, strong - 1, quorumOf)).toBe(false);
  }
});

test('seven replicas of which only a quorum is healed go on, whoever it is', () => {
  const scenario = bundled('pbft/crash-restart-storm', ['cluster.nodes=7', 'bounds.heal=core']);
  for (let seed = 1; seed <= 4; seed++)
    expect(simulate(scenario, { seed: String(seed), strategy: 'random' }).status).toBe('passed');
});
