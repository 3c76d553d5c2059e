/** Commands that come too late, in whole runs: sessions refuse them, and sessions that do not are found out. */

import { expect, test } from 'vitest';
import { defineScenario } from '../../src/scenario/index.js';
import { KeyValueStore, SessionedService } from '../../src/services/index.js';
import { builtInImplementation, Simulation } from '../../src/simulator/index.js';

/** Clients have more outstanding than a session tells apart, and the first seconds are without a leader. */
const SCENARIO = defineScenario({
  name: 'test/late-commands',
  title: 'Late commands',
  description: 'Retries that come when their session is far ahead.',
  protocol: { name: 'raft' },
  cluster: { nodes: 5 },
  service: { name: 'kv', sessions: { window: 8 } },
  workload: { clients: 5, rate: '100/s' },
  bounds: { 'heal-at': '3s', 'stop-clients-at': '5s', end: '10s' },
});

/** Executes whatever it has not executed before, as far as it can still tell. */
class FloorlessSessions extends SessionedService {
  protected override isExpired(): boolean {
    return false;
  }
}

test('a command is not executed after its session has left it behind', () => {
  const implementation = builtInImplementation(SCENARIO);
  const { sessions } = SCENARIO.service;
  const createService = (): SessionedService => new FloorlessSessions(new KeyValueStore(), sessions);
  const messages: (string | undefined)[] = [];
  for (let seed = 1; seed <= 5; seed++) {
    const options = { seed: String(seed), strategy: 'random' } as const;
    const correct = Simulation.create(SCENARIO, options, { implementation }).run();
    expect(correct.violation).toBeUndefined();
    const wrong = { ...implementation, createService };
    const { violation } = Simulation.create(SCENARIO, options, { implementation: wrong }).run();
    expect(violation?.invariant).toBe('any/duplicate-effect');
    messages.push(violation?.message);
  }
  expect(messages.join('\n')).toContain('though its session had left it behind');
});
