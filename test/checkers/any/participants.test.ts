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

/** Of six servers, 0 still acts by the first configuration, of which it and 2 and 3 are up; 2 to 5 by a later one. */
function withOneLeftBehind(): Participants {
  const participants = new Participants({
    servers: 6,
    now: () => 0,
    isUp: (process) => process !== 1 && process !== 3,
    generation: () => 0,
    quorumOf: () => 3,
  });
  const report = (server: number, index: number, voters: number[]): void => {
    participants.applied(server, index);
    const configuration = { voters, outgoing: [], learners: [], joining: [], autoLeave: false };
    participants.reported(server, { kind: 'configuration-changed', index, configuration });
  };
  report(0, 1, [0, 1, 2, 3]);
  for (const server of [2, 4, 5]) report(server, 9, [2, 3, 4, 5]);
  return participants;
}

test('who acts by a configuration of the past excuses nothing where nobody stands for election', () => {
  const participants = withOneLeftBehind();
  expect(participants.isLegitimate()).toBe(true);
  participants.elections = { canElect: () => true };
  expect(participants.isLegitimate()).toBe(false);
});
