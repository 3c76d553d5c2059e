/** Every option of every verb, common ones first. Help, parsing and completion derive from these tables. */

import { listSeeds } from '../campaign/seeds.js';
import { UsageError } from '../kernel/errors.js';
import { parseDuration } from '../kernel/units.js';
import { oneOf } from './one-of.js';
import { reporter } from './reporter-option.js';
import { flag, parsed, text, texts, wholeNumber, type OptionSpec, type Values } from './spec.js';
import { strategy } from './strategy-option.js';
import { HISTORY_MODEL_NAMES } from './words.js';

export { oneOf } from './one-of.js';

const MAX_TRACES = 1_000_000;
const MAX_WORKERS = 256;
export const DEFAULT_TRACE_FOLDER = 'traces/found';
const DEFAULT_TIMEOUT_MICROS = 30_000_000;

const json = flag('json', 'print JSON Lines instead of text');

const seeds = parsed<readonly string[] | undefined>(
  { flag: 'seeds', value: 'A..B', description: 'run every seed from A to B' },
  undefined,
  (value) => listSeeds(value, '--seeds'),
);

const workers = wholeNumber(
  { flag: 'workers', value: 'N', description: 'worker threads', fallbackText: 'one for each processor' },
  undefined,
  1,
  MAX_WORKERS,
);

const timeout = parsed(
  {
    flag: 'timeout',
    value: 'TIME',
    description: 'stop a run that stands still this long',
    fallbackText: '30s',
  },
  DEFAULT_TIMEOUT_MICROS,
  (value) => {
    const micros = parseDuration(value, '--timeout');
    if (micros >= 1000) return micros;
    throw new UsageError('bad-value', `--timeout: expected at least 1ms, got '${value}'`);
  },
);

/** A time of at least a second. */
function duration<T extends number | undefined>(
  name: string,
  description: string,
  fallback: T,
  fallbackText: string,
): OptionSpec<number | T> {
  return parsed<number | T>({ flag: name, value: 'TIME', description, fallbackText }, fallback, (value) => {
    const micros = parseDuration(value, `--${name}`);
    if (micros >= 1_000_000) return micros;
    throw new UsageError('bad-value', `--${name}: expected at least 1s, got '${value}'`);
  });
}

export const runOptions = {
  seed: text({ flag: 'seed', value: 'S', description: 'the seed: any text', fallbackText: '1' }),
  seeds,
  set: texts({
    flag: 'set',
    value: 'K=V',
    description: 'change the scenario, e.g. cluster.nodes=7; may be repeated',
  }),
  bug: text({
    flag: 'bug',
    value: 'ID',
    description: 'run a bug of the zoo instead of the correct code',
    completion: 'bug',
  }),
  json,
  out: text({
    flag: 'out',
    value: 'DIR',
    description: 'where traces are saved, with this those of controls too',
    fallbackText: DEFAULT_TRACE_FOLDER,
    completion: 'folder',
  }),
  traces: wholeNumber(
    { flag: 'traces', value: 'N', description: 'most traces saved for each scenario', fallbackText: '10' },
    10,
    0,
    MAX_TRACES,
  ),
  checkDeterminism: flag('check-determinism', 'run each seed again in a fresh worker and compare'),
  beyondModel: flag('beyond-model', 'allow faults outside the failure model; report what broke'),
  reporter,
  workers,
  timeout,
};

export const replayOptions = {
  adapt: flag('adapt', "replay the decisions against today's code, without the digest"),
  correct: flag('correct', "the correct code in place of the trace's bug"),
  until: wholeNumber(
    { flag: 'until', value: 'EVENT', description: 'tell the story up to this event' },
    undefined,
    1,
    Number.MAX_SAFE_INTEGER,
  ),
  node: text({ flag: 'node', value: 'NODE', description: 'tell only what concerns this node, e.g. n2' }),
  json,
  workers,
  timeout,
};

/** Of one trace, as people wait for it. */
export const DEFAULT_MINIMISE_MICROS = 60_000_000;
/** Beyond what that time allows: so it is the time that ends a long search. */
export const DEFAULT_MINIMISE_RUNS = 100_000;

export const minimiseOptions = {
  for: duration('for', 'end after this time, with what has been found', DEFAULT_MINIMISE_MICROS, '1m'),
  runs: wholeNumber(
    { flag: 'runs', value: 'N', description: 'end after so many tried runs', fallbackText: '100000' },
    DEFAULT_MINIMISE_RUNS,
    1,
    Number.MAX_SAFE_INTEGER,
  ),
  out: text({
    flag: 'out',
    value: 'DIR',
    description: 'where the small trace is saved',
    fallbackText: DEFAULT_TRACE_FOLDER,
    completion: 'folder',
  }),
  json,
  workers,
  timeout,
};

