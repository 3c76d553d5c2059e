/** Whether anybody could be elected: part of what liveness may be expected of. */

import { expect, test } from 'vitest';
import { RunGhost } from '../../../src/checkers/any/ghost.js';
import { Electability } from '../../../src/checkers/raft/electability.js';
import { RaftGhost } from '../../../src/checkers/raft/ghost.js';
import type { MessageLimits } from '../../../src/checkers/raft/message-limits.js';
import type { CheckerContext } from '../../../src/checkers/index.js';

/** A server that acts by these voters, since an entry of this index, and has entries of these terms. */
interface Server {
  readonly voters: readonly number[];
  readonly terms: readonly number[];
  readonly isUp?: boolean;
}

function canElect(servers: readonly Server[]): boolean {
  const context = {
    servers: servers.length,
    now: () => 0,
    isUp: (process: number) => servers[process]?.isUp !== false,
    generation: () => 0,
  } as unknown as CheckerContext;
  const ghost = new RaftGhost(new RunGhost(context), {} as MessageLimits);
  servers.forEach(({ voters, terms }, process) => {
    const server = ghost.servers[process]!;
    const configuration = { voters, outgoing: [], learners: [], joining: [], autoLeave: false };
    server.member = process;
    server.configurations = [{ index: 1, configuration }];
    server.commit = 1;
    terms.forEach((term, i) => server.memory.put(i + 1, term, term));
  });
  return new Electability(ghost).canElect();
}

test('one whose log is as good as those of a quorum can be elected', () => {
  const voters = [0, 1, 2];
  expect(
    canElect([
      { voters, terms: [1, 1] },
      { voters, terms: [1] },
      { voters, terms: [1], isUp: false },
    ]),
  ).toBe(true);
  const isUp = false;
  expect(
    canElect([
      { voters, terms: [1, 1] },
      { voters, terms: [1], isUp },
      { voters, terms: [1], isUp },
    ]),
  ).toBe(false);
});

test('nobody can when the only good log is held back by a learner that may not stand', () => {
  const old = [0, 1, 2];
  // 2 has appended that 3 votes; 3 does not know, and has an entry of a later leader who is gone.
  const held = [
    { voters: old, terms: [1], isUp: false },
    { voters: old, terms: [1] },
    { voters: [0, 1, 2, 3], terms: [1, 1] },
    { voters: old, terms: [1, 2] },
  ];
  expect(canElect(held)).toBe(false);
  // As a voter by its own log it would win.
  expect(canElect(held.with(3, { voters: [0, 1, 2, 3], terms: [1, 2] }))).toBe(true);
});
