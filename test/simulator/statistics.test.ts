// What a run counts while it runs.

import { expect, test } from 'vitest';
import { simulate } from '../../src/simulator/index.js';
import { bundled } from './scenarios.js';

const recipe = { seed: '1', strategy: 'random' } as const;

test('a transfer of leadership counts when its target is the next leader', () => {
  // In calm every transfer succeeds, and nothing else changes the leader.
  const { statistics } = simulate(bundled('raft/transfer-in-calm'), recipe, {});
  expect(statistics.leaderTransfers).toBeGreaterThan(10);
  expect(statistics.leaderTransfers).toBe(statistics.leaderChanges - 1);
});

test('a change of leader that nobody asked for is no transfer', () => {
  const { statistics } = simulate(bundled('raft/crash-restart-storm'), recipe, {});
  expect(statistics.leaderChanges).toBeGreaterThan(1);
  expect(statistics.leaderTransfers).toBe(0);
});
