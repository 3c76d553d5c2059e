/**
 * Golden digests: every bundled scenario with a few seeds, and every bug of the zoo, must give the digests
 * that are committed, in any process and on any engine.
 *
 *   node test/tools/golden.mjs             compare in this process
 *   node test/tools/golden.mjs --audit     likewise; what replicas hand over is frozen, and checkers' ghosts are
 *                                          computed anew from disks and replicas
 *   node test/tools/golden.mjs --update    write what this build gives (a change of digests is breaking)
 *   node test/tools/golden.mjs --node BIN  compare in a child process on another node binary
 */

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const GOLDEN = new URL('../golden/digests.json', import.meta.url);
const SCENARIOS = new URL('../../scenarios/', import.meta.url);
const SEEDS = ['1'];

const { loadScenario } = await import('../../dist/scenario/index.js');
const { simulate, buggyImplementation } = await import('../../dist/simulator/index.js');
const { BUGS } = await import('../../dist/zoo/index.js');

function load(name) {
  const read = (reference) => {
    const path = fileURLToPath(new URL(`${reference}.yaml`, SCENARIOS));
    return { text: readFileSync(path, 'utf8'), path };
  };
  const { text, path } = read(name);
  return loadScenario(text, { path, resolve: read });
}

function scenarioNames() {
  return readdirSync(SCENARIOS, { recursive: true })
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length).replaceAll('\\', '/'))
    .sort();
}

function computeDigests(options = {}) {
  const digests = {};
  for (const name of scenarioNames()) {
    const scenario = load(name);
    for (const seed of SEEDS) {
      // A control breaks something: how it goes on from there is not what an audit is about.
      const audit = options.audit && scenario.expect.outcome === 'passed';
      const outcome = simulate(scenario, { seed, strategy: 'random' }, { audit });
      digests[`${name} ${seed}`] = `${outcome.digest} ${outcome.events} ${outcome.status}`;
    }
  }
  for (const bug of BUGS) {
    const scenario = load(bug.scenario);
    const implementation = buggyImplementation(scenario, bug.id);
    const outcome = simulate(scenario, { seed: '1', strategy: 'random' }, { implementation });
    digests[`${bug.scenario} 1 ${bug.id}`] = `${outcome.digest} ${outcome.events} ${outcome.status}`;
  }
  return digests;
}

function compare(options) {
  const golden = JSON.parse(readFileSync(GOLDEN, 'utf8'));
  const actual = computeDigests(options);
  let failed = 0;
  for (const key of new Set([...Object.keys(golden), ...Object.keys(actual)])) {
    if (golden[key] === actual[key]) continue;
    failed++;
    console.log(`golden: ${key}: expected ${golden[key] ?? 'nothing'}, got ${actual[key] ?? 'nothing'}`);
  }
  console.log(
    `golden: ${Object.keys(actual).length - failed} digests equal, ${failed} differ (node ${process.version}${options.audit ? ', audited' : ''})`,
  );
  return failed === 0 ? 0 : 1;
}

const [flag, binary] = process.argv.slice(2);
if (flag === '--update') {
  writeFileSync(GOLDEN, `${JSON.stringify(computeDigests(), null, 2)}\n`);
} else if (flag === '--node') {
  const child = spawnSync(binary, [fileURLToPath(import.meta.url)], { stdio: 'inherit' });
  process.exitCode = child.status ?? 1;
} else {
  process.exitCode = compare({ audit: flag === '--audit' });
}
