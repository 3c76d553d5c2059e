// @ts-check
/**
 * Runs a second of a campaign, as the command line runs it: Raft on five servers with every feature and every checker,
 * ten virtual seconds each. First what two workers of one process do, then what two processes of one worker each do
 * on the same machine at the same time; in turns, because two virtual cores are not always two.
 *
 *   node test/bench/campaign.js [--rounds N] [--seeds N]
 *
 * The time of starting Node and loading Faultline is in both, as it is for whoever waits.
 */

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { toYaml } from '../../dist/scenario/index.js';
import { median } from './median.js';
import { everyFeatureScenario } from './world.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seeds: { type: 'string', default: '1200' } },
});
const ROUNDS = Number(values.rounds);
const SEEDS = Number(values.seeds);
const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** Seconds until all of the processes have ended. @param {readonly string[][]} commands @param {string} cwd */
async function secondsOf(commands, cwd) {
  const began = performance.now();
  await Promise.all(
    commands.map(
      (args) =>
        new Promise((resolve, reject) => {
          const child = spawn(process.execPath, [MAIN, ...args], {
            cwd,
            stdio: ['ignore', 'ignore', 'inherit'],
          });
          child.on('exit', (code) =>
            code === 0 ? resolve(undefined) : reject(new Error(`exit code ${code}: ${args.join(' ')}`)),
          );
        }),
    ),
  );
  return (performance.now() - began) / 1000;
}

const folder = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
try {
  const file = join(folder, 'campaign.yaml');
  writeFileSync(file, toYaml(everyFeatureScenario({ seconds: 10 })));
  /** @param {string} seeds @param {number} workers */
  const run = (seeds, workers) => ['run', file, '--seeds', seeds, '--workers', `${workers}`];
  const half = SEEDS / 2;
  /** @type {{ together: number, apart: number }[]} */
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const together = await secondsOf([run(`1..${SEEDS}`, 2)], folder);
    const apart = await secondsOf([run(`1..${half}`, 1), run(`${half + 1}..${SEEDS}`, 1)], folder);
    rounds.push({ together, apart });
  }
  const rate = (/** @type {number[]} */ seconds) => (SEEDS / median(seconds)).toFixed(0);
  console.log(`Campaigns: ${SEEDS} runs of 10 virtual seconds, medians of ${ROUNDS} rounds in turns`);
  console.log(`  one process, two workers      ${rate(rounds.map(({ together }) => together))} runs/s`);
  console.log(`  two processes, a worker each  ${rate(rounds.map(({ apart }) => apart))} runs/s`);
  const ratio = median(rounds.map(({ together, apart }) => apart / together));
  console.log(`  two workers reach ${ratio.toFixed(2)} of what two processes do`);
} finally {
  rmSync(folder, { recursive: true });
}
