/**
 * Compares the strategies of campaigns on bugs of the zoo: each bug is hunted with each strategy, over several ranges
 * of seeds, for so much CPU time each, one hunt after the other. Writes a page of Markdown to the standard output.
 *
 *   node test/tools/compare-strategies.mjs                       30 bugs, 5 ranges, 10 s each: some two hours
 *   node test/tools/compare-strategies.mjs --bugs R04,R23 --ranges 2 --cpu 5
 *   node test/tools/compare-strategies.mjs --ledger FILE         note what is done, and hunt only what is not
 *   node test/tools/compare-strategies.mjs --strategies swarm,pct
 */

import { parseArgs } from 'node:util';

const { STRATEGIES } = await import('../../dist/campaign/index.js');
const { contentHash } = await import('../../dist/node/fuzz-ledger.js');
const { codeHash } = await import('../../dist/node/code-hash.js');
const { HuntLedger } = await import('../../dist/node/hunt-ledger.js');
const { Hunter } = await import('../../dist/node/hunter.js');
const { findScenarios, loadScenarioFile } = await import('../../dist/node/scenario-files.js');
const { forProtocol } = await import('../../dist/scenario/index.js');
const { BUGS, findBug, swarmOf } = await import('../../dist/zoo/index.js');

const DEFAULT_BUGS = 30;
/** Far enough from each other that no two ranges meet. */
const RANGE = 1_000_000;
const MICROS = 1_000_000;

const { values } = parseArgs({
  options: {
    bugs: { type: 'string' },
    ranges: { type: 'string', default: '5' },
    cpu: { type: 'string', default: '10' },
    strategies: { type: 'string', default: STRATEGIES.join(',') },
    ledger: { type: 'string' },
  },
});

const strategies = values.strategies.split(',');
const cpu = Number(values.cpu) * MICROS;
const firsts = Array.from({ length: Number(values.ranges) }, (_, i) => 1 + i * RANGE);
const bugs =
  values.bugs === undefined ? spread(DEFAULT_BUGS) : values.bugs.split(',').map((id) => findBug(id));
const ledger = HuntLedger.open(values.ledger);
const code = codeHash();

/** So many bugs, as far from each other in the zoo as they can be. */
function spread(count) {
  return Array.from({ length: count }, (_, i) => BUGS[Math.floor((i * BUGS.length) / count)]);
}

async function hunt(bug, strategy, first) {
  const [file] = findScenarios(swarmOf(bug));
  const scenario = forProtocol(loadScenarioFile(file), bug.protocol);
  const key = { bug: bug.id, figure: 'all', code, content: contentHash(scenario), first, strategy };
  const known = ledger.find(key);
  if (known !== undefined && (known.finding !== null || known.cpuMicros >= cpu)) return known;
  const task = { scenario, bug: bug.id, figure: 'all', strategy, first, cpuMicros: cpu };
  const ended = await new Hunter(new globalThis.AbortController().signal).hunt(task, () => undefined);
  const { seeds, useless, isStuck, cpuMicros } = ended;
  const done = {
    ...key,
    scenario: scenario.name,
    seeds,
    useless,
    isStuck,
    cpuMicros,
    finding: ended.finding ?? null,
  };
  ledger.note(done);
  return done;
}

/** Of an even number the lower one. */
function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** What was not found counts as the whole budget. */
function costOf({ finding, cpuMicros }) {
  return finding === null ? cpu : Math.min(cpu, cpuMicros);
}

function seconds(micros) {
  return `${(micros / MICROS).toFixed(1)} s`;
}

function cell(hunts) {
  const found = hunts.filter(({ finding }) => finding !== null);
  const often = `${found.length}/${hunts.length}`;
  if (found.length === 0) return often;
  return `${often}, ${median(found.map((one) => one.seeds))} seeds, ${seconds(median(found.map(costOf)))}`;
}

const all = new Map(strategies.map((strategy) => [strategy, []]));
const rows = [];
for (const bug of bugs) {
  const cells = [];
  for (const strategy of strategies) {
    const hunts = [];
    for (const first of firsts) hunts.push(await hunt(bug, strategy, first));
    all.get(strategy).push(...hunts);
    cells.push(cell(hunts));
  }
  rows.push(`| \`${bug.id}\` | ${cells.join(' | ')} |`);
  process.stderr.write(`${rows.at(-1)}\n`);
}
ledger.close();

const line = (head, of) => `| ${head} | ${strategies.map((strategy) => of(all.get(strategy))).join(' | ')} |`;
const pairs = bugs.length * firsts.length;
console.log(`${bugs.length} bugs, ${firsts.length} ranges of seeds, ${values.cpu} s of CPU time each:\n`);
console.log(`| Bug | ${strategies.map((strategy) => `\`${strategy}\``).join(' | ')} |`);
console.log(`| --- |${strategies.map(() => ' ---: |').join('')}`);
for (const row of rows) console.log(row);
console.log(line(`found, of ${pairs}`, (hunts) => hunts.filter(({ finding }) => finding !== null).length));
console.log(line('CPU time in all', (hunts) => seconds(hunts.reduce((sum, one) => sum + costOf(one), 0))));
console.log(line('median CPU time', (hunts) => seconds(median(hunts.map(costOf)))));
