/** The "big MAC" attack (Clement et al., NSDI 2009, §3): what it costs, and what bounds that. */

import { describe, expect, it } from 'vitest';
import {
  PbftMacReplica,
  PbftReplica,
  pbftProtocol,
  type PbftReplicaClass,
  type Request,
} from '../../../src/protocols/pbft/index.js';
import { builtInImplementation, simulate } from '../../../src/simulator/index.js';
import { bundled } from '../../simulator/scenarios.js';

function viewsLost(Class: PbftReplicaClass, seed: string): number {
  const scenario = bundled('pbft/big-mac');
  const implementation = {
    ...builtInImplementation(scenario),
    protocol: pbftProtocol(PbftReplica, Class),
  };
  const { status, statistics } = simulate(scenario, { seed, strategy: 'random' }, { implementation });
  expect(status).toBe('passed');
  // The first leader is no change of views.
  return statistics.leaderChanges - 1;
}

describe('clients whose MACs are good for the primary alone', () => {
  it.each(['1', '2', '3'])('cost a view or two, and no more (seed %s)', (seed) => {
    const lost = viewsLost(PbftMacReplica, seed);
    expect(lost).toBeGreaterThanOrEqual(1);
    expect(lost).toBeLessThanOrEqual(3);
  });

  it('cost view after view where nobody remembers whose MACs were of no use', () => {
    class Trusting extends PbftMacReplica {
      protected override isAuthentic(request: Request): boolean {
        return !this.isReplica(request.command.client) && this.verifyRequest(request);
      }
    }
    expect(viewsLost(Trusting, '1')).toBeGreaterThan(8);
  });
});
