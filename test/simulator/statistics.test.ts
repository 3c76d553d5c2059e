// What a run counts while it runs.

import { expect, test } from 'vitest';
import { Counters } from '../../src/simulator/statistics.js';

test('of the transfers that end, those are counted that are done', () => {
  const counters = new Counters();
  for (const outcome of ['stepped-down', 'timed-out', 'done'] as const) {
    counters.protocolEvent({ kind: 'transfer-ended', term: 1, outcome });
  }
  expect(counters.leaderTransfers).toBe(1);
});
