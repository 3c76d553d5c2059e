// @ts-check
/**
 * Benchmarks. First the floor: the same event loop with a null protocol (pop, dispatch, network draws,
 * message, digest); every later figure is also printed as a ratio to it, measured in turns in the same run,
 * because machines are noisy. CPU time of this process, medians of several rounds, after warming up.
 *
 *   npm run bench [-- --rounds N] [--only TEXT]
 *
 * With `--only`, of the event loop's contestants the floor and those whose name contains the text, and nothing else.
 */

import { fork, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Simulation, builtInImplementation } from '../../dist/simulator/index.js';
import { CONTESTANTS } from './loop.js';
import { raftScenario } from './world.js';
import { HOURS } from './hour.js';
import { benchLinearizability } from './linearizability.js';
import { median } from './median.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '15' }, only: { type: 'string', default: '' } },
});
const ROUNDS = Number(values.rounds);
const WARM_UP = 12;
const CHOSEN = [...CONTESTANTS.keys()].filter((i) => i === 0 || CONTESTANTS[i]?.name.includes(values.only));
/** What the workers of the command line run with, too: runs are short, and most of what they make dies young. */
const YOUNG_GENERATION = '--max-semi-space-size=64';

/** CPU milliseconds of this process that `body` takes. @param {() => any} body */
function cpuMillis(body) {
  const before = process.cpuUsage();
  const result = body();
  const { user, system } = process.cpuUsage(before);
  return { result, millis: (user + system) / 1000 };
}

/** A process per contestant, all alive at once, each running when it is asked to. */
class Runner {
  /** @param {number} number */
  constructor(number) {
    const script = fileURLToPath(new URL('loop.js', import.meta.url));
    this.child = fork(script, [String(number)], { execArgv: [YOUNG_GENERATION] });
  }

  /** @returns {Promise<{ millis: number, status: string, events: number, statistics: any }>} */
  run() {
    return new Promise((resolve) => {
      this.child.once('message', (/** @type {any} */ reply) => resolve(reply));
      this.child.send('run');
    });
  }
}

async function benchLoop() {
  const runners = CHOSEN.map((i) => new Runner(i));
  const measured = CHOSEN.map(() => /** @type {{ rate: number, ratio: number, run: any }[]} */ ([]));
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    let floorRate = 1;
    for (const [i, runner] of runners.entries()) {
      const run = await runner.run();
      if (run.status !== 'passed') throw new Error(`${CONTESTANTS[CHOSEN[i] ?? 0]?.name}: ${run.status}`);
      const rate = run.events / run.millis / 1000;
      if (i === 0) floorRate = rate;
      if (round >= 0) measured[i]?.push({ rate, ratio: rate / floorRate, run });
    }
  }
  for (const { child } of runners) child.disconnect();
  console.log(
    `Event loop: CPU time, medians of ${ROUNDS} rounds in turns, digest on, default faults of the network`,
  );
  CHOSEN.forEach((chosen, i) => {
    printContestant(/** @type {import('./loop.js').Contestant} */ (CONTESTANTS[chosen]), measured[i] ?? []);
  });
}

/** @param {import('./loop.js').Contestant} contestant @param {{ rate: number, ratio: number, run: any }[]} rounds */
function printContestant({ name, seconds, checkers }, rounds) {
  const rate = median(rounds.map((round) => round.rate)).toFixed(2);
  const ratio = median(rounds.map((round) => round.ratio)).toFixed(2);
  const millis = median(rounds.map((round) => round.run.millis));
  console.log(
    `  ${name.padEnd(44)} ${rate.padStart(5)} M events/s, ${ratio} of the floor, ` +
      `${(millis / seconds).toFixed(2)} ms CPU per simulated s, ${millis.toFixed(0)} ms for ${seconds} s`,
  );
  if (!checkers) return;
  const { events, statistics } = rounds[0]?.run ?? {};
  const { messages, timers, disk, faults } = statistics;
  console.log(
    `    of ${events} events: ${messages} messages, ${timers} timers, ${disk} disk, ${faults} faults`,
  );
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

/** An hour of virtual time: what is retained must not grow. Throws when it does. */
function benchHours() {
  const script = fileURLToPath(new URL('hour.js', import.meta.url));
  console.log('Memory over an hour of virtual time, 20 commands/s, five nodes, checkers on');
  for (const [number, { name }] of HOURS.entries()) {
    const { status } = spawnSync(
      process.execPath,
      ['--expose-gc', '--no-flush-bytecode', '--no-opt', script, String(number)],
      {
        stdio: 'inherit',
      },
    );
    if (status !== 0) throw new Error(`${name}: memory grows with virtual time, or the run failed`);
  }
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

console.log(`node ${process.version}`);
await benchLoop();
if (values.only === '') {
  benchMemory();
  benchHours();
  benchLinearizability(cpuMillis);
  benchColdStart();
}
