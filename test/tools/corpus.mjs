/**
 * The regression corpus: one compact trace of a bug of the zoo, of the smallest run among the first that show it.
 * A trace that still says the same is kept, in the compact form; so a run of this changes as few files as it can.
 *
 *   node test/tools/corpus.mjs             renew the traces that say something else now
 *   node test/tools/corpus.mjs --missing   and find one for each bug that has none
 *   node test/tools/corpus.mjs ID…         find better ones for these bugs
 */

import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const { readTraceFile, writeTraceFile } = await import('../../dist/node/trace-file.js');
const { loadScenario } = await import('../../dist/scenario/index.js');
const simulator = await import('../../dist/simulator/index.js');
const { buggyImplementation, builtInImplementation, compactTrace, encodeTrace } = simulator;
const { recordTrace, replayAdapted, simulate } = simulator;
const { BUGS } = await import('../../dist/zoo/index.js');

const FOLDER = fileURLToPath(new URL('../../traces/', import.meta.url));
const SCENARIOS = new URL('../../scenarios/', import.meta.url);
const SUFFIX = '.trace.jsonl.gz';
/** Seeds tried, and runs among which the smallest is chosen. */
const SEEDS = 200;
const CHOICE = 4;
/** Larger traces are not kept: a bug that shows only as a long stall is left to the tests of the zoo. */
const MOST_BYTES = 150_000;

const args = process.argv.slice(2);
const named = args.filter((word) => !word.startsWith('--'));
const unknown = named.find((id) => !BUGS.some((bug) => bug.id === id));
if (unknown !== undefined) {
  console.error(`expected ids of bugs of the zoo, got '${unknown}'`);
  process.exit(2);
}

function load(name) {
  const read = (reference) => {
    const path = fileURLToPath(new URL(`${reference}.yaml`, SCENARIOS));
    return { text: readFileSync(path, 'utf8'), path };
  };
  const { text, path } = read(name);
  return loadScenario(text, { path, resolve: read });
}

/** What the tests of the corpus ask for: the bug is found again, and the correct code is not blamed. */
function isGood(trace) {
  const { scenario, implementation, verdict } = trace.header;
  if (replayAdapted(trace, buggyImplementation(scenario, implementation.bug)).kind !== 'same') return false;
  const { kind } = replayAdapted(trace, builtInImplementation(scenario));
  return kind === 'not-reproduced' || (verdict.status === 'stalled' && kind === 'inconclusive');
}

function packedBytes(trace) {
  return gzipSync(encodeTrace(trace), { level: 9 }).length;
}

function smallest({ id, scenario: name, invariants }) {
  const scenario = load(name);
  const implementation = buggyImplementation(scenario, id);
  let best;
  let size = MOST_BYTES + 1;
  for (let seed = 1, found = 0; seed <= SEEDS && found < CHOICE; seed++) {
    const recipe = { seed: String(seed), strategy: 'random' };
    const { violation } = simulate(scenario, recipe, { implementation });
    if (violation === undefined || !invariants.includes(violation.invariant)) continue;
    const trace = compactTrace(recordTrace(scenario, recipe, implementation).trace);
    const bytes = packedBytes(trace);
    found++;
    if (bytes >= size || !isGood(trace)) continue;
    best = trace;
    size = bytes;
  }
  return best;
}

for (const bug of BUGS) {
  const path = `${FOLDER}${bug.id}${SUFFIX}`;
  const old = existsSync(path) ? readTraceFile(path) : undefined;
  if (named.length > 0 ? !named.includes(bug.id) : old === undefined && !args.includes('--missing')) continue;
  const kept = old === undefined || named.length > 0 ? undefined : compactTrace(old);
  const isKept = kept !== undefined && packedBytes(kept) <= MOST_BYTES && isGood(kept);
  const trace = isKept ? kept : smallest(bug);
  if (trace === undefined) {
    console.log(`${bug.id}: no trace of at most ${MOST_BYTES} bytes that replays, of ${SEEDS} seeds`);
    if (old !== undefined && named.length === 0) rmSync(path);
    continue;
  }
  if (isKept && old.header.form === 'compact') continue;
  writeTraceFile(path, trace);
  console.log(
    `${bug.id}: ${isKept ? 'kept' : `seed ${trace.header.recipe.seed}`}, ${statSync(path).size} bytes`,
  );
}

for (const file of readdirSync(FOLDER).filter((name) => name.endsWith(SUFFIX))) {
  if (BUGS.some(({ id }) => file === id + SUFFIX)) continue;
  // What the correct code once violated stays as it was found.
  if (readTraceFile(FOLDER + file).header.implementation.bug === undefined) continue;
  rmSync(FOLDER + file);
  console.log(`${file}: removed, there is no such bug`);
}
