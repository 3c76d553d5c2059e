/** Quieter runs to search among: smaller scenarios, in which chance answers a share of the questions only. */

import type { Decision } from '../../kernel/index.js';
import type { Scenario } from '../../scenario/index.js';
import { withoutProcesses } from './fewer-processes.js';
import type { Chance } from './sparse-choices.js';

export interface Hunt {
  readonly scenario: Scenario;
  readonly edits: readonly Decision[];
  readonly chance: Chance;
}

/** By family (messages, timers, disks, clients, faults, replicas, processes, operators), of 256 decisions how many are drawn. */
const SHARES: readonly (readonly number[])[] = [
  [0, 256, 0, 16, 256, 0, 0, 256],
  [16, 256, 16, 64, 256, 128, 0, 256],
  [64, 256, 64, 128, 256, 256, 256, 256],
  [256, 256, 256, 256, 256, 256, 256, 256],
];

const SEEDS = 6;

/** From the quietest on; the more effort, the more seeds of each, and none twice. */
export function huntsOf(scenarios: readonly Scenario[], seed: string, effort: number): Hunt[] {
  const unique = [...new Set(scenarios)];
  const smaller = unique.flatMap(smallerOnes);
  const hunts: Hunt[] = [];
  const first = SEEDS * ((effort * (effort - 1)) / 2);
  for (const shares of SHARES) {
    for (const scenario of smaller) {
      for (let i = 0; i < SEEDS * effort; i++) {
        hunts.push({ scenario, edits: [], chance: { seed: `${seed}/quiet/${first + i}`, shares } });
      }
    }
  }
  return hunts;
}

/** The scenario with fewer servers and clients, the smallest first, and as it is. */
function smallerOnes(scenario: Scenario): Scenario[] {
  const { nodes } = scenario.cluster;
  const { clients } = scenario.workload;
  const ones: Scenario[] = [];
  for (const servers of [...new Set([Math.min(3, nodes), Math.min(4, nodes), nodes])]) {
    for (const left of [...new Set([Math.min(2, clients), clients])]) {
      const removed = new Set<number>();
      for (let server = servers; server < nodes; server++) removed.add(server);
      for (let client = left; client < clients; client++) removed.add(nodes + client);
      const smaller = removed.size === 0 ? scenario : withoutProcesses(scenario, [], removed)?.scenario;
      if (smaller !== undefined) ones.push(smaller);
    }
  }
  return ones;
}
