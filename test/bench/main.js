// @ts-check
/**
 * Benchmarks. First the floor: the same event loop with a null protocol (pop, dispatch, network draws,
 * message, digest); every later figure is also printed as a ratio to it, measured in turns in the same run,
 * because machines are noisy. CPU time of this process, medians of several rounds, after warming up.
 *
 *   npm run bench [-- --rounds N]
 */

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { simulate, builtInImplementation } from '../../dist/simulator/index.js';
import { nullImplementation, nullScenario, raftScenario } from './world.js';
import { benchLinearizability } from './linearizability.js';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' } } });
const ROUNDS = Number(values.rounds);

/** @param {readonly number[]} list */
function median(list) {
  return [...list].sort((a, b) => a - b)[list.length >> 1] ?? 0;
}

/** CPU milliseconds of this process that `body` takes. @param {() => any} body */
function cpuMillis(body) {
  const before = process.cpuUsage();
  const result = body();
  const { user, system } = process.cpuUsage(before);
  return { result, millis: (user + system) / 1000 };
}

let seed = 0;
/** @param {any} scenario @param {any} [options] */
const run = (scenario, options) =>
  cpuMillis(() => simulate(scenario, { seed: `bench ${seed++}`, strategy: 'random' }, options));

/** @typedef {{ name: string, seconds: number, once: () => { result: any, millis: number } }} Contestant */

/** @returns {Contestant[]} */
function contestants() {
  const floor = nullScenario(10);
  const implementation = nullImplementation();
  const list = [
    { name: 'null protocol (the floor)', seconds: 10, once: () => run(floor, { implementation }) },
  ];
  for (const nodes of [5, 3, 7]) {
    const scenario = raftScenario({ nodes });
    list.push({ name: `raft, ${nodes} nodes, checkers on`, seconds: 60, once: () => run(scenario) });
    list.push({
      name: `raft, ${nodes} nodes, checkers off`,
      seconds: 60,
      once: () => run(scenario, { checkers: false }),
    });
  }
  return list;
}

function benchLoop() {
  const list = contestants();
  const measured = list.map(
    () => /** @type {{ rate: number, millis: number, outcome: any, ratio: number }[]} */ ([]),
  );
  for (let round = -4; round < ROUNDS; round++) {
    let floorRate = 1;
    list.forEach((contestant, i) => {
      const { result, millis } = contestant.once();
      const rate = result.events / millis / 1000;
      if (i === 0) floorRate = rate;
      if (result.status !== 'passed')
        throw new Error(`${contestant.name}: ${JSON.stringify(result.violation)}`);
      if (round >= 0) measured[i]?.push({ rate, millis, outcome: result, ratio: rate / floorRate });
    });
  }
  console.log(`Event loop: CPU time, medians of ${ROUNDS} rounds, digest on, default faults of the network`);
  list.forEach((contestant, i) => {
    const rounds = measured[i] ?? [];
    const rate = median(rounds.map((m) => m.rate));
    const millis = median(rounds.map((m) => m.millis));
    const { statistics, events } = rounds[0]?.outcome ?? {};
    console.log(
      `  ${contestant.name.padEnd(28)} ${rate.toFixed(2).padStart(6)} M events/s  ratio to floor ${median(rounds.map((m) => m.ratio)).toFixed(2)}  ` +
        `${(millis / contestant.seconds).toFixed(2).padStart(6)} ms CPU per simulated s  ${millis.toFixed(0).padStart(4)} ms for ${contestant.seconds} s`,
    );
    if (contestant.name.endsWith('on')) {
      console.log(
        `    event mix of ${events}: ${statistics.messages} messages, ${statistics.timers} timers, ${statistics.disk} disk, ${statistics.faults} faults`,
      );
    }
  });
}

function benchMemory() {
  if (globalThis.gc === undefined) return;
  console.log('Memory retained by a finished run (its simulation still referenced), five nodes, checkers on');
  for (const [seconds, rate] of /** @type {const} */ ([
    [30, '100/s'],
    [60, '100/s'],
    [60, '20/s'],
    [300, '20/s'],
  ])) {
    const { simulation, bytes } = retained(raftScenario({ seconds, rate }));
    const { events, statistics } = simulation.outcome();
    console.log(
      `  ${String(seconds).padStart(3)} s at ${rate.padStart(5)}: ${(bytes / 1024).toFixed(0).padStart(6)} KiB, ${events} events, ${statistics.operationsInvoked} commands, ` +
        `${(bytes / statistics.operationsInvoked).toFixed(0)} bytes a command`,
    );
  }
}

/** @param {any} scenario */
function retained(scenario) {
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const simulation = Simulation.create(
    scenario,
    { seed: 'memory', strategy: 'random' },
    { implementation: builtInImplementation(scenario) },
  );
  simulation.run();
  globalThis.gc?.();
  return { simulation, bytes: process.memoryUsage().heapUsed - before };
}

function benchColdStart() {
  const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
  const times = Array.from({ length: 9 }, () => {
    const before = process.hrtime.bigint();
    spawnSync(process.execPath, [cli, '--help']);
    return Number(process.hrtime.bigint() - before) / 1e6;
  });
  const bare = Array.from({ length: 9 }, () => {
    const before = process.hrtime.bigint();
    spawnSync(process.execPath, ['-e', '0']);
    return Number(process.hrtime.bigint() - before) / 1e6;
  });
  console.log(
    `Cold start of faultline --help: median ${median(times).toFixed(0)} ms (node alone ${median(bare).toFixed(0)} ms)`,
  );
}

const { Simulation } = await import('../../dist/simulator/index.js');
console.log(`node ${process.version}`);
benchLoop();
benchMemory();
benchLinearizability(cpuMillis);
benchColdStart();