export const auditOptions = {
  from: parsed<readonly string[] | undefined>(
    {
      flag: 'from',
      value: 'NODES',
      description: 'whose transcripts are read, e.g. n1,n3',
      fallbackText: 'all but those of liars',
    },
    undefined,
    (value) => value.split(','),
  ),
  log: flag('log', 'list the critical actions of the run, chained by hashes, instead'),
  json,
  timeout,
};

export const DEFAULT_FUZZ_MICROS = 60_000_000;
/** For each kind of failure. */
const DEFAULT_FUZZ_MINIMISE_MICROS = 30_000_000;

const queue = parsed<string | undefined>(
  {
    flag: 'queue',
    value: 'URL',
    description: 'a Redis server, e.g. redis://host:6379: its workers run the seeds',
  },
  undefined,
  (value) => {
    if (/^rediss?:\/\/\S+$/.test(value)) return value;
    throw new UsageError(
      'bad-value',
      `--queue: expected an address such as redis://host:6379, got '${value}'`,
    );
  },
);

export const workerOptions = {
  queue: { ...queue, description: 'the Redis server of the queue, e.g. redis://host:6379' },
  idle: duration('idle', 'end when there was nothing to do for so long', undefined, 'never'),
  json,
  workers,
  timeout,
};

export const fuzzOptions = {
  for: duration('for', 'end after this time', undefined, '1m unless --runs or --until-failure says when'),
  runs: wholeNumber(
    { flag: 'runs', value: 'N', description: 'end after so many runs' },
    undefined,
    1,
    Number.MAX_SAFE_INTEGER,
  ),
  untilFailure: flag('until-failure', 'end with the first run that does not pass'),
  first: wholeNumber(
    { flag: 'first', value: 'SEED', description: 'the first seed; the next ones follow', fallbackText: '1' },
    1,
    0,
    Number.MAX_SAFE_INTEGER,
  ),
  strategy,
  shard: shardOf('seeds'),
  ledger: text({
    flag: 'ledger',
    value: 'FILE',
    description: 'note what is done, so that the campaign can go on',
    completion: 'file',
  }),
  resume: flag('resume', 'go on with the campaign of the ledger'),
  queue,
  recheck: wholeNumber(
    { flag: 'recheck', value: 'N', description: 'run one of N portions of seeds again, and compare' },
    undefined,
    1,
    Number.MAX_SAFE_INTEGER,
  ),
  minimiseFor: duration(
    'minimise-for',
    'how long to make each kind of failure small',
    DEFAULT_FUZZ_MINIMISE_MICROS,
    '30s',
  ),
  minimise: { ...flag('no-minimise', 'leave failures as they were found'), fallback: true },
  set: runOptions.set,
  bug: runOptions.bug,
  json,
  reporter,
  out: runOptions.out,
  workers,
  timeout,
};

const MOST_DEPTH = 8;

export const twinsOptions = {
  nodes: wholeNumber(
    { flag: 'nodes', value: 'N', description: 'replicas of the cluster', fallbackText: '4' },
    4,
    4,
    7,
  ),
  depth: wholeNumber(
    { flag: 'depth', value: 'D', description: 'rounds of a scenario', fallbackText: '3' },
    3,
    1,
    MOST_DEPTH,
  ),
  twins: wholeNumber(
    {
      flag: 'twins',
      value: 'K',
      description: 'identities that run twice',
      fallbackText: 'f, as many as are borne',
    },
    undefined,
    0,
    3,
  ),
  parts: wholeNumber(
    { flag: 'parts', value: 'P', description: 'most parts of a partition', fallbackText: 'any number' },
    undefined,
    1,
    10,
  ),
  only: wholeNumber(
    { flag: 'only', value: 'K', description: 'play the scenario of this number, and no other' },
    undefined,
    0,
    Number.MAX_SAFE_INTEGER,
  ),
  shard: shardOf('scenarios'),
  bug: runOptions.bug,
  json,
};

/** Which part of them a process takes. */
function shardOf(things: string) {
  const description = `one of N parts of the ${things}`;
  return parsed(
    { flag: 'shard', value: 'I/N', description, fallbackText: '1/1' },
    { shard: 0, of: 1 },
    readShard,
  );
}

