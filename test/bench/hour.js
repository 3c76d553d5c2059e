// @ts-check
/**
 * One hour of virtual time, in a process of its own: what the run retains must not grow with its length. Prints
 * what is retained every ten virtual minutes and how it grows; fails when that is more than a few percent.
 *
 *   node --expose-gc --no-flush-bytecode --no-opt test/bench/hour.js NUMBER
 *
 * Without the optimizing compiler, since what that keeps of its own grows for as long as it finds something to do,
 * and would be taken for the run's. Nothing is granted for what a run may have to remember: operations of unknown
 * outcome and leaders of the past are forgotten like everything else.
 *
 * What is retained rises and falls with the logs between two compactions, and in steps of what doubles when it is
 * full: it is sampled every virtual minute, and means of twenty are compared.
 */

import { Simulation, builtInImplementation } from '../../dist/simulator/index.js';
import { everyFeatureScenario, raftScenario } from './world.js';

const MINUTES = 60;
const MICROS_PER_MINUTE = 60_000_000;
/** How much may be retained of a command that is over and done with: the noise of what doubles when it is full. */
const BYTES_PER_COMMAND_MAX = 5;

/** @typedef {{ name: string, scenario: (seconds: number) => any }} Hour */

export const HOURS = /** @type {readonly Hour[]} */ ([
  {
    name: 'default network, default compaction',
    scenario: (seconds) => raftScenario({ seconds, rate: '20/s' }),
  },
  {
    name: 'every feature, leaders crash, links are cut',
    scenario: (seconds) => everyFeatureScenario({ seconds, rate: '20/s', isStormy: true }),
  },
]);

/** Bytes in use, of the heap and of what typed arrays have beside it. */
function bytesInUse() {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** @param {Hour} hour @param {number} seconds */
function begin({ scenario: make }, seconds) {
  const scenario = make(seconds);
  const implementation = builtInImplementation(scenario);
  return Simulation.create(scenario, { seed: 'hour', strategy: 'random' }, { implementation });
}

/** Bytes retained at each virtual minute. @param {Simulation} simulation @param {number} before */
function samples(simulation, before) {
  const bytes = /** @type {number[]} */ ([]);
  while (bytes.length < MINUTES) {
    const until = (bytes.length + 1) * MICROS_PER_MINUTE;
    while (simulation.now < until && simulation.step());
    bytes.push(bytesInUse() - before);
  }
  return bytes;
}

/** @param {readonly number[]} list @param {number} from @param {number} to */
function mean(list, from, to) {
  return list.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
}

/** @param {Hour} hour */
function run(hour) {
  // What is compiled and cached once is not what a run retains.
  begin(hour, 600).run();
  const before = bytesInUse();
  const simulation = begin(hour, MINUTES * 60);
  const bytes = samples(simulation, before);
  const { status, events, statistics } = simulation.run();
  const middle = mean(bytes, 10, 30);
  const end = mean(bytes, 40, 60);
  const perMinute = (end - middle) / 30;
  const perCommand = (perMinute * MINUTES) / statistics.operationsInvoked;
  const tens = [0, 10, 20, 30, 40, 50].map((from) => (mean(bytes, from, from + 10) / 1024).toFixed(0));
  const { operationsInvoked, operationsUnknown, leaderChanges } = statistics;
  console.log(
    `  ${hour.name}: ${events} events, ${operationsInvoked} commands (${operationsUnknown} unknown), ` +
      `${leaderChanges} leader changes\n` +
      `    ${tens.join(', ')} KiB up to minute 10, 20, … 60; grows by ${perMinute.toFixed(0)} bytes a ` +
      `virtual minute, ${perCommand.toFixed(1)} bytes a command`,
  );
  if (status !== 'passed') throw new Error(`${hour.name}: ${status}`);
  if (perCommand > BYTES_PER_COMMAND_MAX)
    throw new Error(`${hour.name}: keeps ${perCommand.toFixed(1)} bytes of each command`);
}

if (globalThis.gc !== undefined && process.argv[1]?.endsWith('hour.js')) {
  run(/** @type {Hour} */ (HOURS[Number(process.argv[2])]));
}
