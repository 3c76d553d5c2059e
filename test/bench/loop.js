// @ts-check
/**
 * One contestant of the event-loop benchmark, in a process of its own, as a worker would run it: no other
 * workload has shaped the engine's type feedback. Takes a turn per message from the parent and answers with
 * CPU milliseconds, events and the event mix of one run.
 */

import { realAuthentication } from '../../dist/node/real-authentication.js';
import { builtInImplementation, simulate } from '../../dist/simulator/index.js';
import {
  everyFeatureScenario,
  nullImplementation,
  nullScenario,
  pbftScenario,
  raftScenario,
} from './world.js';

/**
 * @typedef {{ name: string, seconds: number, nodes: number, checkers: boolean, everything?: boolean,
 *   pbft?: 'ideal' | 'real' }} Contestant
 */

/** The floor first: every ratio is to it. */
export const CONTESTANTS = /** @type {readonly Contestant[]} */ ([
  { name: 'null protocol (the floor)', seconds: 10, nodes: 0, checkers: false },
  ...[5, 3, 7].flatMap((nodes) => [
    { name: `raft, ${nodes} nodes, checkers on`, seconds: 60, nodes, checkers: true },
    { name: `raft, ${nodes} nodes, checkers off`, seconds: 60, nodes, checkers: false },
  ]),
  {
    name: 'raft, 5 nodes, every feature and checker on',
    seconds: 60,
    nodes: 5,
    checkers: true,
    everything: true,
  },
  ...[4, 7].flatMap((nodes) => [
    { name: `pbft, ${nodes} nodes, checkers on`, seconds: 30, nodes, checkers: true, pbft: 'ideal' },
    { name: `pbft, ${nodes} nodes, checkers off`, seconds: 30, nodes, checkers: false, pbft: 'ideal' },
  ]),
  { name: 'pbft, 13 nodes, checkers on', seconds: 10, nodes: 13, checkers: true, pbft: 'ideal' },
  {
    name: 'pbft, 4 nodes, real signatures, checkers on',
    seconds: 8,
    nodes: 4,
    checkers: true,
    pbft: 'real',
  },
]);

/** @param {Contestant} contestant */
function prepare({ seconds, nodes, checkers, everything, pbft }) {
  if (pbft !== undefined) {
    const scenario = pbftScenario({ nodes, seconds, authentication: pbft });
    const implementation = { ...builtInImplementation(scenario), authentication: realAuthentication };
    return { scenario, options: { checkers, implementation } };
  }
  if (everything) return { scenario: everyFeatureScenario({ seconds }), options: { checkers } };
  if (nodes > 0) return { scenario: raftScenario({ nodes, seconds }), options: { checkers } };
  return { scenario: nullScenario(seconds), options: { implementation: nullImplementation() } };
}

/**
 * A worker runs without a pause, a contestant has one between its turns, in which the engine collects, shrinks
 * its young generation and loses its caches to the others. So a turn has a run before the one that counts.
 */
const RUNS_PER_TURN = 2;

if (process.send !== undefined) {
  const { scenario, options } = prepare(/** @type {Contestant} */ (CONTESTANTS[Number(process.argv[2])]));
  let seed = 0;
  const run = () => simulate(scenario, { seed: `bench ${seed++}`, strategy: 'random' }, options);
  process.on('message', () => {
    for (let i = 1; i < RUNS_PER_TURN; i++) run();
    const before = process.cpuUsage();
    const { status, events, statistics } = run();
    const { user, system } = process.cpuUsage(before);
    process.send?.({ millis: (user + system) / 1000, status, events, statistics });
  });
}