function readShard(value: string): { readonly shard: number; readonly of: number } {
  const [, shard = 0, of = 0] = (/^(\d{1,4})\/(\d{1,4})$/.exec(value) ?? []).map(Number);
  if (shard >= 1 && shard <= of) return { shard: shard - 1, of };
  throw new UsageError('bad-value', `--shard: expected I/N with I from 1 to N, e.g. 2/8, got '${value}'`);
}

export const keepOptions = {
  to: parsed(
    {
      flag: 'to',
      value: 'DIR',
      description: 'the folder of the corpus',
      fallbackText: 'traces',
      completion: 'folder',
    },
    'traces',
    (value) => value,
  ),
  expect: parsed<'passed' | 'violated' | undefined>(
    {
      flag: 'expect',
      value: 'VERDICT',
      description: 'what --adapt shall find: passed once the bug is mended, or violated',
      fallbackText: 'as the trace says',
      completion: ['passed', 'violated'],
    },
    undefined,
    (value) => oneOf('--expect', value, ['passed', 'violated'] as const),
  ),
  whole: flag('whole', 'keep every event for readers, not only what a replay needs'),
  json,
};

export const listOptions = {
  names: flag('names', 'print names only, one a line'),
  json,
};

export const showOptions = {
  set: runOptions.set,
  seed: text({ flag: 'seed', value: 'SEED', description: 'of a swarm, what the run of this seed draws' }),
  schema: flag('schema', 'print the JSON Schema of scenarios'),
  story: flag('story', 'of a trace file: tell it as a numbered story'),
  json,
};

export const invariantsOptions = {
  markdown: flag('markdown', 'print the page for the documentation'),
  json,
};

/** A budget that CI can spend on every change. */
export const DEFAULT_COVERAGE_SEEDS = '1..10';

export const coverageOptions = {
  seeds: { ...seeds, fallbackText: DEFAULT_COVERAGE_SEEDS },
  require: flag('require', 'exit with 1 when a situation is never reached'),
  json,
  markdown: flag('markdown', 'print the page for the documentation'),
  workers,
  timeout,
};

export const checkOptions = {
  model: text({
    flag: 'model',
    value: 'M',
    description: 'what the history is of; --models lists them',
    completion: HISTORY_MODEL_NAMES,
  }),
  consistency: parsed<'linearizable' | 'sequential'>(
    {
      flag: 'consistency',
      value: 'C',
      description: 'of registers, maps and queues: linearizable or sequential',
      fallbackText: 'linearizable',
      completion: ['linearizable', 'sequential'],
    },
    'linearizable',
    (value) => oneOf('--consistency', value, ['linearizable', 'sequential'] as const),
  ),
  order: parsed<'serializable' | 'session' | 'strict'>(
    {
      flag: 'order',
      value: 'O',
      description: 'of transactions: serializable, session or strict',
      fallbackText: 'strict',
      completion: ['serializable', 'session', 'strict'],
    },
    'strict',
    (value) => oneOf('--order', value, ['serializable', 'session', 'strict'] as const),
  ),
  initial: text({
    flag: 'initial',
    value: 'V',
    description: 'what registers hold at first',
    fallbackText: 'nothing',
  }),
  whole: flag('whole', 'take all keys as one object'),
  leases: flag('leases', 'locks are leases: one may be acquired before it is released'),
  total: wholeNumber(
    {
      flag: 'total',
      value: 'N',
      description: 'what all accounts hold',
      fallbackText: 'what the first read shows',
    },
    undefined,
    0,
    Number.MAX_SAFE_INTEGER,
  ),
  overdraft: flag('overdraft', 'balances may be below zero'),
  maxSteps: wholeNumber(
    { flag: 'max-steps', value: 'N', description: 'bound on the work of a search' },
    undefined,
    1,
    Number.MAX_SAFE_INTEGER,
  ),
  models: flag('models', 'list the models'),
  json,
};

export const completionOptions = { json };

export const tourOptions = { json, workers };

export type RunOptions = Values<typeof runOptions>;
export type ReplayOptions = Values<typeof replayOptions>;
export type MinimiseOptions = Values<typeof minimiseOptions>;
export type WorkerOptions = Values<typeof workerOptions>;
export type FuzzOptions = Values<typeof fuzzOptions>;
export type AuditOptions = Values<typeof auditOptions>;
export type TwinsOptions = Values<typeof twinsOptions>;
export type KeepOptions = Values<typeof keepOptions>;
export type ListOptions = Values<typeof listOptions>;
export type ShowOptions = Values<typeof showOptions>;
export type InvariantsOptions = Values<typeof invariantsOptions>;
export type CoverageOptions = Values<typeof coverageOptions>;
export type CheckOptions = Values<typeof checkOptions>;
export type TourOptions = Values<typeof tourOptions>;
